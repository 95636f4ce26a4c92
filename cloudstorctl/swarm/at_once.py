"""Do something on several nodes at once, and let the first interruption only cut it short."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")
_R = TypeVar("_R")

_LOOK_AGAIN = 0.5
"""Seconds."""


def at_once(
    items: Sequence[_T], work: Callable[[_T], _R], *, most: int, cut: Callable[[], None]
) -> list[_R]:
    """Give what `work` makes of each item, in their order, with up to `most` threads.

    The calling thread only waits, so that an interruption never hits the work itself. At the first
    KeyboardInterrupt `cut` is called, which is to end what is going on, and the results are waited
    for all the same; the second is raised. The threads are daemons: one that hangs cannot hold up
    the end of the program.

    Raises:
        Exception: what `work` raised, when all of it has ended.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(items)):
        waiting.put(index)
    results: dict[int, _R | Exception] = {}
    news = threading.Semaphore(0)

    def run() -> None:
        with suppress(queue.Empty):
            while True:
                index = waiting.get_nowait()
                results[index] = _outcome(work, items[index])
                news.release()

    threads = 0
    interrupted = False
    while len(results) < len(items):
        # An interruption may come at any place: a thread too many does no harm, and news that are
        # lost are looked for again.
        try:
            while threads < min(most, len(items)):
                threading.Thread(target=run, daemon=True, name="verify").start()
                threads += 1
            news.acquire(timeout=_LOOK_AGAIN)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            cut()
    for result in results.values():
        if isinstance(result, Exception):
            raise result
    return [cast("_R", results[index]) for index in range(len(items))]


def _outcome(work: Callable[[_T], _R], item: _T) -> _R | Exception:
    try:
        return work(item)
    except Exception as error:  # noqa: BLE001 - raised again where it is waited for
        return error
