"""What a survey could not read is a gap, and holds up nothing else."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.model import Gap, NodeId
from cloudstorctl.errors import EngineError
from tests.core.builders import a_container, node_id
from tests.edge.fake_swarm import (
    answered,
    cut_off,
    down,
    failing,
    nonsense,
    refused,
    timeout,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.swarm.endpoints import Endpoint
    from cloudstorctl.swarm.engines import Engine

from tests.edge.surveys import PATHS, a_swarm, reading_of, ruling_on_data, surveyed, void

SOON = 0.3  # seconds: a deadline that is let pass
PLENTY = 10.0  # seconds that a loaded machine may take


# Rule 1: what could not be read is a gap.


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("error", [timeout, refused, nonsense, cut_off])
def test_a_request_that_fails_is_a_gap_with_engine_path_cause_and_node(
    path: str, error: Callable[[str, str], EngineError]
) -> None:
    swarm = a_swarm()
    failure = error("w1", path)
    swarm.on("w1", path, failing(failure))
    seen = surveyed(swarm)
    gap = Gap(source=f"tcp://w1:2375 {path}", node=node_id("w1"), cause=failure.cause)
    assert seen.gaps == (gap,)
    assert ruling_on_data(seen) is Ruling.UNKNOWN
    assert reading_of(seen, "w2").entries, "the others are read"


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_of_an_engine_that_is_an_error_is_a_gap(path: str) -> None:
    swarm = a_swarm()
    swarm.on("w1", path, failing(answered("w1", path, 500, "out of order")))
    (gap,) = surveyed(swarm).gaps
    assert (gap.source, gap.cause) == (f"tcp://w1:2375 {path}", "HTTP 500: out of order")


def test_what_else_an_engine_tells_is_kept_when_one_answer_is_of_no_use() -> None:
    swarm = a_swarm()
    swarm.hosts["w1"].containers = [a_container("data")]
    swarm.on("w1", "/plugins", failing(nonsense("w1", "/plugins")))
    seen = surveyed(swarm)
    assert reading_of(seen, "w1").entries
    assert reading_of(seen, "w1").containers
    assert ruling_on_data(seen) is Ruling.IN_USE, "a claim outranks a gap"


@pytest.mark.parametrize("error", [timeout, refused])
def test_an_engine_that_is_lost_is_asked_nothing_more_so_that_it_costs_one_time_out(
    error: Callable[[str, str], EngineError],
) -> None:
    swarm = a_swarm()
    swarm.on("w1", "/containers/json", failing(error("w1", "/containers/json")))
    with swarm.engines() as engines:
        surveyed(swarm, engines=engines)
        assert [path for host, path in swarm.asked if host == "w1"] == [
            "/info",
            "/containers/json",
        ]
        surveyed(swarm, engines=engines)
    assert swarm.opened["w1"] == 2, "and the next look makes a new connection"


def test_a_connection_that_works_is_kept_for_the_next_look() -> None:
    swarm = a_swarm()
    with swarm.engines() as engines:
        surveyed(swarm, engines=engines)
        surveyed(swarm, engines=engines)
        assert swarm.opened == {"m1": 2, "w1": 1, "w2": 1}, "the manager's node has its own"
        assert not any(engine.closed.is_set() for engine in swarm.live)
    assert all(engine.closed.is_set() for engine in swarm.live)


def test_a_node_that_is_down_is_a_gap() -> None:
    swarm = a_swarm()
    down(swarm, "w1")
    seen = surveyed(swarm)
    (gap,) = seen.gaps
    assert (gap.source, gap.node) == ("tcp://w1:2375 /info", node_id("w1"))
    assert ruling_on_data(seen) is Ruling.UNKNOWN


def test_a_node_whose_connection_cannot_be_opened_is_a_gap() -> None:
    swarm = a_swarm()

    def open_engine(endpoint: Endpoint) -> Engine:
        if endpoint.host == "w1":
            raise EngineError(endpoint.url, "", "the key file is missing")
        return swarm.open_engine(endpoint)

    with swarm.engines(open_engine=open_engine) as engines:
        (gap,) = surveyed(swarm, engines=engines).gaps
    assert (gap.node, gap.cause) == (node_id("w1"), "the key file is missing")


def test_warnings_of_a_volume_list_are_gaps() -> None:
    swarm = a_swarm()
    swarm.hosts["w1"].warnings = ("list cloudstor:aws: timed out", "and more")
    seen = surveyed(swarm)
    assert [(gap.source, gap.cause, gap.node) for gap in seen.gaps] == [
        ("tcp://w1:2375 /volumes", "warning: list cloudstor:aws: timed out", node_id("w1")),
        ("tcp://w1:2375 /volumes", "warning: and more", node_id("w1")),
    ]
    assert reading_of(seen, "w1").entries, "what it lists is used all the same"
    assert ruling_on_data(seen) is Ruling.UNKNOWN


@pytest.mark.parametrize(
    ("reports", "who"),
    [
        (NodeId("other"), "tcp://w1:2375 is node other (w1), expected w1"),
        (None, "tcp://w1:2375 is an engine in no swarm (w1), expected w1"),
    ],
)
def test_an_engine_that_is_another_than_expected_is_a_gap_and_asked_nothing_more(
    reports: NodeId | None, who: str
) -> None:
    swarm = a_swarm()
    swarm.hosts["w1"].reports = reports
    seen = surveyed(swarm)
    cause = f"{who} ({node_id('w1')}): correct the address of this node"
    assert seen.gaps == (Gap(source="node w1", node=node_id("w1"), cause=cause),)
    assert [path for host, path in swarm.asked if host == "w1"] == ["/info"]
    assert len(seen.engines) == 2
    assert ruling_on_data(seen) is Ruling.UNKNOWN


def test_a_node_without_an_address_is_a_gap_that_names_the_setting() -> None:
    swarm = a_swarm()
    with swarm.engines(template=None) as engines:
        seen = surveyed(swarm, engines=engines)
    cause = (
        "no address is configured for its engine: set 'node_endpoint' in the configuration, or "
        "pass --node-endpoint 'ssh://docker@{addr}'"
    )
    assert seen.gaps == tuple(
        Gap(source=f"node {name}", node=node_id(name), cause=cause) for name in ("w1", "w2")
    )
    assert [reading.node_id for reading in seen.engines] == [node_id("m1")]


def test_a_node_whose_address_the_template_cannot_make_is_a_gap_that_says_why() -> None:
    swarm = a_swarm()
    swarm.nodes = [
        replace(node, address="" if node.hostname == "w1" else node.hostname)
        for node in swarm.nodes
    ]
    with swarm.engines(template="tcp://{addr}:2375") as engines:
        (gap, *_) = surveyed(swarm, engines=engines).gaps
    assert gap.cause.startswith("the template uses {addr} and the managers show")


# Threads and time.


def test_no_more_engines_are_read_at_a_time_than_allowed() -> None:
    names = tuple(f"w{number}" for number in range(6))
    swarm = a_swarm(*names)
    swarm.nodes = [node for node in swarm.nodes if node.hostname != "m1"]
    together = threading.Barrier(3)
    inside = Counter[str]()
    most: list[int] = []

    def enter() -> None:
        inside["now"] += 1
        together.wait(PLENTY)  # breaks, and is raised as a bug, if fewer than three come
        most.append(inside["now"])
        together.wait(PLENTY)
        inside["now"] -= 1
        together.wait(PLENTY)

    for name in names:
        swarm.on(name, "/info", enter)
    seen = surveyed(swarm, parallel=3)
    assert len(seen.engines) == 6
    assert set(most) == {3}


def survey_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "survey"}


def test_an_engine_that_hangs_costs_the_deadline_and_no_other_node() -> None:
    swarm = a_swarm()
    release = threading.Event()
    swarm.on("w1", "/containers/json", lambda: void(release.wait()))
    began = monotonic()
    try:
        seen = surveyed(swarm, deadline=SOON)
        assert SOON <= monotonic() - began < PLENTY
    finally:
        release.set()
    cause = "not read within the 0.3 s allowed for the survey"
    assert seen.gaps == (Gap(source="node w1", node=node_id("w1"), cause=cause),)
    assert [reading.node_id for reading in seen.engines] == [node_id("m1"), node_id("w2")]
    assert ruling_on_data(seen) is Ruling.UNKNOWN


def test_nodes_whose_turn_did_not_come_are_gaps_too() -> None:
    swarm = a_swarm()
    before = survey_threads()
    release = threading.Event()
    swarm.on("w1", "/info", lambda: void(release.wait()))
    with swarm.engines() as engines:
        try:
            seen = surveyed(swarm, engines=engines, parallel=1, deadline=SOON)
            (stuck,) = survey_threads() - before
        finally:
            release.set()
        stuck.join(PLENTY)
    assert [gap.source for gap in seen.gaps] == ["node w1", "node w2"]
    assert swarm.count("w2", "/info") == 0


def test_a_thread_that_hangs_holds_up_neither_the_next_look_nor_its_connection() -> None:
    swarm = a_swarm()
    release = threading.Event()
    before = survey_threads()

    def hang() -> None:
        release.wait()
        raise timeout("w1", "/info")

    swarm.on("w1", "/info", hang)
    with swarm.engines() as engines:
        assert surveyed(swarm, engines=engines, deadline=SOON).gaps
        first = next(engine for engine in swarm.live if engine.address == "tcp://w1:2375")
        assert first.closed.is_set(), "it was given up"
        (stuck,) = {thread for thread in survey_threads() - before if thread.is_alive()}
        assert stuck.daemon, "it cannot keep the program from ending"

        def end_the_first() -> None:
            release.set()
            stuck.join(PLENTY)  # its late failure must not close the connection of this look

        swarm.on("w1", "/info", end_the_first)
        assert surveyed(swarm, engines=engines).gaps == ()
    assert swarm.opened["w1"] == 2


@pytest.mark.parametrize("path", PATHS)
def test_a_bug_while_reading_a_node_is_raised_and_not_taken_for_a_gap(path: str) -> None:
    swarm = a_swarm()

    def bug() -> None:
        raise ZeroDivisionError("a bug")

    swarm.on("w1", path, bug)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        surveyed(swarm)
