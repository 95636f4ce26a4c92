"""What managers answer about their swarm, as records: nodes, services and tasks.

The shapes are in wire.py; what a manager leaves out has a default here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.json import Decoder

from cloudstorctl.core.model import (
    Mount,
    MountKind,
    Node,
    NodeId,
    NodeState,
    Service,
    ServiceId,
    ServiceMode,
    Task,
    TaskId,
    TaskState,
)
from cloudstorctl.errors import ShapeError
from cloudstorctl.swarm import wire
from cloudstorctl.swarm.decode import MOUNT_KINDS, pairs_of

if TYPE_CHECKING:
    from collections.abc import Callable


_NO_ADDRESS = {"", "0.0.0.0", "127.0.0.1", "::"}  # noqa: S104 - what a leader says of itself
_NODE_STATES = {state.value: state for state in NodeState}
_TASK_STATES = {state.value: state for state in TaskState}
_NODES = Decoder(list[wire.NodeRow])
_SERVICES = Decoder(list[wire.ServiceRow])
_TASKS = Decoder(list[wire.TaskRow])


def nodes_from(body: bytes) -> tuple[Node, ...]:
    """`/nodes`: the members of the swarm."""
    return tuple(_node(row) for row in _NODES.decode(body))


def services_from(body: bytes) -> tuple[Service, ...]:
    """`/services`: every service with its previous spec.

    Raises:
        ShapeError: one has a mode that this program does not know.
    """
    return tuple(
        _service(row, f"[{position}]") for position, row in enumerate(_SERVICES.decode(body))
    )


def tasks_from(body: bytes) -> tuple[Task, ...]:
    """`/tasks`: every task that the managers still know."""
    return tuple([_task(row) for row in _TASKS.decode(body)])


def _spec_mount(mount: wire.SpecMount) -> Mount:
    # The manager's API writes no type for a volume in some versions: it is the default.
    kind = MountKind.VOLUME if mount.type is None else mount.type
    options = mount.volume_options
    driver = (options.driver_config if options else None) or wire.DriverConfig()
    return Mount(
        kind=MOUNT_KINDS.get(kind, MountKind.OTHER),
        source=mount.source or "",
        target=mount.target or "",
        driver=driver.name or "",
        read_only=bool(mount.read_only),
        options=pairs_of(driver.options),
    )


def _whole_mount(mount: wire.SpecMount) -> Mount:
    """Keep also what a change of the mount has to write again: of services, which are few."""
    options = mount.volume_options or wire.VolumeOptions()
    return _spec_mount(mount)._replace(
        labels=pairs_of(options.labels),
        no_copy=bool(options.no_copy),
        subpath=options.subpath or "",
    )


def _mounts_of(
    spec: wire.TaskSpec | None, mount_from: Callable[[wire.SpecMount], Mount] = _spec_mount
) -> tuple[Mount, ...]:
    if spec is None or spec.container_spec is None:
        return ()
    return tuple([mount_from(mount) for mount in spec.container_spec.mounts or ()])


def _node(row: wire.NodeRow) -> Node:
    description = row.description or wire.Description()
    platform = description.platform or wire.Platform()
    plugins = description.engine.plugins or () if description.engine else ()
    as_manager = row.manager_status or wire.ManagerStatus()
    return Node(
        id=NodeId(row.id),
        hostname=description.hostname or row.id,
        address=_address(row.status.addr or "", as_manager.addr or ""),
        state=_NODE_STATES.get(row.status.state, NodeState.UNKNOWN),
        availability=(row.spec.availability if row.spec else None) or "active",
        manager=row.manager_status is not None,
        reachable=as_manager.reachability in {None, "reachable"},
        operating_system=platform.os or "",
        architecture=platform.architecture or "",
        labels=pairs_of(row.spec.labels if row.spec else None),
        engine_labels=pairs_of(description.engine.labels if description.engine else None),
        volume_drivers=tuple(plugin.name for plugin in plugins if plugin.type == "Volume"),
    )


def _address(own: str, as_manager: str) -> str:
    """The node's IP: a leader reports 0.0.0.0 or 127.0.0.1 of itself on some versions."""
    return as_manager.rpartition(":")[0].strip("[]") if own in _NO_ADDRESS and as_manager else own


def _service(row: wire.ServiceRow, where: str) -> Service:
    spec, previous = row.spec, row.previous_spec or wire.PreviousSpec()
    mode, replicas = _mode(spec.mode, f"{where}.Spec")
    placement = (spec.task_template and spec.task_template.placement) or wire.Placement()
    previous_replicas = _mode(previous.mode, f"{where}.PreviousSpec")[1] if row.previous_spec else 0
    return Service(
        id=ServiceId(row.id),
        name=spec.name,
        mode=mode,
        replicas=replicas,
        mounts=_mounts_of(spec.task_template, _whole_mount),
        previous_mounts=_mounts_of(previous.task_template, _whole_mount),
        previous_replicas=previous_replicas,
        labels=pairs_of(spec.labels),
        previous_labels=pairs_of(previous.labels),
        constraints=tuple(placement.constraints or ()),
        update_state=(row.update_status.state if row.update_status else None) or "",
    )


def _mode(mode: wire.Mode | None, where: str) -> tuple[ServiceMode, int]:
    mode = mode or wire.Mode()
    if mode.everywhere is not None:
        return ServiceMode.GLOBAL, 0
    if mode.global_job is not None:
        return ServiceMode.GLOBAL_JOB, 0
    if mode.replicated_job is not None:
        return ServiceMode.REPLICATED_JOB, _or_one(mode.replicated_job.total_completions)
    if mode.replicated is None:
        raise ShapeError(
            where=f"{where}.Mode.Replicated",
            wanted="a service mode that this program knows",
            found="missing",
        )
    return ServiceMode.REPLICATED, _or_one(mode.replicated.replicas)


def _or_one(count: int | None) -> int:
    return 1 if count is None else count


def _task(row: wire.TaskRow) -> Task:
    return Task(
        id=TaskId(row.id),
        service_id=ServiceId(row.service_id or ""),
        node_id=NodeId(row.node_id) if row.node_id else None,
        slot=row.slot or 0,
        state=_TASK_STATES.get(row.status.state, TaskState.UNKNOWN),
        desired=row.desired_state or "",
        mounts=_mounts_of(row.spec),
        name=row.name or "",
    )
