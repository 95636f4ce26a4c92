"""Answers what can be answered at once, in one thread that never waits for anything but the next.

A thread for each connection costs a fifth of a millisecond to start, and dockerd opens connections
whenever several requests come together. What has to be waited for is handed to a thread all the
same: a judgement, a large body, a request of a form that dockerd does not send.
"""

from __future__ import annotations

import selectors
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.guard.watchdog import Watchdog

_CHUNK: Final = 1 << 18
LARGEST: Final = 1 << 18
"""Bytes of a body that is taken in here."""
_LONGEST_HEAD: Final = 1 << 14
_PAUSE: Final = 0.05
"""Seconds until a connection is accepted again after that has failed."""


@dataclass(slots=True)
class Loop:
    """One selector over the listener and every connection that waits for a request."""

    listener: socket.socket
    answer: Callable[[bytes, bytes], bytes | None]
    """Answers a path and a body; None: a thread has to."""
    hand_over: Callable[[socket.socket, bytearray], None]
    """Takes a connection, blocking, with the bytes that came, among them a request."""
    say: Callable[[str], None]
    """Takes a sentence about what went wrong."""
    watchdog: Watchdog | None = None
    """Waits to be told, while the loop goes on, that it does."""
    _paused: bool = field(default=False, init=False)
    """Whether no connection could be accepted in the turn before."""
    _said_at: float = field(default=float("-inf"), init=False)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector, init=False)

    def run(self, until: socket.socket) -> None:
        """Serve until something can be read from `until`; the listener is left as it is."""
        self.listener.setblocking(False)  # noqa: FBT003 - its only parameter
        with self._selector as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            selector.register(until, selectors.EVENT_READ)
            while self._turn(until):
                pass
            for key in tuple(selector.get_map().values()):
                if isinstance(key.data, bytearray):
                    self._leave(_socket(key), key.data)

    def _turn(self, until: socket.socket) -> bool:
        ready = self._selector.select(self._longest_wait())
        if self.watchdog is not None:
            self.watchdog.tell()
        if self._paused:
            self._paused = False
            self._selector.register(self.listener, selectors.EVENT_READ)
        for key, _ in ready:
            if key.fileobj is until:
                return False
            if key.fileobj is self.listener:
                self._accept()
            else:
                self._read(_socket(key), key.data)
        return True

    def _longest_wait(self) -> float | None:
        if self._paused:
            return _PAUSE
        return None if self.watchdog is None else self.watchdog.every

    def _accept(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            # Out of file descriptors, perhaps: what is open goes on, and gives some back.
            self._selector.unregister(self.listener)
            self._paused = True
            if monotonic() - self._said_at > 1:
                self._said_at = monotonic()
                self.say(f"no connection could be accepted: {error}")
            return
        connection.setblocking(False)  # noqa: FBT003 - its only parameter
        self._selector.register(connection, selectors.EVENT_READ, bytearray())

    def _read(self, connection: socket.socket, buffer: bytearray) -> None:
        """Take what has come, and answer every request that is whole; no failure ends the loop."""
        try:
            self._take(connection, buffer)
        except OSError:
            self._close(connection)
        except Exception as error:  # noqa: BLE001 - one connection ends, so that nothing passes
            self.say(f"{type(error).__name__}: {error}")
            self._close(connection)

    def _take(self, connection: socket.socket, buffer: bytearray) -> None:
        try:
            more = connection.recv(_CHUNK)
            if not more:
                self._close(connection)
                return
            buffer += more
            while buffer:
                request = _whole(buffer)
                if request is None:
                    return  # more is to come
                path, body, end = request
                answered = self.answer(path, body)
                if answered is None:
                    self._give(connection, buffer)
                    return
                del buffer[:end]
                if connection.send(answered) < len(answered):
                    self._close(connection)  # who does not read is no engine
                    return
        except _OddError:
            self._give(connection, buffer)

    def _give(self, connection: socket.socket, buffer: bytearray) -> None:
        self._selector.unregister(connection)
        connection.setblocking(True)  # noqa: FBT003 - its only parameter
        self.hand_over(connection, buffer)

    def _leave(self, connection: socket.socket, buffer: bytearray) -> None:
        """Let a request that has begun to arrive be answered by a thread; hang up on the rest.

        dockerd's client takes another connection for a question that it cannot send, but loses one
        that it has sent: none is to arrive between the last look and the end.
        """
        with suppress(OSError):
            if not buffer:
                connection.shutdown(socket.SHUT_RD)
                buffer += connection.recv(_CHUNK)
        if buffer:
            self._give(connection, buffer)
        else:
            self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection)
        connection.close()


class _OddError(Exception):
    """A request that has to be read with more care."""


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)  # noqa: S101 - nothing else is registered
    return key.fileobj


def _whole(buffer: bytearray) -> tuple[bytes, bytes, int] | None:
    """Give the path and the body of the first request, and where it ends; None: it is not all here.

    Raises:
        _OddError: it is not of the one form that dockerd sends.
    """
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > _LONGEST_HEAD:
            raise _OddError
        return None
    head = bytes(buffer[:end])
    words = head.partition(b"\r\n")[0].split(b" ")
    fields = head.lower()
    if len(words) != 3 or b"\r\ntransfer-encoding" in fields or b"\r\nexpect" in fields:  # noqa: PLR2004
        raise _OddError
    length = 0
    _, found, value = fields.partition(b"\r\ncontent-length:")
    if found:
        number = value.partition(b"\r\n")[0].strip()
        if not number.isdigit() or b"\r\ncontent-length" in value:
            raise _OddError
        length = int(number)
    if length > LARGEST:
        raise _OddError
    start = end + 4
    if len(buffer) < start + length:
        return None
    return words[1], bytes(buffer[start : start + length]), start + length
