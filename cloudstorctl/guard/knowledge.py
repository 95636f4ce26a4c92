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
    from collections.abc import Iterable, Mapping
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
    others: dict[str, str]
    used: list[str]
    ours: list[str]


@dataclass(slots=True)
class Knowledge:
    """Answers from memory; the follower (following.py) tells it what the engine says.

    Whole sets are put in place of others, so that no reader ever waits for a writer.
    """

    patterns: tuple[str, ...]
    configured: bool = True
    """Whether the patterns are those of the configuration; else any driver may be of Cloudstor."""
    file: Path | None = None
    root: str = "/var/lib/docker"
    node_id: str = ""
    loaded: bool = False
    """Whether the engine has ever told its plugins."""
    plugins: tuple[Plugin, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    """Names that it has under drivers that are neither `local` nor of the family, and those."""
    used: frozenset[str] = frozenset()
    """Those of them that the engine has told events of: it keeps by their names whose they are."""
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
        self.others, self.used, self.ours = kept.others, frozenset(kept.used), frozenset(kept.ours)
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

    def other_driver_of(self, name: str) -> str:
        """The driver that a volume was last seen under, where it is none of Cloudstor; or nothing.

        It may be gone from there: another node can have removed it, and no event tells.
        """
        driver = self.others.get(name, "")
        is_other = self.configured and name not in self.ours and not self._family.includes(driver)
        return driver if is_other else ""

    def is_local(self, name: str) -> bool:
        """Whether a volume is known to be of the engine's own driver.

        Costs one look at the disk at most. The name must be one that the local driver takes, so no
        reading of it leaves the folder.
        """
        if name in self.ours or not _LOCAL_NAME.fullmatch(name):
            return False
        try:
            return os.path.isdir(f"{self.root}/volumes/{name}")  # noqa: PTH112 - half the time
        except ValueError:
            return False

    def concerns(self, plugin: str) -> bool:
        """Whether a name in a request may mean a plugin of Cloudstor."""
        found = plugins_named(self.plugins, plugin)
        if found and self.configured:
            return any(self._family.has(each) for each in found)
        return not (self.loaded and self.configured) or self._family.includes(plugin)

    def told_patterns(self, patterns: tuple[str, ...]) -> None:
        """Take what the configuration says of which drivers are Cloudstor."""
        if not self.configured or patterns != self.patterns:
            self.patterns, self.configured = patterns, True
            self._family = self._family_among(self.plugins)

    def told_plugins(self, plugins: Iterable[Plugin]) -> None:
        """Take the engine's list of plugins."""
        self.plugins = tuple(plugins)
        self._family = self._family_among(self.plugins)
        self.loaded = True

    def _family_among(self, plugins: tuple[Plugin, ...]) -> Family:
        base = Family(patterns=self.patterns)
        aliases = frozenset(each.name for each in plugins if base.has(each))
        return Family(patterns=self.patterns, aliases=aliases)

    def told_volumes(self, rows: Iterable[Row], *, complete: bool) -> None:
        """Take the engine's list of volumes; what an incomplete one lacks may be there still.

        A plugin that is disabled is silently left out of the list, so names of Cloudstor's are then
        kept too.
        """
        others, ours = dict[str, str](), set[str]()
        for row in rows:
            if row.driver == _LOCAL:
                continue
            if not row.driver or self._family.includes(row.driver):
                ours.add(row.name)
            else:
                others[row.name] = row.driver
        silent = any(self._family.has(each) and not each.enabled for each in self.plugins)
        if not complete or silent:
            ours |= self.ours
        if not complete:
            missing = self.others.items()
            others = {name: driver for name, driver in missing if name not in ours} | others
        before = self.others
        used = {name for name in self.used if before.get(name) == others.get(name)}
        with self._lock:
            self.others, self.used, self.ours = others, frozenset(used), frozenset(ours)

    def told_event(self, event: Event) -> bool:
        """Take an event of a volume; give whether anything has changed by it."""
        name, driver = event.actor.id, event.actor.attributes.get("driver", "")
        if event.kind != "volume" or not name or not driver:
            return False
        here = self.others.get(name, ""), name in self.used, name in self.ours
        if event.action == "destroy":
            then = ("", False, False)
        elif driver == _LOCAL:
            then = here
        elif self._family.includes(driver):
            then = ("", False, True)
        else:
            then = (driver, True, here[2])
        if here == then:
            return False  # most events: the sets are large, and none is made anew for nothing
        alone = frozenset((name,))
        others = {each: of for each, of in self.others.items() if each != name}
        with self._lock:
            self.others = others | ({name: then[0]} if then[0] else {})
            self.used = self.used | alone if then[1] else self.used - alone
            self.ours = self.ours | alone if then[2] else self.ours - alone
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
            others=dict(sorted(self.others.items())),
            used=sorted(self.used),
            ours=sorted(self.ours),
        )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            fresh.write_bytes(msgspec.json.encode(kept))
            fresh.replace(self.file)
        finally:
            fresh.unlink(missing_ok=True)
