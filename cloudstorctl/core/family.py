"""Which volume drivers are Cloudstor, under whatever name they were installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import Entry, Plugin, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The driver names that list the same data: aliases and old tags included."""

    patterns: tuple[str, ...]
    aliases: frozenset[str] = frozenset()
    """Local names of plugins whose origin matches a pattern, such as `sharedlogs:latest`."""
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
    return Family(patterns=survey.drivers, aliases=aliases)


def _matches(text: str, patterns: tuple[str, ...]) -> bool:
    folded = text.lower()
    return any(fnmatchcase(folded, pattern.lower()) for pattern in patterns)
