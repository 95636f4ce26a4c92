"""Carry the program's requests into an embedded swarm without sockets, in stepped time.

`InProcess` is to the program what swarm/connection.py is: test_wire.py compares the two over real
sockets, fault by fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote, urlencode

from cloudstorctl.demo.api.app import EngineApi
from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineError,
    EngineTimeoutError,
    EngineUnreachableError,
    PayloadError,
    UnsendableError,
)
from cloudstorctl.swarm.bodies import message_of
from cloudstorctl.swarm.failures import quoted
from tests.torture.faults import PROGRAM, HangUpError, nothing_more

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message, Scope

    from cloudstorctl.core.model import Pairs
    from cloudstorctl.demo.swarm import Swarm
    from cloudstorctl.swarm.endpoints import Endpoint
    from tests.torture.stepping import Steps

_FIRST_ERROR = 300


@dataclass(slots=True, kw_only=True, eq=False)
class Exchange:
    """One request to one engine, and what came of it."""

    hostname: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    by_program: bool = True
    reaches: bool = False
    """Whether it has arrived in any case: where nothing listens it is cut off then."""
    status: int = 0
    """0: no answer has begun."""
    headers: dict[bytes, bytes] = field(default_factory=dict)
    answer: bytearray = field(default_factory=bytearray)
    refused: bool = False
    """Nothing listens: the request did not arrive."""
    late: bool = False
    cut: bool = False
    done: bool = False
    fault: str = ""
    """What befell it on its way."""

    @property
    def good(self) -> bool:
        """Whether a whole answer of success came in time."""
        return self.done and not self.late and not self.cut and 0 < self.status < _FIRST_ERROR


@dataclass(slots=True, eq=False)
class Wire:
    """Every request into one embedded swarm goes through here."""

    swarm: Swarm
    steps: Steps
    api: EngineApi = field(init=False)

    def __post_init__(self) -> None:
        """Make the application."""
        self.api = EngineApi(self.swarm)

    def carry(self, exchange: Exchange, timeout: float) -> None:
        """Carry a request out for at most `timeout` seconds; the rest follows in its own time."""
        if not self.swarm.engines[exchange.hostname].running:
            exchange.refused = not exchange.reaches
            exchange.cut = exchange.reaches
            return
        scope = self._scope(exchange)
        exchange.late = not self.steps.run(self._asked(exchange, scope), timeout)
        exchange.fault = scope.get("faulted", "")

    async def _asked(self, exchange: Exchange, scope: Scope) -> None:
        async def send(message: Message) -> None:
            if exchange.late:
                return
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                exchange.headers = dict(message["headers"])
            else:
                exchange.answer += message.get("body", b"")

        async def receive() -> Message:
            message = await nothing_more()
            return {**message, "body": exchange.body}

        try:
            await self.api(scope, receive, send)
        except HangUpError:
            exchange.cut = True
        exchange.done = True

    def _scope(self, exchange: Exchange) -> Scope:
        agent = PROGRAM if exchange.by_program else "docker"
        return {
            "type": "http",
            "method": exchange.method,
            "path": unquote(exchange.path),
            "query_string": exchange.query.encode(),
            "headers": [(b"user-agent", agent.encode())],
            "server": (str(self.swarm.place.socket(exchange.hostname)), None),
        }


class InProcess:
    """The program's connection to one engine."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout: float,
        hostname: str,
        carry: Callable[[Exchange, float], None],
    ) -> None:
        """Ask the engine of `hostname`."""
        self._endpoint = endpoint
        self._timeout = timeout
        self._hostname = hostname
        self._carry = carry

    @property
    def address(self) -> str:
        """The URL as the user gave it."""
        return self._endpoint.url

    def body(self, path: str, /, **params: str) -> bytes:
        """Ask, and give the answer."""
        exchange = self._asked("GET", path, params, self._timeout)
        if exchange.late:
            self._raise_late(path, self._timeout, whole=True)
        if exchange.cut:
            promised = exchange.headers.get(b"content-length", b"").decode()
            cause = f"its answer of {promised} bytes was cut off before its end"
            raise PayloadError(self.address, path, cause)
        return bytes(exchange.answer)

    def delete(self, path: str, timeout: float, headers: Pairs = ()) -> None:
        """Send one DELETE."""
        assert not headers, "no engine of the torture has a guard"
        segments = unquote(path).split("/")
        if not path.isascii() or set("?#; ") & set(path) or {".", ".."} & set(segments):
            raise UnsendableError(
                self.address, quoted(path), "this name cannot be put into a request; nothing sent"
            )
        self._asked("DELETE", path, {}, timeout)

    def post(
        self, path: str, /, *, timeout: float, payload: bytes | None = None, **params: str
    ) -> bytes:
        """Send one POST, and give the answer."""
        exchange = self._asked("POST", path, params, timeout, payload or b"")
        if exchange.late:
            self._raise_late(path, timeout, whole=True)
        if exchange.cut:
            raise PayloadError(self.address, path, "its answer was cut off before its end")
        return bytes(exchange.answer)

    def rest(self) -> None:
        """There is nothing to let go of."""

    def close(self) -> None:
        """There is nothing to close."""

    def _asked(
        self, method: str, path: str, params: dict[str, str], timeout: float, body: bytes = b""
    ) -> Exchange:
        exchange = Exchange(
            hostname=self._hostname, method=method, path=path, query=urlencode(params), body=body
        )
        self._carry(exchange, timeout)
        if exchange.refused:
            cause = f"nothing listens on {self._endpoint.path}: is the engine running?"
            raise EngineUnreachableError(self.address, path, cause)
        if not exchange.status:
            if exchange.late:
                self._raise_late(path, timeout, whole=False)
            cause = "it closed the connection without an answer"
            raise EngineError(self.address, path, cause)
        if exchange.status >= _FIRST_ERROR:
            message = message_of(bytes(exchange.answer)) or "no reason given"
            raise EngineAnsweredError(self.address, path, exchange.status, message)
        return exchange

    def _raise_late(self, path: str, timeout: float, *, whole: bool) -> NoReturn:
        answer = "whole answer" if whole else "answer"
        raise EngineTimeoutError(self.address, path, f"no {answer} within {timeout:g} s")
