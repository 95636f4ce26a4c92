"""A survey to claims: every reason to keep a volume, with who holds it (design.md section 4)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from cloudstorctl.core.claim_index import Claims
from cloudstorctl.core.declared import wanted_by
from cloudstorctl.core.judgement import Claim, ClaimKind, Holder, HolderType
from cloudstorctl.core.model import Container, ContainerState, ServiceMode, TaskState
from cloudstorctl.core.mounts import (
    Reacher,
    known_of_service,
    known_of_task,
)
from cloudstorctl.core.templates import Field, Match, fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.declared import DeclaredStack
    from cloudstorctl.core.model import Mount, Node, NodeId, Service, ServiceId, Survey, Task

MAY_MOUNT = {
    # Not started: the agent has created the volume in PREPARING, without a reference, and will
    # mount it; earlier states lead there (swarmkit agent/exec/controller.go, Do).
    TaskState.NEW: True,
    TaskState.ALLOCATED: True,
    TaskState.PENDING: True,
    TaskState.ASSIGNED: True,
    TaskState.ACCEPTED: True,
    TaskState.PREPARING: True,
    TaskState.READY: True,
    TaskState.STARTING: True,
    # Running by the last report, whatever the desired state: it may still be stopping, or its
    # node may be out of reach.
    TaskState.RUNNING: True,
    # Final: the container has ended, and is seen by itself if it is still there.
    TaskState.COMPLETE: False,
    TaskState.SHUTDOWN: False,
    TaskState.FAILED: False,
    TaskState.REJECTED: False,
    # Only ever a desired state; as an observed one it says nothing about the container.
    TaskState.REMOVE: True,
    # Its node is unreachable or gone, and the container may run on (swarmkit
    # design/task_model.md).
    TaskState.ORPHANED: True,
    TaskState.UNKNOWN: True,
}
"""Whether a task in this observed state may have, or may yet make, a container."""

HAS_CONTAINER = {
    ContainerState.CREATED: ClaimKind.HELD,
    ContainerState.RUNNING: ClaimKind.MOUNTED,
    ContainerState.PAUSED: ClaimKind.MOUNTED,
    ContainerState.RESTARTING: ClaimKind.MOUNTED,
    ContainerState.REMOVING: ClaimKind.MOUNTED,
    ContainerState.EXITED: ClaimKind.HELD,
    ContainerState.DEAD: ClaimKind.HELD,
    ContainerState.UNKNOWN: ClaimKind.MOUNTED,
}
"""What a container in this state claims."""


def claims_in(
    survey: Survey,
    reacher: Reacher,
    protect: tuple[str, ...] = (),
    declared: tuple[DeclaredStack, ...] = (),
) -> Claims:
    """Find every claim in a survey; `protect` are patterns of names that configuration keeps.

    `declared` is what files say that their stacks would mount.
    `reacher` is that of the survey (mounts.py, reacher_for).
    """
    claims = Claims(protect=protect)
    nodes = {node.id: node for node in survey.nodes}
    services: dict[ServiceId, list[Service]] = defaultdict(list)
    for service in survey.services:
        services[service.id].append(service)
    for engine in survey.engines:
        for container in engine.containers:
            _claim_by_container(claims, container, reacher)
        for entry in engine.entries:
            if entry.labels and reacher.family.claims_through(entry.driver):
                claims.add_label(entry)
    for task in survey.tasks:
        if MAY_MOUNT[task.state]:
            service_now = services[task.service_id][-1] if task.service_id in services else None
            _claim_by_task(claims, task, service_now, nodes, reacher)
    for service in survey.services:
        _claim_by_service(claims, service, nodes, reacher)
    _claim_by_files(claims, declared, reacher)
    return claims


def _claim_by_files(claims: Claims, declared: tuple[DeclaredStack, ...], reacher: Reacher) -> None:
    for wanted in wanted_by(declared):
        reach = reacher.of_spec(wanted.mount, wanted.known)
        if reach is not None:
            claims.add(reach, partial(_same, wanted.claim))


def _claim_by_container(claims: Claims, container: Container, reacher: Reacher) -> None:
    kind = HAS_CONTAINER[container.state]
    holder = (
        Holder(
            type=HolderType.TASK,
            id=container.task_id,
            name=container.task_name.removesuffix(f".{container.task_id}"),
        )
        if container.task_id
        else Holder(type=HolderType.CONTAINER, id=container.id, name=container.name)
    )
    for mount in container.mounts:
        path = reacher.of_container(mount, container.node_id)
        if path is None:
            continue
        claim = Claim(
            kind=kind,
            holder=holder,
            node=container.node_id,
            detail=f"container {container.name} is {container.state}",
            writes=not mount.read_only,
        )
        claims.add_path(path, claim)


def _claim_by_task(
    claims: Claims,
    task: Task,
    service: Service | None,
    nodes: Mapping[NodeId, Node],
    reacher: Reacher,
) -> None:
    node = nodes.get(task.node_id) if task.node_id else None
    for mount in task.mounts:
        reach = reacher.of_spec(mount, known_of_task(task, service, node))
        # An unnamed volume of a running task is seen by its name in the task's container.
        if reach is None or (not mount.source and task.state is TaskState.RUNNING):
            continue
        source = mount.source or "a volume without a name"
        claim = Claim(
            kind=ClaimKind.SCHEDULED,
            holder=Holder(type=HolderType.TASK, id=task.id, name=short_name(task, service)),
            node=task.node_id,
            detail=f"{source}; it is {task.state}, desired {task.desired}",
            writes=not mount.read_only,
        )
        claims.add(reach, partial(_same, claim))


def _same(claim: Claim, _match: Match) -> Claim:
    """A claim that is the same for every name it matches."""
    return claim


def short_name(task: Task, service: Service | None) -> str:
    """Name a task as `docker service ps` does: `ping2.1`, or the node's ID for a global one."""
    name = service.name if service else task.service_id
    return f"{name}.{task.slot or task.node_id or 0}"


def _claim_by_service(
    claims: Claims, service: Service, nodes: Mapping[NodeId, Node], reacher: Reacher
) -> None:
    hostnames = frozenset(node.hostname for node in nodes.values())
    for previous in (False, True):
        known = known_of_service(service, previous=previous)
        for mount in service.previous_mounts if previous else service.mounts:
            reach = reacher.of_spec(mount, known)
            if reach is not None and mount.source:
                vague = reach.unexpandable or Field.SERVICE_LABELS in fields(mount.source)
                by_spec = _BySpec(
                    service=service,
                    mount=mount,
                    previous=previous,
                    vague=vague,
                    nodes=nodes,
                    hostnames=hostnames,
                )
                claims.add(reach, by_spec.claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class _BySpec:
    """The claims of one mount of a service's spec."""

    service: Service
    mount: Mount
    previous: bool
    vague: bool
    """Whether a part of the template can be any text."""
    nodes: Mapping[NodeId, Node]
    hostnames: frozenset[str]

    def claim(self, match: Match) -> Claim:
        """Claim a name that the mount can yield in the way that `match` tells."""
        outside = self._outside(match)
        if outside:
            kind, why = ClaimKind.DORMANT, f", for {outside}"
        elif self.previous:
            kind, why = ClaimKind.ROLLBACK, ", in the spec that a rollback brings back"
        else:
            kind, why = ClaimKind.DECLARED, ""
        return Claim(
            kind=kind,
            holder=Holder(type=HolderType.SERVICE, id=self.service.id, name=self.service.name),
            detail=f"{self.mount.source}{why}",
            writes=not self.mount.read_only,
        )

    def _outside(self, match: Match) -> str:
        """Say why the name is not one that the spec yields in this swarm; empty if it is."""
        values = match.values
        if self.vague:
            return "some text of a part that cannot be read here"
        if Field.TASK_ID in values:
            return "a task that may be gone"
        service = self.service
        replicas = service.previous_replicas if self.previous else service.replicas
        job = service.mode is ServiceMode.REPLICATED_JOB
        if match.slot is not None and match.slot > (replicas - 1 if job else replicas):
            return f"slot {match.slot}, beyond its {replicas} replicas"
        for field, members in ((Field.NODE_ID, self.nodes), (Field.NODE_HOSTNAME, self.hostnames)):
            if (node := values.get(field)) is not None and node not in members:
                return f"node {node}, which is not in the swarm"
        return ""
