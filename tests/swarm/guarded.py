"""A swarm whose engines ask guards: one guard a node, for as long as a scenario takes."""

from __future__ import annotations

import socket
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.swarm.lab.command import together, wait_until
from tests.swarm.lab.guard import Guard, name_plugin, permissive, socket_of
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.swarm.lab.node import Node
    from tests.swarm.lab.swarm import Lab


@dataclass(slots=True)
class GuardedSwarm:
    """Between two scenarios a stand-in answers yes, so that what is left can be tidied up."""

    lab: Lab
    guards: dict[str, Guard] = field(default_factory=dict, init=False)
    _permissive: ExitStack = field(default_factory=ExitStack, init=False)

    def ensure(self) -> None:
        """Let every engine ask; one that is new does not yet."""
        new = [node for node in self.lab.nodes if not node.is_guarded]
        if not new:
            return
        self._permissive.close()
        self.stand_by()

        def restart(node: Node) -> None:
            name_plugin(node)
            node.restart(guarded=True)

        together(restart, new)
        wait_until(self.lab.complete, 60, "every node is ready and names its drivers")

    def stand_by(self) -> None:
        """Say yes to everything."""
        for node in self.lab.nodes:
            self._permissive.enter_context(permissive(socket_of(node)))

    def on_guard(self, folder: Path, *, config: str | None = None) -> None:
        """Start the guard of every node."""
        self._permissive.close()
        tool = Tool(
            lab=self.lab, home=folder, config=config or configuration(self.lab, more=NO_GRACE)
        )
        tool.write()
        environ: Mapping[str, str] = tool.environ()
        for node in self.lab.nodes:
            guard = self.guards[node.name] = Guard(node=node, environ=environ)
            guard.log.unlink(missing_ok=True)
            (node.folder / "guard.json").unlink(missing_ok=True)
        together(lambda guard: guard.start(), self.guards.values())

    def off_guard(self) -> None:
        """End the guards."""
        together(lambda guard: guard.stop(), self.guards.values())
        self.guards.clear()
        self.stand_by()

    def end(self) -> None:
        """Let no engine ask any more."""
        together(lambda node: node.restart(guarded=False), self.lab.nodes)
        self._permissive.close()
        wait_until(self.lab.complete, 60, "every node is ready and names its drivers")


NO_GRACE = 'prune.grace = "0s"'


def raw(engine: Path, request: bytes, *, seconds: float = 90.0) -> bytes:
    """Send bytes to an engine as they are, and give the start of what it answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(seconds)
        caller.connect(str(engine))
        with suppress(BrokenPipeError):  # it answers before it has read all
            caller.sendall(request)
        return caller.recv(65536)


@contextmanager
def listening(node: Node) -> Iterator[socket.socket]:
    """Hold the plugin's socket of a node as systemd does, over the guard's life."""
    path = socket_of(node)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(128)
        yield listener
    path.unlink()
