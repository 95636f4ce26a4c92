"""Whether nodes share a volume's data: where that can be tried, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import BackingKind
from cloudstorctl.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cloudstorctl.core.judgement import Volume
    from cloudstorctl.core.model import Node, Survey, VolumeName
    from cloudstorctl.core.verdict import Assessment


class Sameness(StrEnum):
    """What a reader found of what the writer wrote."""

    SAME = "same"
    ABSENT = "not-there"
    OTHER = "other-content"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node on which the volume can be mounted, as its engine lists it."""

    node: Node
    driver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A node on which it cannot be tried."""

    node: Node
    reason: str
    """A clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Where a volume is to be tried: the first place writes."""

    volume: VolumeName
    places: tuple[Place, ...]
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one node found of what another wrote; without a writer nothing was written."""

    writer: Node | None
    reader: Node
    result: Sameness
    reason: str = ""
    """A clause: why it could not be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What could not be cleaned up."""

    what: str
    """`container NAME` or `file NAME`."""
    node: Node
    reason: str
    """A clause."""
    command: str
    """What removes it by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One container that a trial runs."""

    place: Place
    verb: str
    """`write`, `read` or `remove`."""
    read_only: bool


def trial_of(volume: Volume, seen: Assessment, asked: Sequence[str] = ()) -> Trial:
    """Find where a volume can be tried: on every node that lists it, or on those `asked` for.

    `asked` are hostnames or IDs, and the first of them is to write.

    Raises:
        RefusedError: its data is, or may be, on an EBS volume, which the driver takes from the node
            that uses it when another mounts it.
        UsageError: there is no such node.
    """
    kinds = {backing.kind for backing in volume.backings}
    if kinds != {BackingKind.EFS}:
        where = "is an EBS volume" if BackingKind.EBS in kinds else "may be an EBS volume"
        raise RefusedError(
            f"{volume.name} {where}, by what the engines list: mounting one on another node takes "
            "it from the task that uses it, so nothing was run. Only volumes on EFS are shared."
        )
    found = [_look(volume, node, seen, asked=bool(asked)) for node in _nodes(seen.survey, asked)]
    return Trial(
        volume=volume.name,
        places=tuple(each for each in found if isinstance(each, Place)),
        excluded=tuple(each for each in found if isinstance(each, Excluded)),
    )


def steps_of(trial: Trial) -> tuple[Step, ...]:
    """Say which containers would be run, in order; none where there are no two places."""
    if len(trial.places) < 2:  # noqa: PLR2004 - a writer and a reader
        return ()
    writer, *readers = trial.places
    return (
        Step(place=writer, verb="write", read_only=False),
        *(Step(place=reader, verb="read", read_only=True) for reader in readers),
        Step(place=writer, verb="remove", read_only=False),
    )


def in_words(names: Iterable[str]) -> str:
    """List names: `n1`, `n1 and n2`, `n1, n2 and n3`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _nodes(survey: Survey, asked: Sequence[str]) -> Iterable[Node]:
    if not asked:
        return survey.nodes
    chosen: dict[str, Node] = {}
    for name in asked:
        found = [node for node in survey.nodes if name in {node.id, node.hostname}]
        if not found:
            there = in_words(node.hostname for node in survey.nodes)
            raise UsageError(f"No node of the swarm has the name or ID {name}. There is {there}.")
        chosen |= {node.id: node for node in found}
    return chosen.values()


def _look(volume: Volume, node: Node, seen: Assessment, *, asked: bool) -> Place | Excluded | None:
    drivers = {entry.driver for entry in volume.entries if entry.node_id == node.id}
    if not drivers:
        causes = [gap.cause for gap in seen.gaps if gap.node == node.id]
        reason = "; ".join(causes) or ("its engine does not list the volume" if asked else "")
        return Excluded(node=node, reason=reason) if reason else None
    if len(drivers) > 1:
        names = ", ".join(sorted(drivers))
        return Excluded(
            node=node, reason=f"its engine lists the volume by several drivers: {names}"
        )
    (driver,) = drivers
    if not driver:
        reason = "its engine lists the volume without a driver: is the plugin disabled?"
        return Excluded(node=node, reason=reason)
    return Place(node=node, driver=driver)
