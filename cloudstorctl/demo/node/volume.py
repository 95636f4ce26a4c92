"""What one engine keeps of a volume, and what a row of its list says."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Stored:
    """What the engine keeps of one name."""

    driver: str
    mountpoint: str = ""
    """As the driver says, inside the plugin; for a local volume, the path on the node."""
    references: set[str] = field(default_factory=set)
    """IDs of the containers, whatever their state."""
    labels: dict[str, str] | None = None
    options: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the engine's list."""

    name: str
    driver: str
    mountpoint: str
    labels: dict[str, str] | None
    options: dict[str, str] | None
