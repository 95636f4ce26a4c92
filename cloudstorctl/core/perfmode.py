"""Services that ask for another performance mode than the one their volume is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import BackingKind
from cloudstorctl.core.mounts import known_of_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.core.judgement import Volume
    from cloudstorctl.core.model import Mount, Service, Survey
    from cloudstorctl.core.mounts import Reach, Reacher

OPTION = "perfmode"
"""The driver's option; `maxio` is the one value that it knows, any other is regular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one mount of a service asks for."""

    service: str
    value: str
    mode: str
    """What the driver takes the value for: `reg` or `max`."""
    reach: Reach
    owner: Service
    mount: Mount


def mode_of(value: str) -> str:
    """Give the place, as in a volume's backing, in which the driver makes a new volume."""
    return "max" if value == "maxio" else "reg"


def wishes_in(survey: Survey, reacher: Reacher) -> tuple[Wish, ...]:
    """Find every mount of a service that names a performance mode."""
    return tuple(
        Wish(
            service=service.name,
            value=value,
            mode=mode_of(value),
            reach=reach,
            owner=service,
            mount=mount,
        )
        for service in survey.services
        for mount in service.mounts
        if (value := dict(mount.options).get(OPTION)) is not None
        and (reach := reacher.of_spec(mount, known_of_service(service))) is not None
    )


def with_wishes(volume: Volume, wishes: Iterable[Wish]) -> Volume:
    """Give the volume a warning for each service whose wish the driver does not fulfil.

    It looks at the option when it makes a volume, and never again (cloudstor.md).
    """
    told = tuple(dict.fromkeys(text for _, text in unfulfilled(volume, wishes)))
    return replace(volume, warnings=(*volume.warnings, *told)) if told else volume


def unfulfilled(volume: Volume, wishes: Iterable[Wish]) -> Iterator[tuple[Wish, str]]:
    """Give each wish that the driver does not fulfil, with a sentence that says so."""
    backing = volume.backing
    if backing.kind is not BackingKind.EFS:
        return
    for wish in wishes:
        if wish.mode != backing.mode and wish.reach.matches(volume.name) is not None:
            yield (
                wish,
                (
                    f"Service {wish.service} asks for {OPTION}={wish.value}, and the volume is in "
                    f"{backing}: the driver ignores the option for a volume that exists."
                ),
            )
