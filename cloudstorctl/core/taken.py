"""What speaks against the name of a mount that is to be: who has it, and where it is already."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from cloudstorctl.core.claims import claims_in
from cloudstorctl.core.judgement import BackingKind, HolderType, Volume
from cloudstorctl.core.model import MountKind, VolumeName
from cloudstorctl.core.mounts import known_of_service, reacher_for
from cloudstorctl.core.perfmode import OPTION
from cloudstorctl.core.templates import Known, yields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.core.judgement import Claim
    from cloudstorctl.core.model import Service
    from cloudstorctl.core.mounting import Wanted
    from cloudstorctl.core.verdict import Assessment

_NAMED = 5
"""Volumes that a sentence names."""


def warnings_about(wanted: Wanted, seen: Assessment) -> tuple[str, ...]:
    """Say what the mount would find that its user may not expect."""
    return tuple(_warnings(wanted, seen))


def service_of(wanted: Wanted, seen: Assessment) -> Service | None:
    """Find the service that is to have the mount, if there is one already."""
    found = (each for each in seen.survey.services if each.name == wanted.service)
    return next(found, None)


def _warnings(wanted: Wanted, seen: Assessment) -> Iterator[str]:
    if wanted.shared is not None and "/" in wanted.shared:
        top = wanted.shared.split("/")[0]
        yield (
            f"{wanted.shared} is a directory within the volume {top}: engines list {top} alone, "
            "and removing that removes both."
        )
    service = service_of(wanted, seen)
    known = known_of_service(service) if service else Known(service_name=wanted.service)
    names = yields(wanted.source, known)
    there = [
        verdict.volume
        for verdict in seen.verdicts
        if names.matches(verdict.volume.name) is not None
    ]
    will_be = _names_to_be(wanted, service)
    if service is not None:
        yield from _own(wanted, service, will_be)
    yield from _others(wanted, seen, dict.fromkeys([*(each.name for each in there), *will_be]))
    yield from _elsewhere(wanted, there)


def _names_to_be(wanted: Wanted, service: Service | None) -> list[VolumeName]:
    """Name the volumes of the first tasks, which may not exist yet."""
    if wanted.shared is not None:
        return [VolumeName(wanted.shared)]
    if service is not None and service.mode.per_node:
        return []
    slots = range(1, max(1, service.replicas if service else 1) + 1)
    return [
        VolumeName(yields(wanted.source, Known(service_name=wanted.service, slot=slot)).exact or "")
        for slot in slots
    ]


def _own(wanted: Wanted, service: Service, names: Iterable[VolumeName]) -> Iterator[str]:
    """Say what of the service itself is in the way: at the path, or by the name."""
    known = known_of_service(service)
    for mount in service.mounts:
        if mount.target.rstrip("/") == wanted.target.rstrip("/"):
            if mount.source != wanted.source:
                yield (
                    f"{service.name} has {mount.source or 'a volume without a name'} at "
                    f"{mount.target} already: this takes its place, and its data is not carried "
                    "over."
                )
        elif mount.kind is MountKind.VOLUME and mount.source:
            reach = yields(mount.source, known)
            same = [name for name in names if reach.matches(name) is not None]
            if same or mount.source == wanted.source:
                yield (
                    f"{_some(same) or mount.source} is what {service.name} has at {mount.target} "
                    "already: both paths would show the same directory."
                )


def _others(wanted: Wanted, seen: Assessment, names: Iterable[VolumeName]) -> Iterator[str]:
    """Name who else has the names."""
    claims = claims_in(seen.survey, reacher_for(seen.survey))
    volumes: dict[str, list[VolumeName]] = {}
    for name in names:
        claimed = claims.on(Volume(name=name, drivers=(), entries=(), backings=()))
        for holder in dict.fromkeys(filter(None, map(_holder, claimed))):
            if holder != f"service {wanted.service}":
                volumes.setdefault(holder, []).append(name)
    for holder, held in volumes.items():
        yield (
            f"{_some(held)} {_is(held)} already used by {holder}: both would write to the same "
            "directory."
        )


def _holder(claim: Claim) -> str:
    match claim.holder.type:
        case HolderType.SERVICE:
            return f"service {claim.holder.name}"
        case HolderType.TASK:
            return f"service {claim.holder.name.partition('.')[0]}"
        case HolderType.CONTAINER:
            return f"container {claim.holder.name}"
        case HolderType.CONFIGURATION | HolderType.LABEL:
            return ""
        case _ as never:
            assert_never(never)


def _elsewhere(wanted: Wanted, there: Iterable[Volume]) -> Iterator[str]:
    """Say which volumes exist in another place than the mount asks for."""
    mode = "max" if wanted.maxio else "reg"
    places: dict[str, list[VolumeName]] = {}
    for volume in there:
        for backing in volume.backings:
            if backing.kind is BackingKind.EBS or backing.mode != mode:
                places.setdefault(str(backing), []).append(volume.name)
    for place, names in places.items():
        asks = f"{OPTION}=maxio" if wanted.maxio else f"no {OPTION}, which is efs/reg"
        yield (
            f"{_some(names)} {_is(names)} in {place} already, and this mount asks for {asks}: the "
            "driver ignores that for a volume that exists."
        )


def _is(names: list[VolumeName]) -> str:
    return "is" if len(names) == 1 else "are"


def _some(names: list[VolumeName]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
