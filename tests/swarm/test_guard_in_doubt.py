"""The guard on real engines where what it knows of its node is no longer so."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

from tests.swarm.docker import Docker
from tests.swarm.lab.command import LabError, wait_until
from tests.swarm.lab.plugin import Plugin
from tests.swarm.scene import TARGET, container, mount, volume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.swarm.lab.guard import Guard
    from tests.swarm.lab.node import Node
    from tests.swarm.lab.swarm import Lab

pytestmark = pytest.mark.real_only("it needs engines that ask an authorization plugin")

OTHER: Final = "sshfs:latest"
NODES = pytest.mark.parametrize("on", ["n1", "n2"], ids=["20.10", "26.1"])


@pytest.fixture
def other(lab: Lab, on: str) -> Iterator[Path]:
    """A driver of another name, on one node, over data of its own: the folder of that."""
    folder = lab.folder / "other"
    for mode in ("reg", "max"):
        (folder / mode).mkdir(parents=True)
    node: Node = lab.node(on)
    plugin = Plugin(
        lab=node.machine.lab, node=on, name=OTHER, docker=node.docker, shared=folder.name
    )
    plugin.install()
    yield folder / "reg"
    plugin.remove()
    shutil.rmtree(folder)


def docker(lab: Lab, on: str, *words: str) -> int:
    return Docker(lab=lab, on=on, api="1.41")("volume", *words).code


def results(guard: Guard) -> list[str]:
    return [row["decision"] for row in guard.decisions]


@NODES
def test_a_volume_of_another_driver_passes_only_while_that_driver_has_it(
    lab: Lab, guards: dict[str, Guard], on: str, other: Path
) -> None:
    """The engine would look for the name in every driver, and find it in Cloudstor's."""
    for name in ("far", "twin"):
        assert docker(lab, on, "create", "--driver", OTHER, name) == 0
    shutil.rmtree(other / "twin")  # as another node does: no event tells
    volume(lab, "twin", on="n3")
    container(lab, "n3", "run", "--detach", "--name", "db", "--mount", mount("twin"))
    before = lab.contents()
    for _ in range(3):
        assert docker(lab, on, "rm", "twin") == 1
    assert lab.contents() == before
    assert docker(lab, on, "rm", "far") == 0
    assert list(other.iterdir()) == []
    assert results(guards[on]) == ["denied"] * 3 + ["passed"]


@NODES
def test_another_driver_s_volumes_are_as_ever_while_cloudstor_hangs(
    lab: Lab, guards: dict[str, Guard], on: str, other: Path
) -> None:
    assert docker(lab, on, "create", "--driver", OTHER, "far") == 0
    lab.node(on).plugin().bend(list="hang")
    assert docker(lab, on, "rm", "far") == 0
    assert list(other.iterdir()) == []
    assert results(guards[on]) == ["passed"]


@pytest.mark.parametrize("on", ["n2", "n3"], ids=["26.1", "20.10"])
def test_a_node_that_has_left_the_swarm_removes_nothing(
    lab: Lab, guards: dict[str, Guard], on: str
) -> None:
    """No survey reads it, and its engine can lose its references to what its containers use."""
    volume(lab, "data", on=on)
    container(lab, on, "run", "--detach", "--name", "db", "--mount", mount("data"))
    node = lab.node(on)
    gone = lab.node_id(on)
    lab.docker(on, "swarm", "leave")
    lab.docker("n1", "node", "rm", "--force", gone)
    node.plugin().bend(get="unknown")
    with pytest.raises(LabError, match="no such volume"):
        node.ask("/volumes/data")
    node.plugin().straighten()
    assert "data" in lab.docker(on, "volume", "ls", "-qf", "dangling=true").split()
    said = Docker(lab=lab, on=on, api="1.41")("volume", "rm", "data")
    token, manager = lab.docker("n1", "swarm", "join-token", "-q", "worker"), lab.node("n1").address
    lab.docker(
        *(on, "swarm", "join", "--token", token, "--advertise-addr", node.address),
        f"{manager}:2377",
    )
    assert said.code == 1
    assert "This node is not in the swarm that was read" in said.err
    assert list(lab.contents()) == ["reg/data/file.txt"]
    lab.docker(on, "rm", "--force", "db")
    wait_until(lab.complete, 60, "the node is ready again, and names its driver")
    assert docker(lab, on, "rm", "data") == 0
    assert results(guards[on]) == ["denied", "allowed"]


@NODES
def test_a_local_volume_that_binds_the_data_keeps_it_and_may_go_itself(
    lab: Lab, guards: dict[str, Guard], on: str
) -> None:
    volume(lab, "data", on=on)
    (row,) = lab.node(on).ask("/volumes")["Volumes"]
    options = ("--opt", "type=none", "--opt", "o=bind", "--opt", f"device={row['Mountpoint']}")
    assert docker(lab, on, "create", *options, "mine") == 0
    container(lab, on, "run", "--detach", "--name", "backup", "-v", f"mine:{TARGET}")
    assert docker(lab, on, "rm", "data") == 1
    lab.docker(on, "rm", "--force", "backup")
    assert docker(lab, on, "rm", "mine") == 0
    assert list(lab.contents()) == ["reg/data/file.txt"]
    assert results(guards[on]) == ["denied", "passed"]
