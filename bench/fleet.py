"""A made-up swarm, the same for the same seed, as the answers of its engines in files.

Every engine lists 200 volumes and has 40 containers, whatever the size of the swarm. Of the volumes

- 180 are Cloudstor's, and every engine lists them all, as drivers of the second generation do: 120
  with one task each (a template with the slot), 20 shared by three tasks, 20 of services at 0
  replicas, and 20 that nothing uses;
- 20 are of the driver `local`: 10 in use under the same names everywhere, 10 left over here alone.

So the entries grow with the swarm (100 000 on 500 nodes) and the volumes do not. Every container
belongs to a task, every task to a service, and every mount names a volume that its engine lists:
the view is complete. The tasks that use no Cloudstor volume, most of them, mount a `local` one, a
path of the node, or nothing.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import engine_answers, swarm_answers
from bench.swarm_answers import DRIVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.swarm_answers import Payload

FEWEST = 10
"""Nodes that have room for the tasks that use volumes."""
ENTRIES = 200
CONTAINERS = 40
SEED = 20260301

_SLOTTED, _SLOTS = 40, 3
_SHARED, _SHARERS = 20, 3
_SLEEPING = 20
_FORGOTTEN = 20
_LOCAL = 20
_STATELESS = 40
_KINDS = 4
"""Of what stateless services mount: every fourth a volume, every fourth a path."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class _Placed:
    """One task that runs on a node."""

    service: Payload
    slot: int
    sources: tuple[str, ...]
    """What it mounts, expanded."""


@dataclass(slots=True)
class Fleet:
    """The swarm: what its services are, and what runs on which node."""

    size: int
    seed: int = SEED
    services: list[Payload] = field(default_factory=list)
    everywhere: list[str] = field(default_factory=list)
    """Names that every engine lists."""
    _placed: dict[int, list[_Placed]] = field(default_factory=lambda: defaultdict(list))
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Make the services and place their tasks."""
        self._random = random.Random(self.seed)  # noqa: S311 - it has to be the same again
        self._place_users()
        self._place_stateless()
        for tasks in self._placed.values():
            self._random.shuffle(tasks)

    @property
    def cloudstor_entries(self) -> int:
        """How many entries of Cloudstor's the engines list together."""
        return self.size * len(self.everywhere)

    def node_id(self, position: int) -> str:
        """The ID of a node; the first is the manager."""
        return self._id(f"node {position}")

    def hostname(self, position: int) -> str:
        """The name of a node."""
        return f"node-{position:03}"

    def write(self, folder: Path) -> None:
        """Write each engine's answers into a folder of its own, named by its position."""
        with (folder / "tasks").open("w") as tasks:
            # Row by row: all of them as one would be the largest thing here.
            separator = "["
            for position in range(self.size):
                for row in self._write_engine(folder / str(position), position):
                    tasks.write(separator + _json(row))
                    separator = ","
            tasks.write("]\n")
        manager = folder / "0"
        (folder / "tasks").rename(manager / "tasks")
        nodes = [
            swarm_answers.node(self.hostname(each), self.node_id(each), manager=each == 0)
            for each in range(self.size)
        ]
        (manager / "nodes").write_text(_json(nodes) + "\n")
        (manager / "services").write_text(_json(self.services) + "\n")
        (manager / "configs").write_text(_json([swarm_answers.memory(self.everywhere)]) + "\n")

    def _write_engine(self, folder: Path, position: int) -> Iterator[Payload]:
        """Write the answers of one engine, and give the rows of its tasks."""
        node_id, plugin_id = self.node_id(position), self._digest(f"plugin {position}")
        containers: list[Payload] = []
        for place, placed in enumerate(self._placed[position]):
            name = placed.service["Spec"]["Name"]
            row = swarm_answers.task(
                self._id(f"task {position} {place}"),
                placed.service["ID"],
                placed.service["Spec"]["TaskTemplate"],
                slot=placed.slot,
                node_id=node_id,
                container=self._digest(f"container {position} {place}"),
            )
            mounts = [
                engine_answers.container_mount(source, plugin_id) for source in placed.sources
            ]
            called = f"{name}.{placed.slot or node_id}.{row['ID']}"
            containers.append(engine_answers.container(placed.service, row, called, mounts))
            yield row
        used = {source for placed in self._placed[position] for source in placed.sources}
        names = (*self.everywhere, *self._local(position))
        volumes = [
            engine_answers.volume(each, plugin_id, used=each in used) for each in sorted(names)
        ]
        who = engine_answers.info(
            self.hostname(position),
            node_id,
            self.node_id(0),
            cluster=self._id("cluster"),
            containers=len(containers),
        )
        (folder / "containers").mkdir(parents=True)
        for path, answer in (
            ("info", who),
            ("containers/json", containers),
            ("plugins", [engine_answers.plugin(plugin_id)]),
            ("volumes", {"Volumes": volumes, "Warnings": None}),
        ):
            (folder / path).write_text(_json(answer) + "\n")

    def _place_users(self) -> None:
        for number in range(_SLOTTED):
            service = self._service(
                f"store{number}", "{{.Service.Name}}-{{.Task.Slot}}-vol", _SLOTS
            )
            for slot in range(1, _SLOTS + 1):
                name = f"store{number}-{slot}-vol"
                self.everywhere.append(name)
                self._place(self._somewhere(), service, slot, name)
        for number in range(_SHARED):
            name = f"shared{number}-vol"
            service = self._service(f"shared{number}", name, _SHARERS)
            self.everywhere.append(name)
            for slot in range(1, _SHARERS + 1):
                self._place(self._somewhere(), service, slot, name)
        for number in range(_SLEEPING):
            self._service(f"sleeping{number}", f"sleeping{number}-vol", 0)
            self.everywhere.append(f"sleeping{number}-vol")
        self.everywhere += (f"forgotten{number}-vol" for number in range(_FORGOTTEN))

    def _place_stateless(self) -> None:
        """Fill every node with tasks that mount nothing of Cloudstor's, or nothing at all."""
        agent = self._service("agent", "/var/run/docker.sock", None)
        room: dict[int, int] = {}
        for position in range(self.size):
            self._place(position, agent, 0, "/var/run/docker.sock")
            room[position] = CONTAINERS - len(self._placed[position])
        tasks: list[list[int]] = [[] for _ in range(_STATELESS)]
        for position, free in room.items():
            for place in range(free):
                tasks[place % _STATELESS].append(position)
        for number, positions in enumerate(tasks):
            source = ("", f"web{number}_cache", "/etc/localtime", "")[number % _KINDS]
            service = self._service(f"web{number}", source, len(positions), driver="local")
            for slot, position in enumerate(positions, 1):
                self._place(position, service, slot, *([source] if source else []))

    def _local(self, position: int) -> list[str]:
        caches = [f"web{number}_cache" for number in range(1, _STATELESS, _KINDS)]
        return caches + [f"left_{position}_{number}" for number in range(_LOCAL - len(caches))]

    def _somewhere(self) -> int:
        """A node that has room beside what runs on every node."""
        while True:
            position = self._random.randrange(self.size)
            if len(self._placed[position]) < CONTAINERS // 2:
                return position

    def _place(self, position: int, service: Payload, slot: int, *sources: str) -> None:
        self._placed[position].append(_Placed(service=service, slot=slot, sources=sources))

    def _service(
        self, name: str, source: str, replicas: int | None, driver: str = DRIVER
    ) -> Payload:
        """Make a service; without `replicas` it is a global one."""
        mounts = [swarm_answers.spec_mount(source, driver)] if source else []
        service = swarm_answers.service(
            self._id(f"service {name}"),
            name,
            swarm_answers.task_spec(name, mounts),
            stack="shop",
            mode={"Global": {}} if replicas is None else {"Replicated": {"Replicas": replicas}},
        )
        self.services.append(service)
        return service

    def _digest(self, what: str) -> str:
        return hashlib.sha256(f"{self.seed} {what}".encode()).hexdigest()

    def _id(self, what: str) -> str:
        """25 digits to the base of 36, as SwarmKit's are."""
        number = int(self._digest(what), 16)
        digits = ""
        for _ in range(25):
            number, digit = divmod(number, 36)
            digits += _DIGITS[digit]
        return digits


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    """Write the fleet that the command line describes: its size, the seed, and where to."""
    size, seed, folder = sys.argv[1:]
    Fleet(size=int(size), seed=int(seed)).write(Path(folder))


if __name__ == "__main__":
    main()
