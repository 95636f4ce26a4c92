"""One swarm for each scenario: of real engines, made clean before each, or an embedded one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.swarm.embedded.lab import embedded_lab
from tests.swarm.lab.records import LabSpec
from tests.swarm.lab.reset import reset
from tests.swarm.lab.swarm import Lab as RealLab
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.swarm.swarm import Lab

NAME = os.environ.get("CLOUDSTORCTL_TEST_LAB", "cstt")
SUBNET = os.environ.get("CLOUDSTORCTL_TEST_SUBNET", "10.87.0")
"""Two runs on one machine need names and subnets of their own."""
REAL: Final = "real"
EMBEDDED: Final = "embedded"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a scenario on the kinds of swarm that are asked for."""
    if "kind" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--swarm")
        kinds = [kind for kind in (REAL, EMBEDDED) if asked in {kind, "both"}]
        only_real = metafunc.definition.get_closest_marker("real_only")
        metafunc.parametrize("kind", [REAL] if only_real else kinds)


@pytest.fixture(scope="session")
def real_swarm() -> Iterator[RealLab]:
    """Three nodes, 20.10 and 26.1 mixed; taken down at the end."""
    folder = Path(f"/run/cloudstorctl-test-{NAME}")
    lab = RealLab(spec=LabSpec(folder=folder, name=NAME, subnet=SUBNET))
    lab.up()
    yield lab
    lab.down()


@pytest.fixture
def lab(kind: str, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The swarm as it was at first, whatever the test before has done to it."""
    if kind == REAL:
        real: RealLab = request.getfixturevalue("real_swarm")
        reset(real)
        yield real
        return
    with embedded_lab() as embedded:
        yield embedded


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    """cloudstorctl, configured for the swarm."""
    return Tool(lab=lab, home=tmp_path, config=configuration(lab))
