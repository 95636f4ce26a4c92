"""Scenarios 2 and 3: a task moves and leaves an entry behind; a true orphan goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.documentation import MOVED, ORPHAN, deploy, move
from tests.swarm.scene import running_service, volume

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

TEMPLATE = "{{.Service.Name}}-{{.Task.Slot}}-vol"
FILE = f"reg/{MOVED}/ping2-1.txt"


def moved(lab: Lab, generation: int) -> tuple[str, str]:
    """Move ping2.1 and clear its exited container away; give the old node and the new."""
    lab.set_generation(generation)
    running_service(lab, "ping2", TEMPLATE, replicas=2)
    old, new = move(lab, "ping2", 1)
    lab.docker(old, "container", "prune", "--force")
    assert lab.contents()[FILE] == "ping2-1 wrote this\n"
    return old, new


@pytest.mark.parametrize("generation", [1, 2])
def test_plain_docker_destroys_the_data_of_the_running_task(lab: Lab, generation: int) -> None:
    """The control: what this program is for."""
    old, new = moved(lab, generation)
    assert lab.running("ping2")[1] == new
    lab.docker(old, "volume", "rm", MOVED)
    assert FILE not in lab.contents()
    assert lab.running("ping2")[1] == new


@pytest.mark.parametrize("generation", [1, 2])
def test_the_entry_left_behind_is_tied_to_the_task_and_never_removed(
    lab: Lab, tool: Tool, generation: int
) -> None:
    old, new = moved(lab, generation)
    before = lab.contents()

    entries = {e["node"]["hostname"]: e for e in tool.volumes()[MOVED]["entries"]}
    assert entries[new]["status"] == "mounted"
    assert entries[old]["status"] == "stale"
    assert entries[old]["used_by"][0]["task"] == "ping2.1"
    assert entries[old]["used_by"][0]["node"] == new
    rows = tool("ls", "--per-node", "--status", "stale", "--node", old).out.splitlines()
    assert any(MOVED in row and f"ping2.1 on {new}" in row for row in rows)

    refused = tool("rm", MOVED)
    assert refused.code == 4
    assert f"Task ping2.1 on {new} has it mounted" in refused.err
    pruned = tool("safe-prune", "--yes", "-o", "json")
    assert pruned.code == 0
    assert tool.outcomes(pruned) == {MOVED: "kept", "ping2-2-vol": "kept"}
    assert lab.contents() == before
    assert tool.audit == []


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("command", [("rm", ORPHAN), ("safe-prune", "--yes")])
def test_a_true_orphan_goes_with_its_directory_and_nothing_else_changes(
    lab: Lab, tool: Tool, generation: int, command: tuple[str, ...]
) -> None:
    lab.set_generation(generation)
    deploy(lab)
    before = lab.contents()
    removed = tool(*command, "-o", "json")
    assert removed.code == 0
    assert tool.outcomes(removed)[ORPHAN] == "removed"
    assert not (lab.shared / "reg" / ORPHAN).exists()
    rest = {path: text for path, text in before.items() if not path.startswith(f"reg/{ORPHAN}/")}
    assert lab.contents() == rest
    assert len(rest) == len(before) - 1
    events = [line["event"] for line in tool.audit]
    assert events == ["plan", "request", "answer", "outcome"]
    assert tool("ls", ORPHAN, "-o", "name").out == ""


def test_an_orphan_that_every_old_driver_lists_is_forgotten_by_each_of_them(
    lab: Lab, tool: Tool
) -> None:
    lab.set_generation(1)
    for node in ("n1", "n2", "n3"):
        volume(lab, "everywhere", on=node)
    removed = tool("rm", "everywhere", "-o", "json")
    assert tool.outcomes(removed) == {"everywhere": "removed"}
    assert lab.contents() == {}
    for node in ("n1", "n2", "n3"):
        assert "everywhere" not in lab.docker(node, "volume", "ls", "--quiet").split()
        assert len(lab.node(node).plugin().calls("Remove", "everywhere")) == 1
