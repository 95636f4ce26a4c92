"""HTTP to a unix socket, with the standard library's client: docker's own takes long to import."""

from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class UnixConnection(http.client.HTTPConnection):
    """A connection to the socket at `path`; `seconds` are for each wait, None: for ever."""

    def __init__(self, path: Path, seconds: float | None) -> None:
        """Connect with the first request."""
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
