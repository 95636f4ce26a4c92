"""The memory of unused volumes as the commands use it: races, what is broken, who may not write."""

from __future__ import annotations

import re
from hashlib import sha512
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.memory_document import name_of, written
from cloudstorctl.core.model import VolumeName
from tests.cli.grace import HOUR, OLD, OLDER, patient_stage, put, refuse, remembered, rulings
from tests.cli.worlds import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.stage import Stage
    from tests.edge.engine_server import Reply

stage = patient_stage


def before_writing(stage: Stage, act: Callable[[], Reply | None]) -> None:
    stage.swarm.before("POST", "/configs/create", act)


def test_rm_sends_nobody_past_a_broken_memory(stage: Stage) -> None:
    put(stage, b"nonsense")
    ran = stage.run("rm", "old")
    assert ran.code == 4
    assert f"'docker config rm {name_of(1)}'" in ran.err
    assert "does not wait for that" not in ran.err


def test_what_has_not_changed_is_not_written_again(stage: Stage) -> None:
    for _ in range(3):
        stage.run("safe-prune", "--dry-run")
    assert list(stage.swarm.configs.named) == [name_of(1)]


def test_of_two_runs_that_write_at_once_the_other_reads_again(stage: Stage) -> None:
    def other_wins() -> Reply | None:
        if name_of(1) not in stage.swarm.configs.named:
            put(stage, written({VolumeName("web-1-vol"): NOON, OLD: NOON - 9 * HOUR})[0])
        return None

    before_writing(stage, other_wins)
    ran = stage.run("safe-prune", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert remembered(stage) == {OLD: NOON - 9 * HOUR}, "added nothing, forgot what is in use"


def test_runs_that_never_win_say_so(stage: Stage) -> None:
    def other_wins() -> Reply | None:
        number = len(stage.swarm.configs.named) + 1
        put(stage, written({VolumeName("web-1-vol"): NOON})[0], number)
        return None

    before_writing(stage, other_wins)
    ran = stage.run("safe-prune", "--dry-run")
    assert ran.code == 5
    assert "is not remembered: other runs write it again and again" in ran.err


@pytest.mark.parametrize("broken_now", [False, True])
def test_a_broken_memory_is_told_with_what_resets_it(stage: Stage, *, broken_now: bool) -> None:
    if broken_now:
        # It breaks between the look and the writing.
        def break_it() -> Reply | None:
            put(stage, b"nonsense")
            return None

        before_writing(stage, break_it)
    else:
        put(stage, b"nonsense")
    ran = stage.run("safe-prune", "--yes")
    assert f"'docker config rm {name_of(1)}'" in ran.err
    assert ran.err.count("cannot be read") == 1
    assert ran.code == 5
    assert "2 pending" in ran.out
    assert stage.swarm.deletes == []
    assert len(stage.swarm.configs.named) == 1, "what is broken is left for people to look at"
    writes = [seen for _, seen in stage.swarm.seen if seen.method == "POST"]
    assert len(writes) == int(broken_now), "nothing is written beside it"


def test_managers_without_configs_are_told_to_be_too_old(stage: Stage) -> None:
    refuse(stage, "GET", "/configs", 404)
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 5
    assert "managers are older than Docker 17.06" in ran.err
    assert "--grace 0s removes without a grace period" in ran.err


@pytest.mark.parametrize("status", [403, 500])
def test_a_memory_that_cannot_be_read_counts_as_never_seen(stage: Stage, status: int) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR})[0])
    refuse(stage, "GET", "/configs", status)
    assert rulings(stage) == {"old": "pending", "older": "pending"}
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 5
    assert "The swarm's memory of unused volumes cannot be read:" in ran.err
    assert stage.swarm.deletes == []


def test_who_may_not_write_is_told_that_nothing_is_remembered(stage: Stage) -> None:
    refuse(stage, "POST", "/configs/create", 403)
    ran = stage.run("safe-prune", "--dry-run")
    assert ran.code == 5, "else nobody who looks at exit codes alone would ever know"
    assert "What was seen unused or claimed is not remembered:" in ran.err


def test_a_memory_that_is_full_says_so(stage: Stage) -> None:
    names = [sha512(str(number).encode()).hexdigest() for number in range(9000)]
    row = stage.swarm.engines["w1"].volumes[0]
    stage.swarm.engines["w1"].volumes += ({**row, "Name": name} for name in names)
    ran = stage.run("safe-prune", "--dry-run", "--max-count", "9002", "-o", "name")
    assert ran.code == 0
    found = re.search(r"([0-9]+) unused volumes are not remembered: the swarm's memory", ran.err)
    assert found
    assert len(remembered(stage)) == len(names) + 2 - int(found[1])


def test_a_run_without_a_grace_period_tells_what_it_cannot_forget(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR})[0])
    refuse(stage, "POST", "/configs/create", 403)
    ran = stage.run("rm", "old", "--grace", "0s")
    assert ran.code == 0
    assert ran.err.count("What was seen unused or claimed is not remembered:") == 1


def test_a_manager_of_another_swarm_is_not_let_forget(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR})[0])

    def move() -> Reply | None:
        looks = stage.swarm.engines["m1"].server.count("GET", "/tasks") // 2
        if stage.swarm.deletes and looks == 3:  # at the end of the one that sees it gone
            stage.swarm.set_cluster("another")
        return None

    stage.swarm.before("GET", "/tasks", move)
    ran = stage.run("rm", "old", "--grace", "0s")
    assert ran.code == 0
    assert "is not remembered: unix:///" in ran.err
    assert "is a manager of the swarm another" in ran.err
    assert OLD in remembered(stage)


def test_a_time_that_is_yet_to_come_is_told_with_what_resets_it(stage: Stage) -> None:
    put(stage, written({OLD: NOON + 48 * HOUR, OLDER: NOON + HOUR})[0], 7)
    ran = stage.run("safe-prune", "--yes")
    assert (ran.code, stage.swarm.deletes) == (0, [])
    assert ran.err == (
        "The swarm remembers that old was first seen unused at 2026-11-25 12:00:00 UTC (1 more "
        "volume at such a time), which is yet to come: a clock was wrong then, or is now. If it "
        f"was wrong then, 'docker config rm {name_of(7)}' on a manager lets every grace period "
        "begin anew.\n"
    )


def test_commands_that_tell_of_no_ruling_do_not_ask_for_the_memory(stage: Stage) -> None:
    put(stage, b"nonsense")
    for command in ("efs", "ebs", "doctor", "verify", "mount", "guard status"):
        words = {"verify": ("old", "--dry-run"), "mount": ("web", "--target", "/x")}
        ran = stage.run(*command.split(), *words.get(command, ()))
        assert "memory" not in ran.err, command
    assert not [seen for _, seen in stage.swarm.seen if seen.path == "/configs"]
