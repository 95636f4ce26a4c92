"""However a run of removals ends, what was done and what was not is told and on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import OutcomeStatus
from cloudstorctl.errors import NoAccessError
from cloudstorctl.swarm.audit import AuditError
from tests.core.builders import NOW, node_id
from tests.edge.fake_swarm import FakeSwarm, Hook, answered, failing, refused
from tests.edge.removals import Record, carried_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.core.model import Node
    from cloudstorctl.swarm.ports import RemovesVolumes


def a_swarm(*, shared: bool = True) -> FakeSwarm:
    swarm = FakeSwarm("m1", "w1")
    swarm.shared = shared
    for volume in ("a", "b", "c", "kept"):
        swarm.list_volume(volume)
    return swarm


# The record.


def test_each_request_is_on_record_before_it_is_sent_and_its_answer_before_the_next_look(
    record: Record,
) -> None:
    swarm = a_swarm(shared=False)
    seen: list[tuple[str, list[str]]] = []

    def note(what: str) -> Hook:
        return lambda: seen.append((what, record.events))

    swarm.on("m1", "DELETE a", note("DELETE m1"))
    swarm.on("w1", "DELETE a", note("DELETE w1"))
    swarm.on("w1", "/info", note("look"))
    carried_out(swarm, record, "a")
    first = ["plan", "request"]
    assert seen[1:] == [
        ("look", ["plan"]),
        ("DELETE m1", first),
        ("look", [*first, "answer"]),
        ("DELETE w1", [*first, "answer", "request"]),
        ("look", [*first, "answer", "request", "answer"]),
    ]
    assert record.events == [*first, "answer", "request", "answer", "outcome"]


def test_the_record_tells_plan_requests_answers_and_outcomes(record: Record) -> None:
    swarm = a_swarm()
    swarm.on("m1", "DELETE b", failing(answered("m1", "/volumes/b", 409, "in use")))
    carried_out(swarm, record, "a", "b")
    told = [{k: v for k, v in line.items() if k not in {"at", "run"}} for line in record.lines]
    plan = told.pop(0)
    assert (plan["event"], plan["made_at"]) == ("plan", NOW.isoformat())
    assert isinstance(plan["volumes"], list)
    assert [set(each) for each in plan["volumes"]] == [{"volume", "evidence"}] * 2
    m1 = {"id": node_id("m1"), "hostname": "m1"}
    place = {"engine": "tcp://m1:2375", "node": m1}
    assert told == [
        {"event": "request", "volume": "a", **place},
        {"event": "answer", "volume": "a", **place, "answer": "success"},
        {
            "event": "outcome",
            "volume": "a",
            "status": "removed",
            "detail": "removed through m1; no engine lists it",
        },
        {"event": "request", "volume": "b", **place},
        {"event": "answer", "volume": "b", **place, "answer": "HTTP 409: in use"},
        {
            "event": "outcome",
            "volume": "b",
            "status": "refused",
            "detail": "m1 refused: HTTP 409: in use",
        },
    ]


def test_an_outcome_is_given_when_it_is_on_record_and_not_before(record: Record) -> None:
    swarm = a_swarm()
    known: list[int] = []
    swarm.on("m1", "DELETE b", lambda: known.append(record.events.count("outcome")))
    carried_out(swarm, record, "a", "b")
    assert known == [1]
    assert record.events.count("outcome") == 2


# The record cannot be written.


def test_without_a_record_of_the_plan_nothing_is_sent(record: Record) -> None:
    swarm = a_swarm()
    carried = carried_out(swarm, record, "a", "b", meanwhile=record.fail)
    assert carried.statuses == [OutcomeStatus.NOT_TRIED] * 2
    assert carried.outcomes[0].detail == "an error ended the run before it"
    assert isinstance(carried.error, AuditError)
    assert carried.steps == []


def test_without_a_record_of_the_request_it_is_not_sent(record: Record) -> None:
    swarm = a_swarm()
    carried = carried_out(
        swarm, record, "a", "b", meanwhile=lambda: swarm.on("w1", "/volumes", record.fail)
    )
    assert carried.statuses == [OutcomeStatus.NOT_TRIED] * 2
    assert isinstance(carried.error, AuditError)
    assert carried.steps == ["look"]
    assert record.events == ["plan"]


def test_a_record_that_fails_after_a_request_ends_the_run_and_the_volume_is_uncertain(
    record: Record,
) -> None:
    swarm = a_swarm()
    swarm.on("m1", "DELETE a", record.fail)
    carried = carried_out(swarm, record, "a", "b")
    assert carried.statuses == [OutcomeStatus.UNCERTAIN, OutcomeStatus.NOT_TRIED]
    assert carried.outcomes[0].detail == (
        "it was asked to be removed through m1, and an error ended the run before what became of "
        "it was seen"
    )
    assert isinstance(carried.error, AuditError)
    assert swarm.deletes == [("m1", "a")]
    assert record.events == ["plan", "request"]


def test_a_record_that_fails_with_the_outcome_lets_it_stand_and_tries_no_other(
    record: Record,
) -> None:
    swarm = a_swarm()
    swarm.on("m1", "DELETE a", lambda: swarm.on("w1", "/volumes", record.fail))
    carried = carried_out(swarm, record, "a", "b")
    assert carried.statuses == [OutcomeStatus.REMOVED, OutcomeStatus.NOT_TRIED]
    assert isinstance(carried.error, AuditError)
    assert record.events == ["plan", "request", "answer"]


# The managers are lost.


def test_managers_lost_before_a_request_leave_the_volumes_not_tried(record: Record) -> None:
    swarm = a_swarm()
    carried = carried_out(
        swarm,
        record,
        "a",
        "b",
        meanwhile=lambda: swarm.on("m1", "/info", failing(refused("m1", "/info"))),
    )
    assert carried.statuses == [OutcomeStatus.NOT_TRIED] * 2
    assert isinstance(carried.error, NoAccessError)
    assert record.events == ["plan", "outcome", "outcome"]


def test_managers_lost_after_a_request_leave_that_volume_uncertain_on_record_too(
    record: Record,
) -> None:
    swarm = a_swarm()
    swarm.on("m1", "DELETE b", lambda: swarm.on("m1", "/info", failing(refused("m1", "/info"))))
    carried = carried_out(swarm, record, "a", "b", "c")
    assert carried.statuses == [
        OutcomeStatus.REMOVED,
        OutcomeStatus.UNCERTAIN,
        OutcomeStatus.NOT_TRIED,
    ]
    assert isinstance(carried.error, NoAccessError)
    assert [line["status"] for line in record.lines if line["event"] == "outcome"] == [
        "removed",
        "uncertain",
        "not_tried",
    ]


def test_an_engine_that_cannot_be_opened_for_a_removal_is_not_on_record_as_asked(
    record: Record,
) -> None:
    def remover_of(_: Node) -> RemovesVolumes:
        raise refused("m1", "")

    carried = carried_out(a_swarm(), record, "a", remover_of=remover_of)
    assert carried.only == (
        OutcomeStatus.FAILED,
        "m1 could not be asked: connection refused",
    )
    assert record.events == ["plan", "outcome"]


# Somebody stops the run.


def stopped_after(record: Record, events: int) -> Callable[[], bool]:
    return lambda: len(record.events) >= events


def test_a_stop_between_two_volumes_leaves_the_rest_untried(record: Record) -> None:
    swarm = a_swarm()
    carried = carried_out(swarm, record, "a", "b", "c", stop=stopped_after(record, 4))
    assert carried.statuses == [OutcomeStatus.REMOVED] + [OutcomeStatus.NOT_TRIED] * 2
    assert carried.outcomes[1].detail == "the run was interrupted before it"
    assert carried.error is None
    assert swarm.deletes == [("m1", "a")]
    assert [line["status"] for line in record.lines if line["event"] == "outcome"] == [
        "removed",
        "not_tried",
        "not_tried",
    ]


def test_a_stop_during_a_request_lets_it_be_finished_and_verified(record: Record) -> None:
    swarm = a_swarm()
    asked: list[None] = []
    swarm.on("m1", "DELETE a", lambda: asked.append(None))
    carried = carried_out(swarm, record, "a", "b", stop=lambda: bool(asked))
    assert carried.statuses == [OutcomeStatus.REMOVED, OutcomeStatus.NOT_TRIED]


def test_a_stop_during_the_look_sends_nothing(record: Record) -> None:
    swarm = a_swarm()
    looked: list[None] = []
    carried = carried_out(
        swarm,
        record,
        "a",
        meanwhile=lambda: swarm.on("w1", "/volumes", lambda: looked.append(None)),
        stop=lambda: bool(looked),
    )
    assert carried.only == (OutcomeStatus.NOT_TRIED, "the run was interrupted before it")
    assert carried.steps == ["look"]


def test_a_stop_between_two_nodes_says_which_was_asked_and_which_still_list_it(
    record: Record,
) -> None:
    swarm = a_swarm(shared=False)
    carried = carried_out(swarm, record, "a", stop=stopped_after(record, 3))
    assert carried.only == (
        OutcomeStatus.UNCERTAIN,
        "removed through m1, and interrupted while w1 still listed it",
    )
    assert swarm.deletes == [("m1", "a")]


def test_a_stop_at_once_leaves_the_request_on_record(record: Record) -> None:
    swarm = a_swarm()

    def press_twice() -> None:
        raise KeyboardInterrupt

    swarm.on("m1", "DELETE a", press_twice)
    with pytest.raises(KeyboardInterrupt):
        carried_out(swarm, record, "a", "b")
    assert record.events == ["plan", "request"]
    assert swarm.deletes == [("m1", "a")]
