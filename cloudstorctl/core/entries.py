"""What each engine's entry of a volume is worth, for display (design.md section 5)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import (
    Claim,
    ClaimKind,
    EntryStatus,
    EntryView,
    Ruling,
    Strength,
    Volume,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import Entry, NodeId

_BY_PRESENCE = {ClaimKind.MOUNTED, ClaimKind.SCHEDULED, ClaimKind.HELD}
_STATUS = {
    Ruling.IN_USE: EntryStatus.IDLE,
    Ruling.RESERVED: EntryStatus.IDLE,
    Ruling.UNKNOWN: EntryStatus.UNKNOWN,
    Ruling.PENDING: EntryStatus.UNUSED,
    Ruling.REMOVABLE: EntryStatus.UNUSED,
}
"""The status of an entry whose volume no container has or is about to have."""


def entry_views(volume: Volume, claims: tuple[Claim, ...], ruling: Ruling) -> tuple[EntryView, ...]:
    """Give every entry of a volume its status, with the claims that explain it."""
    present = [claim for claim in claims if claim.kind in _BY_PRESENCE]
    if not present:
        status = _STATUS[ruling]
        return tuple([EntryView(entry=entry, status=status) for entry in volume.entries])
    holding: dict[NodeId | None, list[Claim]] = defaultdict(list)
    for claim in present:
        holding[claim.node].append(claim)
    # On a node without any claim all of them are elsewhere: worked out once for all such nodes.
    users = _users(present)
    return tuple(
        [
            _view(entry, here, present, ruling)
            if (here := holding.get(entry.node_id))
            else EntryView(entry=entry, status=_absent(entry), used_by=users)
            for entry in volume.entries
        ]
    )


def _view(entry: Entry, here: list[Claim], present: list[Claim], ruling: Ruling) -> EntryView:
    """Judge an entry on a node that has claims on the volume."""
    kinds = {claim.kind for claim in here}
    for kind, status in (
        (ClaimKind.MOUNTED, EntryStatus.MOUNTED),
        (ClaimKind.HELD, EntryStatus.HELD),
    ):
        if kind in kinds:
            used_by = _by_holder(c for c in here if c.kind is kind)
            return EntryView(entry=entry, status=status, used_by=used_by)
    elsewhere = [claim for claim in present if claim.node != entry.node_id]
    if elsewhere:
        return EntryView(entry=entry, status=_absent(entry), used_by=_users(elsewhere))
    return EntryView(entry=entry, status=_STATUS[ruling], used_by=_by_holder(here))


def _absent(entry: Entry) -> EntryStatus:
    """The status of an entry whose volume is used elsewhere."""
    return EntryStatus.STALE if entry.used_here else EntryStatus.LISTED


def _users(claims: list[Claim]) -> tuple[Claim, ...]:
    """Who uses it now matters more than who once did."""
    in_use = [claim for claim in claims if claim.strength is Strength.IN_USE]
    return _by_holder(in_use or claims)


def _by_holder(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Keep the strongest claim of each holder and node: a running task has two."""
    kept: dict[object, Claim] = {}
    for claim in claims:
        kept.setdefault((claim.holder.id, claim.node), claim)
    return tuple(kept.values())
