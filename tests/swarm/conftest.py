"""One real swarm for all scenarios, made clean before each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.records import LabSpec
from tests.swarm.lab.reset import reset
from tests.swarm.lab.swarm import Lab
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = os.environ.get("CLOUDSTORCTL_TEST_LAB", "cstt")
SUBNET = os.environ.get("CLOUDSTORCTL_TEST_SUBNET", "10.87.0")
"""Two runs on one machine need names and subnets of their own."""


@pytest.fixture(scope="session")
def real_swarm() -> Iterator[Lab]:
    """Three nodes, 20.10 and 26.1 mixed; taken down at the end."""
    lab = Lab(spec=LabSpec(folder=Path(f"/run/cloudstorctl-test-{NAME}"), name=NAME, subnet=SUBNET))
    lab.up()
    yield lab
    lab.down()


@pytest.fixture
def lab(real_swarm: Lab) -> Lab:
    """The swarm as it was at first, whatever the test before has done to it."""
    reset(real_swarm)
    return real_swarm


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    """cloudstorctl, configured for the swarm."""
    return Tool(lab=lab, home=tmp_path, config=configuration(lab))
