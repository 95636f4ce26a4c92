"""Ask an engine over its unix socket, as any client of the API does."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path


class AskError(Exception):
    """No answer, or one that refuses; the text says what was asked, and what came back."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("engine", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(
    engine: Path, path: str, *, method: str = "GET", seconds: float = 10.0, body: object = None
) -> Any:  # noqa: ANN401 - any JSON
    """Send one request and give the decoded answer, or its text where it is not JSON.

    Raises:
        AskError: no answer within `seconds`, or one with a status of 400 and more.
    """
    connection = _UnixConnection(engine, seconds)
    try:
        payload = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, quote(path, safe='/?=&%:{}[]",+-._~'), payload, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise AskError(f"{method} {path} on {engine}: {error!r}") from error
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise AskError(f"{method} {path} on {engine}: {answer.status} {text.strip()}")
    try:
        return json.loads(text)
    except ValueError:
        return text
