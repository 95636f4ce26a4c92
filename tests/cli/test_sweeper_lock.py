"""One sweeper at a time: `safe-prune` and `apply` take the lock of the swarm, and give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.lock import TERM
from cloudstorctl.swarm.lock import NAME
from tests.cli.stage import statuses
from tests.edge.engine_server import json_reply

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.edge.engine_server import Reply, Seen
    from tests.edge.scripted_swarm import ScriptedEngine


def leave_lock(stage: Stage) -> None:
    """Leave the lock of a run that was killed: its release never arrives."""
    kept: list[Seen] = []

    def keep(_engine: ScriptedEngine, seen: Seen) -> Reply | None:
        if seen.method == "DELETE" and seen.path.startswith("/configs/") and not kept:
            kept.append(seen)
            return json_reply({"message": "killed"}, status=500)
        return None

    stage.swarm.hooks.append(keep)
    assert stage.names("safe-prune", "--yes", "older") == ["older"]
    assert NAME in stage.swarm.configs.named


def test_the_lock_is_held_while_a_run_removes_and_given_back(stage: Stage) -> None:
    held: list[bool] = []

    def look() -> Reply | None:
        held.append(NAME in stage.swarm.configs.named)
        return None

    stage.on_delete("old", look)
    assert stage.run("safe-prune", "--yes").code == 0
    assert held == [True]
    assert not stage.swarm.configs.named


@pytest.mark.parametrize("command", ["safe-prune", "apply"])
def test_a_second_run_is_refused_and_told_who_and_how_to_end_it(stage: Stage, command: str) -> None:
    plan = stage.folder / "plan.json"
    stage.run("safe-prune", "--dry-run", "--plan-out", str(plan), "old")
    leave_lock(stage)
    words = ["apply", str(plan)] if command == "apply" else ["safe-prune", "--yes"]
    ran = stage.run(*words)
    assert ran.code == 4
    assert "Nothing was to be removed" not in ran.out
    assert (
        "Another run removes volumes of this swarm just now: somebody has had the lock" in ran.err
    )
    assert f"'docker config rm {NAME}'" in ran.err
    assert stage.swarm.destroyed == ["older"]
    document = stage.document(*words, code=4)
    assert statuses(document)["old"] == "not_tried"


def test_a_killed_run_does_not_block_for_ever(stage: Stage) -> None:
    leave_lock(stage)
    stage.now += TERM
    assert stage.names("safe-prune", "--yes") == ["old"]
    assert not stage.swarm.configs.named


def test_a_run_that_loses_the_lock_stops_before_the_next_removal(stage: Stage) -> None:
    def break_it() -> Reply | None:
        stage.swarm.configs.configs.clear()
        return None

    stage.on_delete("old", break_it)
    ran = stage.run("safe-prune", "--yes", "-o", "json")
    assert ran.code == 4
    assert "This run has lost the lock of the swarm, and nobody has it now" in ran.err
    assert stage.swarm.destroyed == ["old"]
    assert '"not_tried"' in ran.out
    assert [line["event"] for line in stage.recorded].count("request") == 1


def test_without_the_lock_nobody_waits_for_it(stage: Stage) -> None:
    leave_lock(stage)
    assert stage.run("safe-prune", "--yes", "--no-lock").code == 0
    assert stage.swarm.destroyed == ["older", "old"]


def test_a_dry_run_rm_and_a_run_with_nothing_to_remove_need_no_lock(stage: Stage) -> None:
    leave_lock(stage)
    assert stage.run("safe-prune", "--dry-run").code == 0
    assert stage.run("rm", "old").code == 0
    assert stage.run("safe-prune", "--yes").code == 0
    assert stage.swarm.destroyed == ["older", "old"]
