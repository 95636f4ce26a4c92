"""Tables: the volumes of a swarm, one a row, and the entries of its engines, one a row."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.judgement import ClaimKind, EntryStatus, Ruling
from cloudstorctl.core.times import spelled
from cloudstorctl.render.layout import Cell, Column, Columns, cell, listing, sentence
from cloudstorctl.render.naming import Places, holder, holder_at, once
from cloudstorctl.render.notes import not_seen, summary
from cloudstorctl.render.symbols import ENTRIES, RULINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from cloudstorctl.core.judgement import Claim, EntryView, Verdict
    from cloudstorctl.core.model import Gap, Survey

_NAMED = (EntryStatus.MOUNTED, EntryStatus.HELD, EntryStatus.STALE)
"""Entries whose nodes are named; of the others there may be one on every node."""

_VOLUME = Column(head="VOLUME", whole=True)


def volumes_table(
    survey: Survey, verdicts: Sequence[Verdict], gaps: Sequence[Gap], *, wide: bool = False
) -> RenderableType:
    """Lay out one row a volume: what it is, its ruling, where it is and who uses it there."""
    places = Places(survey.nodes)
    extra = (Column(head="FILE SYSTEM"), Column(head="PATH", whole=True)) if wide else ()
    columns = [_VOLUME, *_heads("DRIVER", "BACKING"), *extra, *_heads("RULING", "NODES")]
    if wide:
        columns.append(Column(head="WHY"))
    now = survey.earliest
    rows = [_volume_row(verdict, places, now, wide=wide) for verdict in verdicts]
    table = Columns(columns, rows)
    return _with_notes(table, verdicts, gaps, places)


def entries_table(
    survey: Survey, verdicts: Sequence[Verdict], gaps: Sequence[Gap]
) -> RenderableType:
    """Lay out one row an entry, by node: a stale one tells which task uses the data, and where."""
    places = Places(survey.nodes)
    views = [(view, verdict.volume.name) for verdict in verdicts for view in verdict.entries]
    views.sort(key=lambda each: (places.order(each[0].entry.node_id), each[1]))
    columns = [Column(head="NODE", whole=True), _VOLUME, *_heads("DRIVER", "STATUS", "USED BY")]
    rows = [
        (cell(places.name(view.entry.node_id)), cell(name), *entry_cells(view, places))
        for view, name in views
    ]
    return _with_notes(Columns(columns, rows), verdicts, gaps, places)


def entry_cells(view: EntryView, places: Places) -> tuple[Cell, Cell, Cell]:
    """Give the cells of an entry that tell its driver, its status and who uses its volume."""
    mark = ENTRIES[view.status]
    here = view.entry.node_id
    users = once(holder_at(claim, places, here) for claim in view.used_by)
    return (
        drivers_cell((view.entry.driver,)),
        cell(str(mark), mark.style),
        listing(users) if users else cell("-", "dim"),
    )


def ruling_cell(verdict: Verdict, now: datetime) -> Cell:
    """Give the ruling, with the time left of a grace period that has begun: `… pending 23h`."""
    mark = RULINGS[verdict.ruling]
    left = ""
    if verdict.ruling is Ruling.PENDING and verdict.unused_since and verdict.removable_from:
        left = f" {spelled(verdict.removable_from - now)}"
    return cell(f"{mark}{left}", mark.style)


def drivers_cell(drivers: Iterable[str]) -> Cell:
    """Give the names of drivers, which may fold where a tag or a repository begins."""
    return tuple(
        Text(part)
        for text in listing(driver or "-" for driver in drivers)
        for part in _parts(text.plain)
    )


def _parts(driver: str) -> Iterator[str]:
    start = 0
    for end, character in enumerate(driver, start=1):
        if character in "/:":
            yield driver[start:end]
            start = end
    yield driver[start:]


def _heads(*heads: str) -> list[Column]:
    return [Column(head=head) for head in heads]


def _with_notes(
    table: Columns, verdicts: Sequence[Verdict], gaps: Sequence[Gap], places: Places
) -> RenderableType:
    above: list[RenderableType] = [table, Text()] if verdicts else []
    rulings = [verdict.ruling for verdict in verdicts]
    return Group(*above, summary(rulings), *not_seen(gaps, places))


def _volume_row(verdict: Verdict, places: Places, now: datetime, *, wide: bool) -> list[Cell]:
    volume = verdict.volume
    row = [cell(volume.name), drivers_cell(volume.drivers), _backings(verdict, "kind")]
    if wide:
        row += [_backings(verdict, "file_system"), _backings(verdict, "path")]
    row += [ruling_cell(verdict, now), listing(_nodes(verdict, places))]
    if wide:
        row.append(_why(verdict, places))
    return row


def _backings(verdict: Verdict, part: str) -> Cell:
    told = [
        str(backing) if part == "kind" else getattr(backing, part) or "-"
        for backing in verdict.volume.backings
    ]
    return listing(told or ["unknown" if part == "kind" else "-"])


def _nodes(verdict: Verdict, places: Places) -> Iterator[Text]:
    named = [view for view in verdict.entries if view.status in _NAMED]
    named.sort(
        key=lambda view: (_NAMED.index(view.status), places.order(view.entry.node_id)),
    )
    # A node lists a name that is in two places twice.
    told: dict[str, Text] = {}
    for view in named:
        told.setdefault((text := _node(view, places)).plain, text)
    yield from told.values()
    counts = Counter(
        status for _, status in {(view.entry.node_id, view.status) for view in verdict.entries}
    )
    for status in EntryStatus:
        if status not in _NAMED and counts[status]:
            more = "+" if named else ""
            yield Text(f"{more}{counts[status]} {ENTRIES[status].word}", ENTRIES[status].style)
    shown = any(view.status is not EntryStatus.STALE for view in named)
    if verdict.claims and not shown:
        yield Text(_kept_for(verdict.claims, places))


def _node(view: EntryView, places: Places) -> Text:
    mark = ENTRIES[view.status]
    here = view.entry.node_id
    users = once(holder(claim) for claim in view.used_by if claim.node == here)
    told = " ".join(users) or mark.word
    if view.status is EntryStatus.STALE:
        told = mark.word
    elif view.status is EntryStatus.HELD:
        told = f"held by {' '.join(users)}" if users else mark.word
    return Text.assemble(places.name(here), " ", (f"{mark.sign} ", mark.style), told)


def _kept_for(claims: Sequence[Claim], places: Places) -> str:
    """Name who has the volume where no entry shows it, as with a service at rest."""
    names = once(holder_at(claim, places) for claim in claims)
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"for {names[0]}{more}"


def _why(verdict: Verdict, places: Places) -> Cell:
    """Sum up the claims, by kind; without any, give the first reason."""
    if not verdict.claims:
        return sentence(verdict.reasons[0] if verdict.reasons else "-")
    by_kind: dict[ClaimKind, list[str]] = {}
    for claim in verdict.claims:
        who = holder_at(claim, places)
        # A task that has it mounted is scheduled too: once is enough.
        if claim.kind is ClaimKind.SCHEDULED and who in by_kind.get(ClaimKind.MOUNTED, ()):
            continue
        by_kind.setdefault(claim.kind, []).append(who)
    told = (f"{kind}: {', '.join(once(users))}" for kind, users in by_kind.items())
    return sentence("; ".join(told))
