"""A verification with a fault at every step: nothing is left, or it is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.marker import PREFIX, Ended
from tests.edge.verifications import (
    AFTER,
    BEFORE,
    CUT,
    HELD,
    MARKER,
    NOTHING_WRITTEN,
    REFUSED,
    SAME,
    fail,
    left,
    on,
    outcomes,
    results,
    step_of,
    steps,
    verified,
)

if TYPE_CHECKING:
    from tests.edge.engine_server import Reply
    from tests.edge.scripted_swarm import ScriptedSwarm


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("reply", [REFUSED, CUT, HELD], ids=["refused", "cut", "held"])
@pytest.mark.parametrize("step", ["create write", "start write", "wait write"])
def test_whatever_befalls_the_writer_the_marker_is_gone_and_told_of_otherwise(
    swarm: ScriptedSwarm, step: str, reply: Reply, when: str
) -> None:
    fail(swarm, "m1", step, when=when, reply=reply)
    found = verified(swarm)
    assert outcomes(results(found)) == NOTHING_WRITTEN
    unanswered = step == "create write" and when == BEFORE and reply is not REFUSED
    assert left(found) == (
        [("m1", "container cloudstorctl-verify-*-write")] if unanswered else []
    ), "what may be made yet is told of"


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("reply", [REFUSED, CUT, HELD], ids=["refused", "cut", "held"])
@pytest.mark.parametrize("step", ["create read", "start read", "wait read"])
def test_whatever_befalls_a_reader_the_other_one_is_tried_and_nothing_is_left(
    swarm: ScriptedSwarm, step: str, reply: Reply, when: str
) -> None:
    fail(swarm, "w1", step, when=when, reply=reply)
    found = verified(swarm)
    assert outcomes(results(found)) == {("m1", "w1"): "untried", ("m1", "w2"): "same"}
    unanswered = step == "create read" and when == BEFORE and reply is not REFUSED
    assert left(found) == ([("w1", "container cloudstorctl-verify-*-read")] if unanswered else [])


@pytest.mark.parametrize(("hostname", "verb"), [("m1", "write"), ("w1", "read"), ("m1", "remove")])
def test_a_program_that_hangs_is_killed_and_its_container_goes(
    swarm: ScriptedSwarm, hostname: str, verb: str
) -> None:
    swarm.engines[hostname].host.hangs.add(verb)
    found = verified(swarm)
    assert found.left == ()
    asked = steps(swarm, hostname)
    assert asked[asked.index(f"kill {verb}") + 1] == f"delete {verb}"
    if verb == "read":
        assert results(found)["m1", "w1"] == ("untried", "no answer within 0.6 s")


@pytest.mark.parametrize("reply", [REFUSED, CUT, HELD], ids=["refused", "cut", "held"])
@pytest.mark.parametrize("verb", ["write", "read", "remove"])
def test_a_container_that_stays_is_told_of_with_the_command_that_removes_it(
    swarm: ScriptedSwarm, verb: str, reply: Reply
) -> None:
    hostname = "w1" if verb == "read" else "m1"
    fail(swarm, hostname, f"delete {verb}", when=BEFORE, reply=reply)
    found = verified(swarm)
    assert (hostname, f"container cloudstorctl-verify-*-{verb}") in left(found)
    (told, *_) = found.left
    assert told.command == (
        f"docker -H unix://{swarm.folder}/{hostname} rm -f "
        f"cloudstorctl-verify-{MARKER.token}-{verb}"
    )


@pytest.mark.parametrize("reply", [REFUSED, CUT, HELD], ids=["refused", "cut", "held"])
@pytest.mark.parametrize("step", ["create remove", "start remove", "wait remove"])
def test_where_the_writer_cannot_remove_the_marker_a_reader_does(
    swarm: ScriptedSwarm, step: str, reply: Reply
) -> None:
    fail(swarm, "m1", step, when=BEFORE, reply=reply)
    found = verified(swarm)
    assert results(found) == SAME
    assert "create remove" in steps(swarm, "w1")
    assert not [what for _, what in left(found) if what.startswith("file")]


def test_a_marker_that_nobody_can_remove_is_told_of_with_the_command(swarm: ScriptedSwarm) -> None:
    for hostname in ("m1", "w1", "w2"):
        swarm.engines[hostname].host.ends["remove"] = Ended.KEPT
    found = verified(swarm)
    assert results(found) == SAME
    (told,) = found.left
    assert (told.what, told.node.hostname) == (f"file {MARKER.name}", "m1")
    assert told.reason == "w2: the marker could not be removed"
    assert told.command == (
        f"docker -H unix://{swarm.folder}/m1 run --rm --mount type=volume,source=data,"
        f"target=/cloudstorctl,volume-driver=cloudstor:aws busybox rm -f {MARKER.path}"
    )


def test_an_engine_that_ends_after_the_writing_does_not_keep_the_marker(
    swarm: ScriptedSwarm,
) -> None:
    """Its container is gone by then; a node that has seen the marker removes it."""

    def end() -> Reply:
        return CUT

    for step in ("volumes", "create remove"):
        swarm.hooks.append(
            lambda engine, seen, step=step: (  # type: ignore[misc]
                end()
                if engine.hostname == "m1"
                and step_of(seen) == step
                and any(name.startswith(PREFIX) for name in swarm.files["shared", "data"])
                else None
            )
        )
    found = verified(swarm)
    assert results(found) == SAME
    assert found.left == ()


def test_an_engine_that_is_gone_before_a_container_is_asked_for_has_none_left(
    swarm: ScriptedSwarm,
) -> None:
    server = swarm.engines["w1"].server

    def end() -> None:
        if server.count("GET", "/volumes") == 3:  # the survey's, the first look, and the last
            server.stop()

    on(swarm, "w1", "volumes", end)
    found = verified(swarm)
    result, reason = results(found)["m1", "w1"]
    assert result == "untried"
    assert "nothing listens on" in reason or "there is no socket" in reason
    assert found.left == ()
    assert not [seen for seen in server.seen if seen.method != "GET"]


def test_an_engine_that_is_gone_at_once_is_only_not_tried(swarm: ScriptedSwarm) -> None:
    on(swarm, "w1", "image", lambda: CUT)
    found = verified(swarm)
    assert outcomes(results(found)) == {("m1", "w1"): "untried", ("m1", "w2"): "same"}
    assert "create read" not in steps(swarm, "w1")
