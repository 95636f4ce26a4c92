"""The embedded swarm in the place of a lab."""

from __future__ import annotations

import math
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.managers.cluster import Timing
from cloudstorctl.demo.serve import Served
from cloudstorctl.demo.swarm import Swarm
from tests.swarm import swarm
from tests.swarm.embedded.node import Node
from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.swarm import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.demo.managers.chance import Chance
    from cloudstorctl.demo.runtime import Runtime
    from tests.swarm.swarm import Watch

SLOW_IMAGE: Final = "slow:latest"
SILENCE: Final = 0.5
ELECTION: Final = 0.2
"""Seconds; scenarios wait for what comes of silence, whatever it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab(swarm.Lab):
    """An embedded swarm that is being served."""

    served: Served
    watch: Watch = NOBODY

    @property
    def folder(self) -> Path:
        """Give the folder where everything of the swarm lives."""
        return self.served.swarm.place.folder

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Give the nodes, the first manager first."""
        return tuple(Node(served=self.served, hostname=name) for name in self.served.swarm.engines)

    def drivers(self, name: str) -> tuple[str, ...]:
        """Give the names of the Cloudstor plugins that a node has from the start."""
        del name
        return (ALIAS,)

    def holds_role(self, name: str, *, manager: bool) -> bool:
        """Tell whether a node would have this role after a restart too: here it has it at once."""
        del name, manager
        return True

    def notice_silence(self, after: float) -> None:
        """Let the managers take a silent node for down after so many seconds."""

        def act(embedded: Swarm) -> None:
            embedded.cluster.timing.down_after = after

        self.served.do(act)

    def wait_down(self, name: str) -> None:
        """Wait until the managers take a silent node for down, which they may now."""
        self.notice_silence(after=0.0)
        swarm.Lab.wait_down(self, name)

    def slow_image(self) -> str:
        """Give an image name whose pull never ends."""

        def act(embedded: Swarm) -> None:
            for engine in embedded.engines.values():
                engine.slow_images.add(SLOW_IMAGE)

        self.served.do(act)
        return SLOW_IMAGE


@contextmanager
def embedded_lab(watch: Watch = NOBODY, chance: Chance | None = None) -> Iterator[Lab]:
    """Serve a swarm of the usual three nodes until the end of the block.

    With `chance` it is another one's: then silence is noticed only when `notice_silence` says so.
    """

    def make(runtime: Runtime) -> Swarm:
        silence = SILENCE if chance is None else math.inf
        timing = Timing(down_after=silence, election=ELECTION)
        made = Swarm(place, runtime, timing=timing)
        made.cluster.chance = chance or made.cluster.chance
        return _like_the_lab(made)

    # A path of pytest's own is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="cst-") as folder:
        place = Path(folder)
        (place / "docker").mkdir()
        with Served(make) as served:
            yield Lab(served=served, watch=watch)


def _like_the_lab(embedded: Swarm) -> Swarm:
    """Give the engines the lab's image, and plugins that were created in place as the lab's are."""
    for engine in embedded.engines.values():
        engine.images.add(IMAGE)
        for plugin in engine.plugins:
            plugin.reference = ""
    return embedded
