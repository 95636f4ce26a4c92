"""Checks on the options of a mount, of which the driver ignores what it does not know."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.naming import OF_A_NODE, OF_A_TASK, beside, renamed
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.mounting import MAXIO
from cloudstorctl.core.perfmode import OPTION, mode_of
from cloudstorctl.core.placement import is_fixed
from cloudstorctl.core.templates import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.doctor.ground import Ground
    from cloudstorctl.core.model import Mount, Pairs, Service

_OPTIONS = {"backing", OPTION, "size", "ebstype", "iops", "encrypted"}
_TAG = "ebs_tag_"
"""Options of this beginning are tags of the EBS volume (cloudstor.md)."""


def mended(options: Pairs) -> Pairs:
    """Give the options that were meant: one close to a known one is that, and no other is left."""
    wanted = {name: value for name, value in options if _is_known(name)}
    for name, value in options:
        if not _is_known(name) and (near := _near(name)):
            wanted.setdefault(near, value)
    mode = wanted.get(OPTION)
    if mode is not None and mode.lower() == MAXIO:
        wanted[OPTION] = MAXIO
    elif mode is not None:
        del wanted[OPTION]
    return tuple(sorted(wanted.items()))


def option_findings(
    service: Service, mount: Mount, ground: Ground, *, shares: bool
) -> Iterator[Finding]:
    """Check the options of a mount, of which another finding may say that its tasks share."""
    told = [*_told(mount)]
    if not told:
        return
    fixed, copy = mount._replace(options=mended(mount.options)), ""
    more = ""
    if _is_unsteady(service, mount):
        fixed = fixed._replace(source=renamed(service, mount, ground))
        more = " The name is mended with it."
    elif OPTION in dict(fixed.options):
        moved, copy = moved_to_its_mode(service, mount, fixed, ground)
        more = " The mode counts when a volume is made: one that exists stays where it is"
        more += ", so the mount gets a new name, which begins empty." if moved != fixed else "."
        fixed = moved
    if shares:
        more += " To part its tasks too, take the fix of shared-name, which mends both."
    for code, reason in told:
        yield Finding(
            code=code,
            severity=Severity.WARNING,
            about=ground.about_options(service, mount),
            reason=f"{reason}{more}{ground.lasting(service)}",
            volume=mount.source,
            fix=ground.changed(service, fixed),
            copy=copy,
        )


def moved_to_its_mode(
    service: Service, mount: Mount, fixed: Mount, ground: Ground
) -> tuple[Mount, str]:
    """Give a mount a new name where its volume exists in another mode; and what copies its data."""
    mode = dict(fixed.options).get(OPTION)
    if mode is None or not ground.is_elsewhere(service, mount, mode_of(mode)):
        return fixed, ""
    moved = fixed._replace(source=beside(service, mount, ground, mode_of(mode)))
    return moved, ground.copied(service, mount._replace(options=()), moved)


def _told(mount: Mount) -> Iterator[tuple[str, str]]:
    """Say what is wrong, as code and sentence."""
    told = [
        f"{name} (did you mean {near}?)" if (near := _near(name)) else name
        for name, _ in mount.options
        if not _is_known(name)
    ]
    if told:
        which = f"option{'s' if len(told) > 1 else ''} {', '.join(told)}"
        yield (
            "unknown-option",
            (
                f"The driver does not know the {which} of the volume {mount.source}, and ignores "
                "it without a word."
            ),
        )
    mode = dict(mount.options).get(OPTION)
    if mode is not None and mode != MAXIO:
        yield (
            "performance-mode-value",
            (
                f"{OPTION}={mode} of the volume {mount.source} is no mode that the driver knows: "
                "maxio is the only one, and anything else is the regular one without a word."
            ),
        )


def _is_unsteady(service: Service, mount: Mount) -> bool:
    """Whether the name is wrong in any case, and mended by the same command."""
    used = fields(mount.source)
    on_nodes = used & OF_A_NODE and not (service.mode.per_node or is_fixed(service))
    return not service.mode.is_job and bool(used & OF_A_TASK or on_nodes)


def _is_known(option: str) -> bool:
    return option in _OPTIONS or option.startswith(_TAG)


def _near(option: str) -> str:
    return next(iter(get_close_matches(option, sorted(_OPTIONS), n=1)), "")
