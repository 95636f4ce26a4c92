"""Build a large swarm from a seed: every task runs, and time stands still until somebody acts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.demo.managers.records import Member, Service, State
from cloudstorctl.demo.node.container import Container, Mounted
from cloudstorctl.demo.node.memory import MemoryCloudstor
from cloudstorctl.demo.node.plugin import ALIAS
from cloudstorctl.demo.node.program import effects
from cloudstorctl.demo.node.release import NEW, OLD
from cloudstorctl.demo.swarm import Swarm

if TYPE_CHECKING:
    from pathlib import Path

    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.runtime import Runtime

TASKS_PER_NODE: Final = 40
SLOTS: Final = 20
"""Tasks of each service; a fifth more slots have been used before, and their volumes are there."""
_MOVED: Final = 10
"""One task in so many has been on another node before, which still lists its volume."""
_COMMAND: Final = ("sleep", "infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a swarm is wanted."""

    nodes: int
    volumes: int
    seed: int


def build(folder: Path, runtime: Runtime, size: Size) -> Swarm:
    """Make the swarm; its volumes are in memory, not on disk.

    A fifth of the nodes are of the newer release, three are managers where there are as many, and
    at most every second volume is used by a task.
    """
    chance = random.Random(size.seed)  # noqa: S311 - for variety, not for secrets
    width = len(str(size.nodes))
    names = [f"n{number:0{width}}" for number in range(1, size.nodes + 1)]
    releases = [NEW if number % 5 == 1 else OLD for number in range(size.nodes)]
    nodes = list(zip(names, releases, strict=True))
    swarm = Swarm(folder, runtime, nodes=nodes, seed=size.seed, generation=1)
    storage: set[str] = set()
    for engine in swarm.engines.values():
        for plugin in engine.plugins:
            plugin.driver = MemoryCloudstor(root=swarm.place.shared / "reg", storage=storage)
    members = list(swarm.cluster.members.values())
    for member in members[:3]:
        member.manager = True
    tasks = min(TASKS_PER_NODE * size.nodes, size.volumes // 2)
    for number in range(tasks // SLOTS):
        _deploy(swarm, f"app{number:04}", members, number * SLOTS, chance)
    for number in range(size.volumes - len(storage)):
        _list(swarm.cluster.engines[chance.choice(members).id], f"old-{number:06}")
    return swarm


def _deploy(
    swarm: Swarm, name: str, members: list[Member], first: int, chance: random.Random
) -> None:
    """Make a service whose tasks run, one a volume, and a few volumes of slots that are gone."""
    cluster = swarm.cluster
    source = "{{.Service.Name}}-{{.Task.Slot}}-vol"
    options = {"DriverConfig": {"Name": ALIAS}}
    mount = {"Type": "volume", "Source": source, "Target": "/data", "VolumeOptions": options}
    container = {"Image": "alpine", "Command": list(_COMMAND), "Mounts": [mount]}
    spec: dict[str, Any] = {
        "Name": name,
        "Labels": {},
        "TaskTemplate": {"ContainerSpec": container, "ForceUpdate": 0, "Runtime": "container"},
        "Mode": {"Replicated": {"Replicas": SLOTS}},
    }
    now = cluster.runtime.now()
    service = Service(
        id=cluster.ids.swarm(), spec=spec, version=cluster.stamp(), created=now, updated=now
    )
    cluster.services[service.id] = service
    for slot in range(1, SLOTS + 1):
        member = members[(first + slot) % len(members)]
        engine = cluster.engines[member.id]
        volume = f"{name}-{slot}-vol"
        task = cluster.new_task(service, slot=slot, node=member.id)
        task.state, task.message = State.RUNNING, "started"
        made = _run(engine, task.name, volume)
        made.labels = {
            "com.docker.swarm.node.id": member.id,
            "com.docker.swarm.service.id": service.id,
            "com.docker.swarm.service.name": name,
            "com.docker.swarm.task": "",
            "com.docker.swarm.task.id": task.id,
            "com.docker.swarm.task.name": task.name,
        }
        task.container_id = made.id
        if chance.randrange(_MOVED) == 0:
            _list(cluster.engines[chance.choice(members).id], volume)
    for slot in range(SLOTS + 1, SLOTS + SLOTS // 5 + 1):
        _list(cluster.engines[chance.choice(members).id], f"{name}-{slot}-vol")


def _run(engine: Engine, name: str, volume: str) -> Container:
    """Have a container that runs with a volume."""
    mountpoint = _list(engine, volume)
    now = engine.runtime.now()
    container = Container(
        id=engine.ids.long(),
        name=name,
        image="alpine",
        command=_COMMAND,
        created=now,
        started=now,
        state="running",
        program=effects(_COMMAND, {}),
        mounts=[
            Mounted(
                kind="volume",
                destination="/data",
                name=volume,
                driver=ALIAS,
                source=mountpoint,
                mode="z",
            )
        ],
    )
    engine.containers[container.id] = container
    engine.volumes.adopt(volume, ALIAS, mountpoint, reference=container.id)
    return container


def _list(engine: Engine, volume: str) -> str:
    """Have a node list a volume that it has used; give where it is inside the plugin."""
    plugin = engine.plugins.named(ALIAS)
    plugin.driver.answer("Create", {"Name": volume})
    mountpoint = plugin.inside(f"{plugin.backings['reg']}/{volume}")
    engine.volumes.adopt(volume, ALIAS, mountpoint)
    return mountpoint
