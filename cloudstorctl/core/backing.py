"""Paths on a node: which backing a mountpoint shows, and which volume a bind mount reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from posixpath import normpath
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.core.judgement import Backing, BackingKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import Entry, NodeId, Survey

_PLACES = {
    "efs/reg": (BackingKind.EFS, "reg", "EFS_ID_REGULAR"),
    "efs/max": (BackingKind.EFS, "max", "EFS_ID_MAXIO"),
    "ebs": (BackingKind.EBS, None, None),
}
"""Folders under the plugin's mount, with what they hold and the setting that names it."""


def backing_of(entry: Entry, settings: dict[str, str]) -> Backing:
    """Where the data of an entry is, told by its mountpoint and the plugin's `settings`.

    The engine's list shows the path as the node sees it, `…/propagated-mount/efs/reg/NAME`;
    a driver that has not been asked to mount yet may show none.
    """
    root = _root_of(entry)
    for place, (kind, mode, setting) in _PLACES.items():
        if root is not None and (root == place or root.endswith(f"/{place}")):
            return Backing(
                kind=kind,
                mode=mode,
                file_system=settings.get(setting) if setting else None,
                path=f"/{entry.name.strip('/')}" if kind is BackingKind.EFS else None,
            )
    return Backing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """Where the file systems are mounted on the nodes, as paths of the nodes."""

    by_node: dict[NodeId, frozenset[str]]
    plugin_homes: frozenset[str]
    """Folders of the plugins themselves: binding one, or a part above the roots, binds all."""

    def reached_by(self, path: str, node: NodeId | None) -> str | None:
        """Give what a bind mount of `path` reaches, as a path below the file system's root.

        The empty string is the root: every volume. None: not in the file system. `node` limits
        the look to one node's roots; None takes those of all nodes, as for a service's spec.
        A bind of something that merely contains the plugin, such as `/`, is None: monitoring
        containers do so and use no volume by it.
        """
        roots = (
            frozenset[str]().union(*self.by_node.values())
            if node is None
            else self.by_node.get(node, frozenset())
        )
        clean = _clean(path)
        for root in sorted(roots, key=len, reverse=True):
            if clean == root:
                return ""
            if clean.startswith(f"{root}/"):
                return clean[len(root) + 1 :]
        # Few roots, and a home for every node: the homes are looked through only where it matters.
        if not any(root.startswith(f"{clean}/") for root in roots):
            return None
        inside = any(clean == home or clean.startswith(f"{home}/") for home in self.plugin_homes)
        return "" if inside else None


def roots_in(survey: Survey) -> Roots:
    """Find the roots of the file systems: from mountpoints, and from where plugins live."""
    family = family_of(survey)
    by_node: dict[NodeId, frozenset[str]] = {}
    homes: set[str] = set()
    for engine in survey.engines:
        roots = {
            _clean(root)
            for entry in engine.entries
            if family.includes(entry.driver) and (root := _root_of(entry))
        }
        for plugin in engine.plugins:
            if family.has(plugin) and engine.root_dir:
                home = _clean(f"{engine.root_dir}/plugins/{plugin.id}")
                homes.add(home)
                roots |= {f"{home}/propagated-mount/{place}" for place in _PLACES}
        by_node[engine.node_id] = frozenset(roots)
    return Roots(by_node=by_node, plugin_homes=frozenset(homes))


def distinct(backings: Iterable[Backing]) -> tuple[Backing, ...]:
    """Every known backing once, in a stable order.

    One without a file system's ID says no more than one of the same place that has it.
    """
    known = {backing for backing in backings if backing.kind is not BackingKind.UNKNOWN}
    named = {replace(backing, file_system=None) for backing in known if backing.file_system}
    return tuple(sorted(known - named, key=lambda b: (str(b), b.file_system or "", b.path or "")))


def _root_of(entry: Entry) -> str | None:
    suffix = f"/{entry.name.strip('/')}"
    if not entry.mountpoint.endswith(suffix):
        return None
    return entry.mountpoint[: -len(suffix)]


def _clean(path: str) -> str:
    return normpath(f"/{path.lstrip('/')}") if path.startswith("/") else normpath(path)
