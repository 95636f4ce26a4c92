"""Put tasks on nodes (swarmkit manager/scheduler: filters, then the node with the fewest)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.demo.managers.records import State

if TYPE_CHECKING:
    from cloudstorctl.demo.managers.cluster import Cluster
    from cloudstorctl.demo.managers.records import Member, Payload, Task


def schedule(cluster: Cluster) -> None:
    """Assign every task that waits for a node, where one fits."""
    for task in tuple(cluster.tasks.values()):
        if task.state > State.PENDING or task.desired > State.COMPLETE:
            continue
        if task.state == State.NEW:
            cluster.report(task, State.PENDING, "pending task scheduling")
            continue
        fitting = [
            member
            for member in cluster.members.values()
            if member.takes_tasks
            and member.id == (task.node_id or member.id)
            and fits(task.spec, member)
        ]
        if not fitting:
            task.error = "no suitable node"
            continue
        loads = {member.id: _load(cluster, task, member) for member in fitting}
        fitting.sort(key=lambda member: loads[member.id])
        fewest, *_ = loads[fitting[0].id]
        equal = [member for member in fitting if loads[member.id][0] == fewest]
        task.node_id = cluster.chance.node(task, equal).id
        cluster.report(task, State.ASSIGNED, "scheduler assigned task to node")


def fits(template: Payload, member: Member) -> bool:
    """Whether a node meets the constraints of a task, and has the drivers that it names."""
    placement = template.get("Placement") or {}
    constraints = placement.get("Constraints") or ()
    return all(_meets(member, rule) for rule in constraints) and all(
        driver in {"", "local"} or _has(member, driver) for driver in _drivers(template)
    )


def _load(cluster: Cluster, task: Task, member: Member) -> tuple[int, int, str]:
    """Count the tasks of the same service on a node, then all."""
    here = [t for t in cluster.tasks.values() if t.node_id == member.id and t.live]
    same = sum(each.service_id == task.service_id for each in here)
    return same, len(here), member.hostname


def _has(member: Member, driver: str) -> bool:
    return driver in member.drivers or f"{driver}:latest" in member.drivers


def _drivers(template: Payload) -> list[str]:
    mounts = (template.get("ContainerSpec") or {}).get("Mounts") or ()
    return [
        ((mount.get("VolumeOptions") or {}).get("DriverConfig") or {}).get("Name") or ""
        for mount in mounts
        if (mount.get("Type") or "volume") == "volume"
    ]


def _meets(member: Member, rule: str) -> bool:
    """Whether a node meets one constraint, such as `node.labels.zone==a` (swarmkit constraint)."""
    wanted = "!=" not in rule
    key, _, value = rule.partition("==" if wanted else "!=")
    key, value = key.strip(), value.strip()
    known = {
        "node.id": member.id,
        "node.hostname": member.hostname,
        "node.role": "manager" if member.manager else "worker",
        "node.platform.os": "linux",
        "node.platform.arch": "x86_64",
    }
    if key.startswith("node.labels."):
        found = member.labels.get(key.removeprefix("node.labels."), "")
    else:
        found = known.get(key, "")
    return (found.lower() == value.lower()) is wanted
