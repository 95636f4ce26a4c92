"""Detail: all that is known of one volume, and why its ruling is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.times import rfc3339
from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing, sentence
from cloudstorctl.render.naming import Places, holder
from cloudstorctl.render.notes import not_seen, warnings
from cloudstorctl.render.symbols import RULINGS
from cloudstorctl.render.tables import drivers_cell, entry_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from rich.console import RenderableType

    from cloudstorctl.core.judgement import Backing, Claim, Verdict
    from cloudstorctl.core.model import Gap, Survey
    from cloudstorctl.core.storage import Restorable
    from cloudstorctl.render.layout import Cell

_LABEL = 9
"""Cells that the label of a fact takes, so that the facts stand under each other."""


def volume_detail(
    survey: Survey,
    verdict: Verdict,
    gaps: Sequence[Gap],
    restorable: Mapping[str, Restorable],
) -> RenderableType:
    """Tell a volume's ruling and reasons, its backing, its claims, its entries and its traps.

    `restorable` tells of file systems, by ID, whether they could be restored; it may be empty.
    """
    return Group(*_parts(survey, verdict, gaps, restorable))


def _parts(
    survey: Survey,
    verdict: Verdict,
    gaps: Sequence[Gap],
    restorable: Mapping[str, Restorable],
) -> Iterator[RenderableType]:
    places = Places(survey.nodes)
    volume = verdict.volume
    ruling = RULINGS[verdict.ruling]
    yield Paragraph(cell(volume.name, "bold"))
    yield _fact("Ruling", cell(str(ruling), ruling.style))
    for reason in verdict.reasons:
        yield _fact("", sentence(reason))
    for number, backing in enumerate(volume.backings):
        yield _fact("" if number else "Backing", listing(_backing(backing)))
    if not volume.backings:
        yield _fact("Backing", cell("unknown"))
    for backing in volume.backings:
        if (told := restorable.get(backing.file_system or "")) is not None:
            yield _fact("Restore", sentence(_restore(told, survey.taken_at)))
    yield _fact("Driver", drivers_cell(volume.drivers) or cell("-"))
    if verdict.claims:
        yield from _head("Claims")
        yield _claims(verdict.claims, places)
    if verdict.entries:
        yield from _head("Entries")
        yield _entries(verdict, places)
    if volume.warnings:
        yield from _head("Warnings")
        yield from warnings(volume.warnings)
    yield from not_seen([gap for gap in gaps if gap.touches(volume.name)], places)


def _fact(label: str, value: Cell) -> Paragraph:
    return Paragraph(value, indent=2, label=Text(f"{label:{_LABEL}}", "dim"))


def _head(title: str) -> Iterator[RenderableType]:
    yield Text()
    yield Paragraph((Text(f"{title}:", "bold"),))


def _restore(told: Restorable, now: datetime) -> str:
    if told.unknown:
        return f"not known: {told.unknown}"
    if told.point is None:
        return "AWS Backup has no recovery point of its file system"
    vault = f" in vault {told.point.vault}" if told.point.vault else ""
    at = rfc3339(told.point.created)
    return f"recovery point of {at}, {age(now - told.point.created)} old{vault}"


def age(passed: timedelta) -> str:
    """Write how long ago something was, in its largest unit: `3 h`, `12 days`."""
    minutes = max(int(passed.total_seconds()) // 60, 0)
    for size, unit in ((24 * 60, "day"), (60, "h")):
        number = minutes // size
        if number >= (2 if unit == "day" else 1):
            return f"{number} {unit}{'s' if unit == 'day' else ''}"
    return f"{minutes} min"


def _backing(backing: Backing) -> Iterator[str]:
    yield str(backing)
    if backing.file_system is not None:
        yield f"file system {backing.file_system}"
    if backing.path is not None:
        yield f"directory {backing.path}"


def _claims(claims: Sequence[Claim], places: Places) -> Columns:
    heads = ("STRENGTH", "CLAIM", "HOLDER", "NODE", "WHAT WAS SEEN")
    return Columns(
        [Column(head=head) for head in heads],
        [
            (
                cell(claim.strength),
                cell(claim.kind),
                cell(holder(claim)),
                cell("-" if claim.node is None else places.name(claim.node)),
                sentence(claim.detail if claim.writes else f"{claim.detail} (read-only)"),
            )
            for claim in claims
        ],
        indent=2,
    )


def _entries(verdict: Verdict, places: Places) -> Columns:
    optioned = any(view.entry.options for view in verdict.entries)
    heads = ["NODE", "DRIVER", "STATUS", "USED BY", *(["OPTIONS"] if optioned else [])]
    views = sorted(verdict.entries, key=lambda view: places.order(view.entry.node_id))
    rows: list[tuple[Cell, ...]] = []
    for view in views:
        options = listing(f"{key}={value}" for key, value in view.entry.options) or cell("-")
        row = (cell(places.name(view.entry.node_id)), *entry_cells(view, places))
        rows.append((*row, options) if optioned else row)
    return Columns([Column(head=head) for head in heads], rows, indent=2)
