"""Under which name a swarm's services have to write the Cloudstor driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.errors import CloudstorctlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.model import EngineReading, Node, NodeId, Survey

_LATEST = ":latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name under which Cloudstor is installed and enabled."""

    name: str
    """With its tag, as managers compare it with what a mount names (swarmkit
    manager/scheduler/filter.go, PluginFilter)."""
    nodes: tuple[NodeId, ...]


def aliases_in(survey: Survey) -> tuple[Alias, ...]:
    """Find the enabled plugins of the family, that of the most nodes first."""
    family = family_of(survey)
    nodes: dict[str, list[NodeId]] = {}
    for engine in survey.engines:
        for plugin in engine.plugins:
            if plugin.enabled and family.has(plugin):
                nodes.setdefault(plugin.name, []).append(engine.node_id)
    found = (Alias(name=name, nodes=tuple(having)) for name, having in nodes.items())
    return tuple(sorted(found, key=lambda alias: (-len(alias.nodes), alias.name)))


def alias_for(survey: Survey, wanted: str | None) -> Alias:
    """Choose the name to write; `wanted` decides where there are several.

    Raises:
        CloudstorctlError: no engine that was read has an enabled Cloudstor plugin.
        UsageError: there are several and none is wanted, or none of the wanted name.
    """
    aliases = aliases_in(survey)
    if not aliases:
        raise CloudstorctlError(
            "No engine that could be read has a Cloudstor plugin that is enabled. 'docker plugin "
            "ls' on a node shows what it has; 'drivers' in the configuration names drivers that "
            "are called otherwise."
        )
    hostnames = {node.id: node.hostname for node in survey.nodes}
    told = "".join(
        f"\n  {alias.name} on {', '.join(sorted(hostnames.get(n, n) for n in alias.nodes))}"
        for alias in aliases
    )
    if wanted is not None:
        for alias in aliases:
            if alias.name.removesuffix(_LATEST) == wanted.removesuffix(_LATEST):
                return alias
        raise UsageError(f"No engine has {wanted} enabled as a Cloudstor driver. There is:{told}")
    if len(aliases) > 1:
        raise UsageError(
            f"The driver has several names in this swarm: choose one with --volume-driver.{told}"
        )
    return aliases[0]


def nodes_without(survey: Survey, alias: Alias) -> tuple[str, ...]:
    """Say of each node that does not have the driver enabled what becomes of tasks there."""
    readings = {engine.node_id: engine for engine in survey.engines}
    return tuple(
        _without(survey, node, readings.get(node.id), alias.name)
        for node in survey.nodes
        if node.id not in alias.nodes
    )


def _without(survey: Survey, node: Node, reading: EngineReading | None, driver: str) -> str:
    plugins = reading.plugins if reading is not None else ()
    if any(plugin.name == driver for plugin in plugins):
        return (
            f"{node.hostname} has {driver} disabled: no task with this mount runs there until "
            f"'docker plugin enable {driver}'."
        )
    causes = tuple(_causes(survey, node))
    if reading is None or (causes and not plugins):
        return (
            f"Whether {node.hostname} has {driver} is not known: "
            f"{'; '.join(causes) or 'its engine was not read'}."
        )
    return f"{node.hostname} does not have {driver}: no task with this mount runs there."


def _causes(survey: Survey, node: Node) -> Iterator[str]:
    return (gap.cause for gap in survey.gaps if gap.node == node.id)
