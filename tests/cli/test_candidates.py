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
        ["old", "efs/reg", "- removable", "2026-11-22 06:00", "2026-11-23 06:00"],
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
    assert (ran.code, ran.out, ran.err) == (0, "", "No volume is unused.\n")
    stage.blind("w1")
    ran = stage.run("candidates")
    assert ran.code == 5
    assert "No volume that was seen is unused." in ran.err
    assert "Not seen:" in ran.out
