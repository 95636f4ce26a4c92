"""Keep the time of one request, and cut the connection off at its deadline."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from urllib3.exceptions import ConnectTimeoutError

from cloudstorctl.swarm.deadlines import Deadlines

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from urllib3._base_connection import BaseHTTPConnection

_DEADLINES = Deadlines()


class Watch:
    """One request's clock: cuts the connection at the deadline, and knows how far it came.

    A time-out of a socket is per read, so an engine that sends a byte now and then, be it in the
    headers, would hold a request for ever.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.sent = False
        """Whether the request may have left: its connection was made within the time."""
        self.expired = False
        self._closed = False
        self._connection: BaseHTTPConnection | None = None
        self._response: requests.Response | None = None

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """Cut whatever is going on when `seconds` have passed."""
        self.sent = self.expired = False
        try:
            with _DEADLINES.after(seconds, self._cut):
                yield
        finally:
            self._connection = self._response = None

    def connecting(self, connection: BaseHTTPConnection) -> None:
        """Cut this connection from now on."""
        self._connection = connection

    def connected(self) -> None:
        """Let the request go, if there is time left.

        Raises:
            ConnectTimeoutError: there is none; the request is not sent.
        """
        if self.expired or self._closed:
            raise ConnectTimeoutError(None, "the deadline passed while connecting")
        self.sent = True

    def answered(self, response: requests.Response) -> None:
        """Cut the body of this response from now on."""
        self._response = response
        if self.expired or self._closed:
            self._cut()

    def close(self) -> None:
        """Cut what is going on, and let no other request go."""
        self._closed = True
        self._cut()

    def _cut(self) -> None:
        self.expired = True
        live: socket.socket | None = getattr(self._connection, "sock", None)
        # Either may have just ended by itself, which urllib3 calls a RuntimeError.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if live is not None:
                # Not SSLSocket's own, which takes the TLS state from under the reading thread.
                socket.socket.shutdown(live, socket.SHUT_RDWR)
            elif self._response is not None:
                # An answer that ends the connection has taken the socket over.
                self._response.raw.shutdown()
