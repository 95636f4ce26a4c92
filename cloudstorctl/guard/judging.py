"""Has one request judged by a process of its own, which can hang, crash or lie without harm."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from cloudstorctl.core.guarding import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AT_ONCE: Final = 4
"""Judgements at a time: each surveys the whole swarm. The others wait, within their time."""
_LONGEST_LINE: Final = 1 << 20


class Question(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the judging process reads from its standard input, as JSON."""

    volumes: list[str] = []
    """Readings of the name of the volume that is to be removed."""
    plugins: list[str] = []
    """Readings of the name of the plugin that is to be changed."""
    change: str = ""
    """What it is to be, as in "disabled"."""
    node: str | None = None
    """The node that is asked, by its ID in the swarm; empty: it is in none; None: not told."""
    ticket: str = ""
    """What the request shows to tell that this removal was just proved."""
    gone: bool = False
    """Nothing is to be judged: it was let through, and the swarm is to forget the volume."""


class Judged(msgspec.Struct, kw_only=True):
    """What the judging process writes: one line of JSON."""

    allow: bool
    reason: str


@dataclass(slots=True)
class Judges:
    """Starts judging processes, and ends those that take too long."""

    command: Sequence[str]
    seconds: float
    """Time for one judgement, with its wait for its turn."""
    environ: Mapping[str, str] | None = None
    _turns: threading.Semaphore = field(
        default_factory=lambda: threading.Semaphore(AT_ONCE), init=False
    )
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set, init=False)
    _closed: bool = field(default=False, init=False)

    def __call__(self, question: Question) -> Answer:
        """Give the judgement; whatever goes wrong with it is a denial that says what."""
        end = monotonic() + self.seconds
        if not self._turns.acquire(timeout=self.seconds):
            return _no("too many removals are being judged already")
        try:
            return self._ask(question, end)
        finally:
            self._turns.release()

    def _ask(self, question: Question, end: float) -> Answer:
        try:
            child = subprocess.Popen(  # noqa: S603 - this program itself
                list(self.command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=None if self.environ is None else dict(self.environ),
                start_new_session=True,  # with its ssh clients it is ended as one
            )
        except OSError as error:
            return _no(f"the judging process could not be started ({error})")
        self._running.add(child)
        if self._closed:
            _kill(child)
        try:
            out, err = child.communicate(
                msgspec.json.encode(question), timeout=max(end - monotonic(), 0.001)
            )
        except subprocess.TimeoutExpired:
            return _no(f"it could not be judged within {self.seconds:g} seconds")
        except OSError as error:
            return _no(f"the judging process could not be spoken to ({error})")
        finally:
            self._running.discard(child)
            _end(child)
        return _answer(child.returncode, out, err)

    def close(self) -> None:
        """End the judgements that are under way, and any that begins now."""
        self._closed = True
        for child in tuple(self._running):
            _kill(child)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started; one that has ended too, for what it has left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _end(child: subprocess.Popen[bytes]) -> None:
    _kill(child)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _answer(code: int, out: bytes, err: bytes) -> Answer:
    """Read what the process wrote: nothing but one whole line of an ended process will do."""
    if code != 0:
        lines = err.decode(errors="replace").strip().splitlines()
        last = f": {lines[-1]}" if lines else ""
        return _no(f"the judging process ended with code {code}{last}")
    if len(out) > _LONGEST_LINE or out.count(b"\n") != 1 or not out.endswith(b"\n"):
        return _no("the judging process answered something else than one line")
    try:
        judged = msgspec.json.decode(out, type=Judged)
    except ValueError as error:
        return _no(f"the judging process answered something else than was asked ({error})")
    return Answer(allow=judged.allow, reason=judged.reason)


def _no(why: str) -> Answer:
    return Answer(allow=False, reason=f"It is not known whether anything uses it: {why}.")
