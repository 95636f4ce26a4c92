"""Ask an engine over its unix socket, without the docker CLI."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.swarm.lab.command import LabError

if TYPE_CHECKING:
    from pathlib import Path


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, seconds: float) -> None:
        """Remember where to connect to."""
        super().__init__("engine", timeout=seconds)
        self.path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def ask(
    engine: Path, path: str, *, method: str = "GET", seconds: float = 10.0, body: object = None
) -> Any:  # noqa: ANN401
    """Send one request and give the decoded answer, or its text where it is not JSON.

    Raises:
        LabError: no answer, or one with a status of 400 and more.
    """
    connection = UnixConnection(engine, seconds)
    try:
        payload = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, quote(path, safe='/?=&%:{}[]",+-._~'), payload, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        message = f"{method} {path} on {engine}: {error!r}"
        raise LabError(message) from error
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        message = f"{method} {path} on {engine}: {answer.status} {text.strip()}"
        raise LabError(message)
    try:
        return json.loads(text)
    except ValueError:
        return text
