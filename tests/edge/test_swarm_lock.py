"""The lock of the swarm: one run has it, a dead one loses it, and a loser stops."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import OutcomeStatus
from cloudstorctl.core.lock import TERM
from cloudstorctl.errors import (
    EngineError,
    NoAccessError,
    RefusedError,
    WrongSwarmError,
)
from cloudstorctl.swarm.lock import NAME, SwarmLock
from tests.core.builders import CLUSTER, NOW
from tests.edge.fake_swarm import (
    FakeSwarm,
    answered,
    failing,
    refused,
    timeout,
)
from tests.edge.removals import carried_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.swarm.engines import Engines
    from tests.edge.removals import Record

MINUTE = timedelta(minutes=1)


@pytest.fixture
def swarm() -> FakeSwarm:
    swarm = FakeSwarm("m1", "m2", managers=("m1", "m2"))
    swarm.time = NOW
    return swarm


@pytest.fixture
def engines(swarm: FakeSwarm) -> Iterator[Engines]:
    with swarm.engines("m1", "m2") as engines:
        yield engines


def lock_of(engines: Engines, who: str) -> SwarmLock:
    return SwarmLock(engines, CLUSTER, holder=f"{who}@host", token=f"token-{who}", now=lambda: NOW)


def test_one_run_has_it_and_another_is_told_who_since_when_and_what_to_do(
    swarm: FakeSwarm, engines: Engines
) -> None:
    lock_of(engines, "ann").take()
    swarm.time = NOW + 3 * MINUTE
    with pytest.raises(RefusedError) as caught:
        lock_of(engines, "bob").take()
    told = str(caught.value)
    assert "ann@host has had the lock for 3m, since 2026-03-01 12:00:00 UTC" in told
    assert "it ends at 2026-03-01 12:15:00 UTC" in told
    assert f"'docker config rm {NAME}'" in told
    assert len(swarm.configs) == 1


def test_it_is_free_again_after_its_release(swarm: FakeSwarm, engines: Engines) -> None:
    lock = lock_of(engines, "ann")
    lock.take()
    lock.release()
    assert not swarm.configs
    lock_of(engines, "bob").take()
    lock.release()
    assert len(swarm.configs) == 1, "only its own is given back"


def test_a_killed_holder_does_not_block_for_ever(swarm: FakeSwarm, engines: Engines) -> None:
    ann, bob = lock_of(engines, "ann"), lock_of(engines, "bob")
    ann.take()
    swarm.time = NOW + TERM
    bob.take()
    bob.keep()
    with pytest.raises(RefusedError, match="lost the lock of the swarm, and bob@host has it now"):
        ann.keep()


def test_who_takes_over_removes_the_lock_that_it_saw_and_no_later_one(
    swarm: FakeSwarm, engines: Engines
) -> None:
    lock_of(engines, "ann").take()
    swarm.time = NOW + TERM
    expired = swarm.configs[0]

    def faster() -> None:
        if expired in swarm.configs:
            swarm.configs.clear()
            lock_of(engines, "cid").take()

    swarm.on("m1", "DELETE /configs", faster)
    with pytest.raises(RefusedError, match="cid@host has had the lock"):
        lock_of(engines, "bob").take()


def test_a_run_renews_it_when_it_ends_soon(swarm: FakeSwarm, engines: Engines) -> None:
    lock = lock_of(engines, "ann")
    lock.take()
    for minutes in range(4, 61, 4):
        swarm.time = NOW + minutes * MINUTE
        lock.keep()
    assert swarm.count("m1", "/configs/update") == 7
    with pytest.raises(RefusedError, match="had the lock for 1h, since 2026-03-01 12:00:00"):
        lock_of(engines, "bob").take()


def test_what_was_not_renewed_in_time_is_lost_also_if_nobody_took_it(
    swarm: FakeSwarm, engines: Engines
) -> None:
    lock = lock_of(engines, "ann")
    lock.take()
    swarm.time = NOW + TERM - MINUTE
    with pytest.raises(RefusedError, match="did not renew the lock of the swarm in time"):
        lock.keep()


@pytest.mark.parametrize("took", [True, False], ids=["it arrived", "it did not"])
def test_a_renewal_without_an_answer_is_looked_up(
    swarm: FakeSwarm, engines: Engines, *, took: bool
) -> None:
    lock = lock_of(engines, "ann")
    lock.take()
    swarm.time = NOW + 6 * MINUTE

    def lose() -> None:
        if took:
            config = swarm.configs.pop()
            swarm.configs.append(
                type(config)(
                    id=config.id,
                    name=config.name,
                    labels=(("cloudstorctl.expires", "2026-03-01T12:21:00Z"),),
                    data=config.data,
                    version=99,
                )
            )
        raise timeout("m1", "/configs/update")

    swarm.on("m1", "/configs/update", lose)
    if took:
        lock.keep()
    else:
        with pytest.raises(RefusedError, match="could not be renewed"):
            lock.keep()


def test_a_lock_made_without_an_answer_is_found_through_the_next_manager(
    swarm: FakeSwarm, engines: Engines
) -> None:
    lock = lock_of(engines, "ann")

    def lose() -> None:
        swarm.on("m1", "/configs/create", lambda: None)
        lock_of(engines, "ann").take()
        raise timeout("m1", "/configs/create")

    swarm.on("m1", "/configs/create", lose)
    lock.take()
    assert len(swarm.configs) == 1
    lock.keep()


def test_the_next_manager_is_asked_where_one_fails(swarm: FakeSwarm, engines: Engines) -> None:
    swarm.on("m1", "/info", failing(refused("m1", "/info")))
    lock_of(engines, "ann").take()
    swarm.on("m2", "/configs", failing(answered("m2", "/configs", 500, "no leader")))
    with pytest.raises(NoAccessError, match=r"no manager of the swarm answers for it: .*no leader"):
        lock_of(engines, "bob").take()


def test_no_lock_is_taken_in_another_swarm(swarm: FakeSwarm, engines: Engines) -> None:
    swarm.hosts["m1"].cluster_id = "another"
    with pytest.raises(WrongSwarmError):
        lock_of(engines, "ann").take()
    swarm.hosts["m1"].cluster_id = ""
    lock_of(engines, "ann").take()
    assert swarm.count("m2", "/configs/create") == 1


@pytest.mark.parametrize("name", [NAME, "cloudstorctl.lock.d"])
def test_a_config_that_is_no_lock_is_told_and_not_removed(
    swarm: FakeSwarm, engines: Engines, name: str
) -> None:
    with swarm.engines() as other:
        next(iter(other.keepers([]))).create_config(name, labels=(), data=b"x")
    if name == NAME:
        with pytest.raises(RefusedError, match=f"{NAME} is no lock of cloudstorctl"):
            lock_of(engines, "ann").take()
    else:
        lock_of(engines, "ann").take()
    assert name in [config.name for config in swarm.configs]


def test_managers_that_keep_no_configs_are_told_to_be_too_old(
    swarm: FakeSwarm, engines: Engines
) -> None:
    swarm.on("m1", "/configs", failing(answered("m1", "/configs", 404, "page not found")))
    with pytest.raises(RefusedError, match=re.escape("pass --no-lock")):
        lock_of(engines, "ann").take()


def test_a_refusal_of_the_managers_is_not_hidden(swarm: FakeSwarm, engines: Engines) -> None:
    swarm.on("m1", "/configs/create", failing(answered("m1", "/configs/create", 403, "denied")))
    with pytest.raises(EngineError, match="denied"):
        lock_of(engines, "ann").take()


def test_without_a_clock_of_the_managers_the_own_one_counts(
    swarm: FakeSwarm, engines: Engines
) -> None:
    swarm.time = None
    lock_of(engines, "ann").take()
    assert dict(swarm.configs[0].labels)["cloudstorctl.expires"] == "2026-03-01T12:15:00Z"


def test_a_run_that_lost_the_lock_stops_before_the_next_removal(record: Record) -> None:
    swarm = FakeSwarm("m1", "w1")
    for volume in ("a", "b", "c"):
        swarm.list_volume(volume)
    asked: list[str] = []

    def may_go_on() -> None:
        asked.append("")
        if len(asked) > 1:  # already when it looks what has become of the first
            raise RefusedError("lost")

    carried = carried_out(swarm, record, "a", "b", "c", may_go_on=may_go_on)
    assert [o.status for o in carried.outcomes] == [
        OutcomeStatus.REMOVED,
        OutcomeStatus.NOT_TRIED,
        OutcomeStatus.NOT_TRIED,
    ]
    assert str(carried.error) == "lost"
    assert swarm.deletes == [("m1", "a")]


def test_a_look_that_took_too_long_for_the_lock_is_followed_by_no_removal(record: Record) -> None:
    swarm = FakeSwarm("m1", "w1")
    for volume in ("a", "b"):
        swarm.list_volume(volume)
    sent: list[str] = []

    def in_time() -> None:
        sent.append("")
        if len(sent) > 1:
            raise RefusedError("late")

    carried = carried_out(swarm, record, "a", "b", in_time=in_time)
    assert carried.statuses == [OutcomeStatus.REMOVED, OutcomeStatus.NOT_TRIED]
    assert str(carried.error) == "late"
    assert carried.steps == ["look", "DELETE m1 a", "look", "look"]


def test_what_is_left_of_it_is_counted_from_before_it_was_asked_for(
    swarm: FakeSwarm, engines: Engines
) -> None:
    seconds = [1000.0]
    lock = SwarmLock(
        engines, CLUSTER, holder="ann", token=str(1), now=lambda: NOW, clock=lambda: seconds[0]
    )
    for act in (lock.take, lock.keep):
        act()
        seconds[0] += 11 * 60
        lock.check_time()
        seconds[0] += 1
        with pytest.raises(RefusedError, match="A shorter --timeout makes a look shorter"):
            lock.check_time()
    swarm.time = NOW + 6 * MINUTE

    def answer_late() -> None:
        seconds[0] += 60

    swarm.on("m1", "/info", answer_late)
    lock.keep()
    assert swarm.count("m1", "/configs/update") == 1
    seconds[0] += 10 * 60
    lock.check_time()
    seconds[0] += 1
    with pytest.raises(RefusedError):
        lock.check_time()
