"""A verification that is interrupted: what hangs is cut, and the rest is cleaned up."""

from __future__ import annotations

import signal
import threading
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.swarm.client import Patience
from tests.edge.asking import LONG, PLENTY
from tests.edge.verifications import (
    HELD,
    SAME,
    left,
    on,
    results,
    steps,
    verified,
)

if TYPE_CHECKING:
    from tests.edge.engine_server import Reply
    from tests.edge.scripted_swarm import ScriptedSwarm


def test_after_a_stop_nothing_more_is_begun_and_the_marker_goes(swarm: ScriptedSwarm) -> None:
    stopped: list[bool] = []
    on(swarm, "m1", "wait write", lambda: stopped.append(True))
    found = verified(swarm, stop=lambda: bool(stopped))
    assert results(found) == dict.fromkeys(SAME, ("untried", "the run was interrupted before it"))
    assert found.left == ()
    assert "create read" not in steps(swarm, "w1")
    assert "wait remove" in steps(swarm, "m1")


def test_after_a_stop_before_the_writing_nothing_is_written(swarm: ScriptedSwarm) -> None:
    stopped: list[bool] = []
    on(swarm, "w2", "image", lambda: stopped.append(True))
    found = verified(swarm, stop=lambda: bool(stopped))
    assert {reason.rpartition(": ")[2] for _, reason in results(found).values()} == {
        "the run was interrupted before it"
    }
    assert "create write" not in steps(swarm, "m1")


def interrupt() -> None:
    """Press Ctrl-C once more, as seen by the main thread."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


PATIENT = Patience(driver=LONG, run=LONG, clean_up=LONG)


@pytest.mark.parametrize(
    ("hostname", "step"),
    [("m1", "create write"), ("m1", "wait write"), ("w1", "start read"), ("w1", "wait read")],
)
def test_an_interruption_ends_a_request_that_hangs_and_the_rest_is_cleaned_up(
    swarm: ScriptedSwarm, hostname: str, step: str
) -> None:
    def hang() -> Reply:
        interrupt()
        return HELD

    on(swarm, hostname, step, hang)
    begun = monotonic()
    found = verified(swarm, "m1", "w1", patience=PATIENT)
    assert monotonic() - begun < PLENTY
    ((result, reason),) = results(found).values()
    assert result == "untried"
    assert reason.endswith("it was interrupted")
    assert left(found) == (
        [("m1", "container cloudstorctl-verify-*-write")] if step == "create write" else []
    )


def test_a_second_interruption_ends_the_cleaning_up_of_what_hangs_and_tells_of_it(
    swarm: ScriptedSwarm,
) -> None:
    def hang() -> Reply:
        interrupt()
        return HELD

    on(swarm, "w1", "start read", hang)
    on(swarm, "w1", "kill read", hang)
    begun = monotonic()
    found = verified(swarm, "m1", "w1", patience=PATIENT)
    assert monotonic() - begun < PLENTY
    assert left(found) == [("w1", "container cloudstorctl-verify-*-read")]
    assert found.left[0].reason == "nobody cleaned up after it"
    assert results(found)["m1", "w1"] == ("untried", "the run was interrupted before it")


def test_interruptions_do_not_keep_the_marker_from_being_removed(swarm: ScriptedSwarm) -> None:
    def hang() -> Reply:
        interrupt()
        return HELD

    on(swarm, "m1", "start remove", hang)
    begun = monotonic()
    found = verified(swarm, patience=PATIENT)
    assert monotonic() - begun < PLENTY
    assert results(found) == SAME
    assert found.left == ()
    assert "wait remove" in steps(swarm, "w1")


def test_who_will_not_wait_for_the_removal_is_told_of_the_marker(swarm: ScriptedSwarm) -> None:
    def hang() -> Reply:
        interrupt()
        return HELD

    on(swarm, "m1", "start remove", hang)
    on(swarm, "m1", "kill remove", hang)
    found = verified(swarm, patience=PATIENT)
    assert left(found) == [
        ("m1", "container cloudstorctl-verify-*-remove"),
        ("m1", "file .cloudstorctl-verify-*"),
    ]
