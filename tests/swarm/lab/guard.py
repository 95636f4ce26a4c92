"""Run the guard of one node as systemd would, and give the node's engine its plugin."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from cloudstorctl.guard.knowledge import Knowledge
from cloudstorctl.guard.listening import listen_at
from cloudstorctl.guard.names import SOCKET
from cloudstorctl.guard.records import Log, Metrics
from cloudstorctl.guard.server import Server
from tests.swarm.lab.command import SYSTEM_PATH, LabError, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudstorctl.guard.decision import Decider
    from tests.swarm.lab.node import Node

ROOT: Final = Path(__file__).parents[3]
# The guard looks for local volumes where the engine says that they are: on its node.
ENTER: Final = """
mount -t tmpfs tmpfs /var/lib
mkdir /var/lib/docker
mount --bind "$1" /var/lib/docker
shift
"""
MADE: Final = 'exec "$@" </dev/null'
HANDED_OVER: Final = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&0 </dev/null'


def socket_of(node: Node) -> Path:
    """Give the socket that the plugin of a node listens at: a file on this machine and in it."""
    return node.folder / "guard.sock"


def name_plugin(node: Node) -> None:
    """Let the engine find the plugin where it looks for one."""
    node.exec("mkdir", "-p", str(Path(SOCKET).parent))
    node.exec("ln", "-sfn", str(socket_of(node)), SOCKET)


@dataclass(slots=True)
class Guard:
    """The guard of one node."""

    node: Node
    environ: Mapping[str, str]
    words: tuple[str, ...] = ()
    """More of its command line."""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """Give the id of its process.

        Raises:
            LabError: it does not run.
        """
        if self._process is None:
            message = f"the guard of {self.node.name} does not run"
            raise LabError(message)
        return self._process.pid

    @property
    def log(self) -> Path:
        """Give the file with what it writes."""
        return self.node.folder / "guard.log"

    @property
    def decisions(self) -> list[dict[str, Any]]:
        """Give what it has decided, oldest first."""
        rows = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [row for row in rows if row["event"] == "decision"]

    def start(self, listener: socket.socket | None = None) -> None:
        """Start it, with a socket handed over or one that it makes, and wait until it listens."""
        docker = self.node.folder / "docker"
        script = ENTER + (MADE if listener is None else HANDED_OVER)
        command = [
            *("unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"),
            *(str(docker), sys.executable, "-m", "cloudstorctl", "guard", "run"),
            *("--socket", str(socket_of(self.node)), "--engine", self.node.unix),
            *("--state", str(self.node.folder / "guard.json"), *self.words),
        ]
        started = self.starts
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                env={**self.environ, "PATH": f"{os.environ['PATH']}:{SYSTEM_PATH}"},
                stdin=subprocess.DEVNULL if listener is None else listener.fileno(),
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )
        wait_until(lambda: self.starts > started, 20, f"the guard of {self.node.name} answers")

    @property
    def starts(self) -> int:
        """Count how often it has started."""
        return self.log.read_text().count('"event":"start"') if self.log.exists() else 0

    def stop(self) -> int:
        """End it in good order and give its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.terminate()
        return process.wait(30)

    def kill(self) -> None:
        """Kill it."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(10)


class _Yes:
    """Takes every request for none of the guard's business."""

    def __call__(self, method: str, uri: str, ticket: str = "") -> None:
        """Pass it."""


@contextmanager
def permissive(path: Path) -> Iterator[None]:
    """Answer yes in the guard's place: to build an engine, and to tidy up behind a scenario."""
    path.unlink(missing_ok=True)
    wake, waker = socket.socketpair()
    with wake, waker, listen_at(path) as listener:
        knowledge = Knowledge(patterns=())
        server = Server(
            listener=listener,
            decide=cast("Decider", _Yes()),
            log=Log(stream=sys.stderr, now=lambda: datetime.now(tz=UTC)),
            metrics=Metrics(knowledge),
        )
        thread = threading.Thread(target=server.serve, args=(wake,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            waker.send(b"!")
            thread.join()
            server.stop(5)
            path.unlink(missing_ok=True)
