"""Scenario 10: another swarm than the configured one is not read, let alone pruned."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tests.swarm.running import removals_asked
from tests.swarm.scene import volume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

REQUEST = re.compile(rb"^([A-Z]+ \S+) HTTP/1\.1\r$", re.MULTILINE)
COMMANDS = (
    ("ls",),
    ("inspect", "old"),
    ("rm", "old"),
    ("safe-prune", "--yes"),
    ("apply", "plan.json"),
)


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Stands before an engine, passes everything on, and keeps what was asked."""

    engine: Path
    listener: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    """All bytes of all requests."""

    @property
    def requests(self) -> list[str]:
        """Give method and path of each request, in order."""
        return [line.decode() for line in REQUEST.findall(self.heard)]

    def serve(self) -> None:
        """Pass one connection after the other on, until the listener is closed."""
        while True:
            try:
                asking, _ = self.listener.accept()
            except OSError:
                return
            with asking, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
                engine.connect(str(self.engine))
                back = threading.Thread(target=pass_on, args=(engine, asking))
                back.start()
                pass_on(asking, engine, self.heard)
                back.join()


def pass_on(source: socket.socket, target: socket.socket, copy: bytearray | None = None) -> None:
    """Carry bytes one way until one of the two has enough."""
    try:
        while chunk := source.recv(65536):
            if copy is not None:
                copy.extend(chunk)
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def recorder(engine: Path, place: Path) -> Iterator[Recorder]:
    """Listen at a place for what is meant for an engine."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(place))
        listener.listen()
        recording = Recorder(engine=engine, listener=listener)
        thread = threading.Thread(target=recording.serve)
        thread.start()
        try:
            yield recording
        finally:
            # Wakes the thread up, which a close alone does not.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture
def recorders(lab: Lab) -> Iterator[dict[str, Recorder]]:
    """Put one before each engine; their sockets are in the lab's folder, whose path is short."""
    folder = lab.folder / "recorders"
    folder.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        yield {
            node.name: stack.enter_context(recorder(node.socket, folder / node.name))
            for node in lab.nodes
        }


@pytest.fixture
def tool(lab: Lab, tool: Tool, recorders: dict[str, Recorder]) -> Tool:
    """All that it knows of the engines is where the recorders are."""
    config = tool.config
    for node in lab.nodes:
        assert node.name in recorders
        config = config.replace(str(node.socket), str(lab.folder / "recorders" / node.name))
    return replace(tool, config=config)


def expecting(tool: Tool, cluster_id: str) -> Tool:
    """Configure the swarm that is meant."""
    table = "[contexts.lab]\n"
    assert table in tool.config
    return replace(tool, config=tool.config.replace(table, f'{table}cluster_id = "{cluster_id}"\n'))


def asked(recorders: dict[str, Recorder]) -> dict[str, list[str]]:
    """Give the requests that reached each engine so far."""
    return {name: each.requests for name, each in recorders.items()}


def test_of_another_swarm_nothing_is_read_but_who_it_is(
    lab: Lab, tool: Tool, recorders: dict[str, Recorder]
) -> None:
    volume(lab, "old")
    before = lab.contents()
    plan = str(tool.home / "plan.json")
    right = expecting(tool, lab.node("n1").ask("/info")["Swarm"]["Cluster"]["ID"])
    assert right("safe-prune", "--dry-run", "--plan-out", plan).code == 0
    # The control: with the right swarm everything is read, through these very sockets.
    control = asked(recorders)
    assert "GET /services" in control["n1"]
    assert all("GET /volumes" in requests for requests in control.values())

    for command in COMMANDS:
        for each in recorders.values():
            each.heard.clear()
        words = [plan if word == "plan.json" else word for word in command]
        refused = expecting(tool, "another")(*words)
        assert refused.code == 2, refused.told
        assert "the one expected is another: nothing more was read" in refused.err
        assert refused.out == ""
        assert asked(recorders) == {"n1": ["GET /info"], "n2": [], "n3": []}, command

    assert lab.contents() == before
    assert not removals_asked(lab)
    assert tool.audit == []
