"""A thread that lists the node's own engine once a connection, and then follows its events."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final

from cloudstorctl.guard.engine import EngineFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.guard.engine import LocalEngine
    from cloudstorctl.guard.knowledge import Knowledge

_FIRST: Final = 0.2
_LONGEST: Final = 5.0
"""Seconds to wait before the next try; short, as an engine that starts asks for the guard first."""
_WRITES_APART: Final = 5.0
"""Seconds at least between two writes of the file: containers may start by the hundred."""


@dataclass(slots=True)
class Follower:
    """Keeps a guard's knowledge true, from `start` to `stop`."""

    engine: LocalEngine
    knowledge: Knowledge
    say: Callable[[str], None]
    """Takes a sentence about what went wrong."""
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)
    _written_at: float = field(default=float("-inf"), init=False)
    _changed: bool = field(default=False, init=False)
    _said: str = field(default="", init=False)

    def start(self) -> None:
        """Begin; nothing waits for it."""
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End, and write down what was learnt last."""
        self._stopped.set()
        self.engine.hang_up()
        if self._thread is not None:
            self._thread.join(seconds)
        self._keep(now=True)

    def _run(self) -> None:
        wait = _FIRST
        while not self._stopped.is_set():
            began = monotonic()
            try:
                self._follow()
            except EngineFailure as error:
                self._tell(f"the engine is not followed: {error}")
            except Exception as error:  # noqa: BLE001 - the thread has to live as long as the guard
                self._tell(f"the engine is not followed: {type(error).__name__}: {error}")
            finally:
                self.knowledge.is_live(now=False)
                self.engine.hang_up()
            wait = _FIRST if monotonic() - began > _LONGEST else min(2 * wait, _LONGEST)
            self._stopped.wait(wait)

    def _follow(self) -> None:
        """Ask for events first, so that none falls between them and the lists."""
        events = self.engine.events()
        knowledge = self.knowledge
        info = self.engine.info()
        knowledge.root, knowledge.node_id = info.root or knowledge.root, info.node_id
        self._list()
        knowledge.is_live(now=True)
        self._said = ""
        self._keep(now=True)
        for event in events:
            if event.kind == "plugin":
                # A driver may be of the family now, or have its volumes listed again.
                self._list()
                self._changed = True
            elif knowledge.told_event(event):
                self._changed = True
            self._keep(now=False)

    def _list(self) -> None:
        self.knowledge.told_plugins(self.engine.plugins())
        rows, complete = self.engine.volumes()
        self.knowledge.told_volumes(rows, complete=complete)

    def _keep(self, *, now: bool) -> None:
        due = monotonic() - self._written_at >= _WRITES_APART
        if not (now or (self._changed and due)):
            return
        try:
            self.knowledge.keep()
        except OSError as error:
            self._tell(f"what is known of the engine cannot be kept: {error}")
        self._written_at, self._changed = monotonic(), False

    def _tell(self, sentence: str) -> None:
        # Once, not at every try.
        if sentence != self._said and not self._stopped.is_set():
            self._said = sentence
            self.say(sentence)
