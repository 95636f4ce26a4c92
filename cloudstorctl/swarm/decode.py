"""API payloads to records: what an engine answers, in the terms of the core.

The shapes are in wire.py; what an engine leaves out has a default here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.json import Decoder

from cloudstorctl.core.model import (
    Container,
    ContainerId,
    ContainerState,
    Entry,
    Mount,
    MountKind,
    Node,
    NodeId,
    NodeState,
    Plugin,
    Service,
    ServiceId,
    ServiceMode,
    Task,
    TaskId,
    TaskState,
    VolumeName,
)
from cloudstorctl.core.times import moment_in
from cloudstorctl.errors import ShapeError
from cloudstorctl.swarm import wire
from cloudstorctl.swarm.ports import EngineIdentity, VolumeListing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from cloudstorctl.core.model import Pairs

_NO_ADDRESS = {"", "0.0.0.0", "127.0.0.1", "::"}  # noqa: S104 - what a leader says of itself
_NO_CLUSTER_VOLUMES = "unknown method ListVolumes for service docker.swarmkit.v1.Control"
"""A newer manager's warning under a leader older than 23.0 (measured: 26.1 under 20.10): it cannot
add the CSI cluster volumes to its list, because that leader knows none. No driver's row is missing.
"""
_CONTAINER_STATES = {state.value: state for state in ContainerState}
_MOUNT_KINDS = {kind.value: kind for kind in MountKind}
_VOLUME_OR_OLD = {MountKind.VOLUME, ""}
_NODE_STATES = {state.value: state for state in NodeState}
_TASK_STATES = {state.value: state for state in TaskState}
_INFO = Decoder(wire.Info)
_VOLUMES = Decoder(wire.Volumes)
_CONTAINERS = Decoder(list[wire.ContainerRow])
_PLUGINS = Decoder(list[wire.PluginRow])
_NODES = Decoder(list[wire.NodeRow])
_SERVICES = Decoder(list[wire.ServiceRow])
_TASKS = Decoder(list[wire.TaskRow])


# Every function below takes an answer as it came, and what msgspec raises on a wrong one is told
# by bodies.blaming.


def identity_from(body: bytes) -> EngineIdentity:
    """`/info`: who answers."""
    info = _INFO.decode(body)
    swarm = info.swarm or wire.SwarmInfo()
    return EngineIdentity(
        node_id=NodeId(swarm.node_id) if swarm.node_id else None,
        hostname=info.name,
        cluster_id=swarm.cluster.id or "" if swarm.cluster else "",
        manager=bool(swarm.control_available),
        root_dir=info.docker_root_dir or "",
        trouble=swarm.error or "",
        time=_time(info.system_time),
        # null where there are none (20.10 and 26.1)
        authorization=tuple(info.plugins.authorization or ()) if info.plugins else (),
    )


def _time(written: str | None) -> datetime | None:
    """Read a clock; nothing depends on it alone, and one that cannot be read is none."""
    try:
        return moment_in(written) if written else None
    except ValueError:
        return None


def listing_from(body: bytes, node: NodeId) -> VolumeListing:
    """`/volumes`: the entries, and the rows of CSI cluster volumes apart."""
    answer = _VOLUMES.decode(body)
    rows = answer.volumes or []
    return VolumeListing(
        entries=tuple([_entry(row, node) for row in rows if row.cluster_volume is None]),
        cluster_volumes=tuple(
            VolumeName(row.name) for row in rows if row.cluster_volume is not None
        ),
        warnings=tuple(w for w in answer.warnings or () if _NO_CLUSTER_VOLUMES not in w),
    )


def containers_from(body: bytes, node: NodeId) -> tuple[Container, ...]:
    """`/containers/json?all=1`: every container with its mounts."""
    return tuple([_container(row, node) for row in _CONTAINERS.decode(body)])


def plugins_from(body: bytes) -> tuple[Plugin, ...]:
    """`/plugins`: the managed plugins that drive volumes."""
    return tuple(
        Plugin(
            id=row.id or "",
            name=row.name,
            reference=row.plugin_reference or "",
            enabled=row.enabled,
            settings=_settings(row.settings.env or () if row.settings else ()),
        )
        for row in _PLUGINS.decode(body)
        if _drives_volumes(row)
    )


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


def _pairs(texts: wire.TextMap | None) -> Pairs:
    return tuple([(key, texts[key] or "") for key in sorted(texts)]) if texts else ()


def _entry(row: wire.VolumeRow, node: NodeId) -> Entry:
    return Entry(
        node_id=node,
        name=VolumeName(row.name),
        driver=row.driver or "",
        mountpoint=row.mountpoint or "",
        used_here=row.labels is not None or row.options is not None,
        options=_pairs(row.options),
        labels=_pairs(row.labels),
    )


def _container(row: wire.ContainerRow, node: NodeId) -> Container:
    labels = row.labels or wire.ContainerLabels()
    return Container(
        id=ContainerId(row.id),
        node_id=node,
        name=row.names[0].lstrip("/") if row.names else row.id[:12],
        state=_CONTAINER_STATES.get(row.state, ContainerState.UNKNOWN),
        mounts=tuple([_container_mount(mount) for mount in row.mounts or ()]),
        task_id=None if labels.task_id is None else TaskId(labels.task_id),
        task_name=labels.task_name or "",
        service_name=labels.service_name or "",
    )


def _container_mount(mount: wire.ContainerMount) -> Mount:
    kind = mount.type or ""
    # 17.03 leaves the type out of some old containers' mounts: a name makes a volume. Without one
    # it is known by its path alone, as a bind is.
    is_volume = kind in _VOLUME_OR_OLD and bool(mount.name)
    is_bind = kind == MountKind.BIND or (kind in _VOLUME_OR_OLD and not mount.name)
    return Mount(
        kind=MountKind.VOLUME if is_volume else MountKind.BIND if is_bind else MountKind.OTHER,
        source=(mount.name if is_volume else mount.source) or "",
        target=mount.destination or "",
        driver=mount.driver or "",
        read_only=mount.writable is False,
    )


def _spec_mount(mount: wire.SpecMount) -> Mount:
    # The manager's API writes no type for a volume in some versions: it is the default.
    kind = MountKind.VOLUME if mount.type is None else mount.type
    options = mount.volume_options
    driver = (options.driver_config if options else None) or wire.DriverConfig()
    return Mount(
        kind=_MOUNT_KINDS.get(kind, MountKind.OTHER),
        source=mount.source or "",
        target=mount.target or "",
        driver=driver.name or "",
        read_only=bool(mount.read_only),
        options=_pairs(driver.options),
    )


def _whole_mount(mount: wire.SpecMount) -> Mount:
    """Keep also what a change of the mount has to write again: of services, which are few."""
    options = mount.volume_options or wire.VolumeOptions()
    return _spec_mount(mount)._replace(
        labels=_pairs(options.labels),
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
        labels=_pairs(row.spec.labels if row.spec else None),
        engine_labels=_pairs(description.engine.labels if description.engine else None),
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
        labels=_pairs(spec.labels),
        previous_labels=_pairs(previous.labels),
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


def _drives_volumes(row: wire.PluginRow) -> bool:
    """Whether a plugin serves `docker.volumedriver`; one that does not say may."""
    interface = row.config.interface if row.config else None
    if interface is None or interface.types is None:
        return True
    return any("volumedriver" in kind for kind in interface.types)


def _settings(lines: Iterable[str]) -> Pairs:
    return tuple(sorted((key, value) for key, _, value in (line.partition("=") for line in lines)))
