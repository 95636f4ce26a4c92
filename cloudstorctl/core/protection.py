"""Which engines ask the guard before they remove a volume, and which do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.model import Node, NodeId, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What one node's engine does with a request, as far as it is known."""

    node: Node
    protected: bool | None
    """Whether it asks the guard; None: its engine was not asked, or not read."""
    plugins: tuple[str, ...] = ()
    """The authorization plugins that it names: those that it began with."""


def protections_in(survey: Survey, asks: Mapping[NodeId, bool]) -> tuple[Protection, ...]:
    """Tell of every node whether its engine asks the guard.

    `asks` says what each engine did with the guard's own question. A node whose engine was not read
    is unknown whatever answered that: the survey has checked who answers where.
    """
    named = {reading.node_id: reading.authorization for reading in survey.engines}
    return tuple(
        Protection(
            node=node,
            protected=asks.get(node.id) if node.id in named else None,
            plugins=named.get(node.id, ()),
        )
        for node in survey.nodes
    )
