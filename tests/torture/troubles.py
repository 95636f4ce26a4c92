"""What befalls nodes, engines, plugins, drivers and connections of a swarm."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.demo.node.plugin import ALIAS, REFERENCE
from tests.torture.lab import PATIENCE, ImpossibleError, Lab

if TYPE_CHECKING:
    from tests.torture.faults import Fault

ALIASES = (ALIAS, "sharedlogs:latest", "docker4x/cloudstor:aws-v17.03.0-ce")


@dataclass(frozen=True, slots=True)
class PressCtrlC:
    def do(self, lab: Lab) -> None:
        """Ask the program to stop, once: where it is to finish what is under way first."""
        handler = signal.getsignal(signal.SIGINT)
        usual = (signal.default_int_handler, signal.SIG_DFL, signal.SIG_IGN, None)
        if handler in usual or lab.interrupted or not callable(handler):
            raise ImpossibleError
        lab.interrupted = True
        handler(signal.SIGINT, None)
        lab.tell("Somebody presses Ctrl-C.")


@dataclass(frozen=True, slots=True)
class PassTime:
    seconds: int

    def do(self, lab: Lab) -> None:
        """Let it pass."""
        lab.steps.pass_time(self.seconds)
        lab.tell(f"{self.seconds} s pass.")


@dataclass(frozen=True, slots=True)
class SetClock:
    ahead: int

    def do(self, lab: Lab) -> None:
        """Let the clock of whoever runs the program go wrong, or right again."""
        if lab.skew == self.ahead:
            raise ImpossibleError
        lab.skew = self.ahead
        lab.astray |= self.ahead > lab.layout.grace
        lab.tell(f"The operator's clock is {self.ahead} s ahead of the swarm's.")


@dataclass(frozen=True, slots=True)
class LoseMemory:
    def do(self, lab: Lab) -> None:
        """Remove what the swarm remembers of unused volumes, and the lock too."""
        if not lab.swarm.cluster.configs:
            raise ImpossibleError
        lab.swarm.cluster.configs.clear()
        lab.ledger.since.clear()
        lab.tell("Somebody removes all configs of the swarm.")


@dataclass(frozen=True, slots=True)
class RunAnother:
    words: tuple[str, ...]

    def do(self, lab: Lab) -> None:
        """Let somebody else run the program meanwhile."""
        if lab.another is None or threading.current_thread() is not threading.main_thread():
            # Engines are read in threads: signals are for the main one.
            raise ImpossibleError
        lab.another(self.words)


@dataclass(frozen=True, slots=True)
class SetAvailability:
    node: int
    availability: str

    def do(self, lab: Lab) -> None:
        """Drain, pause or activate a node."""
        member = lab.member(self.node)
        spec = {
            "Role": "manager" if member.manager else "worker",
            "Availability": self.availability,
        }
        lab.ask_manager("POST", f"/nodes/{member.id}/update", spec, f"version={member.version}")
        lab.tell(f"Node {member.hostname} is set to {self.availability}.")


@dataclass(frozen=True, slots=True)
class EndEngine:
    node: int
    containers_too: bool
    seconds: int

    def do(self, lab: Lab) -> None:
        """Kill an engine, whose containers run on, or its whole machine."""
        engine = lab.node(self.node)
        if not engine.running:
            raise ImpossibleError
        engine.halt(containers_too=self.containers_too)
        what = "The machine" if self.containers_too else "The engine alone"
        lab.steps.pass_time(self.seconds)
        lab.tell(f"{what} of {engine.hostname} ends, and {self.seconds} s pass.")


@dataclass(frozen=True, slots=True)
class StartEngine:
    node: int

    def do(self, lab: Lab) -> None:
        """Start it again."""
        engine = lab.node(self.node)
        if engine.running:
            raise ImpossibleError
        lab.steps.run(engine.boot(), PATIENCE)
        lab.tell(f"The engine of {engine.hostname} starts again.")


@dataclass(frozen=True, slots=True)
class FreezeEngine:
    node: int
    frozen: bool

    def do(self, lab: Lab) -> None:
        """Freeze it, or let it go on."""
        engine = lab.node(self.node)
        if engine.frozen is self.frozen or not engine.running:
            raise ImpossibleError
        engine.frozen = self.frozen
        lab.tell(f"The engine of {engine.hostname} {'freezes' if self.frozen else 'thaws'}.")


@dataclass(frozen=True, slots=True)
class RemoveNode:
    node: int
    force: bool

    def do(self, lab: Lab) -> None:
        """Take it out of the swarm; its engine may run on."""
        member = lab.member(self.node)
        lab.ask_manager("DELETE", f"/nodes/{member.id}", query=f"force={int(self.force)}")
        lab.tell(f"docker node rm {'--force ' if self.force else ''}{member.hostname}.")


@dataclass(frozen=True, slots=True)
class SwitchPlugin:
    node: int
    which: int
    enabled: bool

    def do(self, lab: Lab) -> None:
        """Enable it, or disable it with force."""
        engine = lab.node(self.node)
        name = lab.alias_of(engine, self.which)
        verb = "enable" if self.enabled else "disable"
        lab.ask(engine.hostname, "POST", f"/plugins/{name}/{verb}", query="force=1")
        lab.tell(f"docker plugin {verb} {name} on {engine.hostname}.")


@dataclass(frozen=True, slots=True)
class RemovePlugin:
    node: int
    which: int

    def do(self, lab: Lab) -> None:
        """Remove it with force."""
        engine = lab.node(self.node)
        name = lab.alias_of(engine, self.which)
        lab.ask(engine.hostname, "DELETE", f"/plugins/{name}", query="force=1")
        lab.tell(f"docker plugin rm --force {name} on {engine.hostname}.")


@dataclass(frozen=True, slots=True)
class InstallPlugin:
    node: int
    alias: str

    def do(self, lab: Lab) -> None:
        """Install the driver, under another name perhaps."""
        engine = lab.node(self.node)
        if engine.plugins.called(self.alias) is not None:
            raise ImpossibleError
        plugin = engine.plugins.install(self.alias, reference=REFERENCE)
        plugin.wanted["generation"] = lab.layout.generation
        lab.tell(f"The driver is installed on {engine.hostname} as {self.alias}.")


@dataclass(frozen=True, slots=True)
class BendDriver:
    node: int
    call: str
    fault: str | int

    def do(self, lab: Lab) -> None:
        """Let one call of a node's drivers fail from now on."""
        engine = lab.node(self.node)
        for plugin in engine.plugins:
            plugin.wanted[self.call] = self.fault
        how = f"takes {self.fault} s" if isinstance(self.fault, int) else f"does this: {self.fault}"
        lab.tell(f"The driver of {engine.hostname}, asked for {self.call}, {how}.")


@dataclass(frozen=True, slots=True)
class MendDriver:
    node: int

    def do(self, lab: Lab) -> None:
        """Let the drivers of a node work again."""
        engine = lab.node(self.node)
        if all(len(plugin.wanted) == 1 for plugin in engine.plugins):
            raise ImpossibleError
        for plugin in engine.plugins:
            plugin.wanted = {"generation": lab.layout.generation}
        lab.tell(f"The driver of {engine.hostname} works again.")


@dataclass(frozen=True, slots=True)
class SpoilRequests:
    node: int
    path: str
    fault: Fault
    times: int

    def do(self, lab: Lab) -> None:
        """Let the next requests of the program to one path end badly."""
        engine = lab.node(self.node)
        lab.faults.set[engine.hostname, self.path] = (self.fault, self.times)
        lab.tell(
            f"Of the program's requests to {engine.hostname}, the next {self.times} for "
            f"{self.path}: each {self.fault}."
        )
