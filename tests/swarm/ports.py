"""What scenarios see of a node and its drivers, be they real or embedded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tests.swarm.lab.command import PATH, LabError, run
from tests.swarm.lab.engine_api import ask
from tests.swarm.lab.records import ALIAS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the engine to the driver, as the driver saw it arrive."""

    at: float
    call: str
    """Such as Create, Get, List, Remove, Mount."""
    name: str | None


class Plugin(Protocol):
    """The driver of one name on one node."""

    def install(self) -> None:
        """Create the plugin and enable it."""

    def enable(self) -> None:
        """Enable the plugin."""

    def disable(self) -> None:
        """Disable the plugin, used or not: its volumes vanish from the engine's list."""

    def remove(self) -> None:
        """Remove the plugin, used or not; the shared folder stays."""

    def bend(self, **wanted: float | str | None) -> None:
        """Set faults beside those that are set; None takes one away.

        ``list``, ``get``, ``remove``, ``create``, ``mount``, …: "error", "hang" or seconds;
        also list="empty", get="unknown", remove="half"; ``delay`` in seconds for every call;
        ``generation`` 1 or 2. The driver holds one lock, as Cloudstor does: what hangs, hangs all.
        """

    def calls(self, call: str | None = None, name: str | None = None) -> list[Call]:
        """Give the engine's calls since the last ``forget``, oldest first."""

    def move_to(self, folder: str) -> None:
        """Let the driver keep its data in another folder of the lab's from now on."""

    def forget(self) -> None:
        """Empty the log of calls, and what generation 1 remembers of volumes."""


class Node(ABC):
    """One node: its engine and its drivers."""

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """Give the hostname."""

    @property
    @abstractmethod
    def socket(self) -> Path:
        """Give the engine's socket, a file on this machine."""

    @property
    @abstractmethod
    def runs(self) -> bool:
        """Tell whether the engine is there, frozen or not."""

    @property
    @abstractmethod
    def cli_folder(self) -> Path:
        """Give the folder that the docker CLI takes for its own."""

    @abstractmethod
    def plugin(self, name: str = ALIAS) -> Plugin:
        """Give the driver of this name on this node, installed or not."""

    @abstractmethod
    def start(self) -> None:
        """Start the engine where it does not run, and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """End the engine in good order: its containers and plugins end too."""

    @abstractmethod
    def kill(self) -> None:
        """Kill the engine: its containers run on."""

    @abstractmethod
    def freeze(self) -> None:
        """Freeze the engine: it accepts connections and never answers."""

    @abstractmethod
    def thaw(self) -> None:
        """Let a frozen engine go on."""

    @property
    def unix(self) -> str:
        """Give the engine's address as seen from this machine."""
        return f"unix://{self.socket}"

    def restart(self) -> None:
        """Stop the engine and start it again."""
        self.stop()
        self.start()

    def docker(self, *words: str, seconds: float = 60.0, stdin: bytes | None = None) -> str:
        """Run the real docker CLI on this engine and give its standard output, stripped.

        Raises:
            LabError: it failed; the message holds what it said.
        """
        env = {"PATH": PATH, "HOME": "/root", "DOCKER_CONFIG": str(self.cli_folder)}
        argv = ["docker", "--host", self.unix, *words]
        return run(argv, env=env, seconds=seconds, stdin=stdin).strip()

    def ask(self, path: str, *, method: str = "GET", seconds: float = 10.0) -> Any:  # noqa: ANN401
        """Send one request to the engine's API and give the decoded answer."""
        return ask(self.socket, path, method=method, seconds=seconds)

    def answers(self) -> bool:
        """Tell whether the engine answers within two seconds."""
        return bool(ask(self.socket, "/_ping", seconds=2.0) == "OK")

    def is_up(self) -> bool:
        """Tell whether the engine answers, and be no error where it does not."""
        try:
            return self.answers()
        except LabError:
            return False
