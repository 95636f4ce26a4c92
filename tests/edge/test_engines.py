"""Which manager is asked, which engine belongs to which node, and when connections end."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.errors import EngineError, NoAccessError, WrongSwarmError
from cloudstorctl.swarm.manager import manager_state
from tests.core.builders import CLUSTER, node_id
from tests.edge.fake_swarm import FakeSwarm, answered, cut_off, failing, refused, timeout
from tests.edge.surveys import reading_of, surveyed

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.swarm.endpoints import Endpoint
    from cloudstorctl.swarm.engines import Engine

MANAGERS = ("m1", "m2", "m3")


def three_managers() -> FakeSwarm:
    return FakeSwarm(*MANAGERS, "w1", managers=MANAGERS)


def asked_for_state(swarm: FakeSwarm) -> list[str]:
    """Which manager gave the tasks, in order."""
    return [host for host, path in swarm.asked if path == "/tasks"]


# Failover.


def test_the_first_manager_that_answers_is_enough() -> None:
    swarm = three_managers()
    assert surveyed(swarm, engines=swarm.engines(*MANAGERS)).gaps == ()
    assert asked_for_state(swarm) == ["m1", "m1"]


@pytest.mark.parametrize("path", ["/info", "/nodes", "/services", "/tasks"])
@pytest.mark.parametrize("error", [refused, timeout, cut_off])
def test_the_next_manager_is_asked_when_one_fails(
    path: str, error: Callable[[str, str], EngineError]
) -> None:
    swarm = three_managers()
    swarm.on("m1", path, failing(error("m1", path)))
    with swarm.engines(*MANAGERS) as engines:
        state = manager_state(engines, expected=None)
        assert (state.cluster_id, len(state.nodes)) == (CLUSTER, 4)
        assert swarm.asked[-1] == ("m2", "/tasks")
        manager_state(engines, expected=None)
        assert swarm.count("m1", path) == 1, "and from then on asked last"


def test_a_manager_without_a_leader_fails_half_way_and_the_next_is_asked_for_everything() -> None:
    swarm = three_managers()
    swarm.on("m1", "/services", failing(answered("m1", "/services", 500, "no leader")))
    with swarm.engines(*MANAGERS) as engines:
        manager_state(engines, expected=None)
    assert [path for host, path in swarm.asked if host == "m2"] == [
        "/info",
        "/nodes",
        "/services",
        "/tasks",
    ]


def test_a_worker_among_the_managers_is_passed_over() -> None:
    swarm = FakeSwarm("m1", "w1")
    with swarm.engines("w1", "m1") as engines:
        assert manager_state(engines, expected=None).cluster_id == CLUSTER
    assert swarm.count("w1", "/nodes") == 0


def test_a_manager_that_cannot_be_opened_is_passed_over() -> None:
    swarm = FakeSwarm("m1", "w1")

    def open_engine(endpoint: Endpoint) -> Engine:
        if endpoint.host == "m0":
            raise EngineError(endpoint.url, "", "the key file is missing")
        return swarm.open_engine(endpoint)

    with swarm.engines("m0", "m1", open_engine=open_engine) as engines:
        assert manager_state(engines, expected=None).cluster_id == CLUSTER


def test_a_manager_that_dies_between_the_readings_is_replaced_for_the_second() -> None:
    swarm = three_managers()

    def die() -> None:
        for path in ("/info", "/tasks"):
            swarm.on("m1", path, failing(refused("m1", path)))

    swarm.on("w1", "/volumes", die)
    with swarm.engines(*MANAGERS) as engines:
        seen = surveyed(swarm, engines=engines)
    assert len(seen.nodes) == 4
    assert asked_for_state(swarm) == ["m1", "m2"]


def test_a_manager_that_fails_gets_a_new_connection_when_its_turn_comes_again() -> None:
    swarm = FakeSwarm("m1")
    swarm.on("m1", "/tasks", failing(timeout("m1", "/tasks")))
    with swarm.engines() as engines:
        with pytest.raises(NoAccessError):
            manager_state(engines, expected=None)
        assert [engine.closed.is_set() for engine in swarm.live] == [True]
        swarm.on("m1", "/tasks", lambda: None)
        manager_state(engines, expected=None)
    assert swarm.opened == {"m1": 2}


def test_without_any_manager_the_error_names_the_cause_of_each_and_the_setting() -> None:
    swarm = FakeSwarm("m1", "w1")
    swarm.on("m1", "/nodes", failing(answered("m1", "/nodes", 500, "no leader")))
    swarm.hosts["w2"] = replace(swarm.hosts["w1"], reports=None)
    with (
        swarm.engines("m1", "w1", "w2", "m9") as engines,
        pytest.raises(NoAccessError) as caught,
    ):
        manager_state(engines, expected=None)
    assert str(caught.value).splitlines() == [
        "No manager of the swarm could be read:",
        "  tcp://m1:2375 /nodes: HTTP 500: no leader",
        "  tcp://w1:2375 /info: w1 is a worker, not a manager",
        "  tcp://w2:2375 /info: w1 is in no swarm, not a manager",
        "  tcp://m9:2375 /info: connection refused",
        "Name a manager with --host, or in 'managers' of the configuration.",
    ]


@pytest.mark.parametrize(
    ("trouble", "told"),
    [("rpc error: no\nleader", "rpc error: no leader"), ("", "it does not say why")],
)
def test_a_manager_without_a_cluster_says_what_ails_it(trouble: str, told: str) -> None:
    swarm = FakeSwarm("m1")
    swarm.hosts["m1"].cluster_id = ""
    swarm.hosts["m1"].trouble = trouble
    with swarm.engines() as engines, pytest.raises(NoAccessError) as caught:
        manager_state(engines, expected=None)
    cause = f"m1 is a manager, and cannot answer for its swarm: {told}"
    assert f"  tcp://m1:2375 /info: {cause}" in str(caught.value).splitlines()
    assert swarm.asked == [("m1", "/info")]


# The wrong swarm.


def test_the_manager_of_another_swarm_is_an_error_and_nothing_more_is_read() -> None:
    swarm = three_managers()
    with (
        swarm.engines(*MANAGERS) as engines,
        pytest.raises(WrongSwarmError, match=f"m1:2375 .* swarm {CLUSTER}, .* expected is other"),
    ):
        manager_state(engines, expected="other")
    assert swarm.asked == [("m1", "/info")]


def test_the_second_reading_accepts_no_other_swarm_than_the_first() -> None:
    swarm = three_managers()
    swarm.hosts["m2"].cluster_id = "another"
    swarm.on("w1", "/info", lambda: swarm.on("m1", "/info", failing(refused("m1", "/info"))))
    with swarm.engines(*MANAGERS) as engines, pytest.raises(WrongSwarmError, match="another"):
        surveyed(swarm, engines=engines)


# Which engine is which node's.


def test_the_managers_own_node_is_found_without_an_address_for_nodes() -> None:
    swarm = FakeSwarm("m1", "w1")
    with swarm.engines(template=None) as engines:
        seen = surveyed(swarm, engines=engines)
    assert reading_of(seen, "m1").plugins
    assert [gap.node for gap in seen.gaps] == [node_id("w1")]


def test_the_other_managers_are_asked_who_they_are_where_addresses_are_missing() -> None:
    swarm = three_managers()
    swarm.on("m2", "/info", failing(refused("m2", "/info")))
    with swarm.engines(*MANAGERS, template=None) as engines:
        seen = surveyed(swarm, engines=engines)
    assert {reading.node_id for reading in seen.engines} == {node_id("m1"), node_id("m3")}


def test_an_engine_in_no_swarm_among_the_managers_is_no_nodes_engine() -> None:
    swarm = three_managers()
    swarm.hosts["m2"].reports = None
    with swarm.engines(*MANAGERS, template=None) as engines:
        seen = surveyed(swarm, engines=engines)
    assert {reading.node_id for reading in seen.engines} == {node_id("m1"), node_id("m3")}


def test_the_other_managers_are_left_alone_where_every_address_is_known() -> None:
    swarm = three_managers()
    with swarm.engines("m1", "m9") as engines:
        assert surveyed(swarm, engines=engines).gaps == ()
    assert swarm.count("m9", "/info") == 0


def test_an_address_of_the_configuration_outranks_what_a_manager_said() -> None:
    swarm = FakeSwarm("m1", "elsewhere")
    swarm.nodes = swarm.nodes[:1]
    with swarm.engines(template="tcp://elsewhere:2375") as engines:
        (gap,) = surveyed(swarm, engines=engines).gaps
    assert "tcp://elsewhere:2375 is node" in gap.cause


def test_reading_and_removing_go_over_one_connection() -> None:
    swarm = FakeSwarm("m1", "w1")
    node = swarm.hosts["w1"].node
    with swarm.engines() as engines:
        reader: object = engines.reader_of(node)
        assert reader is engines.remover_of(node)
    assert swarm.opened == {"w1": 1}


# How connections end.


def test_every_connection_is_closed_at_the_end_even_after_an_error() -> None:
    swarm = three_managers()

    def fail() -> None:
        with swarm.engines(*MANAGERS) as engines:
            surveyed(swarm, engines=engines)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(swarm.live) == 5
    assert all(engine.closed.is_set() for engine in swarm.live)


def test_a_thread_that_outlives_the_command_opens_no_connection_that_stays() -> None:
    swarm = FakeSwarm("m1", "w1")
    opening, ended = threading.Event(), threading.Event()
    told: list[str] = []

    def open_engine(endpoint: Endpoint) -> Engine:
        opening.set()
        ended.wait()
        return swarm.open_engine(endpoint)

    def late() -> None:
        try:
            engines.reader_of(swarm.hosts["w1"].node)
        except EngineError as error:
            told.append(error.cause)

    thread = threading.Thread(target=late, daemon=True)
    with swarm.engines(open_engine=open_engine) as engines:
        thread.start()
        opening.wait()
    ended.set()
    thread.join()
    assert told == ["the program is ending"]
    assert swarm.live[0].closed.is_set()


def test_what_was_abandoned_is_closed_once_and_opened_anew() -> None:
    swarm = FakeSwarm("m1", "w1")
    node = swarm.hosts["w1"].node
    with swarm.engines() as engines:
        first = engines.reader_of(node)
        engines.abandon(node.id)
        engines.abandon(node.id)
        second = engines.reader_of(node)
        engines.abandon(node.id, first)
        assert engines.reader_of(node) is second, "an earlier one is no reason to drop this one"
    assert [engine.closed.is_set() for engine in swarm.live] == [True, True]
