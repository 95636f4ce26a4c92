"""What the guard knows of its own node without asking: plugins, and the drivers of volumes."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from cloudstorctl.core.family import Family
from cloudstorctl.core.model import Plugin
from cloudstorctl.core.pluginname import plugins_named

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cloudstorctl.guard.engine import Event, Row

_LOCAL: Final = "local"
_LOCAL_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
"""What the local driver takes for a name (moby volume/local/local.go, validateName)."""


class _Kept(msgspec.Struct, kw_only=True):
    """The file that outlives the guard."""

    root: str
    node_id: str
    plugins: list[tuple[str, str, str, bool]]
    others: list[str]
    ours: list[str]


@dataclass(slots=True)
class Knowledge:
    """Answers from memory; the follower (following.py) tells it what the engine says.

    Whole sets are put in place of others, so that no reader ever waits for a writer.
    """

    patterns: tuple[str, ...]
    file: Path | None = None
    root: str = "/var/lib/docker"
    node_id: str = ""
    loaded: bool = False
    """Whether the engine has ever told its plugins."""
    plugins: tuple[Plugin, ...] = ()
    others: frozenset[str] = frozenset()
    """Names that engine has under drivers that are neither `local` nor of the family."""
    ours: frozenset[str] = frozenset()
    """Names that it has under a driver of the family, or under none."""
    _family: Family = field(init=False)
    _live: bool = field(default=False, init=False)
    _true_at: float | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        """Begin with what the file has kept; one that cannot be read is as good as none."""
        self._family = Family(patterns=self.patterns)
        if self.file is None:
            return
        try:
            kept = msgspec.json.decode(self.file.read_bytes(), type=_Kept)
        except (OSError, ValueError):
            return
        self.root, self.node_id = kept.root, kept.node_id
        self.others, self.ours = frozenset(kept.others), frozenset(kept.ours)
        self.told_plugins(
            Plugin(id=id_, name=name, reference=reference, enabled=enabled)
            for id_, name, reference, enabled in kept.plugins
        )

    @property
    def age(self) -> float:
        """Seconds since it was last known to be true; infinite where it never was."""
        if self._live:
            return 0.0
        return float("inf") if self._true_at is None else monotonic() - self._true_at

    def is_live(self, *, now: bool) -> None:
        """Take note that the engine is followed, or no longer."""
        if self._live:
            self._true_at = monotonic()
        self._live = now

    def is_elsewhere(self, name: str) -> bool:
        """Whether a volume is known to be of a driver that is none of Cloudstor.

        Costs one look at the disk at most. The name must be one that the local driver takes, so no
        reading of it leaves the folder.
        """
        if name in self.ours:
            return False
        if name in self.others:
            return True
        if not _LOCAL_NAME.fullmatch(name):
            return False
        try:
            return os.path.isdir(f"{self.root}/volumes/{name}")  # noqa: PTH112 - half the time
        except ValueError:
            return False

    def concerns(self, plugin: str) -> bool:
        """Whether a name in a request may mean a plugin of Cloudstor."""
        found = plugins_named(self.plugins, plugin)
        if found:
            return any(self._family.has(each) for each in found)
        return not self.loaded or self._family.includes(plugin)

    def told_plugins(self, plugins: Iterable[Plugin]) -> None:
        """Take the engine's list of plugins."""
        self.plugins = tuple(plugins)
        base = Family(patterns=self.patterns)
        aliases = frozenset(each.name for each in self.plugins if base.has(each))
        self._family = Family(patterns=self.patterns, aliases=aliases)
        self.loaded = True

    def told_volumes(self, rows: Iterable[Row], *, complete: bool) -> None:
        """Take the engine's list of volumes; what an incomplete one lacks may be there still.

        A plugin that is disabled is silently left out of the list, so names of Cloudstor's are then
        kept too.
        """
        others, ours = set[str](), set[str]()
        for row in rows:
            if row.driver == _LOCAL:
                continue
            is_ours = not row.driver or self._family.includes(row.driver)
            (ours if is_ours else others).add(row.name)
        silent = any(self._family.has(each) and not each.enabled for each in self.plugins)
        if not complete or silent:
            ours |= self.ours
        if not complete:
            others |= self.others - ours
        with self._lock:
            self.others, self.ours = frozenset(others), frozenset(ours)

    def told_event(self, event: Event) -> bool:
        """Take an event of a volume; give whether anything has changed by it."""
        name, driver = event.actor.id, event.actor.attributes.get("driver", "")
        if event.kind != "volume" or not name or not driver:
            return False
        here = name in self.others, name in self.ours
        if event.action == "destroy":
            then = (False, False)
        elif self._family.includes(driver):
            then = (False, True)
        else:
            then = (driver != _LOCAL or here[0], here[1])
        if here == then:
            return False  # most events: the sets are large, and none is made anew for nothing
        alone = frozenset((name,))
        with self._lock:
            self.others = self.others | alone if then[0] else self.others - alone
            self.ours = self.ours | alone if then[1] else self.ours - alone
        return True

    def keep(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        if self.file is None:
            return
        kept = _Kept(
            root=self.root,
            node_id=self.node_id,
            plugins=[(p.id, p.name, p.reference, p.enabled) for p in self.plugins],
            others=sorted(self.others),
            ours=sorted(self.ours),
        )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            fresh.write_bytes(msgspec.json.encode(kept))
            fresh.replace(self.file)
        finally:
            fresh.unlink(missing_ok=True)
