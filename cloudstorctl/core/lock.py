"""The lock of the swarm that lets one run at a time remove volumes by plan, as a document."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloudstorctl.core.fields import document_in
from cloudstorctl.core.times import in_utc, moment_in, rfc3339, spelled
from cloudstorctl.errors import ShapeError

SCHEMA = "cloudstorctl/lock/v1"
TERM = timedelta(minutes=15)
"""How long a lock holds from when it was taken or last renewed: a killed run keeps the others
waiting no longer."""
LEAST_LEFT = timedelta(minutes=10)
"""What must be left of it when the look before a removal begins; else the run renews it first."""
LONGEST_REMOVAL = timedelta(minutes=4)
"""What must be left of it when a request is sent: a driver may take three minutes for one."""
_MARGIN = timedelta(minutes=1)
"""What must be left for that: near its end another run may be about to take it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Who may remove volumes by plan just now, and until when."""

    holder: str
    """Who it is, for people: `deploy@ci-runner-7`."""
    token: str
    """Tells this run from every other one."""
    since: datetime
    expires: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < self.expires

    def may_be_renewed(self, now: datetime) -> bool:
        """Whether it is the holder's for certain."""
        return self.holds(now + _MARGIN)

    def lasts(self, now: datetime) -> bool:
        """Whether the look before a removal may begin under it."""
        return self.holds(now + LEAST_LEFT)

    def renewed(self, now: datetime) -> Lock:
        """The same lock with a new term."""
        return replace(self, expires=now + TERM)

    def told(self, now: datetime) -> str:
        """Say in a clause who holds it, since when, and until when."""
        return (
            f"{self.holder} has had the lock for {spelled(now - self.since)}, since "
            f"{in_utc(self.since)}, and it ends at {in_utc(self.expires)} unless that run renews it"
        )


def written(lock: Lock) -> bytes:
    """Write what of a lock never changes; when it expires is a label (`expiry_of`)."""
    document = {
        "schema": SCHEMA,
        "holder": lock.holder,
        "token": lock.token,
        "since": rfc3339(lock.since),
    }
    return json.dumps(document).encode()


def read(data: bytes, expiry: str) -> Lock:
    """Read a lock back.

    Raises:
        ShapeError: it is none; the text says what is wrong.
    """
    top = document_in(data, SCHEMA)
    return Lock(
        holder=top.text("holder"),
        token=top.text("token"),
        since=_moment(top.text("since"), "since"),
        expires=_moment(expiry, "the time at which it expires"),
    )


def expiry_of(lock: Lock) -> str:
    """Write when a lock expires, for the label that renewing it changes."""
    return rfc3339(lock.expires)


def _moment(written: str, where: str) -> datetime:
    try:
        return moment_in(written)
    except ValueError:
        raise ShapeError(where=where, wanted="a time", found=repr(written)) from None
