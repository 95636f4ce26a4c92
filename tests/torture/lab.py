"""The swarm that is tortured: made in a folder, operated over its own API, on record as a story."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.demo.node.plugin import ALIAS
from cloudstorctl.demo.node.release import NEW, OLD
from cloudstorctl.demo.swarm import Swarm
from tests.torture.faults import Faults, break_off
from tests.torture.ledger import Ledger
from tests.torture.stepping import CoarseRuntime, Steps
from tests.torture.wire import Exchange, Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudstorctl.demo.managers.records import Member, Service
    from cloudstorctl.demo.node.engine import Engine

PATIENCE: Final = 3.0
"""Seconds for which somebody waits for an answer before turning to the next thing."""
NODES: Final = ("n1", "n2", "n3", "n4")
SLOW_IMAGE: Final = "redis"
PROTECTED: Final = "keep-*"
"""What the configuration of the program protects."""


class ImpossibleError(Exception):
    """What was to be done makes no sense in this swarm now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a swarm begins as."""

    nodes: int = 3
    managers: int = 1
    generation: int = 2
    grace: int = 0
    """Seconds for which a volume has to be seen unused before it may go."""


@dataclass(slots=True, kw_only=True)
class Lab:
    """One embedded swarm, and all that has been done to it."""

    folder: Path
    layout: Layout
    story: list[str] = field(default_factory=list)
    indent: str = ""
    steps: Steps = field(init=False)
    swarm: Swarm = field(init=False)
    wire: Wire = field(init=False)
    faults: Faults = field(init=False)
    late_removals: set[str] = field(default_factory=set)
    """Names that the program asked to be removed, and had no answer in time."""
    interrupted: bool = False
    """Whether the program that runs was asked to stop."""
    extra: int = 0
    """A number for names that must be new."""
    skew: int = 0
    """Seconds by which the clock of the program is ahead of the swarm's."""
    astray: bool = False
    """Whether it was ever so far ahead that what it marked then ripens in days."""
    ledger: Ledger = field(init=False)
    another: Callable[[tuple[str, ...]], None] | None = None
    """Lets another run of the program go from beginning to end; None: one is at it already."""

    def __post_init__(self) -> None:
        """Make the swarm."""
        runtime = CoarseRuntime()
        self.steps = Steps(runtime)
        self.swarm = self.steps.swarm = Swarm(
            self.folder,
            runtime,
            nodes=tuple(zip(NODES[: self.layout.nodes], (OLD, NEW, OLD, NEW), strict=False)),
            seed=7,
            generation=self.layout.generation,
        )
        for member in list(self.swarm.cluster.members.values())[: self.layout.managers]:
            member.manager = True
        for engine in self.swarm.engines.values():
            engine.slow_images.add(SLOW_IMAGE)
        self.wire = Wire(self.swarm, self.steps)
        self.ledger = Ledger(self.layout.grace)
        self.faults = Faults(self.swarm, break_off)
        self.swarm.before_answer = self.faults.before_answer
        self.tell(
            f"A swarm of {self.layout.nodes} nodes, {self.layout.managers} of them managers; the "
            f"driver lists {'what its node created' if self.layout.generation == 1 else 'all'}. "
            f"The grace period is {self.layout.grace} s."
        )

    def tell(self, sentence: str) -> None:
        """Add to the story."""
        self.story.append(self.indent + sentence)

    def node(self, number: int) -> Engine:
        """Choose an engine, a member's or not."""
        engines = list(self.swarm.engines.values())
        return engines[number % len(engines)]

    def member(self, number: int) -> Member:
        """Choose a member."""
        members = list(self.swarm.cluster.members.values())
        return members[number % len(members)]

    def service(self, number: int) -> Service:
        """Choose a service."""
        services = list(self.swarm.cluster.services.values())
        if not services:
            raise ImpossibleError
        return services[number % len(services)]

    def alias_of(self, engine: Engine, number: int = 0) -> str:
        """Choose a plugin of an engine by its name."""
        names = [plugin.name for plugin in engine.plugins]
        return names[number % len(names)] if names else ALIAS

    def ask(self, hostname: str, method: str, path: str, body: Any = None, query: str = "") -> Any:  # noqa: ANN401 - JSON
        """Ask an engine as somebody would who is not the program; wait for a while only.

        Raises:
            ImpossibleError: it refused, or did not answer.
        """
        exchange = Exchange(
            hostname=hostname,
            method=method,
            path=path,
            query=query,
            body=b"" if body is None else json.dumps(body).encode(),
            by_program=False,
        )
        self.wire.carry(exchange, PATIENCE)
        if not exchange.good:
            raise ImpossibleError(exchange.answer.decode(errors="replace"))
        return json.loads(exchange.answer or b"null") if exchange.answer.strip() else None

    def ask_manager(self, method: str, path: str, body: Any = None, query: str = "") -> Any:  # noqa: ANN401 - JSON
        """Ask the manager that leads.

        Raises:
            ImpossibleError: none leads, or it refused.
        """
        cluster = self.swarm.cluster
        leader = cluster.members.get(cluster.leader or "")
        if leader is None or not cluster.alive(leader.id):
            raise ImpossibleError
        return self.ask(leader.hostname, method, path, body, query)

    def end_lock(self) -> None:
        """Take away the lock that a run could not give back."""
        configs = self.swarm.cluster.configs
        for held in [c for c in configs.values() if c["Spec"]["Name"] == "cloudstorctl.lock"]:
            del configs[held["ID"]]

    def heal(self) -> None:
        """Mend all that can be mended, and let the swarm come to rest."""
        self.faults.set.clear()
        self.skew = 0
        for engine in self.swarm.engines.values():
            engine.frozen = False
            for plugin in engine.plugins:
                plugin.wanted = {"generation": self.layout.generation}
                plugin.enabled = True
            if not engine.running:
                self.steps.run(engine.boot(), PATIENCE)
        # A driver may be at something yet that takes long.
        self.steps.pass_time(400)
        self.steps.pass_time(40)
