"""Faults of the way between the program and an engine, for the embedded swarm's hook."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cloudstorctl.demo.api.app import EngineApi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Scope, Send

    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.swarm import Swarm

PROGRAM = "cloudstorctl"
"""What the user agent of the program's requests starts with: faults befall no other."""
FOR_EVER = 1_000_000.0  # seconds


class HangUpError(Exception):
    """The connection ends here."""


class Fault(StrEnum):
    """What befalls one request, as the sentence of a story ends."""

    ERROR = "is answered with 500"
    PAGE = "is answered with a page of HTML"
    BROKEN = "is answered with broken JSON"
    SHAPE = "is answered with JSON of another shape"
    RESET = "is cut off before it is carried out"
    LOST = "is carried out, and cut off before the answer"
    CUT = "is carried out, and its answer cut off in the middle"
    SILENT = "is never answered"
    LATE = "is carried out, and never answered"
    SLOW = "is carried out, and the end of its answer never comes"


@dataclass(slots=True)
class Faults:
    """The faults that are set, and the hook that carries them out."""

    swarm: Swarm
    hang_up: Callable[[], Awaitable[None]]
    set: dict[tuple[str, str], tuple[Fault, int]] = field(default_factory=dict)
    """By hostname and path, the fault and to how many requests it comes."""

    async def before_answer(self, engine: Engine, scope: Scope, send: Send) -> bool:
        """Answer in the place of an engine where a fault is set."""
        if scope.get("faulted") or not _by_program(scope):
            return False
        key = next(
            (k for k in self.set if k[0] == engine.hostname and scope["path"].startswith(k[1])),
            None,
        )
        if key is None:
            return False
        fault, left = self.set.pop(key)
        if left > 1:
            self.set[key] = (fault, left - 1)
        scope["faulted"] = fault
        await self._befall(fault, scope, send)
        return True

    async def _befall(self, fault: Fault, scope: Scope, send: Send) -> None:
        match fault:
            case Fault.ERROR:
                await _say(send, 500, b'{"message":"out of order"}')
            case Fault.PAGE:
                await _say(send, 200, b"<html><title>Welcome</title></html>")
            case Fault.BROKEN:
                await _say(send, 200, b'{"Volumes": [')
            case Fault.SHAPE:
                await _say(send, 200, b'{"Volumes": 7, "Swarm": []}')
            case Fault.RESET:
                await self.hang_up()
            case Fault.SILENT:
                await self.swarm.runtime.sleep(FOR_EVER)
            case _:
                messages = await self._carried_out(scope)
                await self._spoil(fault, messages, send)

    async def _carried_out(self, scope: Scope) -> list[Message]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await EngineApi(self.swarm)(scope, nothing_more, keep)
        return messages

    async def _spoil(self, fault: Fault, messages: list[Message], send: Send) -> None:
        start, body = messages[0], b"".join(m.get("body", b"") for m in messages[1:])
        if fault is Fault.LATE:
            await self.swarm.runtime.sleep(FOR_EVER)
        elif fault is Fault.LOST or not body:
            await self.hang_up()
        else:
            await send(start)
            half = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
            await send(half)
            if fault is Fault.SLOW:
                await self.swarm.runtime.sleep(FOR_EVER)
            await self.hang_up()


async def nothing_more() -> Message:
    """Receive a body that is empty."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def break_off() -> None:
    """Hang up where there is no socket."""
    raise HangUpError


async def abort() -> None:
    """Hang up where there is one."""
    from cloudstorctl.demo.serve import transport_of_request  # noqa: PLC0415 - uvicorn is slow

    # What has been written is to arrive, as it does from an engine that ends.
    await asyncio.sleep(0.05)
    transport_of_request.get().abort()


def _by_program(scope: Scope) -> bool:
    agent: dict[bytes, bytes] = dict(scope["headers"])
    return agent.get(b"user-agent", b"").startswith(PROGRAM.encode())


async def _say(send: Send, status: int, body: bytes) -> None:
    headers: list[Any] = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
