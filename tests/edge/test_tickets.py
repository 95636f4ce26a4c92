"""Tickets in the swarm: made for one removal, good once, and worth nothing in doubt."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.model import NodeId, VolumeName
from cloudstorctl.core.ticket import HEADER, LIFE, name_of
from cloudstorctl.swarm.client import Client
from cloudstorctl.swarm.tickets import issue, redeem, withdraw
from tests.core.builders import CLUSTER, NOW, node_id
from tests.edge.asking import connected
from tests.edge.engine_server import EngineServer, Reply
from tests.edge.fake_swarm import FakeSwarm, answered, failing, timeout
from tests.edge.removals import carried_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.swarm.engines import Engines
    from tests.edge.removals import Record

OLD = VolumeName("old")
SECRET = "of-this-run"  # noqa: S105 - of no other


@pytest.fixture
def swarm() -> FakeSwarm:
    swarm = FakeSwarm("m1", "w1")
    swarm.time = NOW
    return swarm


@pytest.fixture
def engines(swarm: FakeSwarm) -> Iterator[Engines]:
    with swarm.engines() as engines:
        yield engines


def made(engines: Engines, secret: str = SECRET) -> bool:
    return issue(engines, CLUSTER, secret, volume=OLD, node=NodeId(node_id("w1")), now=lambda: NOW)


def used(engines: Engines, secret: str = SECRET, *, volume: str = "old", node: str = "w1") -> bool:
    return redeem(engines, secret, volume=volume, node=node_id(node), now=lambda: NOW)


def test_a_ticket_is_good_for_one_removal_and_once(swarm: FakeSwarm, engines: Engines) -> None:
    assert made(engines)
    assert used(engines)
    assert not used(engines)
    assert not swarm.configs


def test_it_is_good_for_nothing_else(engines: Engines) -> None:
    assert made(engines)
    assert not used(engines, "guessed")
    assert not used(engines, volume="older")
    assert not used(engines, node="m1")
    assert used(engines), "and a vain attempt does not use it up"


def test_it_is_good_for_a_minute(swarm: FakeSwarm, engines: Engines) -> None:
    assert made(engines)
    swarm.time = NOW + LIFE
    assert not used(engines)


def test_of_two_that_show_it_at_once_one_gets_through(swarm: FakeSwarm, engines: Engines) -> None:
    assert made(engines)
    other: list[bool] = []

    def faster() -> None:
        swarm.on("m1", "DELETE /configs", lambda: None)
        with swarm.engines() as own:
            other.append(used(own))

    swarm.on("m1", "DELETE /configs", faster)
    assert [used(engines), *other] == [False, True]


def test_a_ticket_that_was_taken_back_is_worth_nothing(swarm: FakeSwarm, engines: Engines) -> None:
    assert made(engines)
    withdraw(engines, CLUSTER, SECRET)
    assert not used(engines)
    withdraw(engines, CLUSTER, SECRET)
    assert not swarm.configs


def test_tickets_that_killed_runs_have_left_are_taken_away_with_the_own_one(
    swarm: FakeSwarm, engines: Engines
) -> None:
    assert made(engines, "of a killed run")
    (left,) = swarm.configs
    foreign = replace(left, id="foreign", name=f"{left.name}x", labels=())
    broken = replace(left, id="broken", name=f"{left.name}y", data=b"x")
    swarm.configs += [foreign, broken]
    for late, there in ((timedelta(minutes=59), True), (timedelta(hours=1), False)):
        swarm.time = NOW + LIFE + late
        assert made(engines)
        withdraw(engines, CLUSTER, SECRET)
        assert swarm.configs == [*([left] if there else []), foreign, broken]


def test_only_the_config_of_that_name_is_taken_for_it(swarm: FakeSwarm, engines: Engines) -> None:
    assert made(engines)
    (ticket,) = swarm.configs
    swarm.configs = [replace(ticket, name=f"{ticket.name}x")]
    assert not used(engines)
    withdraw(engines, CLUSTER, SECRET)
    swarm.configs = [replace(swarm.configs[0], name=name_of(SECRET), data=b"x")]
    assert not used(engines)
    assert len(swarm.configs) == 1


def test_what_cannot_be_made_or_used_up_is_worth_nothing(
    swarm: FakeSwarm, engines: Engines
) -> None:
    swarm.on("m1", "/configs/create", failing(answered("m1", "/configs/create", 403, "denied")))
    assert not made(engines)
    swarm.on("m1", "/configs/create", lambda: None)
    assert made(engines)
    swarm.on("m1", "DELETE /configs", failing(timeout("m1", "/configs")))
    assert not used(engines), "it may have been used up"
    withdraw(engines, CLUSTER, SECRET)


def test_a_removal_shows_its_ticket_and_nothing_comes_between_the_last_look_and_it(
    swarm: FakeSwarm, record: Record
) -> None:
    swarm.shared = False
    swarm.list_volume("old")
    swarm.list_volume("kept")

    steps: list[str] = []

    @contextmanager
    def ticket(node: NodeId, volume: VolumeName) -> Iterator[str]:
        steps.append(f"ticket for {volume}")
        yield f"for {node}"
        steps.append("ticket taken back")

    def prepare() -> None:
        swarm.on("w1", "/info", lambda: steps.append("look"))
        swarm.on("m1", "DELETE old", lambda: steps.append("DELETE m1"))
        swarm.on("w1", "DELETE old", lambda: steps.append("DELETE w1"))

    carried_out(
        *(swarm, record, "old"),
        meanwhile=prepare,
        ticket=ticket,
        may_go_on=lambda: steps.append("may it go on?"),
    )
    assert steps == [
        *("ticket for old", "may it go on?", "look", "DELETE m1", "ticket taken back"),
        *("may it go on?", "look", "DELETE w1", "may it go on?", "look"),
    ]
    assert swarm.shown == [f"for {node_id('m1')}", ""]


@pytest.mark.parametrize("ticket", ["", "secret"])
def test_the_ticket_is_a_header_of_the_request(server: EngineServer, ticket: str) -> None:
    server.answer("DELETE /volumes/old", Reply(status=204, measured=False))
    Client(connected(server)).remove_volume(OLD, ticket)
    assert dict(server.seen[-1].headers).get(HEADER, "") == ticket
    assert server.seen[-1].query == ""
