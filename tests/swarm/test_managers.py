"""Scenario 8: three managers, of which the leader is killed; and one without a quorum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import wait_until
from tests.swarm.running import removals_asked
from tests.swarm.scene import PRUNE, database, running_service, volume
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.swarm import Lab

TEMPLATE = "{{.Service.Name}}-{{.Task.Slot}}-vol"
PATIENCE = ("--timeout", "3")
IN_TIME = 60.0
"""Seconds: far above the time-outs given."""
MANAGERS = ("n1", "n2", "n3")


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    """It knows three managers, and asks the one first that is about to be lost."""
    return Tool(lab=lab, home=tmp_path, config=configuration(lab, managers=MANAGERS))


def lose_leader(lab: Lab) -> None:
    """Kill the leader of three managers, and wait for the next."""
    leader = lab.leader()
    assert leader.name == MANAGERS[0]
    leader.kill()
    wait_until(lambda: lab.leader().name != leader.name, 90, "another manager leads")
    # A manager that does not know yet who leads is slow to answer even for its own engine.
    wait_until(lambda: all(map(lab.is_manager, MANAGERS[1:])), 60, "both managers answer")


def test_the_next_manager_is_asked_and_the_node_of_the_lost_one_is_a_gap(
    lab: Lab, tool: Tool
) -> None:
    lab.promote("n2", "n3")
    volume(lab, "old-data")
    database(lab, "n1")
    running_service(lab, "web", TEMPLATE, replicas=3)
    before = lab.contents()
    # Under a leader of 20.10, the manager of 26.1 warns that it cannot list cluster volumes.
    assert tool("ls", "-o", "json").document["complete"]
    lose_leader(lab)

    listed = tool("ls", "-o", "json", *PATIENCE, seconds=IN_TIME)
    assert listed.code == 5
    assert {volume["name"]: volume["ruling"] for volume in listed.document["volumes"]} == {
        "old-data": "unknown",
        "data": "unknown",
        **{f"web-{slot}-vol": "in-use" for slot in (1, 2, 3)},
    }
    gaps = {gap["node"]["hostname"]: gap["cause"] for gap in listed.document["gaps"]}
    assert "nothing listens on" in gaps.pop("n1")
    assert gaps == {}
    pruned = tool(*PRUNE, *PATIENCE, seconds=IN_TIME)
    assert pruned.code == 5
    assert set(tool.outcomes(pruned).values()) == {"kept"}
    assert removals_asked(lab) == []
    assert tool.audit == []
    assert lab.contents() == before


def test_a_manager_without_a_quorum_says_so_and_nothing_is_removed(lab: Lab, tool: Tool) -> None:
    lab.promote("n2")
    orphan = volume(lab, "old-data")
    lab.node("n2").kill()
    # One of two managers comes back alone: it cannot be made leader.
    lab.node("n1").restart()
    wait_until(
        lambda: "does not have a leader" in lab.node("n1").ask("/info")["Swarm"]["Error"],
        60,
        "n1 finds no leader",
    )
    for words in (("ls",), ("rm", "old-data"), PRUNE):
        refused = tool(*words, seconds=IN_TIME)
        assert refused.code == 8
        assert refused.out == ""
        assert "n1 is a manager, and cannot answer for its swarm" in refused.err
        assert "The swarm does not have a leader" in refused.err
        assert "n3 is a worker, not a manager" in refused.err
    assert removals_asked(lab) == []
    assert lab.contents() == {orphan: "precious\n"}
