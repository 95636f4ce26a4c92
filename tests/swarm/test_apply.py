"""Scenario 7: what appears between a plan and its removals is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.swarm.running import held_removal, removals_asked, running, wait_for_removal
from tests.swarm.scene import container, mount, running_service, service, volume
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Result

NO_SHARE = "[contexts.lab.prune]\nmax_percent = 100"


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    return Tool(lab=lab, home=tmp_path, config=configuration(lab, more=NO_SHARE))


def planned(tool: Tool, *patterns: str) -> Path:
    """Save a plan, and give its file."""
    file = tool.home / "plan.json"
    made = tool("safe-prune", "--dry-run", "--plan-out", str(file), *patterns)
    assert made.code == 0, made.told
    return file


def volumes_in(plan: Path) -> list[str]:
    return [removal["volume"] for removal in json.loads(plan.read_text())["removals"]]


def assert_stale(result: Result) -> None:
    assert result.code == 6, result.told
    assert "stale, and nothing was removed" in result.err


def test_a_saved_plan_is_carried_out_while_nothing_has_changed(lab: Lab, tool: Tool) -> None:
    gone = {volume(lab, "old-1"), volume(lab, "old-2", on="n2")}
    running_service(lab, "web", "live")
    before = lab.contents()
    plan = planned(tool)
    assert volumes_in(plan) == ["old-1", "old-2"]
    assert lab.contents() == before
    assert not removals_asked(lab)

    done = tool("apply", str(plan), "-o", "json")

    assert done.code == 0, done.told
    assert tool.outcomes(done) == {"old-1": "removed", "old-2": "removed"}
    assert lab.contents() == {path: text for path, text in before.items() if path not in gone}
    assert not (lab.shared / "reg/old-1").exists()
    assert removals_asked(lab) == ["old-1", "old-2"]

    again = tool("apply", str(plan))
    assert_stale(again)
    assert "old-1: no engine lists it any more" in again.err
    assert removals_asked(lab) == ["old-1", "old-2"]


def test_a_service_that_appears_after_the_plan_makes_it_stale(lab: Lab, tool: Tool) -> None:
    volume(lab, "first")
    volume(lab, "wanted")
    plan = planned(tool)
    assert volumes_in(plan) == ["first", "wanted"]
    # No task of it runs yet: the service alone is what has changed.
    service(lab, "late", "wanted", replicas=0)
    before = lab.contents()

    refused = tool("apply", str(plan))

    assert_stale(refused)
    assert "wanted: it is reserved now" in refused.err
    assert "late" in refused.err
    assert "first" not in refused.err
    assert lab.contents() == before
    assert not removals_asked(lab)
    assert not tool.audit

    lab.docker("n1", "service", "scale", "--detach", "late=2")
    lab.wait_running("late", 2)
    refused = tool("apply", str(plan))
    assert_stale(refused)
    assert "wanted: it is in-use now" in refused.err
    assert "late.1" in refused.err
    assert before.items() <= lab.contents().items()
    assert not removals_asked(lab)


def test_a_plan_edited_by_hand_is_refused(lab: Lab, tool: Tool) -> None:
    volume(lab, "old")
    volume(lab, "other")
    running_service(lab, "web", "live")
    before = lab.contents()
    plan = planned(tool, "old")
    whole = plan.read_text()
    assert volumes_in(plan) == ["old"]

    for put_in in ("live", "other"):
        edited = json.loads(whole)
        edited["removals"][0]["volume"] = put_in
        plan.write_text(json.dumps(edited))
        refused = tool("apply", str(plan))
        assert_stale(refused)
        assert f"  {put_in}: " in refused.err

    foreign = json.loads(whole)
    foreign["cluster_id"] = "another"
    plan.write_text(json.dumps(foreign))
    refused = tool("apply", str(plan))
    assert_stale(refused)
    assert "made for the swarm another" in refused.err

    plan.write_text(whole[: len(whole) // 2])
    refused = tool("apply", str(plan))
    assert refused.code == 2, refused.told
    assert "is not a plan" in refused.err

    assert lab.contents() == before
    assert not removals_asked(lab)
    assert not tool.audit


def test_what_is_claimed_after_the_survey_is_kept_and_the_rest_goes_on(
    lab: Lab, tool: Tool
) -> None:
    first, wanted, held, last = (volume(lab, name) for name in ("a", "b", "c", "d"))
    before = lab.contents()

    with running(tool, "safe-prune", "--yes", "-o", "json") as run:
        # The run has surveyed and judged all four, and is held up in the removal of the first.
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "a")
            running_service(lab, "late", "b", "--constraint", "node.hostname==n2")
            container(lab, "n3", "create", "--mount", mount("c"))
        done = run.result()

    assert done.code == 4, done.told
    outcomes = {each["volume"]: each for each in done.document["outcomes"]}
    assert {name: each["status"] for name, each in outcomes.items()} == {
        "a": "removed",
        "b": "claimed",
        "c": "claimed",
        "d": "removed",
    }
    assert "it is in-use now" in outcomes["b"]["detail"]
    assert "late.1" in outcomes["b"]["detail"]
    assert "n2" in outcomes["b"]["detail"]
    assert "it is reserved now" in outcomes["c"]["detail"]
    assert "n3" in outcomes["c"]["detail"]
    assert removals_asked(lab) == ["a", "d"]
    assert lab.contents() == {
        wanted: before[wanted],
        held: before[held],
        "reg/b/late-1.txt": "late-1 wrote this\n",
    }
    assert {first, last}.isdisjoint(lab.contents())
    recorded = {line["volume"]: line["status"] for line in tool.audit if line["event"] == "outcome"}
    assert recorded == {name: each["status"] for name, each in outcomes.items()}
