"""Fixtures of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.aws.fixtures import account, aws_server
from tests.cli.setups import Setup
from tests.cli.stage import Stage
from tests.edge.scripted_swarm import swarm_of_three

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["account", "aws_server", "setup", "stage"]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with swarm_of_three(tmp_path) as swarm:
        yield Stage(swarm)
        swarm.check_what_was_asked()
