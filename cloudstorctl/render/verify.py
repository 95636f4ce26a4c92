"""Whether nodes share a volume, as a table and as a document."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.marker import TARGET
from cloudstorctl.core.sharing import Sameness
from cloudstorctl.render.documents import head_of
from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing, sentence
from cloudstorctl.render.naming import Places, count
from cloudstorctl.render.symbols import SAMENESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from cloudstorctl.core.model import Node
    from cloudstorctl.core.sharing import Excluded, Leftover, Pair, Step
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.render.documents import Document

VERIFY_SCHEMA = "cloudstorctl/verify/v1"


def verify_document(
    seen: Assessment, volume: str, image: str, pairs: Sequence[Pair], left: Sequence[Leftover]
) -> Document:
    """Describe what each node found, and what could not be cleaned up."""
    return {
        **_head(seen, volume, image),
        "dry_run": False,
        "steps": [],
        "pairs": [
            {
                "writer": None if pair.writer is None else _node(pair.writer),
                "reader": _node(pair.reader),
                "result": pair.result.value,
                "reason": pair.reason or None,
            }
            for pair in pairs
        ],
        "leftovers": [
            {
                "what": each.what,
                "node": _node(each.node),
                "reason": each.reason,
                "command": each.command,
            }
            for each in left
        ],
    }


def steps_document(
    seen: Assessment, volume: str, image: str, steps: Sequence[Step], excluded: Sequence[Excluded]
) -> Document:
    """Describe what would be run."""
    return {
        **_head(seen, volume, image),
        "dry_run": True,
        "steps": [
            {
                "node": _node(step.place.node),
                "action": step.verb,
                "driver": step.place.driver,
                "target": TARGET,
                "read_only": step.read_only,
            }
            for step in steps
        ],
        "pairs": [
            {
                "writer": None,
                "reader": _node(each.node),
                "result": Sameness.UNTRIED.value,
                "reason": each.reason,
            }
            for each in excluded
        ],
        "leftovers": [],
    }


def pairs_table(seen: Assessment, volume: str, pairs: Sequence[Pair]) -> RenderableType:
    """Lay out one row a pair, and count them."""
    places = Places(seen.survey.nodes)
    reasons = any(pair.reason for pair in pairs)
    heads = ["WRITTEN ON", "READ ON", "RESULT", *(["WHY"] if reasons else [])]
    rows = []
    for pair in pairs:
        mark = SAMENESS[pair.result]
        row = [
            cell(places.name(pair.writer.id) if pair.writer else "-"),
            cell(places.name(pair.reader.id)),
            cell(str(mark), mark.style),
        ]
        rows.append([*row, sentence(pair.reason or "-")] if reasons else row)
    counts = Counter(pair.result for pair in pairs)
    tally = (
        Text(f"{counts[each]} {SAMENESS[each].word}", SAMENESS[each].style)
        for each in Sameness
        if counts[each]
    )
    label = Text.assemble(*cell(volume), f", {count(len(pairs), 'pair')} of nodes: ")
    return Group(
        Columns([Column(head=head) for head in heads], rows),
        Text(),
        Paragraph(listing(tally), label=label),
    )


def steps_table(
    seen: Assessment, image: str, steps: Sequence[Step], excluded: Sequence[Excluded]
) -> RenderableType:
    """Lay out what would be run, in order, and where nothing could be."""
    places = Places(seen.survey.nodes)
    rows = [
        (
            cell(places.name(step.place.node.id)),
            cell(step.verb),
            sentence(
                f"{image}, with the volume at {TARGET} by {step.place.driver}"
                f"{', read only' if step.read_only else ''}"
            ),
        )
        for step in steps
    ]
    rows += [
        (cell(places.name(each.node.id)), cell("-"), sentence(each.reason)) for each in excluded
    ]
    return Columns([Column(head=head) for head in ("NODE", "STEP", "CONTAINER")], rows)


def _head(seen: Assessment, volume: str, image: str) -> Document:
    return {**head_of(VERIFY_SCHEMA, seen.survey, seen.gaps), "volume": volume, "image": image}


def _node(node: Node) -> Document:
    return {"id": str(node.id), "hostname": node.hostname}
