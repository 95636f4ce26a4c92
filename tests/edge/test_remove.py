"""Carrying out a plan: the order of its steps, and every outcome that a volume can come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import OutcomeStatus
from tests.core.builders import a_container, a_service
from tests.edge.fake_swarm import (
    FakeSwarm,
    answered,
    cut_off,
    failing,
    in_turn,
    nonsense,
    refused,
    timeout,
)
from tests.edge.removals import Record, carried_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.errors import EngineError

DELETE = "DELETE data"


def a_swarm(*volumes: str, shared: bool = True) -> FakeSwarm:
    swarm = FakeSwarm("m1", "w1", "w2")
    swarm.shared = shared
    for volume in volumes or ("data", "kept"):
        swarm.list_volume(volume)
    return swarm


# Removed.


def test_one_request_removes_what_every_node_lists(record: Record) -> None:
    carried = carried_out(a_swarm(), record, "data")
    assert carried.only == (OutcomeStatus.REMOVED, "removed through m1; no engine lists it")
    assert carried.steps == ["look", "DELETE m1 data", "look"]


def test_each_node_that_keeps_a_list_of_its_own_is_asked_with_a_look_before_each(
    record: Record,
) -> None:
    carried = carried_out(a_swarm(shared=False), record, "data")
    assert carried.only == (OutcomeStatus.REMOVED, "removed through m1, w1, w2; no engine lists it")
    assert carried.steps == [
        "look",
        "DELETE m1 data",
        "look",
        "DELETE w1 data",
        "look",
        "DELETE w2 data",
        "look",
    ]


def test_only_nodes_that_list_it_are_asked(record: Record) -> None:
    swarm = a_swarm("kept")
    swarm.list_volume("data", "w2")
    assert carried_out(swarm, record, "data").steps == ["look", "DELETE w2 data", "look"]


def test_the_last_volume_of_a_list_may_leave_it_empty(record: Record) -> None:
    assert carried_out(a_swarm("data"), record, "data").statuses == [OutcomeStatus.REMOVED]


def test_gone_is_gone_although_the_answer_was_lost(record: Record) -> None:
    swarm = a_swarm()
    swarm.on(
        "m1", DELETE, in_turn(lambda: swarm.drop_volume("data"), failing(timeout("m1", "/volumes")))
    )
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.REMOVED,
        "removed through m1; no engine lists it (the answer was lost: no answer within 1 s)",
    )


def test_gone_is_gone_although_the_engine_said_that_it_failed(record: Record) -> None:
    swarm = a_swarm()
    error = answered("m1", "/volumes/data", 500, "driver: EOF")
    swarm.on("m1", DELETE, in_turn(lambda: swarm.drop_volume("data"), failing(error)))
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.REMOVED,
        "removed through m1; no engine lists it (it said: HTTP 500: driver: EOF)",
    )


# Not removed, and said so by the engine.


def test_a_refusal_is_an_outcome_and_no_other_node_is_asked(record: Record) -> None:
    swarm = a_swarm()
    swarm.on("m1", DELETE, failing(answered("m1", "/volumes/data", 409, "volume is in use")))
    carried = carried_out(swarm, record, "data")
    assert carried.only == (OutcomeStatus.REFUSED, "m1 refused: HTTP 409: volume is in use")
    assert carried.steps == ["look", "DELETE m1 data", "look"]


def test_a_driver_that_fails_is_a_failure_that_may_have_lost_data(record: Record) -> None:
    swarm = a_swarm()
    swarm.on("m1", DELETE, failing(answered("m1", "/volumes/data", 500, "read-only")))
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.FAILED,
        "m1 failed (HTTP 500: read-only); part of its data may be gone",
    )


def test_an_engine_that_cannot_be_reached_is_a_failure(record: Record) -> None:
    swarm = a_swarm()
    swarm.on("m1", DELETE, failing(refused("m1", "/volumes/data")))
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.FAILED,
        "m1 could not be asked: connection refused",
    )


def test_a_request_that_did_not_arrive_is_not_said_to_have_been_made(record: Record) -> None:
    """The engine ends right before it, so that the next look cannot see it either."""
    swarm = a_swarm("kept")
    swarm.list_volume("data", "w1", "w2")
    lost = failing(refused("w1", "/info"))
    swarm.on(
        "w1",
        DELETE,
        in_turn(lambda: swarm.on("w1", "/info", lost), failing(refused("w1", "/volumes/data"))),
    )
    status, detail = carried_out(swarm, record, "data").only
    assert status is OutcomeStatus.NOT_TRIED
    assert detail.startswith("it is unknown now. Nothing seen uses it, but w1")


def test_success_is_not_believed_while_it_is_still_listed(record: Record) -> None:
    swarm = a_swarm()
    swarm.keeps = {"m1", "w1", "w2"}
    carried = carried_out(swarm, record, "data")
    assert carried.only == (
        OutcomeStatus.FAILED,
        "the engine reported success, yet m1, w1, w2 still list it",
    )
    assert len(swarm.deletes) == 3


# Nobody can say.


@pytest.mark.parametrize("error", [timeout, cut_off, nonsense])
def test_a_request_without_an_answer_leaves_it_uncertain_and_no_other_node_is_asked(
    record: Record, error: Callable[[str, str], EngineError]
) -> None:
    swarm = a_swarm()
    failure = error("m1", "/volumes/data")
    swarm.on("m1", DELETE, failing(failure))
    carried = carried_out(swarm, record, "data")
    assert carried.only == (
        OutcomeStatus.UNCERTAIN,
        f"m1 did not answer ({failure.cause}): the removal may still happen",
    )
    assert len(swarm.deletes) == 1


def test_a_gap_in_the_last_look_leaves_it_uncertain(record: Record) -> None:
    swarm = a_swarm()
    blind = failing(timeout("w2", "/volumes"))
    swarm.on("m1", DELETE, lambda: swarm.on("w2", "/volumes", blind))
    status, detail = carried_out(swarm, record, "data").only
    assert status is OutcomeStatus.UNCERTAIN
    assert detail.startswith("no engine lists it, but the lists are not complete: no answer with")


def test_a_warning_in_the_last_list_leaves_it_uncertain(record: Record) -> None:
    swarm = a_swarm()

    def warn() -> None:
        swarm.hosts["w1"].warnings = ("list cloudstor:aws: timed out",)

    swarm.on("m1", DELETE, warn)
    assert carried_out(swarm, record, "data").statuses == [OutcomeStatus.UNCERTAIN]


def test_a_list_that_loses_all_its_volumes_at_once_is_not_believed(record: Record) -> None:
    swarm = a_swarm()
    swarm.on("m1", DELETE, lambda: swarm.drop_volume("kept", "w1"))
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.UNCERTAIN,
        (
            "no engine lists it, but the lists are not complete: "
            "w1 lists no Cloudstor volume at all any more"
        ),
    )


def test_a_driver_that_leaves_with_the_volume_makes_no_removal_of_it(record: Record) -> None:
    """It was the only volume of the list, and the plugin is removed: the data is still there."""
    swarm = FakeSwarm("m1", "w1")
    swarm.list_volume("data", "w1")

    def uninstall() -> None:
        swarm.hosts["w1"].plugins.clear()
        swarm.drop_volume("data")

    swarm.on("w1", DELETE, uninstall)
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.UNCERTAIN,
        (
            "no engine lists it, but the lists are not complete: "
            "w1 does not have the driver cloudstor:aws any more"
        ),
    )


def test_a_gap_after_a_request_that_failed_leaves_it_uncertain(record: Record) -> None:
    swarm = a_swarm()
    blind = failing(timeout("w2", "/volumes"))
    error = failing(answered("m1", "/volumes/data", 500, "read-only"))
    swarm.on("m1", DELETE, in_turn(lambda: swarm.on("w2", "/volumes", blind), error))
    status, detail = carried_out(swarm, record, "data").only
    assert status is OutcomeStatus.UNCERTAIN
    assert detail.startswith("it was asked to be removed through m1, is still listed, and is unkno")


# Claimed meanwhile.


def test_a_volume_that_a_service_has_taken_since_the_plan_is_left_alone(record: Record) -> None:
    swarm = a_swarm()
    carried = carried_out(
        swarm, record, "data", meanwhile=lambda: swarm.services.append(a_service("web", "data"))
    )
    status, detail = carried.only
    assert status is OutcomeStatus.CLAIMED
    assert detail.startswith("it is reserved now. Service web mounts it whenever it runs a task")
    assert swarm.deletes == []


def test_a_volume_that_is_taken_between_two_nodes_is_left_on_the_second(record: Record) -> None:
    swarm = a_swarm(shared=False)
    swarm.on(
        "m1", DELETE, lambda: swarm.hosts["w1"].containers.append(a_container("data", on="w1"))
    )
    status, detail = carried_out(swarm, record, "data").only
    assert status is OutcomeStatus.CLAIMED
    assert detail.startswith(
        "it was asked to be removed through m1, is still listed, and is in-use now. Container app"
    )
    assert swarm.deletes == [("m1", "data")]


def test_claimed_volumes_are_passed_over_and_the_rest_goes_on(record: Record) -> None:
    swarm = a_swarm("a", "b", "c", "d", "kept")
    swarm.on("m1", "DELETE a", lambda: swarm.services.append(a_service("web", "b")))
    swarm.on("m1", "DELETE c", failing(answered("m1", "/volumes/c", 409, "volume is in use")))
    carried = carried_out(swarm, record, "a", "b", "c", "d")
    assert [(outcome.volume, outcome.status) for outcome in carried.outcomes] == [
        ("a", OutcomeStatus.REMOVED),
        ("b", OutcomeStatus.CLAIMED),
        ("c", OutcomeStatus.REFUSED),
        ("d", OutcomeStatus.REMOVED),
    ]
    assert carried.error is None


# Not tried.


def test_a_volume_that_can_no_longer_be_proved_unused_is_not_tried(record: Record) -> None:
    swarm = a_swarm()
    blind = failing(timeout("w2", "/plugins"))
    carried = carried_out(
        swarm, record, "data", meanwhile=lambda: swarm.on("w2", "/plugins", blind)
    )
    status, detail = carried.only
    assert status is OutcomeStatus.NOT_TRIED
    assert detail.startswith("it is unknown now. Nothing seen uses it, but w2, tcp://w2:2375 /plug")


def test_a_volume_that_is_gone_before_its_turn_is_not_tried(record: Record) -> None:
    swarm = a_swarm()
    carried = carried_out(swarm, record, "data", meanwhile=lambda: swarm.drop_volume("data"))
    assert carried.only == (
        OutcomeStatus.NOT_TRIED,
        "no engine lists it any more; nothing was sent",
    )


def test_a_volume_that_vanishes_while_its_engine_cannot_be_reached_was_removed_by_another(
    record: Record,
) -> None:
    swarm = a_swarm()
    gone = in_turn(lambda: swarm.drop_volume("data"), failing(refused("m1", "/volumes/data")))
    swarm.on("m1", DELETE, gone)
    assert carried_out(swarm, record, "data").only == (
        OutcomeStatus.NOT_TRIED,
        "no engine lists it any more; nothing was sent",
    )
