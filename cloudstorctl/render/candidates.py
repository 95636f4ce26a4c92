"""The volumes that wait for their grace period to end, as a table and as a document."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.render.documents import head_of, waiting
from cloudstorctl.render.layout import Column, Columns, cell, listing
from cloudstorctl.render.naming import Places
from cloudstorctl.render.notes import not_seen, summary
from cloudstorctl.render.tables import ruling_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from rich.console import RenderableType

    from cloudstorctl.core.judgement import Verdict
    from cloudstorctl.core.model import Gap, Survey
    from cloudstorctl.render.documents import Document

CANDIDATES_SCHEMA = "cloudstorctl/candidates/v1"


def candidates_document(
    survey: Survey, found: Sequence[Verdict], gaps: Sequence[Gap], grace: timedelta
) -> Document:
    """Describe the candidates; the grace period is in seconds."""
    return {
        **head_of(CANDIDATES_SCHEMA, survey, gaps),
        "grace": int(grace.total_seconds()),
        "candidates": [
            {
                "name": str(verdict.volume.name),
                "ruling": verdict.ruling.value,
                **waiting(verdict),
                "reasons": list(verdict.reasons),
            }
            for verdict in found
        ],
    }


def candidates_table(
    survey: Survey, found: Sequence[Verdict], gaps: Sequence[Gap]
) -> RenderableType:
    """Lay out one row a candidate."""
    return Group(*_parts(survey, found, gaps))


def _parts(
    survey: Survey, found: Sequence[Verdict], gaps: Sequence[Gap]
) -> Iterator[RenderableType]:
    heads = ("BACKING", "RULING", "UNUSED SINCE (UTC)", "REMOVABLE FROM")
    if found:
        yield Columns(
            [Column(head="VOLUME", whole=True), *(Column(head=head) for head in heads)],
            [
                (
                    cell(verdict.volume.name),
                    listing(str(backing) for backing in verdict.volume.backings),
                    ruling_cell(verdict, survey.earliest),
                    *_times(verdict),
                )
                for verdict in found
            ],
        )
        yield Text()
        yield summary([verdict.ruling for verdict in found])
    below = not_seen(gaps, Places(survey.nodes))
    if not found:
        next(below, None)  # the empty line above them
    yield from below


def _times(verdict: Verdict) -> Iterator[tuple[Text, ...]]:
    if verdict.unused_since is None or verdict.removable_from is None:
        # Without a grace period it is not asked for.
        waits = verdict.ruling is Ruling.PENDING
        yield cell("not remembered yet" if waits else "-", "dim")
        yield cell("-" if waits else "at once", "dim")
        return
    for moment in (verdict.unused_since, verdict.removable_from):
        yield cell(f"{moment.astimezone(UTC):%F %T}")
