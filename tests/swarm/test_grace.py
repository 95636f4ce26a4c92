"""Scenario 20: the grace period and the lock, kept by the managers of a real swarm."""

from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.memory import Memory
from cloudstorctl.core.model import VolumeName
from cloudstorctl.errors import EngineAnsweredError
from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.endpoints import endpoint_from
from cloudstorctl.swarm.lock import NAME
from cloudstorctl.swarm.memory import recall, remember
from tests.swarm.lab.command import wait_until
from tests.swarm.running import held_removal, running, wait_for_removal
from tests.swarm.scene import PRUNE, running_service, volume
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudstorctl.swarm.client import Client
    from tests.swarm.swarm import Lab

NOW = datetime.now(UTC).replace(microsecond=0)
A, B = VolumeName("a"), VolumeName("b")
GRACE = timedelta(seconds=3)
SOON = ("--grace", "3s")


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    return Tool(
        lab=lab,
        home=tmp_path,
        config=configuration(lab, managers=("n1", "n2")),
        environment={"CLOUDSTORCTL_GRACE": "24h"},
    )


def rulings(tool: Tool, *words: str) -> dict[str, str]:
    return {name: told["ruling"] for name, told in tool.volumes(*words).items()}


def unused_for(lab: Lab, name: str) -> timedelta:
    """Tell by the manager's clock how long a volume is remembered to be unused."""
    manager = client(lab, "n1")
    now, since = manager.identity().time, recall(manager).since
    manager.close()
    assert now is not None
    return now - since[VolumeName(name)]


def configs(lab: Lab) -> list[str]:
    return lab.docker("n1", "config", "ls", "--format", "{{.Name}}").split()


@pytest.mark.parametrize("generation", [1, 2])
def test_an_orphan_goes_after_its_grace_period_and_one_that_was_used_in_between_stays(
    lab: Lab, tool: Tool, generation: int
) -> None:
    lab.set_generation(generation)
    volume(lab, "orphan")
    volume(lab, "comes-back")
    assert tool(*PRUNE).code == 0
    assert rulings(tool) == {"orphan": "pending", "comes-back": "pending"}
    assert configs(lab) == ["cloudstorctl.unused.0000000001"]

    running_service(lab, "web", "comes-back")
    assert tool("safe-prune", "--dry-run").code == 0
    lab.docker("n1", "service", "rm", "web")
    wait_until(
        lambda: (
            not lab.manager.ask("/tasks")
            and not any(node.docker("ps", "--all", "--quiet") for node in lab.nodes)
        ),
        30,
        "web is gone, and its containers too",
    )
    wait_until(lambda: unused_for(lab, "orphan") >= GRACE, 10, "it has waited")
    assert rulings(tool, *SOON) == {"orphan": "removable", "comes-back": "pending"}
    done = tool(*PRUNE, *SOON)
    assert done.code == 0, done.told
    assert tool.outcomes(done) == {"orphan": "removed", "comes-back": "kept"}
    assert not (lab.shared / "reg/orphan").exists()
    assert (lab.shared / "reg/comes-back/file.txt").exists()


def test_a_second_run_waits_its_turn_and_a_killed_one_does_not_block_for_ever(
    lab: Lab, tool: Tool
) -> None:
    for name in ("old-1", "old-2"):
        volume(lab, name)
    at_once = ("safe-prune", "--yes", "--max-percent", "100", "--grace", "0s")
    with held_removal(lab, "n1") as plugin, running(tool, *at_once) as first:
        wait_for_removal(plugin, "old-1")
        first.signal(signal.SIGKILL)
        first.process.wait(30)
    assert configs(lab) == [NAME]
    refused = tool(*at_once, "old-2")
    assert refused.code == 4, refused.told
    assert "Another run removes volumes of this swarm just now" in refused.err
    # Its 15 minutes pass, as far as the swarm knows.
    manager = client(lab, "n1")
    (lock,) = manager.configs(NAME)
    past = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    manager.relabel_config(lock, (*dict(lock.labels).items(), ("cloudstorctl.expires", past)))
    manager.close()
    assert tool(*at_once, "old-2").code == 0
    assert not (lab.shared / "reg/old-2").exists()
    assert configs(lab) == []


def test_a_run_that_lost_the_lock_stops_before_the_next_removal(lab: Lab, tool: Tool) -> None:
    for name in ("old-1", "old-2"):
        volume(lab, name)
    at_once = ("safe-prune", "--yes", "--max-percent", "100", "--grace", "0s", "-o", "json")
    with held_removal(lab, "n1") as plugin, running(tool, *at_once) as run:
        wait_for_removal(plugin, "old-1")
        lab.docker("n1", "config", "rm", NAME)
        plugin.bend(remove=None)
        done = run.result()
    assert done.code == 4, done.told
    assert tool.outcomes(done) == {"old-1": "removed", "old-2": "not_tried"}
    assert (lab.shared / "reg/old-2/file.txt").exists()


# What the managers themselves do, of either release.


@pytest.fixture(params=["n1", "n2"], ids=["20.10", "26.1"])
def manager(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Client]:
    if request.param != "n1":
        lab.promote(request.param)
    made = client(lab, request.param)
    yield made
    made.close()


def client(lab: Lab, name: str) -> Client:
    return open_client(endpoint_from(lab.node(name).unix), tls=None, timeout=30)


def test_the_memory_of_ten_thousand_volumes_is_kept(manager: Client) -> None:
    since = {VolumeName(f"{number:064x}"): NOW for number in range(10_000)}
    assert remember(manager, Memory(), since) == 0
    assert recall(manager) == Memory(since=since, sequence=1)


def test_a_config_as_large_as_the_memory_may_be_is_taken(manager: Client) -> None:
    manager.create_config("large", labels=(), data=bytes(500_000))
    (large,) = manager.configs("large")
    assert len(large.data) == 500_000


def test_of_writers_at_once_one_wins(lab: Lab, manager: Client) -> None:
    del manager
    won: list[int | None] = []

    def write(number: int) -> None:
        own = client(lab, "n1")
        won.append(remember(own, Memory(), {VolumeName(str(number)): NOW}))
        own.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, won)) == ["0", *["None"] * 7]


def test_the_managers_answers_about_configs(manager: Client) -> None:
    manager.create_config("cloudstorctl.x", labels=(("a", "1"),), data=b"data")
    with pytest.raises(EngineAnsweredError) as caught:
        manager.create_config("cloudstorctl.x", labels=(), data=b"other")
    assert caught.value.status == 409
    (made,) = manager.configs("cloudstorctl.")
    assert (made.labels, made.data) == ((("a", "1"),), b"data")
    assert manager.configs("x") == ()
    manager.relabel_config(made, (("a", "2"),))
    (changed,) = manager.configs("cloudstorctl.x")
    assert (changed.id, changed.labels, changed.data) == (made.id, (("a", "2"),), b"data")
    with pytest.raises(EngineAnsweredError, match="update out of sequence"):
        manager.relabel_config(made, (("a", "3"),))
    manager.remove_config(made.id)
    assert manager.configs("cloudstorctl.") == ()
    manager.remove_config(made.id)
    assert manager.identity().time is not None
