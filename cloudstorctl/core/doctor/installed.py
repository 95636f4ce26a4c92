"""Which Cloudstor plugins each node of a swarm has, as far as that is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cloudstorctl.core.family import Family, family_of
from cloudstorctl.core.model import Node, NodeId, Plugin  # noqa: TC001 - dataclass annotations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudstorctl.core.model import Survey

T = TypeVar("T")

DOCUMENTED_ALIAS = "cloudstor:aws"
"""What the driver's documentation installs it as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The Cloudstor plugins of a swarm, by node."""

    family: Family
    nodes: tuple[Node, ...]
    """By hostname."""
    plugins: Mapping[NodeId, Mapping[str, Plugin]]
    """Of the nodes whose plugins were read, by alias with its tag."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every alias that a plugin has on some node, sorted."""
        return tuple(sorted({alias for own in self.plugins.values() for alias in own}))

    @property
    def usual(self) -> str:
        """The alias that most nodes have; the documented one where no node has any."""
        counts = Counter(
            alias for alias in self.aliases for own in self.plugins.values() if alias in own
        )
        return most_common(counts.elements()) if counts else DOCUMENTED_ALIAS

    def has(self, node: Node, driver: str) -> bool | None:
        """Whether mounts that name `driver` find it on a node; None: that is not known.

        The managers look for a plugin of that very name, or of it with `:latest` (swarmkit
        manager/scheduler/filter.go, pluginExistsOnNode): `cloudstor:aws:latest` is none. Of an
        engine that was not read, they know the drivers that it had when it last reported.
        """
        names = {driver, f"{driver}:latest"}
        if (own := self.plugins.get(node.id)) is not None:
            return any(name in own and own[name].enabled for name in names)
        if node.volume_drivers:
            return not names.isdisjoint(node.volume_drivers)
        return None


def installed_in(survey: Survey) -> Installed:
    """Gather the Cloudstor plugins of a survey.

    An engine with a gap and without any plugin counts as not read: which of its answers is missing
    is not on record.
    """
    family = family_of(survey)
    doubtful = {gap.node for gap in survey.gaps}
    return Installed(
        family=family,
        nodes=tuple(sorted(survey.nodes, key=lambda node: (node.hostname, node.id))),
        plugins={
            engine.node_id: {plugin.name: plugin for plugin in engine.plugins if family.has(plugin)}
            for engine in survey.engines
            if engine.plugins or engine.node_id not in doubtful
        },
    )


def most_common(values: Iterable[T]) -> T:
    """Give the value that comes most often, and of several such the one that comes first."""
    counts = Counter(values)
    return max(counts, key=lambda value: counts[value])
