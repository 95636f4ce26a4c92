"""What the managers of the embedded swarm keep: members, services and tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Payload: TypeAlias = dict[str, Any]
"""A piece of the API's JSON, kept as it came."""


class State(IntEnum):
    """How far a task is, or is wanted to be (swarmkit api/types.proto, TaskState)."""

    NEW = 0
    PENDING = 64
    ASSIGNED = 192
    ACCEPTED = 256
    PREPARING = 320
    READY = 384
    STARTING = 448
    RUNNING = 512
    COMPLETE = 576
    SHUTDOWN = 640
    FAILED = 704
    REJECTED = 768
    REMOVE = 800
    ORPHANED = 832

    @property
    def word(self) -> str:
        """As the API writes it."""
        return self.name.lower()


@dataclass(slots=True, kw_only=True, eq=False)
class Member:
    """A node of the swarm, as its managers see it."""

    id: str
    hostname: str
    address: str
    manager: bool = False
    availability: str = "active"
    labels: dict[str, str] = field(default_factory=dict)
    state: str = "ready"
    drivers: tuple[str, ...] = ()
    """Names of the enabled volume plugins, as the node described itself."""
    described: float = 0.0
    """When it last did."""
    version: int = 10
    created: float = 0.0
    updated: float = 0.0
    silent_since: float | None = None

    @property
    def takes_tasks(self) -> bool:
        """Whether a task may be put on it."""
        return self.state == "ready" and self.availability == "active"

    @property
    def keeps_tasks(self) -> bool:
        """Whether tasks may stay on it (swarmkit orchestrator, InvalidNode)."""
        return self.state != "down" and self.availability != "drain"


@dataclass(slots=True, kw_only=True, eq=False)
class Service:
    """A service, with its specs as they were sent."""

    id: str
    spec: Payload
    previous: Payload | None = None
    update: Payload | None = None
    """UpdateStatus of the API."""
    failed_updates: int = 0
    update_paused_until: float = 0.0
    version: int = 10
    created: float = 0.0
    updated: float = 0.0
    iteration: int = 0
    """Of a job: grows with each update."""

    @property
    def name(self) -> str:
        """Give its name."""
        return str(self.spec["Name"])

    @property
    def template(self) -> Payload:
        """Give what its tasks are made from."""
        found: Payload = self.spec["TaskTemplate"]
        return found

    @property
    def mode(self) -> str:
        """Give the API's word for its mode: Replicated, Global, ReplicatedJob or GlobalJob."""
        return str(next(iter(self.spec.get("Mode") or {"Replicated": {}})))

    @property
    def is_job(self) -> bool:
        """Whether its tasks come to an end by themselves."""
        return self.mode.endswith("Job")

    @property
    def per_node(self) -> bool:
        """Whether it wants one task on each node."""
        return self.mode.startswith("Global")

    @property
    def wanted(self) -> int:
        """How many slots it wants; of no meaning for the modes per node."""
        mode: Mapping[str, Any] = (self.spec.get("Mode") or {}).get(self.mode) or {}
        key = "TotalCompletions" if self.is_job else "Replicas"
        return int(mode.get(key, 1))

    def policy(self, section: str) -> Payload:
        """Give UpdateConfig or RollbackConfig, or RestartPolicy of the template."""
        found = self.spec.get(section) or self.template.get(section) or {}
        return dict(found)


@dataclass(slots=True, kw_only=True, eq=False)
class Task:
    """A task: one container to be, on one node."""

    id: str
    service_id: str
    service_name: str
    service_labels: dict[str, str]
    """Those of its creation."""
    spec: Payload
    slot: int = 0
    node_id: str = ""
    """For a global service the node it is for, from the start."""
    state: State = State.NEW
    desired: State = State.RUNNING
    message: str = "created"
    error: str = ""
    container_id: str = ""
    exit_code: int = 0
    iteration: int | None = None
    version: int = 10
    created: float = 0.0
    updated: float = 0.0
    after: tuple[str, ...] = ()
    """IDs of the tasks that have to end before it runs."""
    not_before: float = 0.0
    """When it may run: a restart is delayed."""
    busy: bool = False
    """Whether its node is at work for it now."""
    spent: bool = False
    """Whether it has ended and is not to be replaced."""

    @property
    def name(self) -> str:
        """Name it as its container is named (swarmkit api/naming)."""
        return f"{self.service_name}.{self.slot or self.node_id}.{self.id}"

    @property
    def live(self) -> bool:
        """Whether its service counts on it."""
        return self.desired <= State.COMPLETE and self.state <= State.RUNNING

    @property
    def ended(self) -> bool:
        """Whether it has come to its end."""
        return self.state > State.RUNNING

    @property
    def place(self) -> tuple[str, int | str]:
        """What it takes in its service: a slot, or a node."""
        return ("slot", self.slot) if self.slot else ("node", self.node_id)
