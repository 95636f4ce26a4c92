"""A ticket: a removal that was just proved, told to the guard of the node that carries it out.

The ticket is a config of the swarm, so that who can make one is who could remove the volume in any
case. Its name tells nothing of the secret that has to be shown for it, and it is good once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cloudstorctl.core.fields import document_in
from cloudstorctl.core.model import NodeId, VolumeName
from cloudstorctl.core.times import moment_in, rfc3339

SCHEMA = "cloudstorctl/ticket/v1"
HEADER = "X-Cloudstorctl-Ticket"
"""The header in which a removal shows the secret; dockerd hands it on to the guard."""
LABELS = (("cloudstorctl.kind", "ticket"),)
LIFE = timedelta(seconds=60)
"""How long it is good for, by the managers' clocks."""
PREFIX = "cloudstorctl.ticket."
"""What the name of its config begins with."""
_LEFT_BEHIND = timedelta(hours=1)
"""How long after its end nobody can take it for good, however much the clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What was proved: that this volume may be removed through this node, until then."""

    volume: VolumeName
    node: NodeId
    expires: datetime

    def admits(self, volume: str, node: str, now: datetime) -> bool:
        """Whether it is for just this removal, and still good; none is good for longer."""
        is_for_this = (self.volume, self.node) == (volume, node)
        return is_for_this and now < self.expires <= now + LIFE

    def was_left_behind(self, now: datetime) -> bool:
        """Whether the run that made it was killed: others take back what they have made."""
        return now >= self.expires + _LEFT_BEHIND


def name_of(secret: str) -> str:
    """Name the config of the ticket that a secret is for."""
    return f"{PREFIX}{sha256(secret.encode()).hexdigest()[:40]}"


def written(ticket: Ticket) -> bytes:
    """Write a ticket."""
    document = {
        "schema": SCHEMA,
        "volume": ticket.volume,
        "node": ticket.node,
        "expires": rfc3339(ticket.expires),
    }
    return json.dumps(document).encode()


def read(data: bytes) -> Ticket:
    """Read a ticket back.

    Raises:
        ShapeError: it is none.
    """
    top = document_in(data, SCHEMA)
    try:
        expires = moment_in(top.text("expires"))
    except ValueError:
        top.refuse("expires", "a time")
    return Ticket(
        volume=VolumeName(top.text("volume")), node=NodeId(top.text("node")), expires=expires
    )
