"""Runs of cloudstorctl that go on while a test does something to the swarm."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.swarm.lab.command import wait_until
from tests.swarm.tool import Result

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator
    from pathlib import Path

    from tests.swarm.ports import Plugin
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A run without a terminal, in a process group of its own as a shell would give it."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def wait_to_hear(self, words: str) -> None:
        """Wait until the run has said something on standard error."""
        wait_until(lambda: words in self.err.read_text(), 30, f"{words!r} is said")

    def result(self, seconds: float = 60.0) -> Result:
        """Wait for the end."""
        code = self.process.wait(seconds)
        told = Result(code=code, out=self.out.read_text(), err=self.err.read_text())
        assert "Traceback" not in told.err, told.err
        return told


@contextmanager
def running(tool: Tool, *words: str) -> Iterator[Running]:
    """Start a run; whatever is left of it at the end of the block is killed."""
    out, err = tool.home / "out", tool.home / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own program
            tool.command(*words),
            env=tool.environ(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    with ended(process):
        yield Running(process=process, out=out, err=err)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A run that a person watches: it reads and writes a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    seen: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """All that the screen was sent so far."""
        return self.seen.decode(errors="replace")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def wait_to_see(self, words: str) -> None:
        """Wait until something has been on the screen."""
        wait_until(lambda: words in self.text, 30, f"{words!r} is on the screen")

    def watch(self) -> None:
        """Take in what is shown until nobody holds the terminal any more."""
        # The last close of the other side is an error here (tty_ioctl(4)).
        with contextlib.suppress(OSError):
            while chunk := os.read(self.master, 4096):
                self.seen.extend(chunk)

    def code(self, seconds: float = 60.0) -> int:
        """Wait for the end, and give the exit code."""
        code = self.process.wait(seconds)
        assert "Traceback" not in self.text, self.text
        return code


@contextmanager
def at_terminal(tool: Tool, *words: str) -> Iterator[Terminal]:
    """Start a run that has a terminal, and that a Ctrl-C typed there reaches."""
    master, slave = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - our own program
        ["setsid", "--ctty", *tool.command(*words)],  # noqa: S607 - from util-linux, as nsenter is
        env=tool.environ() | {"TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    terminal = Terminal(process=process, master=master)
    watcher = threading.Thread(target=terminal.watch)
    watcher.start()
    try:
        with ended(process):
            yield terminal
    finally:
        watcher.join()
        os.close(master)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill what is left of a process and its group at the end of the block."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def removals_asked(lab: Lab) -> list[str | None]:
    """Give the volumes that any engine has told its driver to remove, in order."""
    calls = [call for node in lab.nodes for call in node.plugin().calls("Remove")]
    return [call.name for call in sorted(calls, key=lambda call: call.at)]


@contextmanager
def held_removal(lab: Lab, name: str) -> Iterator[Plugin]:
    """Let the first node's driver hold every removal until the end of the block.

    The engines are asked in the order of their names, so the removal of a volume that all of them
    list begins at the first. Use `wait_for_removal` to know that it has.
    """
    plugin = lab.node(name).plugin()
    plugin.bend(remove="hang")
    try:
        yield plugin
    finally:
        plugin.bend(remove=None)


def wait_for_removal(plugin: Plugin, volume: str) -> None:
    """Wait until a driver has been told to remove a volume."""
    wait_until(lambda: plugin.calls("Remove", volume), 60, f"the driver is to remove {volume}")
