"""What the embedded swarm does as a real one does, found by torture."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cloudstorctl.demo.node.plugin import ALIAS
from cloudstorctl.demo.runtime import SteppedRuntime
from cloudstorctl.demo.serve import Served
from cloudstorctl.demo.swarm import Swarm

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_in_two_file_systems_is_listed_twice(tmp_path: Path) -> None:
    swarm = Swarm(tmp_path, SteppedRuntime())
    for backing in ("reg", "max"):
        (swarm.place.shared / backing / "data").mkdir()
    rows, warnings = asyncio.run(swarm.engines["n1"].volumes.rows())
    assert [(row.name, row.driver) for row in rows] == [("data", ALIAS)] * 2
    assert [row.mountpoint for row in rows] == ["/mnt/efs/reg/data", "/mnt/efs/max/data"]
    assert warnings == []


def test_a_swarm_one_of_whose_engines_came_back_ends_without_a_word(tmp_path: Path) -> None:
    with Served(lambda runtime: Swarm(tmp_path, runtime)) as served:
        served.halt("n1", containers_too=False)
        served.boot("n1")
        served.halt("n2", containers_too=False)
        assert (tmp_path / "n1/docker.sock").is_socket()
