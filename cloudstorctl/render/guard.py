"""Which nodes the guard protects, as a table, as a document and as names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.render.documents import head_of
from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing
from cloudstorctl.render.naming import Places, count
from cloudstorctl.render.symbols import PROTECTION
from cloudstorctl.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from cloudstorctl.core.protection import Protection
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.render.documents import Document

GUARD_SCHEMA = "cloudstorctl/guard/v1"


def guard_document(seen: Assessment, protections: Sequence[Protection]) -> Document:
    """Describe every node; `protected` is null where its engine was not read."""
    return {
        **head_of(GUARD_SCHEMA, seen.survey, seen.gaps),
        "nodes": [
            {
                "node": {"id": str(each.node.id), "hostname": each.node.hostname},
                "protected": each.protected,
                "authorization_plugins": list(each.plugins),
            }
            for each in protections
        ],
    }


def unprotected(protections: Sequence[Protection]) -> str:
    """Give each node that is certainly not protected a line."""
    return "".join(
        f"{visible(each.node.hostname)}\n" for each in protections if each.protected is False
    )


def guard_table(protections: Sequence[Protection]) -> RenderableType:
    """Lay out one row a node, and count them."""
    places = Places(each.node for each in protections)
    rows = []
    for each in sorted(protections, key=lambda each: places.order(each.node.id)):
        mark = PROTECTION[each.protected]
        rows.append(
            (
                cell(places.name(each.node.id)),
                cell(str(mark), mark.style),
                listing(each.plugins) or cell("-"),
            )
        )
    counts = Counter(each.protected for each in protections)
    tally = (
        Text(f"{counts[state]} {mark.word}", mark.style)
        for state, mark in PROTECTION.items()
        if counts[state]
    )
    return Group(
        Columns([Column(head=head) for head in ("NODE", "GUARD", "AUTHORIZATION PLUGINS")], rows),
        Text(),
        Paragraph(listing(tally), label=Text(f"{count(len(protections), 'node')}: ")),
    )
