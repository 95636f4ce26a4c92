"""Read what a request to create a container, or a task, asks to be mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudstorctl.demo.node.container import Mounted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.demo.ids import Ids


def mounts_of(
    binds: Iterable[str], mounts: Iterable[dict[str, Any]], volumes: Iterable[str], ids: Ids
) -> list[Mounted]:
    """Read the three ways in which a request asks for mounts: Binds, Mounts and Volumes."""
    found: dict[str, Mounted] = {}
    for bind in binds:
        source, _, rest = bind.partition(":")
        target, _, mode = rest.partition(":")
        is_path = source.startswith("/")
        found[target] = Mounted(
            kind="bind" if is_path else "volume",
            destination=target,
            name="" if is_path else source,
            source=source if is_path else "",
            read_only="ro" in mode.split(","),
            mode=mode or ("" if is_path else "z"),
        )
    for mount in mounts:
        kind, target = mount.get("Type") or "volume", mount.get("Target") or ""
        source = mount.get("Source") or ""
        options = mount.get("VolumeOptions") or {}
        found[target] = Mounted(
            kind=kind,
            destination=target,
            name=(source or ids.long()) if kind == "volume" else "",
            driver=((options.get("DriverConfig") or {}).get("Name") or ""),
            source="" if kind == "volume" else source,
            read_only=bool(mount.get("ReadOnly")),
            mode="z" if kind == "volume" else "",
            anonymous=kind == "volume" and not source,
        )
    for target in volumes:
        if target not in found:
            found[target] = Mounted(
                kind="volume", destination=target, name=ids.long(), anonymous=True
            )
    return list(found.values())
