"""Services whose specs write to one volume, whether or not their tasks run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from cloudstorctl.core.doctor.naming import example, renamed
from cloudstorctl.core.doctor.options import mended
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import MountKind
from cloudstorctl.core.sharing import in_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from cloudstorctl.core.doctor.ground import Ground
    from cloudstorctl.core.model import Mount, Service

SEVERAL_WRITERS = "several-writers"
"""The code of a volume that tasks of several services, or several containers, write to."""


class _Writer(NamedTuple):
    """A mount through which a service may write."""

    service: Service
    mount: Mount


def meeting_findings(
    services: Iterable[Service], ground: Ground, told: Collection[str]
) -> Iterator[Finding]:
    """Say which volumes several services write to; `told` are what is told of already.

    A template counts as the name of its first task: services that count alike meet in all of them.
    """
    writers: dict[str, dict[str, _Writer]] = defaultdict(dict)
    for service in services:
        for mount in service.mounts:
            if _writes(service, mount, ground) and (name := example(service, mount.source)):
                writers[name].setdefault(service.name, _Writer(service, mount))
    for name, several in writers.items():
        about = ground.about_volume(name)
        if len(several) > 1 and about not in told:
            yield _finding(about, [*several.values()], ground)


def _writes(service: Service, mount: Mount, ground: Ground) -> bool:
    if mount.kind is not MountKind.VOLUME or mount.read_only or not mount.source:
        return False
    if mount.driver:
        return ground.family.includes(mount.driver)
    return ground.is_external(mount) or bool(ground.resolved(service, mount).names)


def _finding(about: str, writers: list[_Writer], ground: Ground) -> Finding:
    relocatable = any(("backing", "relocatable") in each.mount.options for each in writers)
    services = in_words(each.service.name for each in writers)
    service, mount = writers[-1]
    may_part = not service.mode.is_job
    apart = mount._replace(source=renamed(service, mount, ground), options=mended(mount.options))
    return Finding(
        code=SEVERAL_WRITERS,
        severity=Severity.ERROR if relocatable else Severity.WARNING,
        about=about,
        reason=(
            f"The services {services} mount it to write ({mount.source} at {mount.target} in "
            f"{service.name}). "
            + (
                "It is on EBS, which one node can have at a time: they take it away from each "
                "other."
                if relocatable
                else "The driver does no locking: they have to keep out of each other's way "
                "themselves."
            )
            + f" If they are not meant to share, a name of its own parts {service.name} from the "
            f"others, and begins empty.{ground.lasting(service)}"
        ),
        fix=ground.changed(service, apart) if may_part else "",
        copy=ground.copied(service, mount, apart) if may_part else "",
    )
