"""What scenarios see of a swarm, be it of real engines or the embedded one, and do to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from tests.swarm.lab.command import LabError, wait_until
from tests.swarm.lab.records import IMAGE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.swarm.ports import Node


class Watch(Protocol):
    """Looks at a swarm at the moments that matter in a scenario."""

    def look(self, lab: Lab) -> None:
        """Look at all that can be seen of the swarm now."""

    def tasks(self, lab: Lab, service: str, rows: list[dict[str, Any]]) -> None:
        """Learn of the tasks of a service that a scenario has seen, as the API has them."""

    def came_back(self, name: str) -> None:
        """Learn that the engine of a node was down and has come back."""

    def end(self, lab: Lab) -> None:
        """Look for the last time: the scenario has come to its end."""


class Nobody:
    """Does not look."""

    def look(self, lab: Lab) -> None:
        """Look away."""

    def tasks(self, lab: Lab, service: str, rows: list[dict[str, Any]]) -> None:
        """Look away."""

    def came_back(self, name: str) -> None:
        """Look away."""

    def end(self, lab: Lab) -> None:
        """Look away."""


NOBODY: Final = Nobody()


class Lab(ABC):
    """A swarm, and what is done to it through the docker CLI and the API."""

    __slots__ = ()

    watch: Watch

    @property
    @abstractmethod
    def folder(self) -> Path:
        """Give the folder where everything of the lab lives."""

    @property
    @abstractmethod
    def nodes(self) -> Sequence[Node]:
        """Give the nodes, the first manager first."""

    @abstractmethod
    def holds_role(self, name: str, *, manager: bool) -> bool:
        """Tell whether a node would have this role after a restart too."""

    @abstractmethod
    def slow_image(self) -> str:
        """Give an image name whose pull never ends, so that a task stays preparing."""

    @abstractmethod
    def drivers(self, name: str) -> tuple[str, ...]:
        """Give the names of the Cloudstor plugins that a node has from the start."""

    @property
    def shared(self) -> Path:
        """Give the folder that stands for the two file systems: ``reg/`` and ``max/``."""
        return self.folder / "shared"

    def contents(self) -> dict[str, str]:
        """Give every file of the shared folder with its text, by its path (``reg/NAME/FILE``)."""
        files = sorted(path for path in self.shared.rglob("*") if path.is_file())
        return {str(path.relative_to(self.shared)): path.read_text() for path in files}

    def node(self, name: str) -> Node:
        """Give one node by its hostname."""
        return {node.name: node for node in self.nodes}[name]

    @property
    def manager(self) -> Node:
        """Give a node that answers as a manager of a swarm with a leader.

        Raises:
            LabError: there is none now.
        """
        said = []
        for node in self.nodes:
            if not node.runs:
                continue
            try:
                if node.ask("/info", seconds=3.0)["Swarm"]["ControlAvailable"]:
                    node.ask("/nodes", seconds=3.0)
                    return node
            except LabError as error:
                said.append(str(error))
        message = f"no manager answers: {'; '.join(said) or 'no engine runs'}"
        raise LabError(message)

    def docker(self, node: str, *words: str, seconds: float = 60.0) -> str:
        """Run the real docker CLI on a node's engine and give its standard output, stripped."""
        return self.node(node).docker(*words, seconds=seconds)

    def complete(self) -> bool:
        """Tell whether every node is ready and active, and described with its drivers."""
        rows = self.manager.ask("/nodes")
        for node in self.nodes:
            row = self.row_of(node.name, rows)
            if row.get("Status", {}).get("State") != "ready":
                return False
            if row["Spec"]["Availability"] != "active":
                return False
            plugins = row["Description"]["Engine"].get("Plugins") or ()
            named = {entry["Name"].removesuffix(":latest") for entry in plugins}
            if not {name.removesuffix(":latest") for name in self.drivers(node.name)} <= named:
                return False
        return True

    def promote(self, *names: str) -> None:
        """Make nodes managers and wait until each is one for good."""
        self.manager.docker("node", "promote", *names)
        for name in names:
            wait_until(partial(self.is_manager, name), 60, f"{name} is a manager")

    def demote(self, *names: str) -> None:
        """Make managers workers and wait until each is one for good."""
        for name in names:
            # One after the other: the managers refuse what would cost the quorum.
            wait_until(partial(self.demoted, name), 30, f"a demotion of {name} is taken")
            wait_until(partial(self.is_worker, name), 60, f"{name} is a worker")

    def demoted(self, name: str) -> bool:
        """Ask for a demotion; managers may refuse it for the moment."""
        self.manager.docker("node", "demote", name)
        return True

    def is_manager(self, name: str) -> bool:
        """Tell whether a node is a manager for good: it serves, it votes, and its role is held."""
        node = self.node(name)
        if not node.ask("/info", seconds=5.0)["Swarm"]["ControlAvailable"]:
            return False
        row = self.row_of(name, node.ask("/nodes", seconds=5.0))
        reachable = row.get("ManagerStatus", {}).get("Reachability") == "reachable"
        return reachable and self.holds_role(name, manager=True)

    def is_worker(self, name: str) -> bool:
        """Tell whether a node is a worker for good: it does not vote, and its role is held."""
        row = self.row_of(name, self.manager.ask("/nodes"))
        if row.get("ManagerStatus") or not self.holds_role(name, manager=False):
            return False
        swarm = self.node(name).ask("/info", seconds=5.0)["Swarm"]
        return swarm["LocalNodeState"] == "active" and not swarm["ControlAvailable"]

    @staticmethod
    def row_of(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Find a node in the managers' list; one that has just joined has no name there yet."""
        return next((row for row in rows if row["Description"].get("Hostname") == name), {})

    def leader(self) -> Node:
        """Give the manager that leads."""
        for row in self.manager.ask("/nodes"):
            if row.get("ManagerStatus", {}).get("Leader"):
                return self.node(row["Description"]["Hostname"])
        message = "no leader now"
        raise LabError(message)

    def node_id(self, name: str) -> str:
        """Give the swarm's id of a node, as its own engine tells it."""
        return str(self.node(name).ask("/info")["Swarm"]["NodeID"])

    def availability(self, name: str, wanted: str) -> None:
        """Set a node to active, pause or drain."""
        self.manager.docker("node", "update", "--availability", wanted, name)

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Give the tasks of a service, of every state, as the API has them."""
        rows: list[dict[str, Any]] = self.manager.ask(f'/tasks?filters={{"service":["{service}"]}}')
        self.watch.tasks(self, service, rows)
        return rows

    def create_service(self, name: str, *words: str, command: str | None = None) -> None:
        """Create a service of the lab's image; ``words`` are flags of ``docker service create``.

        Its command ends at once when told to stop, unlike a bare sleep.
        """
        script = f'{command or ":"}; trap "exit 0" TERM; sleep 1000000 & wait'
        self.manager.docker(
            *("service", "create", "--detach", "--no-resolve-image", "--name", name),
            *("--restart-delay", "500ms", *words, IMAGE, "sh", "-c", script),
        )

    def running(self, service: str) -> dict[int, str]:
        """Give the nodes of a service's running tasks, by slot."""
        names = {self.node_id(node.name): node.name for node in self.nodes if node.is_up()}
        return {
            task.get("Slot", 0): names.get(task["NodeID"], task["NodeID"])
            for task in self.tasks(service)
            if task["Status"]["State"] == "running" == task["DesiredState"]
        }

    def wait_running(self, service: str, count: int, seconds: float = 40.0) -> dict[int, str]:
        """Wait until ``count`` slots of a service run; give their nodes by slot."""
        what = f"{count} tasks of {service} run"

        def settled() -> dict[int, str] | None:
            now = self.running(service)
            return now if len(now) == count else None

        return wait_until(settled, seconds, what) or {}

    def wait_down(self, name: str) -> None:
        """Wait until the managers take a silent node for down."""

        def is_down() -> bool:
            row = self.row_of(name, self.manager.ask("/nodes"))
            return bool(row["Status"]["State"] == "down")

        wait_until(is_down, 60, f"{name} is taken for down")

    def set_generation(self, generation: int) -> None:
        """Make every driver one of generation 1 or 2, from its next call on."""
        for node in self.nodes:
            for name in self.drivers(node.name):
                node.plugin(name).bend(generation=generation)
