"""Since when volumes have been seen unused: what the swarm remembers of it (swarm/memory.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloudstorctl.core.model import VolumeName

Since = Mapping[VolumeName, datetime]
"""When each volume was first seen unused, and nothing has claimed it since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the swarm remembers."""

    since: Since = field(default_factory=dict)
    sequence: int = 0
    """Counts the versions of the memory; 0: there is none yet."""
    trouble: str = ""
    """A sentence that says why it could not be read; then no volume was ever seen unused."""


NOTHING = Memory()
