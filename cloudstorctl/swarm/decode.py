"""What an engine answers about itself, as records; of its swarm: decode_state.py.

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
    NodeId,
    Plugin,
    TaskId,
    VolumeName,
)
from cloudstorctl.core.times import moment_in
from cloudstorctl.swarm import wire
from cloudstorctl.swarm.ports import EngineIdentity, VolumeListing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cloudstorctl.core.model import Pairs

_NO_CLUSTER_VOLUMES = "unknown method ListVolumes for service docker.swarmkit.v1.Control"
"""A newer manager's warning under a leader older than 23.0 (measured: 26.1 under 20.10): it cannot
add the CSI cluster volumes to its list, because that leader knows none. No driver's row is missing.
"""
_CONTAINER_STATES = {state.value: state for state in ContainerState}
MOUNT_KINDS = {kind.value: kind for kind in MountKind}
"""By what the API calls them."""
_VOLUME_OR_OLD = {MountKind.VOLUME, ""}
_INFO = Decoder(wire.Info)
_VOLUMES = Decoder(wire.Volumes)
_CONTAINERS = Decoder(list[wire.ContainerRow])
_PLUGINS = Decoder(list[wire.PluginRow])


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


def pairs_of(texts: wire.TextMap | None) -> Pairs:
    """Sort a small mapping; null counts as empty, as a text and as the whole."""
    return tuple([(key, texts[key] or "") for key in sorted(texts)]) if texts else ()


def _entry(row: wire.VolumeRow, node: NodeId) -> Entry:
    return Entry(
        node_id=node,
        name=VolumeName(row.name),
        driver=row.driver or "",
        mountpoint=row.mountpoint or "",
        used_here=row.labels is not None or row.options is not None,
        options=pairs_of(row.options),
        labels=pairs_of(row.labels),
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


def _drives_volumes(row: wire.PluginRow) -> bool:
    """Whether a plugin serves `docker.volumedriver`; one that does not say may."""
    interface = row.config.interface if row.config else None
    if interface is None or interface.types is None:
        return True
    return any("volumedriver" in kind for kind in interface.types)


def _settings(lines: Iterable[str]) -> Pairs:
    return tuple(sorted((key, value) for key, _, value in (line.partition("=") for line in lines)))
