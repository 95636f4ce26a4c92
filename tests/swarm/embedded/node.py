"""One node of the embedded swarm, driven as a node of real engines is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.demo.node.driver import Cloudstor
from tests.swarm import ports
from tests.swarm.lab.command import wait_until
from tests.swarm.lab.records import ALIAS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudstorctl.demo.node import plugin as demo
    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.serve import Served
    from cloudstorctl.demo.swarm import Swarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(ports.Node):
    """One node."""

    served: Served
    hostname: str

    @property
    def name(self) -> str:
        """Give the hostname."""
        return self.hostname

    @property
    def engine(self) -> Engine:
        """Give the engine itself; it is changed on the thread that serves it alone."""
        return self.served.swarm.engines[self.hostname]

    @property
    def socket(self) -> Path:
        """Give the engine's socket."""
        return self.served.swarm.place.socket(self.hostname)

    @property
    def runs(self) -> bool:
        """Tell whether the engine is there, frozen or not."""
        return self.engine.running

    @property
    def cli_folder(self) -> Path:
        """Give the folder that the docker CLI takes for its own."""
        return self.served.swarm.place.folder / "docker"

    def plugin(self, name: str = ALIAS) -> Plugin:
        """Give the driver of this name on this node, installed or not."""
        return Plugin(served=self.served, hostname=self.hostname, name=name)

    def start(self) -> None:
        """Start the engine where it does not run, and wait until it answers."""
        if not self.runs:
            self.served.boot(self.hostname)
        wait_until(self.is_up, 10, f"the engine of {self.name} answers")

    def stop(self) -> None:
        """End the engine in good order: its containers and plugins end too."""
        self.served.halt(self.hostname, containers_too=True)

    def kill(self) -> None:
        """Kill the engine: its containers run on."""
        self.served.halt(self.hostname, containers_too=False)

    def freeze(self) -> None:
        """Freeze the engine: it accepts connections and never answers."""
        self._freeze(on=True)

    def thaw(self) -> None:
        """Let a frozen engine go on."""
        self._freeze(on=False)

    def _freeze(self, *, on: bool) -> None:
        def act(_: object) -> None:
            self.engine.frozen = on

        self.served.do(act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """The driver of one name on one node."""

    served: Served
    hostname: str
    name: str

    def _do(self, act: Callable[[demo.Plugin], None]) -> None:
        self.served.do(lambda swarm: act(swarm.engines[self.hostname].plugins.named(self.name)))

    def install(self) -> None:
        """Create the plugin and enable it."""

        def act(swarm: Swarm) -> None:
            swarm.engines[self.hostname].plugins.install(self.name)

        self.served.do(act)

    def enable(self) -> None:
        """Enable the plugin."""
        self.served.do(lambda swarm: swarm.engines[self.hostname].plugins.enable(self.name))

    def disable(self) -> None:
        """Disable the plugin, used or not."""
        self.served.do(
            lambda swarm: swarm.engines[self.hostname].plugins.disable(
                self.name, used=True, force=True
            )
        )

    def remove(self) -> None:
        """Remove the plugin, used or not; the shared folder stays."""
        self.served.do(
            lambda swarm: swarm.engines[self.hostname].plugins.remove(
                self.name, used=True, force=True
            )
        )

    def bend(self, **wanted: float | str | None) -> None:
        """Set faults beside those that are set; None takes one away."""

        def act(plugin: demo.Plugin) -> None:
            kept = {**plugin.wanted, **wanted}
            plugin.wanted = {key: it for key, it in kept.items() if it is not None}

        self._do(act)

    def calls(self, call: str | None = None, name: str | None = None) -> list[ports.Call]:
        """Give the engine's calls since the last ``forget``, oldest first."""
        plugin = self.served.swarm.engines[self.hostname].plugins.called(self.name)
        return [
            ports.Call(at=each.at, call=each.call, name=each.name)
            for each in tuple(plugin.calls if plugin else ())
            if call in (None, each.call) and name in (None, each.name)
        ]

    def move_to(self, folder: str) -> None:
        """Let the driver keep its data in another folder of the lab's from now on."""

        def act(swarm: Swarm) -> None:
            plugin = swarm.engines[self.hostname].plugins.named(self.name)
            plugin.shared = swarm.place.folder / folder
            plugin.driver = Cloudstor(
                backings=plugin.backings, entries=plugin.entries, wanted=lambda: plugin.wanted
            )

        self.served.do(act)

    def forget(self) -> None:
        """Empty the log of calls, and what generation 1 remembers of volumes."""
        self._do(lambda plugin: plugin.forget())
