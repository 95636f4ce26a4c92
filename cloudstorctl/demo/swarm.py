"""A swarm of engines inside one process, on a folder that stands for the shared file systems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.ids import Ids
from cloudstorctl.demo.managers import orchestrator, scheduler, updater, worker
from cloudstorctl.demo.managers.cluster import Cluster, Timing
from cloudstorctl.demo.managers.records import Member
from cloudstorctl.demo.node.engine import Engine
from cloudstorctl.demo.node.release import NEW, OLD, Release

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from starlette.types import Scope, Send

    from cloudstorctl.demo.runtime import Runtime

BACKINGS: Final = ("reg", "max", "ebs")
_LARGE: Final = 50  # nodes
_AWAKE: Final = 30.0  # seconds
MIXED: Final = (("n1", OLD), ("n2", NEW), ("n3", OLD))
"""Hostnames and releases of the usual three, the first of them the manager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the things of a swarm are on this machine."""

    folder: Path
    """Of everything; a socket's path holds 107 bytes, and `<folder>/<node>/docker.sock` is one."""

    @property
    def shared(self) -> Path:
        """The folder that stands for the file systems: `reg`, `max` and `ebs`."""
        return self.folder / "shared"

    @property
    def configuration(self) -> Path:
        """The file that leads cloudstorctl to every engine."""
        return self.folder / "config.toml"

    def of(self, hostname: str) -> Path:
        """The folder of a node."""
        return self.folder / hostname

    def socket(self, hostname: str) -> Path:
        """The socket of a node's engine."""
        return self.of(hostname) / "docker.sock"


class Swarm:
    """Engines, and the cluster that they form; `advance` lets it take one step."""

    def __init__(  # noqa: PLR0913 - what a swarm is made of
        self,
        folder: Path,
        runtime: Runtime,
        *,
        nodes: Sequence[tuple[str, Release]] = MIXED,
        seed: int | None = None,
        generation: int = 2,
        timing: Timing | None = None,
    ) -> None:
        """Make the folders and the engines; the first is the only manager."""
        self.place = Place(folder=folder)
        self.runtime = runtime
        self.ids = Ids(seed)
        self.before_answer: Callable[[Engine, Scope, Send], Awaitable[bool]] | None = None
        """Called for each request; True: it has answered, or dropped, the request itself."""
        for kind in BACKINGS:
            (self.place.shared / kind).mkdir(parents=True, exist_ok=True)
        self.cluster = Cluster(
            id=self.ids.swarm(),
            runtime=runtime,
            ids=self.ids,
            timing=timing or Timing(),
            created=runtime.now(),
        )
        self.engines: dict[str, Engine] = {}
        """By hostname."""
        self._large = len(nodes) > _LARGE
        self._awake_until = 0.0
        self._at: dict[str, Engine] = {}
        for hostname, release in nodes:
            self._join(hostname, release, generation)
        self.cluster.leader = next(iter(self.cluster.members))
        self.advance()

    def _join(self, hostname: str, release: Release, generation: int) -> None:
        folder = self.place.of(hostname)
        folder.mkdir(parents=True, exist_ok=True)
        engine = Engine(
            hostname=hostname,
            release=release,
            folder=folder,
            shared=self.place.shared,
            runtime=self.runtime,
            ids=self.ids,
        )
        for plugin in engine.plugins:
            plugin.wanted["generation"] = generation
        number = len(self.engines) + 1
        member = Member(
            id=self.ids.swarm(),
            hostname=hostname,
            address=f"10.88.{number // 250}.{number % 250}",
            manager=not self.engines,
            created=self.runtime.now(),
            updated=self.runtime.now(),
        )
        self.engines[hostname] = engine
        self._at[str(self.place.socket(hostname))] = engine
        self.cluster.members[member.id] = member
        self.cluster.engines[member.id] = engine

    def engine_at(self, socket: str) -> Engine:
        """Give the engine that listens on a socket."""
        return self._at[socket]

    def member_of(self, engine: Engine) -> Member | None:
        """Give the node of an engine; None: it has been removed from the swarm."""
        for member in self.cluster.members.values():
            if self.cluster.engines[member.id] is engine:
                return member
        return None

    def advance(self) -> None:
        """Take one step: notice, decide, assign, carry out."""
        cluster = self.cluster
        cluster.watch()
        for engine in self.engines.values():
            if engine.running and not engine.frozen:
                self.runtime.spawn(engine.run_out())
        if cluster.leader is None:
            return
        updater.update(cluster)
        orchestrator.reconcile(cluster)
        scheduler.schedule(cluster)
        worker.work(cluster)
        worker.sweep(cluster)

    def stir(self) -> None:
        """Note that somebody acts: a swarm that is asleep goes on for a while."""
        self._awake_until = self.runtime.now() + _AWAKE

    @property
    def asleep(self) -> bool:
        """Whether nothing changes until somebody acts: a large swarm costs too much to watch."""
        return self._large and self.runtime.now() >= self._awake_until

    def emit(
        self,
        kind: str,
        action: str,
        actor: str,
        attributes: dict[str, str],
        changed: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """Tell of what has happened to the swarm, on every manager.

        `changed` are old and new values; only what differs is told (moby daemon/events.go).
        """
        for key, (old, new) in (changed or {}).items():
            if old != new:
                attributes |= {f"{key}.old": old, f"{key}.new": new}
        for member in self.cluster.managers:
            events = self.cluster.engines[member.id].events
            events.add(kind, action, actor, attributes, scope="swarm")
