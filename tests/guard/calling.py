"""Calls the guard as dockerd's plugin client does."""

from __future__ import annotations

import base64
import io
import json
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from cloudstorctl.guard.decision import Decider
from cloudstorctl.guard.engine import LocalEngine
from cloudstorctl.guard.knowledge import Knowledge
from cloudstorctl.guard.listening import listen_at
from cloudstorctl.guard.records import Log, Metrics
from cloudstorctl.guard.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cloudstorctl.core.guarding import Answer
    from cloudstorctl.guard.judging import Question

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Serving:
    """A guard that serves, with what it has written."""

    def __init__(self, path: Path, judge: Callable[[Question], Answer]) -> None:
        self.path = path
        self.stream = io.StringIO()
        knowledge = Knowledge(patterns=("*cloudstor*",), root=str(path.parent))
        self.metrics = Metrics(knowledge)
        self.server = Server(
            listener=listen_at(path),
            decide=Decider(
                knowledge=knowledge,
                judge=judge,
                engine=LocalEngine(path.parent / "no-engine"),
                patterns=lambda: None,
            ),
            log=Log(stream=self.stream, now=lambda: NOW),
            metrics=self.metrics,
        )
        self.wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self.server.serve, args=(self.wake,), daemon=True)
        self._thread.start()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Give what it has written."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def end_accepting(self) -> None:
        """Tell it to accept no more."""
        self._waker.send(b"!")
        self._thread.join()
        self.server.listener.close()

    def close(self) -> None:
        """End it, whatever is under way."""
        if self._thread.is_alive():
            self.end_accepting()
        self.server.stop(0)
        self.wake.close()
        self._waker.close()


@contextmanager
def serving(folder: Path, judge: Callable[[Question], Answer]) -> Iterator[Serving]:
    guard = Serving(folder / "s", judge)
    try:
        yield guard
    finally:
        guard.close()


class Caller:
    """One connection to a guard, kept open."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(str(path))
        self._stream = self.socket.makefile("rb")

    def close(self) -> None:
        self._stream.close()
        self.socket.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def send(self, path: str, body: bytes, *, chunked: bool = False) -> None:
        """Send one request."""
        head = f"POST {path} HTTP/1.1\r\nHost: %2Frun\r\nAccept: x\r\n"
        if chunked:
            third = len(body) // 3 + 1
            pieces = [body[at : at + third] for at in range(0, len(body), third)]
            body = b"".join(f"{len(p):x};x=y\r\n".encode() + p + b"\r\n" for p in pieces)
            head += "transfer-encoding: chunked\r\n\r\n"
            self.socket.sendall(head.encode() + body + b"0\r\nX-Trailer: y\r\n\r\n")
        else:
            self.socket.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def answer(self) -> tuple[int, Any]:
        """Read one answer: its status and payload."""
        first = self._stream.readline()
        length = 0
        while (line := self._stream.readline().strip()) != b"":
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if not first:
            raise ConnectionResetError
        return int(first.split()[1]), json.loads(self._stream.read(length))

    def call(self, path: str, body: bytes, *, chunked: bool = False) -> tuple[int, Any]:
        """Send one request and read its answer."""
        self.send(path, body, chunked=chunked)
        return self.answer()

    def ask(self, method: str, uri: str, *, user: str = "", **headers: str) -> Any:  # noqa: ANN401 - JSON
        """Ask for an authorization."""
        request = a_request(method, uri, user=user, headers=headers)
        status, payload = self.call("/AuthZPlugin.AuthZReq", request)
        assert status == 200
        return payload


def a_request(
    method: str,
    uri: str,
    *,
    body: bytes = b"",
    user: str = "",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Write a request as dockerd does, its fields in the order that they have in its source."""
    fields: dict[str, object] = {"User": user} if user else {}
    fields |= {"RequestMethod": method, "RequestUri": uri}
    if body:
        fields["RequestBody"] = base64.b64encode(body).decode()
    fields["RequestHeaders"] = {"Content-Type": "application/json", **(headers or {})}
    return json.dumps(fields, separators=(",", ":")).encode()
