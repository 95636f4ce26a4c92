"""Build a swarm of real engines, drive it, and leave nothing of it behind."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.swarm import swarm
from tests.swarm.lab import certificates, cgroups, network, plugin, registry, ssh
from tests.swarm.lab.command import LabError, run, together, wait_until
from tests.swarm.lab.machine import Machine
from tests.swarm.lab.node import Node
from tests.swarm.lab.records import IMAGE, STATE_FILE, LabSpec, read_spec, write_spec
from tests.swarm.lab.trees import busybox_image, ensure_trees, require_tools
from tests.swarm.swarm import NOBODY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.swarm import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab(swarm.Lab):
    """A swarm: ``up`` builds it, ``down`` takes it away, ``attach`` finds one that is up."""

    spec: LabSpec
    watch: Watch = NOBODY

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
    def nodes(self) -> tuple[Node, ...]:
        """Give the nodes, the first manager first."""
        return tuple(Node(machine=Machine(lab=self.spec, spec=spec)) for spec in self.spec.nodes)

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

    def drivers(self, name: str) -> tuple[str, ...]:
        """Give the names of the Cloudstor plugins that a node has from the start."""
        return self.node(name).machine.spec.drivers

    def node(self, name: str) -> Node:
        """Give one node by its hostname."""
        return {node.name: node for node in self.nodes}[name]

    def holds_role(self, name: str, *, manager: bool) -> bool:
        """Tell whether a node would have this role after a restart too: its own certificate says.

        A new role is asked for at once and held seconds later. Who kills an engine in between gets
        a swarm without a leader.
        """
        certificate = self.node(name).folder / "docker/swarm/certificates/swarm-node.crt"
        subject = run(["openssl", "x509", "-noout", "-subject", "-in", certificate])
        return ("swarm-manager" in subject) is manager

    def inside(self, home: str | None = None) -> list[str]:
        """Give the words that put a command into the lab's network (TCP and SSH need it).

        ``home`` "friend" also gives it an ssh with the lab's key and known hosts; "stranger" one
        with the key and no known host.
        """
        return network.inside(self.spec) if home is None else ssh.inside_as(self.spec, home)

    def slow_image(self) -> str:
        """Give an image name whose pull never ends, so that a task stays preparing."""
        return registry.start(self.spec)
