"""API payloads to records: what an engine answers, checked field by field.

Field names are those of the Engine API (moby api/swagger.yaml), from version 1.26 on; what an
older engine leaves out has a default, and what is of the wrong type is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cloudstorctl.core.fields import Fields
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
from cloudstorctl.errors import PayloadError, ShapeError
from cloudstorctl.swarm.ports import EngineIdentity, VolumeListing

_NO_ADDRESS = {"", "0.0.0.0", "127.0.0.1", "::"}  # noqa: S104 - what a leader says of itself
_NO_CLUSTER_VOLUMES = "unknown method ListVolumes for service docker.swarmkit.v1.Control"
"""A newer manager's warning under a leader older than 23.0 (measured: 26.1 under 20.10): it cannot
add the CSI cluster volumes to its list, because that leader knows none. No driver's row is missing.
"""
_TASK_ID = "com.docker.swarm.task.id"
_TASK_NAME = "com.docker.swarm.task.name"
_SERVICE_NAME = "com.docker.swarm.service.name"
_CONTAINER_STATES = {state.value: state for state in ContainerState}
_MOUNT_KINDS = {kind.value: kind for kind in MountKind}
_NODE_STATES = {state.value: state for state in NodeState}
_TASK_STATES = {state.value: state for state in TaskState}


@contextmanager
def blaming(engine: str, path: str) -> Iterator[None]:
    """Turn a field of the wrong shape into an error that names engine and path.

    Raises:
        PayloadError: in place of a ShapeError raised inside.
    """
    try:
        yield
    except ShapeError as error:
        raise PayloadError(engine, path, f"unexpected answer: {error}") from error


def identity_from(payload: object) -> EngineIdentity:
    """`/info`: who answers."""
    top = Fields(payload)
    swarm = top.child("Swarm")
    return EngineIdentity(
        node_id=NodeId(swarm.text("NodeID", "")) or None,
        hostname=top.text("Name"),
        cluster_id=swarm.child("Cluster").text("ID", ""),
        manager=swarm.flag("ControlAvailable", default=False),
        root_dir=top.text("DockerRootDir", ""),
        trouble=swarm.text("Error", ""),
    )


def listing_from(payload: object, node: NodeId) -> VolumeListing:
    """`/volumes`: the entries, and the rows of CSI cluster volumes apart."""
    top = Fields(payload)
    rows = top.items("Volumes", required=True)
    return VolumeListing(
        entries=tuple([_entry(row, node) for row in rows if not row.has("ClusterVolume")]),
        cluster_volumes=tuple(
            VolumeName(row.text("Name")) for row in rows if row.has("ClusterVolume")
        ),
        warnings=tuple(w for w in top.texts("Warnings") if _NO_CLUSTER_VOLUMES not in w),
    )


def containers_from(payload: object, node: NodeId) -> tuple[Container, ...]:
    """`/containers/json?all=1`: every container with its mounts."""
    return tuple(_container(item, node) for item in _objects(payload))


def plugins_from(payload: object) -> tuple[Plugin, ...]:
    """`/plugins`: the managed plugins that drive volumes."""
    return tuple(
        Plugin(
            id=item.text("Id", ""),
            name=item.text("Name"),
            reference=item.text("PluginReference", ""),
            enabled=item.flag("Enabled"),
            settings=_settings(item.child("Settings").texts("Env")),
        )
        for item in _objects(payload)
        if _drives_volumes(item)
    )


def nodes_from(payload: object) -> tuple[Node, ...]:
    """`/nodes`: the members of the swarm."""
    return tuple(_node(item) for item in _objects(payload))


def services_from(payload: object) -> tuple[Service, ...]:
    """`/services`: every service with its previous spec."""
    return tuple(_service(item) for item in _objects(payload))


def tasks_from(payload: object) -> tuple[Task, ...]:
    """`/tasks`: every task that the managers still know."""
    return tuple(_task(item) for item in _objects(payload))


def _objects(payload: object) -> Iterator[Fields]:
    """The rows of a list, or of an iterator over one that is decoded meanwhile."""
    if not isinstance(payload, list | Iterator):
        raise ShapeError(where="it", wanted="a list", found="something else")
    return (Fields(item, f"[{position}]") for position, item in enumerate(payload))


def _entry(row: Fields, node: NodeId) -> Entry:
    return Entry(
        node_id=node,
        name=VolumeName(row.text("Name")),
        driver=row.text("Driver", ""),
        mountpoint=row.text("Mountpoint", ""),
        used_here=row.has("Labels") or row.has("Options"),
        options=row.pairs("Options"),
        labels=row.pairs("Labels"),
    )


def _container(item: Fields, node: NodeId) -> Container:
    labels = dict(item.pairs("Labels"))
    names = item.texts("Names")
    identifier = item.text("Id")
    return Container(
        id=ContainerId(identifier),
        node_id=node,
        name=names[0].lstrip("/") if names else identifier[:12],
        state=_CONTAINER_STATES.get(item.text("State"), ContainerState.UNKNOWN),
        mounts=tuple(_container_mount(mount) for mount in item.items("Mounts", required=True)),
        task_id=TaskId(labels[_TASK_ID]) if _TASK_ID in labels else None,
        task_name=labels.get(_TASK_NAME, ""),
        service_name=labels.get(_SERVICE_NAME, ""),
    )


def _container_mount(mount: Fields) -> Mount:
    kind = mount.text("Type", "")
    name = mount.text("Name", "")
    # 17.03 leaves the type out of some old containers' mounts: a name makes a volume. Without one
    # it is known by its path alone, as a bind is.
    is_volume = kind in {MountKind.VOLUME, ""} and bool(name)
    is_bind = kind == MountKind.BIND or (kind in {MountKind.VOLUME, ""} and not name)
    return Mount(
        kind=MountKind.VOLUME if is_volume else MountKind.BIND if is_bind else MountKind.OTHER,
        source=name if is_volume else mount.text("Source", ""),
        target=mount.text("Destination", ""),
        driver=mount.text("Driver", ""),
        read_only=not mount.flag("RW", default=True),
    )


def _spec_mount(mount: Fields) -> Mount:
    # The manager's API writes no type for a volume in some versions: it is the default.
    kind = mount.text("Type", MountKind.VOLUME)
    driver = mount.child("VolumeOptions").child("DriverConfig")
    return Mount(
        kind=_MOUNT_KINDS.get(kind, MountKind.OTHER),
        source=mount.text("Source", ""),
        target=mount.text("Target", ""),
        driver=driver.text("Name", ""),
        read_only=mount.flag("ReadOnly", default=False),
        options=driver.pairs("Options"),
    )


def _mounts_of(spec: Fields, template: str) -> tuple[Mount, ...]:
    container = (spec.child(template) if template else spec).child("ContainerSpec")
    return tuple(_spec_mount(mount) for mount in container.items("Mounts"))


def _node(item: Fields) -> Node:
    description = item.child("Description")
    platform = description.child("Platform")
    return Node(
        id=NodeId(item.text("ID")),
        hostname=description.text("Hostname", "") or item.text("ID"),
        address=_address(item),
        state=_NODE_STATES.get(item.child("Status").text("State"), NodeState.UNKNOWN),
        availability=item.child("Spec").text("Availability", "active"),
        manager=item.has("ManagerStatus"),
        reachable=item.child("ManagerStatus").text("Reachability", "reachable") == "reachable",
        operating_system=platform.text("OS", ""),
        architecture=platform.text("Architecture", ""),
        volume_drivers=tuple(
            plugin.text("Name")
            for plugin in description.child("Engine").items("Plugins")
            if plugin.text("Type", "") == "Volume"
        ),
    )


def _address(item: Fields) -> str:
    """The node's IP: a leader reports 0.0.0.0 or 127.0.0.1 of itself on some versions."""
    own = item.child("Status").text("Addr", "")
    as_manager = item.child("ManagerStatus").text("Addr", "")
    return as_manager.rpartition(":")[0].strip("[]") if own in _NO_ADDRESS and as_manager else own


def _service(item: Fields) -> Service:
    spec, previous = item.child("Spec"), item.child("PreviousSpec")
    mode, replicas = _mode(spec.child("Mode"))
    return Service(
        id=ServiceId(item.text("ID")),
        name=spec.text("Name"),
        mode=mode,
        replicas=replicas,
        mounts=_mounts_of(spec, "TaskTemplate"),
        previous_mounts=_mounts_of(previous, "TaskTemplate"),
        previous_replicas=_mode(previous.child("Mode"))[1] if item.has("PreviousSpec") else 0,
        labels=spec.pairs("Labels"),
        previous_labels=previous.pairs("Labels"),
        update_state=item.child("UpdateStatus").text("State", ""),
    )


def _mode(mode: Fields) -> tuple[ServiceMode, int]:
    if mode.has("Global"):
        return ServiceMode.GLOBAL, 0
    if mode.has("GlobalJob"):
        return ServiceMode.GLOBAL_JOB, 0
    if mode.has("ReplicatedJob"):
        job = mode.child("ReplicatedJob")
        return ServiceMode.REPLICATED_JOB, job.integer("TotalCompletions", 1)
    if not mode.has("Replicated"):
        mode.refuse("Replicated", "a service mode that this program knows")
    return ServiceMode.REPLICATED, mode.child("Replicated").integer("Replicas", 1)


def _task(item: Fields) -> Task:
    status = item.child("Status")
    return Task(
        id=TaskId(item.text("ID")),
        service_id=ServiceId(item.text("ServiceID", "")),
        node_id=NodeId(item.text("NodeID", "")) or None,
        slot=item.integer("Slot", 0),
        state=_TASK_STATES.get(status.text("State"), TaskState.UNKNOWN),
        desired=item.text("DesiredState", ""),
        mounts=_mounts_of(item.child("Spec"), ""),
        name=item.text("Name", ""),
    )


def _drives_volumes(item: Fields) -> bool:
    """Whether a plugin serves `docker.volumedriver`; one that does not say may."""
    interface = item.child("Config").child("Interface")
    types = interface.texts("Types")
    return not interface.has("Types") or any("volumedriver" in kind for kind in types)


def _settings(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, _, value in (line.partition("=") for line in lines)))
