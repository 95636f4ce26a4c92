"""Which file systems the nodes' plugins are set to write to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.core.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudstorctl.core.model import NodeId, Plugin, Survey

SETTINGS = {"reg": "EFS_ID_REGULAR", "max": "EFS_ID_MAXIO"}
"""The plugin's setting that names the file system of each performance mode (cloudstor.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file system that plugins of the swarm use in one performance mode."""

    id: str
    mode: str
    """`reg` or `max`, as in a volume's backing."""
    region: str
    """AWS region; empty where neither plugin nor configuration tells."""
    nodes: tuple[NodeId, ...]
    """Whose plugins say so; empty where only the configuration does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What the configuration says where the plugins do not tell; empty: nothing."""

    region: str = ""
    regular: str = ""
    maxio: str = ""


def attached_in(survey: Survey, configured: Configured) -> tuple[Attached, ...]:
    """Find the file systems of a survey, by mode and ID."""
    nodes: dict[tuple[str, str, str], list[NodeId]] = defaultdict(list)
    for node, told in _settings(survey):
        region = told.get("AWS_REGION") or configured.region
        for mode, setting in SETTINGS.items():
            if told.get(setting):
                nodes[mode, told[setting], region].append(node)
    modes = {mode for mode, _, _ in nodes}
    for mode, identifier in (("reg", configured.regular), ("max", configured.maxio)):
        if identifier and mode not in modes:
            nodes[mode, identifier, configured.region] = []
    return tuple(
        Attached(id=identifier, mode=mode, region=region, nodes=tuple(nodes[key]))
        for key in sorted(nodes, key=lambda key: (key[0] != "reg", key))
        for mode, identifier, region in (key,)
    )


def differing(attached: Iterable[Attached], hostnames: Mapping[NodeId, str]) -> tuple[Finding, ...]:
    """Say which nodes write to another file system than the others: their data is not shared."""
    by_mode: dict[str, list[Attached]] = defaultdict(list)
    for each in attached:
        by_mode[each.mode].append(each)
    findings = []
    for mode, several in by_mode.items():
        # The first of those that most nodes use is taken for the right one.
        most = max(several, key=lambda each: len(each.nodes))
        for other in several:
            if other is not most:
                names = ", ".join(sorted(hostnames.get(node, node) for node in other.nodes))
                findings.append(_finding(mode, other, most, names))
    return tuple(findings)


def _finding(mode: str, other: Attached, most: Attached, names: str) -> Finding:
    where = f"{other.id} in {other.region}" if other.region != most.region else other.id
    return Finding(
        code="other-file-system",
        severity=Severity.ERROR,
        about=f"file system {other.id}",
        reason=(
            f"The plugin of {names} keeps its efs/{mode} volumes in {where}, and that of the other "
            f"nodes in {most.id}: a task that moves there finds another volume of the same name."
        ),
        fix=f"docker plugin set cloudstor:aws {SETTINGS[mode]}={most.id} (on {names})",
    )


def _settings(survey: Survey) -> Iterable[tuple[NodeId, dict[str, str]]]:
    family = family_of(survey)
    for engine in survey.engines:
        for plugin in sorted(engine.plugins, key=_name):
            if family.has(plugin):
                yield engine.node_id, dict(plugin.settings)


def _name(plugin: Plugin) -> str:
    return plugin.name
