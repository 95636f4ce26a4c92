"""Do something at a deadline unless it is called off: one thread keeps the time of all requests."""

from __future__ import annotations

import contextlib
import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Deadlines:
    """What is to be done when; a timer for each would start a thread for each request."""

    def __init__(self) -> None:
        """Start no thread before there is something to wait for."""
        self._changed = threading.Condition()
        self._pending: dict[object, tuple[float, Callable[[], None]]] = {}
        self._looks_at: float | None = None
        """When the thread looks again by itself; None: it sleeps, or there is none."""
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def after(self, seconds: float, late: Callable[[], None]) -> Iterator[None]:
        """Call `late`, from another thread, unless the block ends within that time.

        It is not called once the block has ended, and the end of the block waits for it: so it has
        to be short.
        """
        deadline = monotonic() + seconds
        token = object()
        with self._changed:
            self._pending[token] = (deadline, late)
            if self._thread is None:
                thread = threading.Thread(target=self._watch, daemon=True, name="deadlines")
                thread.start()
                self._thread = thread
            if self._looks_at is None or deadline < self._looks_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._pending.pop(token, None)

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = monotonic()
                for token, (deadline, late) in tuple(self._pending.items()):
                    if deadline <= now:
                        del self._pending[token]
                        # One that fails must not keep the others from their deadlines.
                        with contextlib.suppress(Exception):
                            late()
                ends = [deadline for deadline, _ in self._pending.values()]
                self._looks_at = min(ends, default=None)
                rest = threading.TIMEOUT_MAX if self._looks_at is None else self._looks_at - now
                self._changed.wait(min(rest, threading.TIMEOUT_MAX))
