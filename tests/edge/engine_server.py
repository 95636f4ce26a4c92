"""A real HTTP server on a real socket that answers as a test scripts it."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    """Without the query."""
    query: str
    headers: tuple[tuple[str, str], ...]
    connection: int
    """Number of the connection that it came on, from 1."""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to answer, and how badly."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    body: bytes | Callable[[Seen], bytes] = b""
    raw: bytes | None = None
    """Sent as it is instead of an HTTP answer; then the connection ends."""
    hold: bool = False
    """Take the request and say nothing until the server stops."""
    delay: float = 0
    """Seconds before the answer."""
    reset: bool = False
    """End the connection with a TCP reset (on a unix socket: close it) instead of an answer."""
    cut_at: int | None = None
    """Promise the whole body, send so many bytes of it, and end the connection."""
    trickle: float = 0
    """Seconds between two bytes of the body."""
    trickle_headers: bool = False
    """Trickle a header line that never ends instead."""
    measured: bool = True
    """Send a Content-Length; without one the body ends with the connection."""
    hang_up: bool = False
    """Close the connection after the answer, though the answer promised to keep it."""


Route = Reply | Callable[[Seen], Reply]


def json_reply(payload: object, *, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(status=status, body=json.dumps(payload).encode())


def html_reply(title: str, *, status: int = 200) -> Reply:
    """Answer with a page, as a proxy would."""
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>Oh</h1></body>"
    return Reply(status=status, headers=(("Content-Type", "text/html"),), body=page.encode())


NOT_FOUND = json_reply({"message": "page not found"}, status=404)
NONSENSE = Reply(body=b"\xff\xfenonsense" * 1_000_000)
"""Ten megabytes of it."""


@dataclass(slots=True)
class _Script:
    """What the server's threads share."""

    routes: dict[str, Route]
    otherwise: Route
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        server = cast("_Server", self.server)
        self.script = server.script
        with self.script.lock:
            self.script.connections += 1
            self.number = self.script.connections
        self.over_tls = False
        if server.tls is not None:
            try:
                self.request = server.tls.wrap_socket(self.request, server_side=True)
            except OSError:
                # The client is told by TLS itself; there is nobody to answer here.
                pass
            else:
                self.over_tls = True
        super().setup()

    def handle(self) -> None:
        if cast("_Server", self.server).tls is not None and not self.over_tls:
            return
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            pass
        finally:
            # The server closes the socket that it accepted, which TLS has replaced.
            if self.over_tls:
                self.request.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name above
        """Stay silent."""

    def do_GET(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        seen = Seen(
            method=self.command,
            path=parts.path,
            query=parts.query,
            headers=tuple(self.headers.items()),
            connection=self.number,
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        with self.script.lock:
            self.script.seen.append(seen)
            routes = self.script.routes
            route = routes.get(
                f"{seen.method} {seen.path}", routes.get(seen.path, self.script.otherwise)
            )
        self._send(route if isinstance(route, Reply) else route(seen), seen)

    def _send(self, reply: Reply, seen: Seen) -> None:
        if reply.hold:
            self.script.stopped.wait()
            self.close_connection = True
            return
        self.script.stopped.wait(reply.delay)
        if reply.reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            self.close_connection = True
            return
        body = reply.body if isinstance(reply.body, bytes) else reply.body(seen)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.trickle_headers:
            self.flush_headers()
            self._trickle(b"X-Slow: " + b"a" * 10_000, reply.trickle)
            return
        if reply.measured:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.close_connection = True
        self.end_headers()
        if reply.trickle:
            self._trickle(body, reply.trickle)
        else:
            self.wfile.write(body[: reply.cut_at])
        if reply.cut_at is not None or reply.hang_up:
            self.close_connection = True

    def _trickle(self, text: bytes, seconds: float) -> None:
        for byte in text:
            if self.script.stopped.wait(seconds):
                return
            self.wfile.write(bytes([byte]))


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64
    script: _Script
    tls: ssl.SSLContext | None

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away is part of most scripts."""


class _UnixServer(_Server):
    address_family = socket.AF_UNIX
    allow_reuse_address = False

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Give a client's address of the shape that HTTP handlers expect."""
        connection, _ = super().get_request()
        return connection, ("unix", 0)


class EngineServer:
    """Serves `routes` on a unix socket or on a loopback port, until the end of its block.

    A route's key is a path without its query (`/info`), or a method and a path
    (`DELETE /volumes/x`), which goes first. What is not there is answered as `otherwise` says.
    """

    def __init__(
        self,
        routes: Mapping[str, Route] | None = None,
        *,
        otherwise: Route = NOT_FOUND,
        unix: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Listen at once."""
        self._script = _Script(routes=dict(routes or {}), otherwise=otherwise)
        address = ("127.0.0.1", 0)
        if unix is None:
            self._server = _Server(address, _Handler)
            port = self._server.server_address[1]
            self.url = f"tcp://127.0.0.1:{port}"
        else:
            # The stubs know addresses of TCP only.
            self._server = _UnixServer(cast("tuple[str, int]", str(unix)), _Handler)
            self.url = f"unix://{unix}"
        self._server.script = self._script
        self._server.tls = tls
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Every request so far."""
        with self._script.lock:
            return tuple(self._script.seen)

    @property
    def connections(self) -> int:
        """How many connections were made so far."""
        with self._script.lock:
            return self._script.connections

    def count(self, method: str, path: str) -> int:
        """How many requests of this kind came."""
        return sum(seen.method == method and seen.path == path for seen in self.seen)

    def answer(self, key: str, route: Route) -> None:
        """Set a route from now on."""
        with self._script.lock:
            self._script.routes[key] = route

    def stop(self) -> None:
        """Let go of every held request, and close."""
        self._script.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
