"""Which engines ask the guard before they remove a volume, and which do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudstorctl.core.model import Node, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What one node's engine does with a request, as far as it says."""

    node: Node
    protected: bool | None
    """Whether it asks the guard; None: its engine was not read."""
    plugins: tuple[str, ...] = ()
    """The authorization plugins that it asks, in their order."""


def protections_in(survey: Survey, plugin: str) -> tuple[Protection, ...]:
    """Tell of every node whether its engine names the authorization plugin `plugin`.

    `/info` lists those that the engine asks just now, not what its configuration says (moby
    daemon/info.go, fillPluginsInfo).
    """
    asked = {reading.node_id: reading.authorization for reading in survey.engines}
    return tuple(
        Protection(node=node, protected=None)
        if (plugins := asked.get(node.id)) is None
        else Protection(node=node, protected=plugin in plugins, plugins=plugins)
        for node in survey.nodes
    )
