"""The state that the managers share, and who of them leads."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.managers.chance import Chance, InOrder
from cloudstorctl.demo.managers.records import Member, Payload, Service, State, Task
from cloudstorctl.demo.refusal import NoManagerError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.demo.ids import Ids
    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.runtime import Runtime

NO_LEADER: Final = (
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few "
    "managers are online. Make sure more than half of the managers are online."
)


@dataclass(slots=True, kw_only=True)
class Timing:
    """How fast the managers notice things, in seconds."""

    down_after: float = 3.0
    """Silence of a node until it is down."""
    election: float = 1.0
    """From the loss of a leader to the next one."""
    description: float = 20.0
    """Between two descriptions of a node by itself, which name its drivers (swarmkit agent.go)."""


@dataclass(slots=True, kw_only=True, eq=False)
class Cluster:
    """Members, services and tasks, with the engines behind the members."""

    id: str
    runtime: Runtime
    ids: Ids
    timing: Timing = field(default_factory=Timing)
    created: float = 0.0
    members: dict[str, Member] = field(default_factory=dict)
    engines: dict[str, Engine] = field(default_factory=dict)
    """By ID of the member."""
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    configs: dict[str, Payload] = field(default_factory=dict)
    secrets: dict[str, Payload] = field(default_factory=dict)
    chance: Chance = field(default_factory=InOrder)
    leader: str | None = None
    index: int = 10
    """Of the last change, as raft counts them."""
    _vacant_since: float | None = None
    _by_service: dict[str, dict[str, Task]] = field(default_factory=dict)

    def stamp(self) -> int:
        """Count a change."""
        self.index += 1
        return self.index

    def touch(self, thing: Member | Service | Task) -> None:
        """Note that something has changed now."""
        thing.version = self.stamp()
        thing.updated = self.runtime.now()

    def alive(self, member: str) -> bool:
        """Whether the engine of a member takes part."""
        engine = self.engines.get(member)
        return engine is not None and engine.running and not engine.frozen

    @property
    def managers(self) -> list[Member]:
        """Give the members that vote."""
        return [member for member in self.members.values() if member.manager]

    @property
    def has_quorum(self) -> bool:
        """Whether more than half of the managers take part."""
        voters = self.managers
        return 2 * sum(self.alive(member.id) for member in voters) > len(voters)

    def check_leader(self) -> None:
        """See that the managers can answer for the swarm.

        Raises:
            NoManagerError: they have no leader.
        """
        if self.leader is None:
            raise NoManagerError(NO_LEADER)

    def watch(self) -> None:
        """Notice who is silent and who is back, and find a leader."""
        now = self.runtime.now()
        if self.leader is not None and (not self.has_quorum or not self.alive(self.leader)):
            self._vacant_since = self._vacant_since or now
            if now >= self._vacant_since + self.timing.election:
                self.leader = None
        elif self.leader is not None:
            self._vacant_since = None
        if self.leader is None and self.has_quorum:
            self.leader = next((m.id for m in self.managers if self.alive(m.id)), None)
            self._vacant_since = None
            for member in self.members.values():
                # A new leader knows nobody until they register (swarmkit dispatcher).
                member.state = "unknown"
                member.silent_since = now
        if self.leader is None:
            return
        for member in self.members.values():
            self._watch(member, now)

    def _watch(self, member: Member, now: float) -> None:
        if not self.alive(member.id):
            member.silent_since = now if member.silent_since is None else member.silent_since
            if member.state != "down" and now >= member.silent_since + self.timing.down_after:
                member.state = "down"
                self.touch(member)
            return
        back = member.silent_since is not None
        member.silent_since = None
        if member.state != "ready":
            member.state = "ready"
            self.touch(member)
        if back or now >= member.described + self.timing.description:
            self._describe(member, now)

    def _describe(self, member: Member, now: float) -> None:
        """Take down what a node says of itself."""
        member.described = now
        drivers = tuple(p.name for p in self.engines[member.id].plugins if p.enabled)
        if drivers != member.drivers:
            member.drivers = drivers
            self.touch(member)

    def member(self, reference: str) -> Member:
        """Find a node by its ID, hostname, or the start of its ID.

        Raises:
            NotFoundError: there is none.
        """
        found = (
            [m for m in self.members.values() if reference == m.id]
            or [m for m in self.members.values() if reference == m.hostname]
            or [m for m in self.members.values() if m.id.startswith(reference)]
        )
        if len(found) != 1:
            raise NotFoundError(f"node {reference} not found")
        return found[0]

    def service(self, reference: str) -> Service:
        """Find a service by its ID, name, or the start of its ID.

        Raises:
            NotFoundError: there is none.
        """
        found = (
            [s for s in self.services.values() if reference == s.id]
            or [s for s in self.services.values() if reference == s.name]
            or [s for s in self.services.values() if s.id.startswith(reference)]
        )
        if len(found) != 1:
            raise NotFoundError(f"service {reference} not found")
        return found[0]

    def tasks_of(self, service: Service) -> Iterator[Task]:
        """Give the tasks of a service, oldest first."""
        return iter(tuple(self._by_service.get(service.id, {}).values()))

    def new_task(  # noqa: PLR0913 - how a task differs from its service
        self,
        service: Service,
        *,
        slot: int = 0,
        node: str = "",
        desired: State = State.RUNNING,
        not_before: float = 0.0,
        after: tuple[str, ...] = (),
    ) -> Task:
        """Make a task from what the service wants now."""
        now = self.runtime.now()
        task = Task(
            id=self.ids.swarm(),
            service_id=service.id,
            service_name=service.name,
            service_labels=dict(service.spec.get("Labels") or {}),
            spec=deepcopy(service.template),
            slot=slot,
            node_id=node,
            desired=State.COMPLETE if service.is_job else desired,
            iteration=service.iteration if service.is_job else None,
            version=self.stamp(),
            created=now,
            updated=now,
            after=after,
            not_before=not_before,
        )
        self.tasks[task.id] = task
        self._by_service.setdefault(service.id, {})[task.id] = task
        return task

    def forget(self, task: Task) -> None:
        """Delete a task."""
        del self.tasks[task.id]
        of_service = self._by_service[task.service_id]
        del of_service[task.id]
        if not of_service:
            del self._by_service[task.service_id]

    def want(self, task: Task, desired: State) -> None:
        """Wish a task further on; never back."""
        if desired > task.desired:
            task.desired = desired
            task.version = self.stamp()

    def report(self, task: Task, state: State, message: str, error: str = "") -> None:
        """Note how far a task is; never back."""
        if state > task.state:
            task.state = state
            task.message = message
            task.error = error
            self.touch(task)
