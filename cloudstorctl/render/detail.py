"""Detail: all that is known of one volume, and why its ruling is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing, sentence
from cloudstorctl.render.naming import Places, holder
from cloudstorctl.render.notes import not_seen, warnings
from cloudstorctl.render.symbols import RULINGS
from cloudstorctl.render.tables import drivers_cell, entry_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from cloudstorctl.core.judgement import Backing, Claim, Verdict
    from cloudstorctl.core.model import Gap, Survey
    from cloudstorctl.render.layout import Cell

_LABEL = 9
"""Cells that the label of a fact takes, so that the facts stand under each other."""


def volume_detail(survey: Survey, verdict: Verdict, gaps: Sequence[Gap]) -> RenderableType:
    """Tell a volume's ruling and reasons, its backing, its claims, its entries and its traps."""
    return Group(*_parts(survey, verdict, gaps))


def _parts(survey: Survey, verdict: Verdict, gaps: Sequence[Gap]) -> Iterator[RenderableType]:
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
