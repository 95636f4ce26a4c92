"""The versions of the engine that are embedded, and what they say differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cloudstorctl.demo.node.container import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A version of the engine, as it names itself."""

    version: str
    api: str
    least_api: str = "1.24"

    @property
    def has_cluster_volumes(self) -> bool:
        """Whether it is 23.0 or later."""
        return tuple(map(int, self.api.split("."))) >= (1, 42)

    def says(self, of_20_10: str, of_26_1: str) -> str:
        """Choose between the words of two releases."""
        return of_26_1 if self.has_cluster_volumes else of_20_10


OLD: Final = Release(version="20.10.24+dfsg1", api="1.41", least_api="1.12")
NEW: Final = Release(version="26.1.5+dfsg1", api="1.45")


def still_runs(container: Container, release: Release) -> str:
    """Say why a container cannot be removed (moby daemon/delete.go)."""
    state = container.state
    first = "Unpause and then stop" if state == "paused" else "Stop"
    hint = (
        f"{state} and must be unpaused first"
        if state == "paused"
        else f"{state}: stop the container before removing or force remove"
    )
    return release.says(
        f"You cannot remove a {state} container {container.id}. {first} the container before "
        "attempting removal or force remove",
        f'cannot remove container "/{container.name}": container is {hint}',
    )
