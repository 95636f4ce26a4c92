"""Which file systems the nodes' plugins are set to write to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.plugin_change import changed, precaution

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
    plugins: tuple[str, ...] = ()
    """What the plugin is called on each of these nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What the configuration says where the plugins do not tell; empty: nothing."""

    region: str = ""
    regular: str = ""
    maxio: str = ""


def attached_in(survey: Survey, configured: Configured) -> tuple[Attached, ...]:
    """Find the file systems of a survey, by mode and ID."""
    nodes: dict[tuple[str, str, str], list[NodeId]] = defaultdict(list)
    plugins: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for node, plugin in _plugins(survey):
        told = dict(plugin.settings)
        region = told.get("AWS_REGION") or configured.region
        for mode, setting in SETTINGS.items():
            if told.get(setting):
                nodes[mode, told[setting], region].append(node)
                plugins[mode, told[setting], region].append(plugin.name)
    modes = {mode for mode, _, _ in nodes}
    for mode, identifier in (("reg", configured.regular), ("max", configured.maxio)):
        if identifier and mode not in modes:
            nodes[mode, identifier, configured.region] = []
    return tuple(
        Attached(
            id=identifier,
            mode=mode,
            region=region,
            nodes=tuple(nodes[key]),
            plugins=tuple(plugins[key]),
        )
        for key in sorted(nodes, key=lambda key: (key[0] != "reg", key))
        for mode, identifier, region in (key,)
    )


def differing(attached: Iterable[Attached], hostnames: Mapping[NodeId, str]) -> tuple[Finding, ...]:
    """Say which nodes write to another file system than the others: their data is not shared."""
    by_mode: dict[str, list[Attached]] = defaultdict(list)
    for each in attached:
        by_mode[each.mode].append(each)
    findings: list[Finding] = []
    for mode, several in by_mode.items():
        # The first of those that most nodes use is taken for the right one.
        most = max(several, key=lambda each: len(each.nodes))
        for other in several:
            if other is not most:
                findings += _findings(mode, other, most, hostnames)
    return tuple(findings)


def _findings(
    mode: str, other: Attached, most: Attached, hostnames: Mapping[NodeId, str]
) -> Iterable[Finding]:
    """Say it once for each name of the plugin there, which its change has to name."""
    where = f"{other.id} in {other.region}" if other.region != most.region else other.id
    sets = {SETTINGS[mode]: (other.id, most.id), "AWS_REGION": (other.region, most.region)}
    told = [f"{key}={quote(new)}" for key, (old, new) in sets.items() if new and new != old]
    for plugin in sorted(set(other.plugins)):
        having = zip(other.nodes, other.plugins, strict=True)
        names = sorted(hostnames.get(node, node) for node, own in having if own == plugin)
        set_them = f"docker plugin set {quote(plugin)} {' '.join(told)}"
        yield Finding(
            code="other-file-system",
            severity=Severity.ERROR,
            about=f"file system {other.id}",
            reason=(
                f"The plugin of {', '.join(names)} keeps its efs/{mode} volumes in {where}, and "
                f"that of the other nodes in {most.id}"
                f"{f' in {most.region}' if other.region != most.region and most.region else ''}: a "
                "task that moves there finds another volume of the same name. "
                f"{precaution(names) if told else ''}"
            ).strip(),
            fix=changed(plugin, set_them, names) if told else "",
        )


def _plugins(survey: Survey) -> Iterable[tuple[NodeId, Plugin]]:
    family = family_of(survey)
    for engine in survey.engines:
        for plugin in sorted(engine.plugins, key=_name):
            if family.has(plugin):
                yield engine.node_id, plugin


def _name(plugin: Plugin) -> str:
    return plugin.name
