"""Run one node's namespaces: a first process that stays, and commands beside it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.swarm.lab import cgroups, network
from tests.swarm.lab.command import SYSTEM_PATH, LabError, run, wait_until
from tests.swarm.lab.trees import tree_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.swarm.lab.records import LabSpec, NodeSpec

INIT: Final = Path(__file__).with_name("node-init.sh")
ENVIRONMENT: Final = {"PATH": SYSTEM_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine under an engine: namespaces, files and processes of one node."""

    lab: LabSpec
    spec: NodeSpec

    @property
    def folder(self) -> Path:
        """Give the node's folder on this machine."""
        return self.lab.folder / self.spec.name

    @property
    def namespace(self) -> str:
        """Name the node's network namespace, and its cgroup."""
        return network.namespace_of(self.lab, self.spec.name)

    @property
    def init(self) -> int | None:
        """Give this machine's id of the node's first process, or None when it is not up."""
        try:
            pid = int((self.folder / "init.pid").read_text())
            # The id may be another program's by now: what counts is the namespace.
            here = Path(f"/proc/{pid}/ns/net").stat().st_ino
            return pid if here == (network.NAMESPACES / self.namespace).stat().st_ino else None
        except (OSError, ValueError):
            return None

    def boot(self) -> None:
        """Start the first process; the files are those that the node had before."""
        for name in ("root", "upper", "work", "docker", "containerd"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "init.pid").unlink(missing_ok=True)
        places = cgroups.hierarchies()
        cgroups.make(self.namespace)
        # The node takes the cgroup in which it is at that moment for the root of all.
        first = f'{cgroups.joining(self.namespace)} exec unshare --cgroup sh -ec "$1"'
        then = (
            f"{self.joining()} exec unshare --mount --uts --ipc --pid --fork --kill-child"
            f" --propagation private sh '{INIT}'"
        )
        words = [*network.inside(self.lab, self.spec.name), "sh", "-ec", first, "sh", then]
        variables = {
            "LAB": str(self.lab.folder),
            "NODE": str(self.folder),
            "NAME": self.spec.name,
            "TREE": str(tree_of(self.spec.suite)),
            "ADDRESS": self.lab.address(self.spec.name),
            "CGROUP_VERSION": "2" if cgroups.is_unified() else "1",
        }
        order = self.folder / "cgroups"
        order.write_text("".join(f"{place.name} {options}\n" for place, options in places.items()))
        with order.open() as stdin, (self.folder / "init.log").open("w") as log:
            # Forked away: the node belongs to no process of the tests, and outlives them if told.
            subprocess.run(  # noqa: S603
                ["/usr/bin/setsid", "--fork", *words],
                env=ENVIRONMENT | variables,
                cwd="/",
                stdin=stdin,
                stdout=log,
                stderr=log,
                check=True,
            )
        try:
            wait_until(lambda: self.init is not None, 15, f"{self.spec.name} boots")
        except LabError as error:
            message = f"{error}: {(self.folder / 'init.log').read_text().strip()}"
            raise LabError(message) from error

    def power_off(self) -> None:
        """End every process of the node at once, as a power cut does."""

        def all_ended() -> bool:
            alive = network.processes_in(self.namespace)
            for pid in alive:
                network.end(pid)
            return not alive

        wait_until(all_ended, 20, f"{self.spec.name} is off")
        (self.folder / "init.pid").unlink(missing_ok=True)

    def enter(self) -> list[str]:
        """Give the words that put a command into the node.

        Raises:
            LabError: the node is not up.
        """
        pid = self.init
        if pid is None:
            message = f"node {self.spec.name} is not up"
            raise LabError(message)
        return [
            *("nsenter", f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid"),
            *("--cgroup", "--"),
        ]

    def joining(self) -> str:
        """Give shell words that move the shell into the node's cgroup."""
        return cgroups.joining(self.namespace, cgroups.LEAF if cgroups.is_unified() else "")

    def run(self, argv: Sequence[str], *, seconds: float = 60.0) -> str:
        """Run a command inside the node and give its standard output."""
        return run([*self.enter(), *argv], env=ENVIRONMENT, seconds=seconds)

    def spawn(self, argv: Sequence[str], log: str) -> None:
        """Start a daemon in the node, a child of its first process; output goes to a log file."""
        # By way of a shell that ends: no process of ours stays behind as its parent.
        script = 'log=$1; shift; exec setsid --fork "$@" </dev/null >>"$log" 2>&1'
        words = [*self.enter(), "sh", "-ec", script, "sh", str(self.folder / log), *argv]
        run(["sh", "-ec", f'{self.joining()} exec "$@"', "sh", *words], env=ENVIRONMENT)

    def pids(self, program: str | None = None) -> list[int]:
        """Give this machine's ids of the node's processes, or of those that run ``program``."""
        found = []
        for pid in network.processes_in(self.namespace):
            try:
                name = Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
            if program is None or name == program[:15]:
                found.append(pid)
        return found
