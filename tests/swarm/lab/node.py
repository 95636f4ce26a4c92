"""Drive one node: its engine, its drivers, its sshd."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudstorctl.guard.names import PLUGIN
from tests.swarm import ports
from tests.swarm.lab import certificates, ssh
from tests.swarm.lab.command import wait_until
from tests.swarm.lab.plugin import Plugin
from tests.swarm.lab.records import ALIAS
from tests.swarm.lab.registry import REGISTRY_PORT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.lab.machine import Machine

CONTAINERD: Final = "/run/containerd/containerd.sock"
PLAIN_PORT: Final = 2375
TLS_PORT: Final = 2376


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(ports.Node):
    """One node of the lab."""

    machine: Machine

    @property
    def name(self) -> str:
        """Give the hostname."""
        return self.machine.spec.name

    @property
    def address(self) -> str:
        """Give the address in the lab's network."""
        return self.machine.lab.address(self.name)

    @property
    def folder(self) -> Path:
        """Give the node's folder: logs, sockets, files."""
        return self.machine.folder

    @property
    def socket(self) -> Path:
        """Give the engine's socket, a file on this machine."""
        return self.folder / "docker.sock"

    @property
    def tcp(self) -> str:
        """Give the engine's TCP address, to be reached from inside the lab's network only."""
        return f"tcp://{self.address}:{TLS_PORT if self.serves_tls else PLAIN_PORT}"

    @property
    def ssh(self) -> str:
        """Give the engine's address by way of sshd, from inside the lab's network only."""
        return f"ssh://{ssh.USER}@{self.address}"

    @property
    def serves_tls(self) -> bool:
        """Tell whether the engine was last started with mutual TLS."""
        return (self.folder / "tls").exists()

    @property
    def is_guarded(self) -> bool:
        """Tell whether the engine was last started with the guard as its authorization plugin."""
        return (self.folder / "guarded").exists()

    @property
    def runs(self) -> bool:
        """Tell whether the engine is there, frozen or not."""
        return self.socket.exists() and bool(self.machine.pids("dockerd"))

    @property
    def cli_folder(self) -> Path:
        """Give the folder that the docker CLI takes for its own."""
        return self.folder.parent / "docker"

    def exec(self, *argv: str, seconds: float = 60.0) -> str:
        """Run a command inside the node and give its standard output."""
        return self.machine.run(argv, seconds=seconds)

    def pids(self) -> list[int]:
        """Give this machine's ids of the node's processes (without those of containers)."""
        return self.machine.pids()

    def plugin(self, name: str = ALIAS) -> Plugin:
        """Give the driver of this name on this node, installed or not."""
        return Plugin(lab=self.machine.lab, node=self.name, name=name, docker=self.docker)

    def boot(self) -> None:
        """Boot the machine and start containerd and the engine."""
        self.machine.boot()
        self.start()

    def start(self, *, tls: bool | None = None, guarded: bool | None = None) -> None:
        """Start the engine where it does not run, and wait until it answers.

        ``tls`` chooses mutual TLS on 2376 or plain TCP on 2375: an engine has one of the two for
        all its TCP addresses. ``guarded`` names the guard as its authorization plugin, which has to
        listen already (guard.py). None keeps what it had.
        """
        if guarded is True:
            (self.folder / "guarded").touch()
        elif guarded is False:
            (self.folder / "guarded").unlink(missing_ok=True)
        mark = self.folder / "tls"
        if tls is True:
            mark.touch()
        elif tls is False:
            mark.unlink(missing_ok=True)
        if not self.machine.pids("dockerd"):
            self.start_containerd()
            # The ids of the namespace are few: an old one may be another program's now.
            self.exec("rm", "-f", "/run/docker.pid")
            self.machine.spawn(self.command_line(), "dockerd.log")
        wait_until(self.answers, 40, f"the engine of {self.name} answers")

    def start_containerd(self) -> None:
        """Start containerd by itself, as the packages do: containers outlive a killed engine."""
        if self.machine.pids("containerd"):
            return
        # An engine needs no Kubernetes, and containerd starts faster without.
        configuration = self.folder / "containerd.toml"
        configuration.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        words = ["containerd", "--config", str(configuration), "--address", CONTAINERD]
        self.machine.spawn(words, "containerd.log")
        # dockerd waits for a socket that does not answer yet, but not for one that is absent.
        self.exec("sh", "-c", f"until test -S {CONTAINERD}; do sleep 0.05; done", seconds=20)

    def command_line(self) -> list[str]:
        """Give dockerd's words."""
        words = [
            *("dockerd", "--containerd", CONTAINERD, "--pidfile", "/run/docker.pid"),
            *("--host", self.unix, "--host", "unix:///run/docker.sock", "--host", self.tcp),
            *("--shutdown-timeout", "5"),
            *("--insecure-registry", f"{self.machine.lab.gateway}:{REGISTRY_PORT}"),
        ]
        if self.is_guarded:
            words += ["--authorization-plugin", PLUGIN]
        if not self.serves_tls:
            return [*words, "--tls=false"]
        folder = certificates.client(self.machine.lab).ca.parent
        return [
            *words,
            *("--tlsverify", "--tlscacert", str(folder / "ca.pem")),
            *("--tlscert", str(folder / f"{self.name}.pem")),
            *("--tlskey", str(folder / f"{self.name}-key.pem")),
        ]

    def stop(self) -> None:
        """End the engine in good order: its containers and plugins end too."""
        self.thaw()
        self.signal(signal.SIGTERM)
        self.wait_for_end()

    def kill(self) -> None:
        """Kill the engine: its containers run on."""
        self.signal(signal.SIGKILL)
        self.wait_for_end()

    def freeze(self) -> None:
        """Freeze the engine: it accepts connections and never answers."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen engine go on."""
        self.signal(signal.SIGCONT)

    def restart(self, *, tls: bool | None = None, guarded: bool | None = None) -> None:
        """Stop the engine and start it again."""
        self.stop()
        self.start(tls=tls, guarded=guarded)

    def power_off(self) -> None:
        """End the engine, its containers and all else on the node, without a word."""
        self.machine.power_off()

    def power_on(self) -> None:
        """Boot a node that is off, with the files it had."""
        self.boot()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to dockerd alone."""
        for pid in self.machine.pids("dockerd"):
            os.kill(pid, number)

    def wait_for_end(self) -> None:
        """Wait until no dockerd runs on the node."""
        wait_until(lambda: not self.machine.pids("dockerd"), 40, f"dockerd of {self.name} ends")

    def start_sshd(self) -> None:
        """Start sshd on port 22, for root and docker by the lab's key."""
        ssh.start_sshd(self.machine)
        address = f"{self.address}:22"
        wait_until(
            lambda: address in self.exec("ss", "-Hltn", "sport", "=", ":22"),
            10,
            f"sshd listens on {address}",
        )
