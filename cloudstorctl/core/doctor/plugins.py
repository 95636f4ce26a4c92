"""Checks on the plugin: the same one on every node, enabled, with the same settings."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.installed import DOCUMENTED_ALIAS, most_common
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.plugin_change import changed, precaution
from cloudstorctl.core.sharing import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.doctor.installed import Installed
    from cloudstorctl.core.model import Node, NodeId, Plugin

_HARMLESS = {"DEBUG"}
_SHOWN = {
    "AWS_REGION",
    "AWS_STACK_ID",
    "CLOUD_PLATFORM",
    "EFS_ID_MAXIO",
    "EFS_ID_REGULAR",
    "EFS_SUPPORTED",
} | _HARMLESS
"""Settings of the documentation: any other may hold a secret, and its value is not told."""


def plugin_findings(installed: Installed) -> Iterator[Finding]:
    """Say on which nodes the plugin is absent, disabled, or not that of the others."""
    if not installed.aliases and len(installed.plugins) == len(installed.nodes):
        yield Finding(
            code="no-plugin",
            severity=Severity.WARNING,
            about="swarm",
            reason="No node has a Cloudstor plugin: there is nothing to share volumes with.",
            fix=f"docker plugin install --alias {DOCUMENTED_ALIAS} --grant-all-permissions "
            "docker4x/cloudstor:18.09.2-ce-aws1 CLOUD_PLATFORM=AWS EFS_SUPPORTED=1 "
            "EFS_ID_REGULAR=… EFS_ID_MAXIO=… AWS_REGION=… AWS_STACK_ID=…  # on every node",
        )
    for alias in installed.aliases:
        here = [
            (node, installed.plugins[node.id][alias])
            for node in installed.nodes
            if alias in installed.plugins.get(node.id, ())
        ]
        yield from _absent(installed, alias, here)
        for node, plugin in here:
            if not plugin.enabled:
                yield _disabled(node, plugin)
        yield from _other_references(here)
        yield from _other_settings(here)


def explained_by_plugins(installed: Installed) -> frozenset[tuple[NodeId, str]]:
    """Give the nodes, and the alias, of which a finding says why mounts do not find it there."""
    return frozenset(
        (node.id, alias)
        for alias in installed.aliases
        for node in installed.nodes
        if node in _lacking(installed, alias) or alias in installed.plugins.get(node.id, ())
    )


def _lacking(installed: Installed, alias: str) -> list[Node]:
    """Give the few nodes without a plugin that most have.

    What only a few nodes have is a matter of the services that name it.
    """
    known = [node for node in installed.nodes if installed.has(node, alias) is not None]
    lacking = [
        node
        for node in known
        if alias not in installed.plugins.get(node.id, ()) and not installed.has(node, alias)
    ]
    return lacking if 2 * len(lacking) <= len(known) else []


def _disabled(node: Node, plugin: Plugin) -> Finding:
    return Finding(
        code="plugin-disabled",
        severity=Severity.ERROR,
        about=f"node {node.hostname}",
        reason=(
            f"The plugin {plugin.name} is installed and disabled: its volumes are not listed "
            "there, and no container that mounts one can start."
        ),
        fix=f"docker plugin enable {plugin.name}  # on {node.hostname}",
    )


def _absent(installed: Installed, alias: str, here: list[tuple[Node, Plugin]]) -> Iterator[Finding]:
    lacking = _lacking(installed, alias)
    if not lacking:
        return
    model = most_common(plugin for _, plugin in here)
    have = f"{in_words(each.hostname for each, _ in here)} {'have' if len(here) > 1 else 'has'}"
    for node in lacking:
        drained = node.availability == "drain"
        others = ", ".join(sorted(installed.plugins.get(node.id, ())))
        yield Finding(
            code="plugin-missing",
            severity=Severity.NOTE if drained else Severity.WARNING,
            about=f"node {node.hostname}",
            reason=(
                f"It does not have the plugin {alias}, which {have}"
                f"{f'; it has {others}' if others else ''}. No task that mounts a volume of it is "
                "placed there" + (", nor any other while the node is drained." if drained else ".")
            ),
            fix=_installation(alias, model, node),
        )


def _installation(alias: str, model: Plugin, node: Node) -> str:
    if not model.reference:
        return ""  # it was made in place, from files that are not known here
    told = [f"{key}={quote(value)}" for key, value in model.settings if key in _SHOWN and value]
    words = ("docker plugin install --alias", alias, "--grant-all-permissions", model.reference)
    return f"{' '.join((*words, *told))}  # on {node.hostname}"


def _other_references(here: list[tuple[Node, Plugin]]) -> Iterator[Finding]:
    told = [(node, plugin, _reference(plugin)) for node, plugin in here if plugin.reference]
    if not told:
        return
    usual = most_common(reference for _, _, reference in told)
    for node, plugin, reference in told:
        if reference != usual:
            yield Finding(
                code="plugin-other-version",
                severity=Severity.WARNING,
                about=f"node {node.hostname}",
                reason=(
                    f"Its plugin {plugin.name} is {reference}, and that of most nodes {usual}: "
                    "they may list and keep volumes in different ways. "
                    f"{precaution([node.hostname])}"
                ),
                fix=changed(
                    plugin.name,
                    "docker plugin upgrade --skip-remote-check --grant-all-permissions "
                    f"{plugin.name} {usual}",
                    [node.hostname],
                ),
            )


def _reference(plugin: Plugin) -> str:
    return plugin.reference.removeprefix("docker.io/")


def _other_settings(here: list[tuple[Node, Plugin]]) -> Iterator[Finding]:
    settings = [dict(plugin.settings) for _, plugin in here]
    usual = {
        # A setting that is empty and one that is missing are the same to the driver.
        key: most_common(own.get(key, "") for own in settings)
        for key in sorted({key for own in settings for key in own})
    }
    for (node, plugin), own in zip(here, settings, strict=True):
        odd = [key for key, value in usual.items() if own.get(key, "") != value]
        if odd:
            yield _with_other_settings(node, plugin, odd, usual)


def _with_other_settings(
    node: Node, plugin: Plugin, odd: list[str], usual: dict[str, str]
) -> Finding:
    own = dict(plugin.settings)
    told = [
        f"{key} is {own.get(key) or 'not set'}, and on most nodes {usual[key] or 'not set'}"
        if key in _SHOWN
        else f"{key} is not what it is on most nodes"
        for key in odd
    ]
    if _SHOWN.issuperset(odd):
        severity = Severity.NOTE if _HARMLESS.issuperset(odd) else Severity.ERROR
    else:
        severity = Severity.ERROR if _SHOWN.difference(_HARMLESS) & set(odd) else Severity.WARNING
    follows = {
        Severity.ERROR: (
            "Tasks on this node write to other storage: one that moves there or away finds another "
            "volume of the same name."
        ),
        Severity.WARNING: "The volumes of this node may be kept in another way than the others'.",
        Severity.NOTE: "The data is not touched by it.",
    }[severity]
    sets = " ".join(f"{key}={quote(usual[key])}" for key in odd if key in _SHOWN)
    return Finding(
        code="plugin-other-settings",
        severity=severity,
        about=f"node {node.hostname}",
        reason=f"Of its plugin {plugin.name}, {'; '.join(told)}. {follows}"
        + (f" {precaution([node.hostname])}" if sets else ""),
        fix=changed(plugin.name, f"docker plugin set {plugin.name} {sets}", [node.hostname])
        if sets
        else f"docker plugin inspect -f '{{{{.Settings.Env}}}}' {plugin.name}"
        f"  # on {node.hostname}",
    )
