"""What passes time: the embedded swarm waits and works through this, so that tests can step it."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator

EPOCH = 1_790_000_000.0
"""Seconds since 1970 at which stepped time starts: a day in autumn 2026."""


class Runtime(Protocol):
    """Time, waiting, and work that goes on beside what asked for it."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on by itself."""


class Suspension:
    """Gives up control for a while; whoever steps the coroutine receives the seconds."""

    def __init__(self, seconds: float) -> None:
        """Ask for so many seconds."""
        self._seconds = seconds

    def __await__(self) -> Generator[float, None, None]:
        """Yield once."""
        yield self._seconds


class SteppedRuntime:
    """Time that passes only when told, and the same way each time."""

    def __init__(self) -> None:
        """Start at the same moment always."""
        self._now = EPOCH
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, Coroutine[Any, Any, None]]] = []

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def sleep(self, seconds: float) -> Suspension:
        """Wait until somebody has let so much time pass."""
        return Suspension(seconds)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run up to the first wait; the rest follows while time passes."""
        self.resume_after(0.0, work)
        self.run_due()

    def resume_after(self, seconds: float, work: Coroutine[Any, Any, Any]) -> None:
        """Go on with work that waits."""
        heapq.heappush(self._waiting, (self._now + seconds, next(self._order), work))

    def run_due(self) -> None:
        """Go on with all whose time has come, once each."""
        due = []
        while self._waiting and self._waiting[0][0] <= self._now:
            due.append(heapq.heappop(self._waiting)[2])
        for work in due:
            try:
                seconds = work.send(None)
            except StopIteration:
                continue
            self.resume_after(seconds, work)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and go on with what waited for it."""
        self._now += seconds
        self.run_due()
