"""The EBS volumes of a swarm, as a table and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.times import rfc3339
from cloudstorctl.render.detail import age
from cloudstorctl.render.documents import head_of
from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing, sentence
from cloudstorctl.render.naming import Places, count
from cloudstorctl.render.notes import not_seen, warnings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from cloudstorctl.core.ebs import Relocatable
    from cloudstorctl.core.model import Gap, Survey
    from cloudstorctl.render.documents import Document
    from cloudstorctl.render.layout import Cell

EBS_SCHEMA = "cloudstorctl/ebs/v1"

_HEADS = ("SIZE", "TYPE", "ZONE", "STATE", "ATTACHED TO", "SNAPSHOT", "LISTED BY")


def ebs_document(survey: Survey, found: Sequence[Relocatable], gaps: Sequence[Gap]) -> Document:
    """Describe the volumes; sizes are in GiB, as EBS is paid for."""
    places = Places(survey.nodes)
    return {
        **head_of(EBS_SCHEMA, survey, gaps),
        "size_gib": sum(each.volume.size_gib for each in found),
        "volumes": [
            {
                "id": each.volume.id,
                "name": each.volume.name,
                "size_gib": each.volume.size_gib,
                "type": each.volume.type,
                "iops": each.volume.iops,
                "zone": each.volume.zone,
                "state": each.volume.state,
                "encrypted": each.volume.encrypted,
                "instance": each.volume.instance,
                "snapshot": each.volume.snapshot
                and {
                    "id": each.volume.snapshot.id,
                    "created_at": rfc3339(each.volume.snapshot.created),
                },
                "nodes": [
                    {"id": str(node), "hostname": places.hostname(node)} for node in each.nodes
                ],
                "namesakes": list(each.namesakes),
            }
            for each in found
        ],
    }


def ebs_table(survey: Survey, found: Sequence[Relocatable], gaps: Sequence[Gap]) -> RenderableType:
    """Lay out one row a volume, the sum of what they cost, and the names that are there twice."""
    return Group(*_parts(survey, found, gaps))


def _parts(
    survey: Survey, found: Sequence[Relocatable], gaps: Sequence[Gap]
) -> Iterator[RenderableType]:
    places = Places(survey.nodes)
    if found:
        columns = [Column(head=head, whole=True) for head in ("VOLUME", "EBS")]
        columns += [Column(head=head) for head in _HEADS]
        yield Columns(columns, [_row(each, places, survey.taken_at) for each in found])
        yield Text()
        size = sum(each.volume.size_gib for each in found)
        unlisted = sum(each.volume.size_gib for each in found if not each.nodes)
        told = f"{count(len(found), 'volume')}, {size} GiB, of which {unlisted} GiB in no list."
        yield Paragraph(sentence(told))
    twice = {each.volume.name: each for each in found if each.namesakes}
    yield from warnings(
        f"{name} is the name of several EBS volumes ({', '.join(sorted(ids))}): the driver takes "
        "any of them, and a removal may hit the wrong one."
        for name, each in twice.items()
        for ids in [(each.volume.id, *each.namesakes)]
    )
    yield from not_seen(gaps, places)


def _row(each: Relocatable, places: Places, now: datetime) -> list[Cell]:
    volume = each.volume
    snapshot = "-" if volume.snapshot is None else f"{age(now - volume.snapshot.created)} old"
    return [
        cell(volume.name),
        cell(volume.id),
        cell(f"{volume.size_gib} GiB"),
        cell(volume.type if volume.iops is None else f"{volume.type}/{volume.iops}"),
        cell(volume.zone),
        cell(volume.state),
        cell(volume.instance or "-"),
        cell(snapshot),
        listing(places.name(node) for node in each.nodes) or cell("nobody", "yellow"),
    ]
