"""The memory of unused volumes in the swarm: versions, races, and what is broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cloudstorctl.core.memory import Memory
from cloudstorctl.core.memory_document import LABELS, name_of, read, written
from cloudstorctl.core.model import VolumeName
from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.memory import recall, remember
from cloudstorctl.swarm.ports import Config
from tests.core.builders import NOW
from tests.edge.fake_swarm import FakeEngine, FakeSwarm, failing, timeout

A, B = VolumeName("a"), VolumeName("b")
OLD = NOW - timedelta(days=2)


def a_manager(swarm: FakeSwarm | None = None) -> FakeEngine:
    return FakeEngine(swarm or FakeSwarm("m1"), "m1")


def names_in(swarm: FakeSwarm) -> list[str]:
    return sorted(config.name for config in swarm.configs)


def keep(swarm: FakeSwarm, sequence: int, data: bytes = b"", **more: str) -> None:
    """Put a version into the swarm that some other run has written."""
    labels = tuple(more.items()) or LABELS
    version = swarm.count_change()
    swarm.configs.append(
        Config(
            id=f"config-{version}",
            name=name_of(sequence),
            labels=labels,
            data=data or written({A: OLD})[0],
            version=version,
        )
    )


def test_what_is_written_is_recalled_by_everybody() -> None:
    swarm = FakeSwarm("m1")
    manager = a_manager(swarm)
    assert recall(manager) == Memory()
    assert remember(manager, Memory(), {A: NOW}) == 0
    assert recall(manager) == Memory(since={A: NOW}, sequence=1)
    assert remember(manager, recall(manager), {A: NOW, B: OLD}) == 0
    assert recall(manager) == Memory(since={A: NOW, B: OLD}, sequence=2)
    assert names_in(swarm) == [name_of(2)]


def test_of_two_that_write_at_once_one_wins() -> None:
    swarm = FakeSwarm("m1")
    one, other = a_manager(swarm), a_manager(swarm)
    assert remember(one, Memory(), {A: NOW}) == 0
    assert remember(other, Memory(), {B: NOW}) is None
    assert recall(one).since == {A: NOW}
    assert names_in(swarm) == [name_of(1)]


def test_a_number_that_is_free_again_is_no_win() -> None:
    """While this run slept, others wrote 2 and 3, and removed 1 and 2."""
    swarm = FakeSwarm("m1")
    keep(swarm, 3)
    late = Memory(since={}, sequence=1)
    assert remember(a_manager(swarm), late, {B: NOW}) is None
    assert names_in(swarm) == [name_of(3)]
    assert recall(a_manager(swarm)).since == {A: OLD}


def test_a_memory_that_somebody_has_reset_does_not_come_back() -> None:
    swarm = FakeSwarm("m1")
    keep(swarm, 5)
    memory = recall(a_manager(swarm))
    swarm.configs.clear()
    assert remember(a_manager(swarm), memory, {A: OLD, B: NOW}) is None
    assert names_in(swarm) == []
    keep(swarm, 1, written({B: NOW})[0])
    assert remember(a_manager(swarm), memory, {A: OLD, B: NOW}) is None
    assert names_in(swarm) == [name_of(1)]
    assert recall(a_manager(swarm)) == Memory(since={B: NOW}, sequence=1)


def test_an_old_version_that_cannot_be_removed_does_no_harm() -> None:
    swarm = FakeSwarm("m1")
    keep(swarm, 1)
    swarm.on("m1", "DELETE /configs", failing(timeout("m1", "/configs")))
    assert remember(a_manager(swarm), recall(a_manager(swarm)), {B: NOW}) == 0
    assert names_in(swarm) == [name_of(1), name_of(2)]
    assert recall(a_manager(swarm)).since == {B: NOW}


def test_a_write_without_an_answer_is_an_error() -> None:
    swarm = FakeSwarm("m1")
    swarm.on("m1", "/configs/create", failing(timeout("m1", "/configs/create")))
    with pytest.raises(EngineError):
        remember(a_manager(swarm), Memory(), {A: NOW})


def test_a_broken_version_is_told_with_what_resets_it_and_counts_as_never_seen() -> None:
    swarm = FakeSwarm("m1")
    keep(swarm, 1)
    keep(swarm, 2, b"nonsense")
    memory = recall(a_manager(swarm))
    assert memory.since == {}
    assert f"the config {name_of(2)} is broken (it is something else" in memory.trouble
    assert f"'docker config rm {name_of(1)} {name_of(2)}'" in memory.trouble, "no old one is left"


def test_a_config_that_somebody_else_has_made_is_not_taken_for_the_memory() -> None:
    swarm = FakeSwarm("m1")
    keep(swarm, 1, owner="somebody")
    memory = recall(a_manager(swarm))
    assert memory.since == {}
    assert f"{name_of(1)} was not made by cloudstorctl" in memory.trouble
    swarm.configs[0] = replace(swarm.configs[0], name="cloudstorctl.unused.x", labels=LABELS)
    assert "cloudstorctl.unused.x was not made by" in recall(a_manager(swarm)).trouble


def test_other_configs_of_the_swarm_are_left_alone() -> None:
    swarm = FakeSwarm("m1")
    manager = a_manager(swarm)
    manager.create_config("nginx.conf", labels=(), data=b"x")
    remember(manager, Memory(), {A: NOW})
    remember(manager, recall(manager), {B: NOW})
    assert names_in(swarm) == [name_of(2), "nginx.conf"]
    assert read(swarm.configs[-1].data) == {B: NOW}


def test_the_number_after_the_last_of_ten_digits_has_eleven() -> None:
    swarm = FakeSwarm("m1")
    keep(swarm, 9_999_999_999)
    assert remember(a_manager(swarm), recall(a_manager(swarm)), {B: NOW}) == 0
    assert recall(a_manager(swarm)) == Memory(since={B: NOW}, sequence=10_000_000_000)
