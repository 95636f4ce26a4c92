"""What each engine's entry of a volume is worth, for display (design.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

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

    from cloudstorctl.core.model import Entry

_BY_PRESENCE = {ClaimKind.MOUNTED, ClaimKind.SCHEDULED, ClaimKind.HELD}


def entry_views(volume: Volume, claims: tuple[Claim, ...], ruling: Ruling) -> tuple[EntryView, ...]:
    """Give every entry of a volume its status, with the claims that explain it."""
    return tuple(_view(entry, claims, ruling) for entry in volume.entries)


def _view(entry: Entry, claims: tuple[Claim, ...], ruling: Ruling) -> EntryView:
    here = tuple(c for c in claims if c.kind in _BY_PRESENCE and c.node == entry.node_id)
    kinds = {claim.kind for claim in here}
    for kind, status in (
        (ClaimKind.MOUNTED, EntryStatus.MOUNTED),
        (ClaimKind.HELD, EntryStatus.HELD),
    ):
        if kind in kinds:
            used_by = _by_holder(c for c in here if c.kind is kind)
            return EntryView(entry=entry, status=status, used_by=used_by)
    elsewhere = tuple(c for c in claims if c.kind in _BY_PRESENCE and c.node != entry.node_id)
    if elsewhere:
        status = EntryStatus.STALE if entry.used_here else EntryStatus.LISTED
        # Who uses it now matters more than who once did.
        in_use = tuple(c for c in elsewhere if c.strength is Strength.IN_USE)
        return EntryView(entry=entry, status=status, used_by=_by_holder(in_use or elsewhere))
    match ruling:
        case Ruling.IN_USE | Ruling.RESERVED:
            status = EntryStatus.IDLE
        case Ruling.UNKNOWN:
            status = EntryStatus.UNKNOWN
        case Ruling.PENDING | Ruling.REMOVABLE:
            status = EntryStatus.UNUSED
        case _ as never:
            assert_never(never)
    return EntryView(entry=entry, status=status, used_by=_by_holder(here))


def _by_holder(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Keep the strongest claim of each holder and node: a running task has two."""
    kept: dict[object, Claim] = {}
    for claim in claims:
        kept.setdefault((claim.holder.id, claim.node), claim)
    return tuple(kept.values())
