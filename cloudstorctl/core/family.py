"""Which volume drivers are Cloudstor, under whatever name they were installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import Entry, Plugin, Survey


_LOCAL = "local"
"""The driver that every engine has built in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The driver names that list the same data: aliases and old tags included."""

    patterns: tuple[str, ...]
    aliases: frozenset[str] = frozenset()
    """Local names of plugins whose origin matches a pattern, such as `sharedlogs:latest`."""
    others: frozenset[str] = frozenset()
    """Drivers that some node has, and that are none of the family."""
    _told: dict[str, bool] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What was asked before: a swarm has few drivers and very many mounts."""

    def includes(self, driver: str) -> bool:
        """Whether `driver` names a member; the engine adds `:latest` where a tag is missing."""
        told = self._told.get(driver)
        if told is None:
            names = {driver, driver.removesuffix(":latest"), f"{driver}:latest"}
            told = not names.isdisjoint(self.aliases) or _matches(driver, self.patterns)
            self._told[driver] = told
        return told

    def claims_through(self, driver: str) -> bool:
        """Whether a mount that names `driver` may reach a Cloudstor volume.

        A mount without a driver does: the engine resolves it to an existing volume of that name
        (moby volume/service/store.go, getVolume).
        """
        return not driver or self.includes(driver)

    def may_reach_through(self, driver: str) -> bool:
        """Whether a mount that names `driver` reaches a Cloudstor volume now, or may once more.

        A driver that no node has may be an alias of Cloudstor whose plugin is not installed just
        now, as while it is upgraded: the mount finds the same data again afterwards.
        """
        return self.claims_through(driver) or not {driver, f"{driver}:latest"} & self.others

    def through(self, entries: Iterable[Entry]) -> set[str]:
        """Give the drivers of these entries that `claims_through` holds for: few, of very many."""
        return {driver for driver in {e.driver for e in entries} if self.claims_through(driver)}

    def has(self, plugin: Plugin) -> bool:
        """Whether an installed plugin is a member."""
        return _matches(plugin.reference, self.patterns) or self.includes(plugin.name)


def family_of(survey: Survey) -> Family:
    """The Cloudstor drivers of a survey: the configured patterns, and aliases seen on engines."""
    aliases = frozenset(
        plugin.name
        for engine in survey.engines
        for plugin in engine.plugins
        if _matches(plugin.reference, survey.drivers)
    )
    family = Family(patterns=survey.drivers, aliases=aliases)
    installed = {driver for node in survey.nodes for driver in node.volume_drivers} | {
        plugin.name for engine in survey.engines for plugin in engine.plugins
    }
    others = frozenset(driver for driver in installed if not family.includes(driver)) | {_LOCAL}
    return Family(patterns=survey.drivers, aliases=aliases, others=others)


def _matches(text: str, patterns: tuple[str, ...]) -> bool:
    folded = text.lower()
    return any(fnmatchcase(folded, pattern.lower()) for pattern in patterns)
