"""The shared file system under the swarm: which data is there, and whose hand made it go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.torture.counts import Counts
from tests.torture.doubts import doubts_now, rows_of
from tests.torture.oracle import claims_in

if TYPE_CHECKING:
    from pathlib import Path

    from cloudstorctl.demo.node.engine import Engine
    from tests.torture.lab import Lab
    from tests.torture.program import Ran

_MARK: Final = "mark"
_ANONYMOUS: Final = re.compile("[0-9a-f]{64}")


@dataclass(slots=True)
class Ground:
    """What was seen on the file system when it was last looked at."""

    lab: Lab
    asked: set[str] = field(default_factory=set)
    """Every name that the program ever asked to be removed."""
    _known: dict[str, Path] = field(default_factory=dict)
    """Marked directories, by backing and path."""

    def look(self) -> list[str]:
        """Mark what is new, and say what is gone that nobody was asked to remove."""
        problems = []
        shared = self.lab.swarm.place.shared
        for key, place in tuple(self._known.items()):
            if (place / _MARK).is_file():
                continue
            del self._known[key]
            name = key.partition("/")[2]
            if self._is_anonymous(name):
                continue  # an engine removes it with its container
            if self.lab.late_removals & set(_around(name)) and self._is_claimed(name):
                Counts.add("late")
            if not self.asked & set(_around(name)):
                problems.append(f"the data of {name} is gone, and nobody was asked to remove it")
        for backing in ("reg", "max", "ebs"):
            for place in _folders(shared / backing):
                key = str(place.relative_to(shared))
                if key not in self._known:
                    (place / _MARK).touch()
                    self._known[key] = place
        return problems

    def listed(self) -> set[str]:
        """Give the names that some engine of the swarm lists, or would if all were well."""
        names: set[str] = set()
        for engine in self._engines():
            for plugin in engine.plugins:
                for row in rows_of(plugin):
                    stored = engine.volumes.stored(row["Name"])
                    if stored is None or stored.driver == plugin.name:
                        names.add(row["Name"])
        return names

    def orphans(self) -> set[str]:
        """Give the listed names that nothing claims, where no gap can hide a claim."""
        swarm = self.lab.swarm
        if doubts_now(swarm):
            return set()
        claims = claims_in(swarm)
        return {
            name
            for name in self.listed()
            if not any(claim.holds(name) for claim in claims) and not self._is_ambiguous(name)
        }

    def _is_ambiguous(self, name: str) -> bool:
        """Whether a name is in two file systems, or also that of a local volume."""
        shared = self.lab.swarm.place.shared
        stored = [engine.volumes.stored(name) for engine in self._engines()]
        return sum((shared / backing / name).is_dir() for backing in ("reg", "max", "ebs")) > 1 or (
            any(each is not None and each.driver == "local" for each in stored)
        )

    def against(self, ran: Ran) -> list[str]:
        """Say which volumes are called removed and are not."""
        outcomes = (ran.document or {}).get("outcomes", [])
        removed = {o["volume"] for o in outcomes if o["status"] == "removed"}
        problems = []
        for name in sorted(removed):
            places = [at for key, at in self._known.items() if key.partition("/")[2] == name]
            if places and all((place / _MARK).is_file() for place in places):
                problems.append(f"{name} is called removed, and its data is there")
        if ran.witness.quiet:
            # An entry that a driver conceals on a node without a container for it, nobody can see:
            # its data is gone with the directory, which is what was checked above.
            concealed = self.lab.layout.generation == 1 and any(
                plugin.wanted.get("list") == "empty"
                for engine in self._engines()
                for plugin in engine.plugins
            )
            problems += [
                f"{name} is called removed, and is still listed"
                for name in sorted(removed & self.listed())
                if not concealed
            ]
        return problems

    def _engines(self) -> list[Engine]:
        cluster = self.lab.swarm.cluster
        return [cluster.engines[member] for member in cluster.members]

    def _is_claimed(self, name: str) -> bool:
        return any(claim.holds(name) for claim in claims_in(self.lab.swarm))

    @staticmethod
    def _is_anonymous(name: str) -> bool:
        return bool(_ANONYMOUS.fullmatch(name.partition("/")[0]))


def _around(name: str) -> list[str]:
    """Give a path and all that it lies in."""
    parts = name.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _folders(root: Path) -> list[Path]:
    found = []
    for place in root.iterdir():
        if place.is_dir():
            found += [place, *_folders(place)]
    return found
