"""Build a swarm of real engines, drive it, and leave nothing of it behind."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.swarm.lab import certificates, cgroups, network, plugin, registry, ssh
from tests.swarm.lab.command import LabError, run, together, wait_until
from tests.swarm.lab.machine import Machine
from tests.swarm.lab.node import Node
from tests.swarm.lab.records import IMAGE, STATE_FILE, LabSpec, read_spec, write_spec
from tests.swarm.lab.trees import busybox_image, ensure_trees, require_tools

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A swarm: ``up`` builds it, ``down`` takes it away, ``attach`` finds one that is up."""

    spec: LabSpec

    @staticmethod
    def attach(folder: Path) -> Lab:
        """Find the lab in a folder.

        Raises:
            LabError: there is none.
        """
        return Lab(spec=read_spec(folder))

    @property
    def folder(self) -> Path:
        """Give the folder where everything of the lab lives."""
        return self.spec.folder

    @property
    def shared(self) -> Path:
        """Give the folder that stands for the two file systems: ``reg/`` and ``max/``."""
        return self.spec.folder / "shared"

    def contents(self) -> dict[str, str]:
        """Give every file of the shared folder with its text, by its path (``reg/NAME/FILE``)."""
        files = sorted(path for path in self.shared.rglob("*") if path.is_file())
        return {str(path.relative_to(self.shared)): path.read_text() for path in files}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Give the nodes, the first manager first."""
        return tuple(Node(machine=Machine(lab=self.spec, spec=spec)) for spec in self.spec.nodes)

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
            if not node.socket.exists() or not node.machine.pids("dockerd"):
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

    def up(self) -> None:
        """Build the lab, after taking away what an earlier run has left under its name.

        Raises:
            LabError: it could not be built; what was built of it is taken away.
        """
        require_tools()
        ensure_trees(spec.suite for spec in self.spec.nodes)
        self.down()
        try:
            self.build()
        except BaseException:
            self.down(keep_logs=True)
            raise

    def build(self) -> None:
        """Do the work of ``up``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_spec(self.spec)
        (self.folder / "docker").mkdir(exist_ok=True)
        plugin.make_shared(self.spec)
        network.lay(self.spec)
        certificates.make(self.spec)
        ssh.make_keys(self.spec)
        image = busybox_image(self.spec.nodes[0].suite)

        def prepare(node: Node) -> None:
            node.machine.boot()
            node.start(tls=node.machine.spec.tls)
            # Before the swarm: a node tells the managers of its plugins when it joins, and of a
            # new one only with its next description, up to 20 s later.
            for name in node.machine.spec.drivers:
                node.plugin(name).install()
            node.docker("import", "-", IMAGE, stdin=image)

        together(prepare, self.nodes)
        self.join()

    def join(self) -> None:
        """Make the engines one swarm, and wait until its managers know the drivers."""
        first, *others = self.nodes
        first.docker(
            *("swarm", "init", "--advertise-addr", first.address),
            *("--dispatcher-heartbeat", f"{self.spec.heartbeat}s"),
        )
        token = first.docker("swarm", "join-token", "--quiet", "worker")

        def enter(node: Node) -> None:
            words = ("--token", token, "--advertise-addr", node.address, f"{first.address}:2377")
            node.docker("swarm", "join", *words)

        together(enter, others)
        wait_until(self.complete, 60, "every node is ready and names its drivers")

    def complete(self) -> bool:
        """Tell whether every node is ready and active, and described with its drivers."""
        rows = self.manager.ask("/nodes")
        for spec in self.spec.nodes:
            row = self.row_of(spec.name, rows)
            if row.get("Status", {}).get("State") != "ready":
                return False
            if row["Spec"]["Availability"] != "active":
                return False
            plugins = row["Description"]["Engine"].get("Plugins") or ()
            named = {entry["Name"].removesuffix(":latest") for entry in plugins}
            if not {name.removesuffix(":latest") for name in spec.drivers} <= named:
                return False
        return True

    def down(self, *, keep_logs: bool = False) -> None:
        """End every process of the lab and delete its namespaces, cgroups and files.

        Raises:
            LabError: something would not go; or the folder holds what is not a lab.
        """
        network.clear(self.spec.name)
        for name in cgroups.removable(self.spec.name):
            cgroups.remove(name)
        if keep_logs:
            for log in self.folder.glob("*/*.log"):
                lines = log.read_text(errors="replace").splitlines()
                tail = [line for line in lines if "level=info" not in line][-5:]
                sys.stderr.write("\n".join([f"-- {log}", *tail, ""]))
        if (self.folder / STATE_FILE).is_file():
            shutil.rmtree(self.folder)
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            message = f"{self.folder} is not a lab's folder: not deleted"
            raise LabError(message)

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

    def role_held(self, name: str) -> str:
        """Give the role in a node's own certificate, manager or worker: what it is after a restart.

        A new role is asked for at once and held seconds later. Who kills an engine in between gets
        a swarm without a leader.
        """
        certificate = self.node(name).folder / "docker/swarm/certificates/swarm-node.crt"
        subject = run(["openssl", "x509", "-noout", "-subject", "-in", certificate])
        return "manager" if "swarm-manager" in subject else "worker"

    def is_manager(self, name: str) -> bool:
        """Tell whether a node is a manager for good: it serves, it votes, and its role is held."""
        node = self.node(name)
        if not node.ask("/info", seconds=5.0)["Swarm"]["ControlAvailable"]:
            return False
        row = self.row_of(name, node.ask("/nodes", seconds=5.0))
        reachable = row.get("ManagerStatus", {}).get("Reachability") == "reachable"
        return reachable and self.role_held(name) == "manager"

    def is_worker(self, name: str) -> bool:
        """Tell whether a node is a worker for good: it does not vote, and its role is held."""
        row = self.row_of(name, self.manager.ask("/nodes"))
        if row.get("ManagerStatus") or self.role_held(name) == "manager":
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

    def node_state(self, name: str) -> str:
        """Give what the managers hold of a node: ready, down, unknown, disconnected."""
        return str(self.row_of(name, self.manager.ask("/nodes"))["Status"]["State"])

    def availability(self, name: str, wanted: str) -> None:
        """Set a node to active, pause or drain."""
        self.manager.docker("node", "update", "--availability", wanted, name)

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Give the tasks of a service, of every state, as the API has them."""
        rows: list[dict[str, Any]] = self.manager.ask(f'/tasks?filters={{"service":["{service}"]}}')
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

    def set_generation(self, generation: int) -> None:
        """Make every driver one of generation 1 or 2, from its next call on."""
        for node in self.nodes:
            for name in node.machine.spec.drivers:
                node.plugin(name).bend(generation=generation)

    def inside(self, home: str | None = None) -> list[str]:
        """Give the words that put a command into the lab's network (TCP and SSH need it).

        ``home`` "friend" also gives it an ssh with the lab's key and known hosts; "stranger" one
        with the key and no known host.
        """
        return network.inside(self.spec) if home is None else ssh.inside_as(self.spec, home)

    def slow_image(self) -> str:
        """Give an image name whose pull never ends, so that a task stays preparing."""
        return registry.start(self.spec)
