"""Make the names that engines and managers give to things, the same ones for the same seed."""

from __future__ import annotations

import random

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_SWARM_ID = 25  # characters (swarmkit identity/randomid.go)
_MOODS = ("brave", "calm", "eager", "fond", "keen", "quiet", "sharp", "vivid")
_BIRDS = ("crane", "dipper", "finch", "heron", "jay", "plover", "raven", "wren")


class Ids:
    """A source of identifiers."""

    def __init__(self, seed: int | None = None) -> None:
        """Start from a seed, or anywhere."""
        self._random = random.Random(seed)  # noqa: S311 - names, not secrets

    def swarm(self) -> str:
        """Name a node, a service, a task, a configuration or a cluster."""
        return "".join(self._random.choices(_BASE36, k=_SWARM_ID))

    def long(self) -> str:
        """Name a container, an image or an anonymous volume."""
        return f"{self._random.getrandbits(256):064x}"

    def words(self) -> str:
        """Name a container as a person would say it."""
        return f"{self._random.choice(_MOODS)}_{self._random.choice(_BIRDS)}"
