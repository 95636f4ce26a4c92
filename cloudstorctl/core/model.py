"""The records of what was seen: nodes, services, tasks, containers, entries and gaps.

Of some there are a hundred thousand: these are named tuples, which are made in half the time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass annotations are resolved at run time
from enum import StrEnum
from typing import NamedTuple, NewType

VolumeName = NewType("VolumeName", str)
NodeId = NewType("NodeId", str)
ServiceId = NewType("ServiceId", str)
TaskId = NewType("TaskId", str)
ContainerId = NewType("ContainerId", str)

Pairs = tuple[tuple[str, str], ...]
"""A small mapping of text to text, sorted by key, so that a record stays hashable."""


class MountKind(StrEnum):
    """What a mount mounts."""

    VOLUME = "volume"
    BIND = "bind"
    OTHER = "other"  # tmpfs, npipe, cluster, image: never a Cloudstor volume


class Mount(NamedTuple):
    """One mount, of a service's or a task's spec (unexpanded) or of a container (real)."""

    kind: MountKind
    source: str
    """Volume name or template; for a bind, the path on the node; empty: an anonymous volume."""
    target: str = ""
    driver: str = ""
    """Volume driver; empty where none is named."""
    read_only: bool = False
    options: Pairs = ()
    """Driver options that a spec asks for."""
    labels: Pairs = ()
    """Labels that a service's spec gives to a new volume; not read of tasks, which are many."""
    no_copy: bool = False
    """Whether a service's spec leaves a new volume empty, without the image's files."""
    subpath: str = ""
    """The directory in the volume that a service's spec mounts; empty: the whole."""

    @property
    def place(self) -> tuple[object, ...]:
        """Give what tells where the data is."""
        return (self.kind, self.source, self.target, self.driver, self.options, self.subpath)


class NodeState(StrEnum):
    """What the managers think of a node (swarmkit api/types.proto, NodeStatus.State)."""

    READY = "ready"
    DOWN = "down"
    DISCONNECTED = "disconnected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A member of the swarm, as a manager describes it."""

    id: NodeId
    hostname: str
    address: str = ""
    """IP address as the managers see it; empty where they do not tell."""
    state: NodeState = NodeState.READY
    availability: str = "active"
    manager: bool = False
    reachable: bool = True
    """Whether the other managers reach this one; of no meaning for a worker."""
    operating_system: str = "linux"
    architecture: str = "x86_64"
    volume_drivers: tuple[str, ...] = ()
    """Names of the volume plugins in the node's description."""
    labels: Pairs = ()
    engine_labels: Pairs = ()


class ServiceMode(StrEnum):
    """How a service makes tasks."""

    REPLICATED = "replicated"
    GLOBAL = "global"
    REPLICATED_JOB = "replicated-job"
    GLOBAL_JOB = "global-job"

    @property
    def per_node(self) -> bool:
        """Whether a task belongs to a node and has no slot."""
        return self in {ServiceMode.GLOBAL, ServiceMode.GLOBAL_JOB}

    @property
    def is_job(self) -> bool:
        """Whether its tasks run once."""
        return self in {ServiceMode.REPLICATED_JOB, ServiceMode.GLOBAL_JOB}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service as one reading of the manager showed it."""

    id: ServiceId
    name: str
    mode: ServiceMode = ServiceMode.REPLICATED
    replicas: int = 1
    """Replicas, or the total completions of a replicated job; 0 for the modes per node."""
    mounts: tuple[Mount, ...] = ()
    previous_mounts: tuple[Mount, ...] = ()
    """Mounts of the spec that a rollback would bring back."""
    previous_replicas: int = 0
    """Replicas of that spec."""
    labels: Pairs = ()
    previous_labels: Pairs = ()
    update_state: str = ""
    constraints: tuple[str, ...] = ()
    """Where its tasks may run, such as `node.role==manager`."""

    @property
    def stack(self) -> str:
        """Name of the stack that deployed it; empty for none."""
        return dict(self.labels).get("com.docker.stack.namespace", "")


class TaskState(StrEnum):
    """States of a task (swarmkit api/types.proto, TaskState)."""

    NEW = "new"
    ALLOCATED = "allocated"
    PENDING = "pending"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    PREPARING = "preparing"
    READY = "ready"
    STARTING = "starting"
    RUNNING = "running"
    COMPLETE = "complete"
    SHUTDOWN = "shutdown"
    FAILED = "failed"
    REJECTED = "rejected"
    REMOVE = "remove"
    ORPHANED = "orphaned"
    UNKNOWN = "unknown"
    """A state that this program does not know: treated as live."""


class Task(NamedTuple):
    """A task as one reading of the manager showed it."""

    id: TaskId
    service_id: ServiceId
    node_id: NodeId | None = None
    slot: int = 0
    """0 where the task has no slot: global services, and the first of a replicated job."""
    state: TaskState = TaskState.RUNNING
    desired: str = "running"
    mounts: tuple[Mount, ...] = ()
    name: str = ""
    """Annotations.Name; orchestrators leave it empty, and then the name is made up."""


class ContainerState(StrEnum):
    """States of a container (moby container/state.go)."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"
    UNKNOWN = "unknown"
    """A state that this program does not know: treated as live."""


class Container(NamedTuple):
    """A container on one engine, with its real mounts."""

    id: ContainerId
    node_id: NodeId
    name: str
    state: ContainerState = ContainerState.RUNNING
    mounts: tuple[Mount, ...] = ()
    task_id: TaskId | None = None
    task_name: str = ""
    service_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A managed plugin installed on one engine."""

    id: str
    name: str
    """The local name or alias, with its tag: what mounts name as their driver."""
    reference: str = ""
    """What it was installed from; empty for a plugin created in place."""
    enabled: bool = True
    settings: Pairs = ()
    """Its environment, such as EFS_ID_REGULAR."""


class Entry(NamedTuple):
    """One engine's listing of a volume."""

    node_id: NodeId
    name: VolumeName
    driver: str
    mountpoint: str = ""
    used_here: bool = False
    """Whether this engine has ever used it: its labels or options are not null (measured)."""
    options: Pairs = ()
    labels: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineReading:
    """What one engine said about itself; a part that could not be read is empty and has a gap."""

    node_id: NodeId
    entries: tuple[Entry, ...] = ()
    """Its whole volume list, of every driver, without rows of CSI cluster volumes."""
    cluster_volumes: tuple[VolumeName, ...] = ()
    """Names of the CSI cluster volumes in the same list."""
    containers: tuple[Container, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    root_dir: str = ""
    """The engine's data root on the node, such as /var/lib/docker."""
    authorization: tuple[str, ...] = ()
    """The plugins that it asks before it carries out a request, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Anything that could not be seen or understood."""

    source: str
    """What was asked, as the user would name it: an engine and path, a service, a node."""
    cause: str
    node: NodeId | None = None
    volumes: frozenset[VolumeName] | None = None
    """The volumes it hides; None: it hides any."""

    def names(self, place: str) -> bool:
        """Whether the source says by itself that it is about `place`: `node w4`, `ssh://docker@w4`."""
        return re.search(rf"(?<![\w.-]){re.escape(place)}(?![\w.-])", self.source) is not None

    def touches(self, name: VolumeName) -> bool:
        """Whether this gap leaves the volume `name` in doubt."""
        return self.volumes is None or name in self.volumes


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A node that is down, and whose machine is known to run nothing any more."""

    node_id: NodeId
    told: str
    """A clause that says how that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All that was read in one pass over the manager and every engine.

    Services and tasks are those before and after the engines; one that changed is there twice.
    """

    cluster_id: str
    taken_at: datetime
    nodes: tuple[Node, ...] = ()
    services: tuple[Service, ...] = ()
    tasks: tuple[Task, ...] = ()
    engines: tuple[EngineReading, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """What the reading itself missed; core/gaps.py adds what the readings leave open."""
    gone: tuple[Gone, ...] = ()
    """Nodes whose engines need not be read."""
    drivers: tuple[str, ...] = ("*cloudstor*",)
    """Patterns of driver names that belong to the Cloudstor family."""
    swarm_time: datetime | None = None
    """What the manager's own clock said; None where it does not tell."""

    @property
    def earliest(self) -> datetime:
        """The time by whichever clock is behind: no wait that ends then can be too short."""
        return min(self.taken_at, self.swarm_time or self.taken_at)

    @property
    def latest(self) -> datetime:
        """The time by whichever clock is ahead."""
        return max(self.taken_at, self.swarm_time or self.taken_at)
