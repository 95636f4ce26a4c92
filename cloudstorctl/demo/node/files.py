"""Which files on this machine stand for the paths in containers, plugins and nodes."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.node.drivers import LOCAL
from cloudstorctl.demo.node.marker import ended

if TYPE_CHECKING:
    from cloudstorctl.demo.node.container import Container, Mounted
    from cloudstorctl.demo.node.drivers import Drivers
    from cloudstorctl.demo.node.plugin import Plugin

ROOT_DIR: Final = "/var/lib/docker"


def host_path(plugin: Plugin, path: str) -> str:
    """Turn a path inside a plugin into that on the node, as lists show it."""
    return f"{ROOT_DIR}/plugins/{plugin.id}/propagated-mount{path.removeprefix('/mnt')}"


def carry_out(drivers: Drivers, container: Container) -> None:
    """Do to the files what the program of a container does at its start."""
    program = container.program
    if program is None:
        return
    # Below a directory that is gone nothing can be written, and the program does not mind.
    for path, text, appended in program.writes:
        place = _place(drivers, container, path)
        with contextlib.suppress(OSError):
            if place is not None:
                with place.open("a" if appended else "w") as file:
                    file.write(text)
    for path in program.removes:
        place = _place(drivers, container, path)
        with contextlib.suppress(OSError):
            if place is not None:
                place.unlink()
    if program.marker is not None:
        script, path, content = program.marker
        read_only = any(
            mount.read_only and Path(path).is_relative_to(mount.destination)
            for mount in container.mounts
        )
        place = _place(drivers, container, path)
        program.exit_code = ended(script, place, content, read_only=read_only)


def _place(drivers: Drivers, container: Container, path: str) -> Path | None:
    """Give the file behind a path in a container; None: it is in no mount."""
    inside = Path(path)
    for mount in sorted(container.mounts, key=lambda each: -len(each.destination)):
        if inside.is_relative_to(mount.destination):
            root = _folder(drivers, mount)
            return root / inside.relative_to(mount.destination) if root else None
    return None


def _folder(drivers: Drivers, mount: Mounted) -> Path | None:
    if mount.kind == "volume" and mount.driver == LOCAL:
        return Path(drivers.local_path(mount.name))
    for plugin in drivers.plugins:
        prefix = host_path(plugin, "/mnt/")
        if mount.kind == "bind" and mount.source.startswith(prefix):
            return plugin.outside(f"/mnt/{mount.source.removeprefix(prefix)}")
        if mount.kind == "volume" and mount.driver == plugin.name:
            return plugin.outside(mount.source)
    return None
