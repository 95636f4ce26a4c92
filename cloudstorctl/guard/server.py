"""Answers dockerd on the plugin's socket: at once, or in a thread that judges.

The protocol is that of moby pkg/authorization/api.go. dockerd keeps a few connections and opens
more when all are busy; it asks once before each request to its API, and once after.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from cloudstorctl.core.ticket import HEADER
from cloudstorctl.guard.asked import Unclear, asked_by
from cloudstorctl.guard.loop import Loop
from cloudstorctl.guard.probe import HERE, is_probe
from cloudstorctl.guard.wire import Request, Wire, WireError

if TYPE_CHECKING:
    from cloudstorctl.guard.decision import Decider, Decision
    from cloudstorctl.guard.records import Log, Metrics
    from cloudstorctl.guard.watchdog import Watchdog

_TYPE: Final = b"application/vnd.docker.plugins.v1.2+json"
_BODY_FIELD: Final = b',"RequestBody":"'
_METHOD: Final = re.compile(rb'"RequestMethod"\s*:\s*"([^"\\]*)"')
_REPEATED: Final = (
    "the guard was replaced while it was asked, and the engine repeats its question without the "
    "text: try again"
)
"""Where a plugin hangs up instead of answering, dockerd calls it anew with a body that it has read
to the end already (moby pkg/plugins/client.go, callWithRetry)."""
_HARMLESS: Final = frozenset((b"GET", b"HEAD"))
"""Methods that remove nothing and change nothing, in every release."""


class Asks(msgspec.Struct):
    """What matters of an authorization request (moby pkg/authorization/api.go, Request)."""

    method: str = msgspec.field(name="RequestMethod")
    uri: str = msgspec.field(name="RequestUri")
    user: str = msgspec.field(name="User", default="")
    headers: dict[str, str] = msgspec.field(name="RequestHeaders", default_factory=dict)
    """Those of the request, in Go's spelling; left out where a body is handed on too."""


_DECODER: Final = msgspec.json.Decoder(Asks)


def _reply(status: str, payload: object) -> bytes:
    body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Type: ".encode()
    return head + _TYPE + b"\r\n\r\n" + body


_ALLOWED: Final = _reply("200 OK", {"Allow": True})
_HERE: Final = _reply("200 OK", {"Allow": False, "Msg": HERE})
_ACTIVATED: Final = _reply("200 OK", {"Implements": ["authz"]})
_NOT_FOUND: Final = _reply("404 Not Found", {"Err": "the guard knows no such call"})


@dataclass(slots=True)
class Server:
    """Serves until it is stopped."""

    listener: socket.socket
    decide: Decider
    log: Log
    metrics: Metrics
    watchdog: Watchdog | None = None
    _connections: dict[socket.socket, bool] = field(default_factory=dict, init=False)
    """Each connection that a thread has, and whether a request of it is under way."""
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _stopping: bool = field(default=False, init=False)

    def serve(self, until: socket.socket) -> None:
        """Answer until something can be read from `until`.

        The listener is left as it is then: systemd may hold it too. The thread goes before
        others from now on, as every request to the engine waits for it.
        """
        _go_before_others()
        Loop(
            listener=self.listener,
            answer=self._at_once,
            hand_over=self._to_thread,
            say=lambda text: self.log.message("error", text),
            watchdog=self.watchdog,
        ).run(until)

    def _at_once(self, path: bytes, body: bytes) -> bytes | None:
        """Answer what needs no judgement and is plain to read."""
        if path == b"/AuthZPlugin.AuthZReq":
            asks = _read_start(body)
            if asks is None or asked_by(asks.method, asks.uri) is not None:
                return None
            return self._passed(asks)
        return _ALLOWED if path == b"/AuthZPlugin.AuthZRes" else None

    def _to_thread(self, connection: socket.socket, begun: bytearray) -> None:
        with self._changed:
            self._connections[connection] = True
        try:
            threading.Thread(target=self._speak, args=(connection, begun), daemon=True).start()
        except RuntimeError:  # there may be no more threads: nobody waits for this connection
            with self._changed:
                del self._connections[connection]
            raise

    def stop(self, seconds: float) -> bool:
        """Let what is under way come to its end; give whether it did within so many seconds."""
        end = monotonic() + seconds
        with self._changed:
            self._stopping = True
            for connection, busy in self._connections.items():
                if not busy:
                    _hang_up(connection)
            while any(self._connections.values()) and (left := end - monotonic()) > 0:
                self._changed.wait(left)
            done = not any(self._connections.values())
            for connection in self._connections:
                _hang_up(connection)
        return done

    def _speak(self, connection: socket.socket, begun: bytearray) -> None:
        wire = Wire(connection, begun)
        try:
            while (request := wire.next()) is not None:
                self._connections[connection] = True
                connection.sendall(self._answer(request, wire))
                self._connections[connection] = False
                if self._stopping:
                    return
        except (OSError, WireError):
            return  # dockerd takes a broken connection for an error, and refuses what it asked for
        except Exception as error:  # noqa: BLE001 - as above; no request may pass because of a bug
            self.log.message("bug", f"{type(error).__name__}: {error}")
        finally:
            with self._changed:
                self._connections.pop(connection, None)
                self._changed.notify_all()
            connection.close()

    def _answer(self, request: Request, wire: Wire) -> bytes:
        if request.path == "/AuthZPlugin.AuthZReq":
            return self._on_request(request, wire)
        wire.drain()
        if request.path == "/AuthZPlugin.AuthZRes":
            return _ALLOWED  # the deed is done: an answer of no would only hide it
        return _ACTIVATED if request.path == "/Plugin.Activate" else _NOT_FOUND

    def _on_request(self, request: Request, wire: Wire) -> bytes:
        asks = _read(request, wire)
        if isinstance(asks, bytes):
            return self._on_garbage(asks)
        decision = self.decide(asks.method, asks.uri, asks.headers.get(HEADER, ""))
        return self._passed(asks) if decision is None else self._decided(decision, asks)

    def _passed(self, asks: Asks) -> bytes:
        """Let through what is none of its business, but for the question whether it is there."""
        if is_probe(asks.method, asks.uri):
            return _HERE
        self.metrics.passed.inc()
        return _ALLOWED

    def _on_garbage(self, body: bytes) -> bytes:
        """Answer what cannot be decoded, which dockerd never sends: it may hide a removal.

        It passes where its one method is one that removes nothing, so that a change of the protocol
        would not stop an engine from being looked at.
        """
        methods = _METHOD.findall(body)
        if len(methods) == body.count(b"RequestMethod") == 1 and methods[0] in _HARMLESS:
            self.metrics.passed.inc()
            return _ALLOWED
        why = "the engine's question could not be read" if body else _REPEATED
        decision = self.decide.on(Unclear(why))
        return self._decided(decision, Asks(method="", uri=""))

    def _decided(self, decision: Decision, asks: Asks) -> bytes:
        self.log.decision(decision, user=asks.user, method=asks.method, uri=asks.uri)
        self.metrics.decided(decision)
        if decision.is_to_be_forgotten:
            with suppress(RuntimeError):  # without a thread for it, the next run finds it gone
                threading.Thread(target=self._settle, args=(decision,), daemon=True).start()
        if decision.answer.allow:
            return _ALLOWED
        return _reply("200 OK", {"Allow": False, "Msg": decision.answer.reason})

    def _settle(self, decision: Decision) -> None:
        trouble = self.decide.settle(decision)
        if trouble:
            self.log.message("memory", trouble)


def _read_start(body: bytes) -> Asks | None:
    """Decode what is asked from a body, or from the start of one; None where that cannot be.

    Of one that hands on the body of a request only what is before that is decoded: dockerd writes
    method and URI first, and a megabyte would hold up every other request for milliseconds. A quote
    within a text is escaped, so the field's name in quotes is the field.
    """
    start, found, _ = body.partition(_BODY_FIELD)
    try:
        return _DECODER.decode(start + b"}" if found else body)
    except ValueError:
        return None


def _read(request: Request, wire: Wire) -> Asks | bytes:
    """Decode what is asked, and take all of it; give the body where it cannot be decoded."""
    asks = _read_start(request.body)
    if asks is not None:
        wire.drain()
        return asks
    body = request.body if request.whole else request.body + wire.rest()
    try:
        return _DECODER.decode(body)
    except ValueError:
        return body


def _go_before_others() -> None:
    """Let this thread run as soon as it has something to do, where that is allowed.

    It runs for 80 µs at a time. On a node whose cores are busy it would wait for one longer than
    that on average, and for milliseconds now and then (measured), twice for each request to the
    engine. What it starts has the usual priority: threads and the processes that judge
    (sched(7), SCHED_RESET_ON_FORK).
    """
    if sys.platform == "linux":
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        with suppress(OSError):
            os.sched_setscheduler(0, policy, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
