"""Reads HTTP/1.1 requests off one connection: no more of it than dockerd's plugin client speaks.

The library's server takes ten times as long, most of it for headers that nobody reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

_CHUNK: Final = 1 << 16
_LONGEST_HEAD: Final = 1 << 16
KEPT: Final = 1 << 16
"""Bytes of a body that are kept at first; the rest is asked for, or drained."""
_LONGEST_BODY: Final = 1 << 26


class WireError(Exception):
    """What came is no request; the connection is of no more use."""


@dataclass(slots=True)
class Request:
    """One request, with the start of its body."""

    path: str
    body: bytes
    whole: bool
    """Whether that is all of it."""


@dataclass(slots=True)
class Wire:
    """One connection."""

    connection: socket.socket
    _buffer: bytearray = field(default_factory=bytearray)
    """What has come and has not been taken."""
    _left: int = field(default=0, init=False)
    """Bytes of the present body that have not been taken."""

    def next(self) -> Request | None:
        """Wait for a request; None: the other side has hung up between two.

        Raises:
            WireError: it is none that can be read.
            OSError: the connection broke.
        """
        end = self._head_end()
        if end is None:
            return None
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        lines = head.split(b"\r\n")
        words = lines[0].split(b" ")
        if len(words) != 3:  # noqa: PLR2004 - method, target, version
            raise WireError("the first line is none of a request")
        length, chunked, expects = 0, False, False
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            key = name.lower()
            if key == b"content-length":
                if not value.strip().isdigit():
                    raise WireError("Content-Length is no number")
                length = int(value)
            elif key == b"transfer-encoding":
                chunked = True
            elif key == b"expect":
                expects = True
        if expects:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        path = words[1].decode("latin-1")
        if chunked:
            return Request(path=path, body=self._chunks(), whole=True)
        self._left = length
        body = self._take(min(length, KEPT))
        return Request(path=path, body=body, whole=not self._left)

    def rest(self) -> bytes:
        """Take what is left of the body; of more than can be, nothing, after draining it.

        Raises:
            WireError: the connection ends within it.
        """
        if self._left > _LONGEST_BODY:
            self.drain()
            return b""
        return self._take(self._left)

    def drain(self) -> None:
        """Let go of what is left of the body.

        Raises:
            WireError: the connection ends within it.
        """
        while self._left:
            if not self._buffer:
                self._fill()
            gone = min(self._left, len(self._buffer))
            del self._buffer[:gone]
            self._left -= gone

    def _head_end(self) -> int | None:
        searched = 0
        while (end := self._buffer.find(b"\r\n\r\n", max(searched - 3, 0))) < 0:
            searched = len(self._buffer)
            if searched > _LONGEST_HEAD:
                raise WireError("the head of the request is too long")
            more = self.connection.recv(_CHUNK)
            if not more:
                if self._buffer:
                    raise WireError("the connection ended within a request")
                return None
            self._buffer += more
        return end

    def _fill(self) -> None:
        more = self.connection.recv(_CHUNK)
        if not more:
            raise WireError("the connection ended within a request")
        self._buffer += more

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._left -= count
        return taken

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise WireError("a line of a chunk is too long")
            self._fill()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _chunks(self) -> bytes:
        """Take a body in chunks, whole; of one that is too long the start."""
        body = bytearray()
        while True:
            try:
                size = int(self._line().partition(b";")[0], 16)
            except ValueError as error:
                raise WireError("the size of a chunk is no number") from error
            if size == 0:
                while self._line():
                    pass  # trailers
                return bytes(body)
            self._left = size
            if len(body) < _LONGEST_BODY:
                body += self._take(min(size, _LONGEST_BODY))
            self.drain()
            self._line()
