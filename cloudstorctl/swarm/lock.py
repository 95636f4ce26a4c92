"""The lock of the swarm: a config of one name, which the managers let only one run make."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core import lock as document
from cloudstorctl.core.lock import LONGEST_REMOVAL, TERM, Lock
from cloudstorctl.errors import (
    CloudstorctlError,
    EngineAnsweredError,
    EngineError,
    RefusedError,
    ShapeError,
)
from cloudstorctl.swarm.keeping import config_named, keep_no_configs, kept_by_managers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudstorctl.swarm.engines import Engines
    from cloudstorctl.swarm.ports import Config, KeepsConfigs, ReadsManager

NAME = "cloudstorctl.lock"
_EXPIRY = "cloudstorctl.expires"
_KIND = ("cloudstorctl.kind", "lock")
_ATTEMPTS = 5
_CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    config: Config
    lock: Lock


class SwarmLock:
    """The lock as one run takes, keeps and releases it.

    Its times are those of the managers' clocks, which all runs share.
    """

    def __init__(  # noqa: PLR0913 - who, where, and two clocks
        self,
        engines: Engines,
        cluster_id: str,
        *,
        holder: str,
        token: str,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name who takes it.

        `now` is for a manager that does not tell the time, and `clock` counts seconds.
        """
        self._engines = engines
        self._cluster_id = cluster_id
        self._holder = holder
        self._token = token
        self._now = now
        self._clock = clock
        self._asked_at = 0.0
        self._ends = 0.0
        """When it expires, by the own clock."""

    def take(self) -> None:
        """Take the lock; one that has expired is taken over.

        Raises:
            RefusedError: another run holds it, or it cannot be made; the text says what to do.
        """
        self._kept(self._take)

    def keep(self) -> None:
        """See that this run still holds it, and renew it if it ends soon.

        Raises:
            RefusedError: this run has lost it.
        """
        self._kept(self._keep)

    def check_time(self) -> None:
        """See, without a request, that what was kept last outlasts a removal that begins now.

        Raises:
            RefusedError: it may not.
        """
        if self._clock() + LONGEST_REMOVAL.total_seconds() > self._ends:
            raise RefusedError(
                "The look before the removal took so long that the lock of the swarm might end "
                "before it: nothing more is removed. A shorter --timeout makes a look shorter."
            )

    def release(self) -> None:
        """Give it back, if it is still this run's; if that fails, it ends by itself."""
        with suppress(CloudstorctlError):
            self._kept(self._release)

    def _take(self, manager: KeepsConfigs, now: datetime) -> None:
        for _ in range(_ATTEMPTS):
            found = _look_up(manager)
            if found is None:
                self._make(manager, now)
            elif found.lock.token == self._token:
                self._note(found.lock, now)
                return
            elif found.lock.holds(now):
                raise RefusedError(
                    f"Another run removes volumes of this swarm just now: {found.lock.told(now)}. "
                    "Nothing was removed. A run that comes later takes it over; if you know that "
                    f"the other one is dead, 'docker config rm {NAME}' on a manager ends it now."
                )
            else:
                # By its ID: the next one, of the same name, is somebody else's.
                manager.remove_config(found.config.id)
        raise RefusedError(
            "Other runs took the lock of the swarm each time it was free: nothing was removed."
        )

    def _make(self, manager: KeepsConfigs, now: datetime) -> None:
        lock = Lock(holder=self._holder, token=self._token, since=now, expires=now + TERM)
        labels = (_KIND, (_EXPIRY, document.expiry_of(lock)))
        try:
            manager.create_config(NAME, labels=labels, data=document.written(lock))
        except EngineAnsweredError as error:
            if error.status != _CONFLICT:
                raise

    def _keep(self, manager: KeepsConfigs, now: datetime) -> None:
        found = self._own(manager, now)
        if found.lock.lasts(now):
            self._note(found.lock, now)
            return
        labels = (_KIND, (_EXPIRY, document.expiry_of(found.lock.renewed(now))))
        # Whatever the answer is: what counts is what the swarm has then.
        with suppress(EngineError):
            manager.relabel_config(found.config, labels)
        kept = self._own(manager, now).lock
        if not kept.lasts(now):
            raise RefusedError(
                "The lock of the swarm could not be renewed: nothing more is removed."
            )
        self._note(kept, now)

    def _note(self, lock: Lock, now: datetime) -> None:
        self._ends = self._asked_at + (lock.expires - now).total_seconds()

    def _own(self, manager: ReadsManager, now: datetime) -> _Found:
        found = _look_up(manager)
        if found is None or found.lock.token != self._token:
            who = found.lock.holder if found else "nobody"
            raise RefusedError(
                f"This run has lost the lock of the swarm, and {who} has it now: nothing more is "
                "removed."
            )
        if not found.lock.may_be_renewed(now):
            raise RefusedError(
                "This run did not renew the lock of the swarm in time: nothing more is removed."
            )
        return found

    def _release(self, manager: KeepsConfigs, now: datetime) -> None:
        manager.remove_config(self._own(manager, now).config.id)

    def _kept(self, act: Callable[[KeepsConfigs, datetime], None]) -> None:
        self._asked_at = self._clock()
        try:
            kept_by_managers(
                self._engines,
                self._cluster_id,
                lambda manager, time: act(manager, time or self._now()),
            )
        except EngineAnsweredError as error:
            if keep_no_configs(error):
                raise RefusedError(
                    "The lock that keeps two runs apart cannot be taken: the managers of this "
                    "swarm are older than Docker 17.06 and keep no configs. If no other run "
                    "removes volumes now, pass --no-lock."
                ) from error
            raise


def _look_up(manager: ReadsManager) -> _Found | None:
    config = config_named(manager, NAME)
    if config is None:
        return None
    try:
        lock = document.read(config.data, dict(config.labels).get(_EXPIRY, ""))
    except ShapeError as error:
        raise RefusedError(
            f"The config {NAME} is no lock of cloudstorctl ({error}): nothing was removed. "
            f"'docker config rm {NAME}' on a manager removes it."
        ) from error
    return _Found(config=config, lock=lock)
