"""Ctrl-C during removals: stop between two of them, and at once when pressed again."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def stopping(say: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Give a question, whether to stop, that SIGINT and SIGTERM answer with yes.

    A request that is under way is finished and put on record. A second signal raises
    KeyboardInterrupt where the program stands.
    """
    asked = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        # An error here would surface in the request that is under way, and be taken for its end:
        # the reader of our output may be gone (`| tee` gets the same Ctrl-C), or a write to it may
        # be what was interrupted (RuntimeError: reentrant call).
        with suppress(OSError, RuntimeError, ValueError):
            say("Stopping after what is under way; press Ctrl-C again to stop at once.")

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_SIGNALS = (signal.SIGINT, signal.SIGTERM)
