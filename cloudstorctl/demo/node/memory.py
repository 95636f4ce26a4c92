"""A Cloudstor whose storage is in memory: a hundred thousand folders are slow to make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudstorctl.demo.node.driver import DriverError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(slots=True, kw_only=True)
class MemoryCloudstor:
    """The driver of one node; each node lists what it has used, as drivers did up to 17.05."""

    root: Path
    """The folder that would stand for the general purpose file system."""
    storage: set[str]
    """Names of all volumes; the same set for every node."""
    entries: set[str] = field(default_factory=set)
    """Names that this node has used."""

    def answer(self, call: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call of the volume plugin protocol.

        Raises:
            DriverError: this node knows no such volume.
        """
        name = str(request.get("Name", ""))
        if call == "List":
            return {"Volumes": [self._row(each) for each in sorted(self.entries)]}
        if call == "Create":
            self.storage.add(name)
            self.entries.add(name)
        if name not in self.entries:
            raise DriverError(f"no such volume {name}")
        if call == "Remove":
            self.entries.discard(name)
            self.storage.discard(name)
        return {"Volume": self._row(name)} if call == "Get" else self._row(name)

    def _row(self, name: str) -> dict[str, Any]:
        return {"Name": name, "Mountpoint": f"{self.root}/{name}"}
