"""Tickets for removals that were just proved, so that the guard need not prove them again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cloudstorctl.core.ticket import LABELS, LIFE, PREFIX, Ticket, name_of, read, written
from cloudstorctl.errors import CloudstorctlError, ShapeError
from cloudstorctl.swarm.keeping import config_named, kept_by_managers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudstorctl.core.model import NodeId, VolumeName
    from cloudstorctl.swarm.engines import Engines
    from cloudstorctl.swarm.ports import Config, KeepsConfigs


def issue(  # noqa: PLR0913 - what a ticket is about
    engines: Engines,
    cluster_id: str,
    secret: str,
    *,
    volume: VolumeName,
    node: NodeId,
    now: Callable[[], datetime],
) -> bool:
    """Make the ticket that `secret` is for; gives whether it is there.

    Without one the guard judges the removal by itself: a failure is no error.
    """

    def make(manager: KeepsConfigs, time: datetime | None) -> None:
        ticket = Ticket(volume=volume, node=node, expires=(time or now()) + LIFE)
        manager.create_config(name_of(secret), labels=LABELS, data=written(ticket))

    try:
        kept_by_managers(engines, cluster_id, make)
    except CloudstorctlError:
        return False
    return True


def withdraw(engines: Engines, cluster_id: str, secret: str) -> None:
    """Take a ticket back that may not have been used, with those that killed runs have left.

    If that fails, it expires.
    """
    with suppress(CloudstorctlError):
        kept_by_managers(engines, cluster_id, lambda manager, time: _taken(manager, secret, time))


def redeem(
    engines: Engines, secret: str, *, volume: str, node: str, now: Callable[[], datetime]
) -> bool:
    """Use a ticket up; gives whether it was good for this removal, and nobody had used it before.

    Any doubt makes it worth nothing: then the removal is judged as any other.
    """

    def use(manager: KeepsConfigs, time: datetime | None) -> bool:
        found = config_named(manager, name_of(secret))
        if found is None or not read(found.data).admits(volume, node, time or now()):
            return False
        # The managers let only one run remove it.
        return manager.remove_config(found.id)

    try:
        return kept_by_managers(engines, None, use)
    except CloudstorctlError:
        return False


def _taken(manager: KeepsConfigs, secret: str, now: datetime | None) -> None:
    for config in manager.configs(PREFIX):
        if config.name == name_of(secret) or (now and _was_left_behind(config, now)):
            manager.remove_config(config.id)


def _was_left_behind(config: Config, now: datetime) -> bool:
    try:
        return set(LABELS) <= set(config.labels) and read(config.data).was_left_behind(now)
    except ShapeError:
        return False
