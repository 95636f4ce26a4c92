"""Paths on a node: which backing a mountpoint shows, and which volume a bind mount reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from posixpath import normpath
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.core.judgement import Backing, BackingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cloudstorctl.core.model import Entry, NodeId, Survey

_PLACES = {
    "efs/reg": (BackingKind.EFS, "reg", "EFS_ID_REGULAR"),
    "efs/max": (BackingKind.EFS, "max", "EFS_ID_MAXIO"),
    "ebs": (BackingKind.EBS, None, None),
}
"""Folders under the plugin's mount, with what they hold and the setting that names it."""


def backings_of(
    entries: Iterable[Entry], settings: Mapping[tuple[NodeId, str], Mapping[str, str]]
) -> tuple[Backing, ...]:
    """Where the data of entries of one name is, told by mountpoints and the plugins' `settings`.

    The engine's list shows the path as the node sees it, `…/propagated-mount/efs/reg/NAME`;
    a driver that has not been asked to mount yet may show none. Every known backing is given once,
    in a stable order.
    """
    seen: set[tuple[str, str | None, str]] = set()
    tails: dict[str, list[tuple[str, str]]] = {}
    for entry in entries:
        name, shown = entry.name, entry.mountpoint
        if name not in tails:
            tails[name] = [(f"{place}{_below(name)}", place) for place in _PLACES]
        for tail, place in tails[name]:
            if shown.endswith(tail) and (shown == tail or shown.endswith(f"/{tail}")):
                setting = _PLACES[place][2]
                told = settings.get((entry.node_id, entry.driver.removesuffix(":latest")))
                seen.add((place, told.get(setting) if told and setting else None, name))
                break
    return _distinct(_backing(*each) for each in seen)


def _backing(place: str, file_system: str | None, name: str) -> Backing:
    kind, mode, _ = _PLACES[place]
    path = f"/{name.strip('/')}" if kind is BackingKind.EFS else None
    return Backing(kind=kind, mode=mode, file_system=file_system, path=path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """Where the file systems are mounted on the nodes, as paths of the nodes."""

    by_node: dict[NodeId, frozenset[str]]
    everywhere: frozenset[str]
    """Those of all nodes."""
    above: frozenset[str]
    """Every folder that contains one of those."""
    plugin_homes: frozenset[str]
    """Folders of the plugins themselves: binding one, or a part above the roots, binds all."""

    def reached_by(self, path: str, node: NodeId | None) -> str | None:
        """Give what a bind mount of `path` reaches, as a path below the file system's root.

        The empty string is the root: every volume. None: not in the file system. `node` limits
        the look to one node's roots; None takes those of all nodes, as for a service's spec.
        A bind of something that merely contains the plugin, such as `/`, is None: monitoring
        containers do so and use no volume by it.
        """
        roots = self.everywhere if node is None else self.by_node.get(node, frozenset())
        clean = _clean(path)
        for folder in _upward(clean):
            if folder in roots:
                return clean[len(folder) + 1 :]
        if clean not in self.above:
            return None
        if node is not None and not any(root.startswith(f"{clean}/") for root in roots):
            return None
        return None if self.plugin_homes.isdisjoint(_upward(clean)) else ""


def roots_in(survey: Survey) -> Roots:
    """Find the roots of the file systems: from mountpoints, and from where plugins live."""
    family = family_of(survey)
    by_node: dict[NodeId, frozenset[str]] = {}
    homes: set[str] = set()
    for engine in survey.engines:
        ours = {driver for driver in family.through(engine.entries) if driver}
        shown = {_root_of(entry) for entry in engine.entries if entry.driver in ours}
        roots = {_clean(root) for root in shown if root}
        for plugin in engine.plugins:
            if family.has(plugin) and engine.root_dir:
                home = _clean(f"{engine.root_dir}/plugins/{plugin.id}")
                homes.add(home)
                roots |= {f"{home}/propagated-mount/{place}" for place in _PLACES}
        by_node[engine.node_id] = frozenset(roots)
    everywhere = frozenset[str]().union(*by_node.values())
    return Roots(
        by_node=by_node,
        everywhere=everywhere,
        above=frozenset(
            folder for root in everywhere for folder in _upward(root) if folder != root
        ),
        plugin_homes=frozenset(homes),
    )


def _upward(path: str) -> Iterator[str]:
    """Give a path and every folder above it, without the root of all."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _distinct(backings: Iterable[Backing]) -> tuple[Backing, ...]:
    """Every backing once; one without a file system's ID says no more than one that has it."""
    known = set(backings)
    named = {replace(backing, file_system=None) for backing in known if backing.file_system}
    return tuple(sorted(known - named, key=lambda b: (str(b), b.file_system or "", b.path or "")))


def _root_of(entry: Entry) -> str | None:
    """Give the folder in which a mountpoint has the volume's name, if it does."""
    below = _below(entry.name)
    return entry.mountpoint[: -len(below)] if entry.mountpoint.endswith(below) else None


def _below(name: str) -> str:
    """What a mountpoint adds to the root for a volume."""
    return f"/{name.strip('/')}"


def _clean(path: str) -> str:
    return normpath(f"/{path.lstrip('/')}") if path.startswith("/") else normpath(path)
