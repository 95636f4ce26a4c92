"""`candidates`: what nothing uses, since when, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.memory_document import written
from tests.cli.grace import HOUR, OLD, patient_stage, put
from tests.cli.worlds import NOON

if TYPE_CHECKING:
    from tests.cli.stage import Stage

stage = patient_stage


def test_candidates_tell_what_is_pending_since_when_and_until_when(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 30 * HOUR})[0])
    ran = stage.run("candidates")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split("  ") for line in ran.out.splitlines()]
    assert [[word.strip() for word in line if word] for line in lines[:3]] == [
        ["VOLUME", "BACKING", "RULING", "UNUSED SINCE (UTC)", "REMOVABLE FROM"],
        ["old", "efs/reg", "- removable", "2026-11-22 06:00:00", "2026-11-23 06:00:00"],
        ["older", "efs/reg", "… pending", "not remembered yet", "-"],
    ]
    document = stage.document("candidates", "older")
    assert document["schema"] == "cloudstorctl/candidates/v1"
    assert (document["complete"], document["grace"]) == (True, 86400)
    (older,) = document["candidates"]
    assert older.pop("reasons")
    assert older == {
        "name": "older",
        "ruling": "pending",
        "unused_since": None,
        "removable_from": None,
    }
    assert stage.names("candidates") == ["old", "older"]


def test_candidates_say_that_there_are_none_and_what_may_hide_some(stage: Stage) -> None:
    ran = stage.run("candidates", "web*")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "None of the volumes asked for is unused.\n"
    assert stage.run("candidates", "ci*").err == "No volume matches 'ci*'.\n"
    stage.blind("w1")
    ran = stage.run("candidates")
    assert ran.code == 5
    assert ran.err == "No volume that was seen is unused.\n"
    assert ran.out.startswith("Not seen:\n")


def test_candidates_show_seconds_for_a_short_grace_period(stage: Stage) -> None:
    put(stage, written({OLD: NOON})[0])
    assert (
        "2026-11-23 12:00:00  2026-11-23 12:00:10\n"
        in stage.run("candidates", "old", "--grace", "10s").out
    )


def test_candidates_without_a_grace_period_may_go_at_once(stage: Stage) -> None:
    put(stage, written({OLD: NOON})[0])
    row = stage.run("candidates", "old", "--grace", "0s").out.splitlines()[1]
    assert row.split() == ["old", "efs/reg", "-", "removable", "-", "at", "once"]


def test_candidates_of_which_nothing_can_be_recalled_are_no_success(stage: Stage) -> None:
    put(stage, b"nonsense")
    document = stage.document("candidates", "old", code=5)
    (reason,) = document["candidates"][0]["reasons"]
    assert "memory of unused volumes cannot be read: it counts as never seen unused." in reason
    assert stage.run("candidates", "web*").code == 0
