"""One swarm for each scenario: of real engines, made clean before each, or an embedded one."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.swarm.docker import Docker
from tests.swarm.embedded.lab import embedded_lab
from tests.swarm.guarded import GuardedSwarm
from tests.swarm.lab.records import LabSpec
from tests.swarm.lab.reset import reset
from tests.swarm.lab.swarm import Lab as RealLab
from tests.swarm.placement import LikeBefore
from tests.swarm.swarm import NOBODY
from tests.swarm.tool import Tool, configuration
from tests.swarm.witness import EmbeddedWitness, RealWitness, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.swarm.lab.guard import Guard
    from tests.swarm.swarm import Lab

NAME = os.environ.get("CLOUDSTORCTL_TEST_LAB", "cstt")
SUBNET = os.environ.get("CLOUDSTORCTL_TEST_SUBNET", "10.87.0")
"""Two runs on one machine need names and subnets of their own."""
REAL: Final = "real"
EMBEDDED: Final = "embedded"
KINDS: Final = (REAL, EMBEDDED)
TOLD = pytest.StashKey[dict[str, Told]]()
TALLY = pytest.StashKey[Counter[str]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a scenario on the kinds of swarm that are asked for."""
    if "kind" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--swarm")
        kinds = [kind for kind in KINDS if asked in {kind, "both"}]
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
    config = request.config
    if kind == REAL:
        real: RealLab = request.getfixturevalue("real_swarm")
        reset(real)
        yield replace(real, watch=RealWitness())
        return
    told = config.stash[TOLD].get(scenario(request.node))
    witness = EmbeddedWitness(told=told, tally=config.stash[TALLY]) if told else NOBODY
    chance = LikeBefore(before=told.placements) if told else None
    with embedded_lab(witness, chance) as embedded:
        yield embedded


def scenario(item: pytest.Item) -> str:
    """Name a test without the kind of swarm that it runs on."""
    name, _, ids = item.nodeid.partition("[")
    return f"{name}[{'-'.join(each for each in ids.split('-') if each.strip(']') not in KINDS)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Look at the swarm once more when a scenario has passed, as a part of it."""
    yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if lab is not None:
        lab.watch.end(lab)
        if isinstance(lab.watch, RealWitness):
            item.config.stash[TOLD][scenario(item)] = lab.watch.told


def pytest_configure(config: pytest.Config) -> None:
    """Begin to remember."""
    config.stash[TOLD] = {}
    config.stash[TALLY] = Counter()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell how much was compared."""
    tally = config.stash[TALLY]
    if tally:
        kinds = ", ".join(f"{count} of kind {kind}" for kind, count in tally.most_common())
        terminalreporter.section("real and embedded swarm")
        terminalreporter.line(f"{tally.total()} records compared: {kinds}")


@pytest.fixture(scope="module")
def guarded_swarm(real_swarm: RealLab) -> Iterator[GuardedSwarm]:
    """Three nodes whose engines ask guards, for one module."""
    swarm = GuardedSwarm(lab=real_swarm)
    swarm.ensure()
    yield swarm
    swarm.end()


@pytest.fixture
def guards(guarded_swarm: GuardedSwarm, lab: Lab, tmp_path: Path) -> Iterator[dict[str, Guard]]:
    """The guard of each node, for one scenario."""
    assert lab.folder == guarded_swarm.lab.folder
    guarded_swarm.ensure()
    guarded_swarm.on_guard(tmp_path)
    yield guarded_swarm.guards
    guarded_swarm.off_guard()


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    """cloudstorctl, configured for the swarm."""
    return Tool(lab=lab, home=tmp_path, config=configuration(lab))


@pytest.fixture(
    params=[("n1", "1.41"), ("n2", "1.45"), ("n2", "1.41")],
    ids=["20.10", "26.1", "26.1-asked-as-1.41"],
)
def docker(lab: Lab, request: pytest.FixtureRequest) -> Docker:
    """The docker command line on an engine of each release."""
    on, api = request.param
    return Docker(lab=lab, on=on, api=api)
