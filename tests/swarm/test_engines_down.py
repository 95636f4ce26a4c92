"""Scenario 5: an engine is stopped, killed or frozen; nobody can say what it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import wait_until
from tests.swarm.running import held_removal, removals_asked, running, wait_for_removal
from tests.swarm.scene import PRUNE, database, running_service, volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.swarm.ports import Node
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

TEMPLATE = "{{.Service.Name}}-{{.Task.Slot}}-vol"
PATIENCE = ("--timeout", "3")
IN_TIME = 60.0
"""Seconds: far above the time-outs given, far below the minutes that an engine may hang."""


def stopped(node: Node) -> Callable[[], None]:
    """End the engine with all its containers; give what brings it back."""
    node.stop()
    return node.start


def killed(node: Node) -> Callable[[], None]:
    """End the engine alone: its containers run on and write."""
    node.kill()
    return node.start


def frozen(node: Node) -> Callable[[], None]:
    """Keep the engine from answering: it takes connections, and its containers run on."""
    node.freeze()
    return node.thaw


@pytest.mark.parametrize(
    ("name", "take_down"),
    [("n2", stopped), ("n3", killed), ("n2", frozen)],
    ids=["26.1-stopped", "20.10-killed", "26.1-frozen"],
)
def test_nothing_is_removed_while_an_engine_is_silent_and_pruning_goes_on_after(
    lab: Lab, tool: Tool, name: str, take_down: Callable[[Node], Callable[[], None]]
) -> None:
    orphan = volume(lab, "old-data")
    database(lab, name)
    running_service(lab, "web", TEMPLATE, replicas=3)
    before = lab.contents()
    bring_back = take_down(lab.node(name))

    listed = tool("ls", "-o", "json", *PATIENCE, seconds=IN_TIME)
    assert listed.code == 5
    assert {volume["name"]: volume["ruling"] for volume in listed.document["volumes"]} == {
        "old-data": "unknown",
        "data": "unknown",
        **{f"web-{slot}-vol": "in-use" for slot in (1, 2, 3)},
    }
    assert not listed.document["complete"]
    assert [gap["node"]["hostname"] for gap in listed.document["gaps"]] == [name]
    asked = tool("rm", "data", *PATIENCE, seconds=IN_TIME)
    assert asked.code == 5
    assert f"Nothing seen uses it, but {name}" in asked.err
    pruned = tool(*PRUNE, *PATIENCE, seconds=IN_TIME)
    assert pruned.code == 5
    assert set(tool.outcomes(pruned).values()) == {"kept"}
    assert removals_asked(lab) == []
    assert tool.audit == []
    assert lab.contents() == before

    lab.wait_down(name)
    lab.wait_running("web", 3)
    bring_back()
    lab.watch.came_back(name)
    wait_until(lab.complete, 60, f"the managers hear of {name} again")
    pruned = tool(*PRUNE)
    assert pruned.code == 0
    assert tool.outcomes(pruned)["old-data"] == "removed"
    assert removals_asked(lab) == ["old-data"]
    assert lab.contents() == {path: text for path, text in before.items() if path != orphan}


def test_an_engine_that_freezes_between_two_removals_stops_the_second(lab: Lab, tool: Tool) -> None:
    volume(lab, "old-1")
    kept = volume(lab, "old-2")
    with running(tool, *PRUNE, *PATIENCE) as run:
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "old-1")
            lab.node("n3").freeze()
        ended = run.result(IN_TIME)
    assert ended.code == 7
    assert tool.outcomes(ended) == {"old-1": "uncertain", "old-2": "not_tried"}
    assert removals_asked(lab) == ["old-1"]
    assert lab.contents() == {kept: "precious\n"}
