"""Checks on the mounts of one service: whether the data stays with its task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.naming import OF_A_NODE, OF_A_TASK, beside, renamed
from cloudstorctl.core.doctor.options import mended, option_findings
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.gotemplate import Field, Opaque, parts_of
from cloudstorctl.core.model import MountKind
from cloudstorctl.core.placement import is_fixed
from cloudstorctl.core.templates import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.doctor.ground import Ground, Resolved
    from cloudstorctl.core.model import Mount, Service

SHARED_NAME = "shared-name"
"""The code of a service whose tasks all write to one volume."""

_OF_A_PLATFORM = {Field.NODE_OS, Field.NODE_ARCH}
_TOLD_APART = {Field.SLOT} | OF_A_TASK | OF_A_NODE
"""Fields that give the tasks of a service different names."""


_LEFT_BEHIND = "The data is not carried over: stop what writes to it and copy it first,"


def mount_findings(service: Service, ground: Ground) -> Iterator[Finding]:
    """Check every volume mount of a service that is Cloudstor's, or that names no driver.

    Any other driver is a decision that this program has no say in.
    """
    for mount in service.mounts:
        if mount.kind is not MountKind.VOLUME:
            continue
        if mount.driver:
            if ground.family.includes(mount.driver):
                named = [*_named(service, mount, ground)]
                yield from named
                shares = any(each.code == SHARED_NAME for each in named)
                yield from option_findings(service, mount, ground, shares=shares)
        elif mount.source:
            yield from _without_driver(service, mount, ground)
        elif not service.mode.is_job:
            yield _without_name(service, mount, ground)


def _named(service: Service, mount: Mount, ground: Ground) -> Iterator[Finding]:
    """Check the name; that of a job is left alone, whose tasks run once."""
    if not mount.source:
        yield _without_name(service, mount, ground)
    elif not service.mode.is_job and Opaque.ACTION not in parts_of(mount.source):
        yield from _expanded(service, mount, ground)


def _without_name(service: Service, mount: Mount, ground: Ground) -> Finding:
    """Say that data goes with its container (moby daemon/volumes.go; adapter.go, RemoveVolume)."""
    named = mount._replace(
        source=renamed(service, mount, ground),
        driver=mount.driver or ground.driver,
        options=mended(mount.options),
    )
    local = "" if mount.driver else " and on its node alone"
    return Finding(
        code="no-name",
        severity=Severity.WARNING,
        about=ground.about(service),
        reason=(
            f"The volume at {mount.target} has no name: each container gets a new one{local}, and "
            f"its data is removed with the container.{ground.lasting(service)}"
        ),
        volume=mount.source,
        fix=ground.changed(service, named),
    )


def _expanded(service: Service, mount: Mount, ground: Ground) -> Iterator[Finding]:
    used = fields(mount.source)
    if used & OF_A_TASK:
        yield _unsteady(
            "task-in-name",
            service,
            mount,
            ground,
            "takes part of its name from the task: at each restart the new task gets a new and "
            "empty volume, and that of the old one stays behind",
        )
    elif used & (OF_A_NODE | _OF_A_PLATFORM) and not (service.mode.per_node or is_fixed(service)):
        where = "another node" if used & OF_A_NODE else "a node of another platform"
        yield _unsteady(
            "node-in-name",
            service,
            mount,
            ground,
            f"takes part of its name from the node: a task that moves to {where} gets another "
            "volume, and its data stays behind",
        )
    elif not used & (_TOLD_APART - OF_A_NODE if is_fixed(service) else _TOLD_APART):
        yield from _shared(service, mount, ground)


def _unsteady(code: str, service: Service, mount: Mount, ground: Ground, what: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        about=ground.about(service),
        reason=(
            f"The volume {mount.source} at {mount.target} {what}. {ground.steady(service)} stays "
            "the same. A new name begins with an empty volume: copy what is to be kept."
            f"{ground.lasting(service)}"
        ),
        volume=mount.source,
        fix=ground.changed(service, _apart(service, mount, ground)),
    )


def _shared(service: Service, mount: Mount, ground: Ground) -> Iterator[Finding]:
    if mount.read_only:
        return
    per_node = service.mode.per_node
    tasks = ground.nodes(service) if per_node else service.replicas
    if tasks is not None and tasks < 2:  # noqa: PLR2004 - one task shares with nobody
        return
    relocatable = dict(mount.options).get("backing") == "relocatable"
    who = "A task on every node writes" if per_node else f"{tasks} tasks write"
    danger = (
        "it is on EBS, which one node can have at a time: each task takes it away from the others"
        if relocatable
        else "the driver does no locking, so they may overwrite each other's files"
    )
    apart = _apart(service, mount, ground)
    yield Finding(
        code=SHARED_NAME,
        severity=Severity.ERROR if relocatable else Severity.WARNING,
        about=ground.about(service),
        reason=(
            f"{who} to the one volume {mount.source} at {mount.target}: {danger}. If they are not "
            f"meant to share, {ground.steady(service)} in the name gives each its own, which "
            "begins empty; tasks that only read can mount it read-only."
            f"{ground.lasting(service)}"
        ),
        volume=mount.source,
        fix=ground.changed(service, apart),
        copy=ground.copied(service, mount, apart),
    )


def _apart(service: Service, mount: Mount, ground: Ground) -> Mount:
    """Give each task its own volume, with whatever else is wrong mended, so that one fix is all."""
    return mount._replace(source=renamed(service, mount, ground), options=mended(mount.options))


def _without_driver(service: Service, mount: Mount, ground: Ground) -> Iterator[Finding]:
    """Check a mount that leaves the driver to the engine (moby volume/service/store.go)."""
    found = ground.resolved(service, mount)
    if ground.is_external(mount):
        yield Finding(
            code="external-volume",
            severity=Severity.WARNING,
            about=ground.about(service),
            reason=(
                f"The volume {mount.source} at {mount.target} is external, so the mount names no "
                "driver: it gets the Cloudstor volume of that name on a node that lists it, and on "
                "any other Docker makes an empty local volume without a word. A volume that names "
                "the driver reaches the same data from every node."
            ),
            volume=mount.source,
            fix=ground.changed(service, mount._replace(driver=ground.driver)),
        )
    elif found.names:
        yield _driver_not_named(service, mount, ground, found)
    elif not service.mode.per_node:
        yield _local_data(service, mount, ground, found)


def _driver_not_named(service: Service, mount: Mount, ground: Ground, found: Resolved) -> Finding:
    named = mount._replace(driver=ground.driver)
    fixed, also, copy = named, "", ""
    if found.local:
        fixed = named._replace(source=beside(service, mount, ground, "shared"))
        also = (
            f" A local volume of that name is on {', '.join(found.local)}: an engine that has one "
            "refuses the driver's (volume name must be unique), so the mount needs another name. "
            f"{_LEFT_BEHIND} on a node that has no such local volume."
        )
        copy = ground.copied(service, named, fixed)
    return Finding(
        code="driver-not-named",
        severity=Severity.NOTE if found.everywhere and not found.local else Severity.WARNING,
        about=ground.about(service),
        reason=(
            f"The mount of {mount.source} at {mount.target} names no driver, and gets the "
            f"Cloudstor volume {', '.join(found.names)} because there is one"
            + (
                "."
                if found.everywhere
                else "; a node that does not list it gives the task an empty local volume."
            )
            + f" Without that volume, each node would make a local one.{also}"
            f"{ground.lasting(service)}"
        ),
        volume=mount.source,
        fix=ground.changed(service, fixed),
        copy=copy,
    )


def _local_data(service: Service, mount: Mount, ground: Ground, found: Resolved) -> Finding:
    fixed, also, copy = mount._replace(driver=ground.driver), "", ""
    if found.local or found.may_be_local:
        fixed = fixed._replace(source=renamed(service, mount, ground))
        where = f"on {', '.join(found.local)}" if found.local else "on the node that has it"
        also = (
            " An engine that has a local volume of that name refuses the driver's (volume name "
            f"must be unique), so the mount needs another name. {_LEFT_BEHIND} {where}."
        )
        copy = ground.copied(service, mount, fixed)
        if copy and found.local:
            copy += f"  # on {found.local[0]}"
    return Finding(
        code="local-data",
        severity=Severity.WARNING,
        about=ground.about(service),
        reason=(
            f"The volume {mount.source} at {mount.target} names no driver: its data is on the "
            f"node where the task runs, and a task that moves begins with an empty volume.{also}"
            f"{ground.lasting(service)}"
        ),
        volume=mount.source,
        fix=ground.changed(service, fixed),
        copy=copy,
    )
