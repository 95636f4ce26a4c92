"""Stands in for the program ssh: notes how it was called, then does what a test wrote down."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What it is to do."""

    target: str = "/nonexistent"
    """The engine's socket."""
    says: str = ""
    """On standard error, at once."""
    channel: str = "channel 1: open failed: connect failed: open failed\r\n"
    """On standard error, where the target takes no connection."""
    ends: bool = False
    """At once, as after a failure."""
    hangs: bool = False
    """Never comes to make the local socket."""
    stubborn: bool = False
    """Does not listen to SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How it was called."""

    argv: tuple[str, ...]
    pid: int
    session: int
    stdin: str
    pipes: tuple[str, ...]
    """The pipes that it was handed."""

    @property
    def socket(self) -> Path:
        """The local end of the forward."""
        return Path(self.argv[self.argv.index("-L") + 1].split(":")[0])


class FakeSsh:
    """The test's side of it."""

    def __init__(self, home: Path) -> None:
        """Put a program called `ssh` into the folder `home`."""
        self.home = home
        program = home / "ssh"
        words = shlex.join([sys.executable, str(Path(__file__).resolve()), str(home)])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o755)
        self.will(Plan())

    def will(self, plan: Plan) -> None:
        """Do this from now on."""
        (self.home / "plan").write_text(json.dumps(asdict(plan)))

    def calls(self) -> list[Call]:
        """Every call so far, in no order."""
        found = []
        for path in self.home.glob("*.call"):
            call = json.loads(path.read_text())
            call["argv"], call["pipes"] = tuple(call["argv"]), tuple(call["pipes"])
            found.append(Call(**call))
        return found

    def call(self) -> Call:
        """The only call; waits for it."""
        eventually(lambda: bool(self.calls()))
        (call,) = self.calls()
        return call


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def processes_of(session: int) -> list[int]:
    """Give the processes of a session, without those that have ended but nobody has noticed."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session, *_ = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_session) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


def _note_call(home: Path) -> None:
    descriptors = []
    for link in Path("/proc/self/fd").iterdir():
        # The one that reads this very folder is gone again.
        with contextlib.suppress(FileNotFoundError):
            descriptors.append(str(link.readlink()))
    call = Call(
        argv=tuple(sys.argv[2:]),
        pid=os.getpid(),
        session=os.getsid(0),
        stdin=str(Path("/proc/self/fd/0").readlink()),
        pipes=tuple(link for link in descriptors if link.startswith("pipe:")),
    )
    part = home / f"{os.getpid()}.part"
    part.write_text(json.dumps(asdict(call)))
    part.rename(home / f"{os.getpid()}.call")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _carry(near: socket.socket, plan: Plan) -> None:
    with near, socket.socket(socket.AF_UNIX) as far:
        try:
            far.connect(plan.target)
        except OSError:
            _say(plan.channel)
            return
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join()


def main() -> None:
    """Be ssh."""
    home = Path(sys.argv[1])
    plan = Plan(**json.loads((home / "plan").read_text()))
    if plan.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _note_call(home)
    _say(plan.says)
    if plan.ends:
        sys.exit(255)
    if plan.hangs:
        while True:
            signal.pause()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[sys.argv.index("-L") + 1].split(":")[0])
        listener.listen(50)
        while True:
            near, _ = listener.accept()
            threading.Thread(target=_carry, args=(near, plan), daemon=True).start()


if __name__ == "__main__":
    main()
