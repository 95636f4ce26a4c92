"""Removals over HTTP, whichever command sends them: what befalls them, and what is on record."""

from __future__ import annotations

import os
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import statuses
from tests.core.builders import node_id
from tests.edge import payloads
from tests.edge.engine_server import Reply, json_reply

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.edge.engine_server import Seen
    from tests.edge.scripted_swarm import ScriptedEngine


def refusal(message: str, status: int = 409) -> Reply:
    return json_reply({"message": message}, status=status)


# What befalls a removal.


@pytest.mark.parametrize(
    ("reply", "status", "told"),
    [
        (
            refusal("remove old: volume is in use - [c1]"),
            "refused",
            "m1 refused: HTTP 409: remove old: volume is in use - [c1]",
        ),
        (
            refusal("VolumeDriver.Remove: EOF", 500),
            "failed",
            "m1 failed (HTTP 500: VolumeDriver.Remove: EOF); part of its data may be gone",
        ),
        (
            Reply(status=204, measured=False),
            "failed",
            "the engine reported success, yet m1, w1, w2 still list it",
        ),
        (
            Reply(reset=True),
            "uncertain",
            (
                "m1 did not answer (it closed the connection without an answer): the removal may "
                "still happen"
            ),
        ),
    ],
    ids=["refused", "failed", "not believed", "uncertain"],
)
def test_a_removal_that_does_not_come_about_exits_7_and_the_rest_goes_on(
    stage: Stage, reply: Reply, status: str, told: str
) -> None:
    stage.on_delete("old", lambda: reply)
    document = stage.document("safe-prune", "--yes", code=7)
    assert statuses(document)["old"] == status
    assert document["outcomes"][0]["detail"] == told
    assert statuses(document)["older"] == "removed"


def test_the_engine_itself_refuses_for_a_container_that_came_after_the_last_look(
    stage: Stage,
) -> None:
    def start() -> None:
        stage.swarm.engines["m1"].containers.append(payloads.container("late", "old"))

    stage.on_delete("old", start)
    document = stage.document("safe-prune", "--yes", code=4)
    assert document["outcomes"][0]["status"] == "claimed"
    assert (
        "it was asked to be removed through m1, is still listed, and is in-use now."
        in (document["outcomes"][0]["detail"])
    )
    assert stage.swarm.destroyed == ["older"]


def test_a_volume_claimed_since_the_plan_was_made_is_kept_and_the_rest_goes_on(
    stage: Stage,
) -> None:
    def deploy() -> None:
        stage.swarm.deploy("new", "older")

    stage.on_delete("old", deploy)
    document = stage.document("safe-prune", "--yes", code=4)
    assert statuses(document)["old"] == "removed"
    assert statuses(document)["older"] == "claimed"
    assert stage.swarm.destroyed == ["old"]
    assert "older" not in [volume for _, volume in stage.swarm.deletes]


def test_what_can_no_longer_be_proved_is_not_tried_and_it_exits_5(stage: Stage) -> None:
    stage.on_delete("old", lambda: stage.blind("w1"))
    document = stage.document("safe-prune", "--yes", code=7)
    assert statuses(document)["old"] == "uncertain", "gone from the lists that could be read"
    assert statuses(document)["older"] == "not_tried"
    stage.swarm.hooks.clear()
    stage.swarm.list_volume("old")
    looks: list[str] = []

    def blind_later(engine: ScriptedEngine, seen: Seen) -> Reply | None:
        if engine.hostname == "w1" and seen.path == "/plugins":
            looks.append("look")
            return refusal("out of order", 500) if len(looks) > 1 else None
        return None

    stage.swarm.hooks.append(blind_later)
    document = stage.document("safe-prune", "--yes", code=5)
    assert statuses(document)["old"] == "not_tried"


def test_each_node_of_the_early_drivers_is_asked_in_turn_with_a_look_before_each(
    stage: Stage,
) -> None:
    stage.swarm.shared = False
    steps: list[str] = []

    def note(engine: ScriptedEngine, seen: Seen) -> None:
        if seen.method == "DELETE":
            steps.append(f"DELETE {engine.hostname}")
        elif (engine.hostname, seen.path) == ("w2", "/containers/json"):
            steps.append("look")

    stage.swarm.hooks.append(note)
    document = stage.document("rm", "old")
    assert statuses(document) == {"old": "removed"}
    look = "look"
    assert steps == [look, look, "DELETE m1", look, "DELETE w1", look, "DELETE w2", look]


def test_a_name_with_slashes_is_one_name(stage: Stage) -> None:
    stage.swarm.list_volume("a/b c+d")
    assert stage.run("rm", "a/b c+d").code == 0
    assert stage.swarm.destroyed == ["a/b c+d"]


# The record.


def test_the_record_is_in_the_users_state_folder_and_tells_every_step(stage: Stage) -> None:
    stage.run("rm", "older")
    assert stat.S_IMODE(stage.audit.stat().st_mode) == 0o600
    lines = stage.recorded
    assert [line["event"] for line in lines] == ["plan", "request", "answer", "outcome"]
    assert {line["at"] for line in lines} == {"2026-11-23T12:00:00Z"}
    assert len({line["run"] for line in lines}) == 1
    assert lines[1]["engine"] == f"unix://{stage.folder}/w2"
    assert lines[1]["node"] == {"id": node_id("w2"), "hostname": "w2"}
    assert (lines[2]["answer"], lines[3]["status"]) == ("success", "removed")


def test_the_request_is_on_record_when_it_arrives(stage: Stage) -> None:
    known: list[str] = []
    stage.on_delete("older", lambda: known.append(stage.recorded[-1]["event"]))
    stage.run("rm", "older")
    assert known == ["request"]


def test_the_record_can_be_elsewhere_and_is_added_to(stage: Stage) -> None:
    file = stage.folder / "records/mine.jsonl"
    stage.run("rm", "old", "--audit-log", str(file))
    once = file.read_text()
    stage.run("safe-prune", "--yes", "--audit-log", str(file))
    assert file.read_text().startswith(once)
    assert len(file.read_text().splitlines()) == 8
    assert not stage.audit.exists()


@pytest.mark.parametrize("command", [["rm", "old"], ["safe-prune", "--yes"]], ids=" ".join)
def test_without_a_record_nothing_is_removed(stage: Stage, command: list[str]) -> None:
    (stage.folder / "file").write_text("")
    ran = stage.run(*command, "--audit-log", str(stage.folder / "file/audit.jsonl"))
    assert ran.code == 1
    assert "name another file with --audit-log" in ran.err
    assert stage.swarm.deletes == []


# Somebody stops it.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_removal_lets_it_end_and_leaves_the_rest(
    stage: Stage, number: signal.Signals
) -> None:
    before = signal.getsignal(number)
    stage.on_delete("old", lambda: os.kill(os.getpid(), number))
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 130
    assert "Stopping after what is under way; press Ctrl-C again to stop at once." in ran.err
    assert "not tried  the run was interrupted before it" in ran.out
    assert stage.swarm.deletes == [("m1", "old")]
    assert [line["status"] for line in stage.recorded if line["event"] == "outcome"] == [
        "removed",
        "not_tried",
    ]
    assert signal.getsignal(number) is before


def test_a_second_signal_stops_at_once_and_the_record_is_true(stage: Stage) -> None:
    stage.stop_at_once_after("old")
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 130
    assert ran.err.endswith("cloudstorctl: interrupted\n")
    assert [line["event"] for line in stage.recorded] == ["plan", "request", "answer"]
    assert stage.swarm.deletes == [("m1", "old")]
