"""Serve every engine of an embedded swarm over HTTP, on a unix socket of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from cloudstorctl.demo.api.app import EngineApi

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from types import TracebackType

    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.swarm import Swarm

T = TypeVar("T")

_TICK: Final = 0.02  # seconds
_PATIENCE: Final = 10.0  # seconds
_BACKLOG: Final = 512

transport_of_request: ContextVar[asyncio.Transport] = ContextVar("transport_of_request")
"""The connection that the request at hand came over, for who wants to break it."""


class _Protocol(H11Protocol):
    """uvicorn's own protocol, which lets the application find its connection."""

    def data_received(self, data: bytes) -> None:
        transport_of_request.set(self.transport)
        super().data_received(data)


class LoopRuntime:
    """Real time, on the loop of the thread that serves."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self._tasks: set[asyncio.Task[None]] = set()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Wait."""
        return asyncio.sleep(seconds)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on by itself."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Served:
    """A swarm that is being served from a thread; everything that changes it is done there."""

    def __init__(self, make: Callable[[LoopRuntime], Swarm]) -> None:
        """Serve the swarm that `make` makes, from when the block is entered."""
        self._make = make
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="embedded swarm", daemon=True)
        self._listeners: dict[str, asyncio.Server] = {}
        self._servers: list[uvicorn.Server] = []
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self.swarm: Swarm

    def __enter__(self) -> Self:
        """Start, and wait until every engine answers."""
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; requests that hang are cut. What ended the serving before is raised."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None and error is None:
            raise self._failure

    def do(self, act: Callable[[Swarm], T]) -> T:
        """Do something to the swarm, between two of its steps."""

        async def on_loop() -> T:
            self.swarm.stir()
            return act(self.swarm)

        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result(_PATIENCE)

    def wait(self, work: Callable[[Swarm], Coroutine[Any, Any, T]]) -> T:
        """Do something that may have to wait for a driver."""
        self.do(lambda _: None)
        future = asyncio.run_coroutine_threadsafe(work(self.swarm), self._loop)
        return future.result(_PATIENCE)

    def halt(self, hostname: str, *, containers_too: bool) -> None:
        """End an engine: nothing listens any more, and what it answers just now is cut."""

        def act(swarm: Swarm) -> None:
            swarm.engines[hostname].halt(containers_too=containers_too)
            self._stop_listening(hostname)
            path = swarm.place.socket(hostname)
            for server in self._servers:
                _abort(server, lambda connection: (connection.server or ("",))[0] == str(path))
            if containers_too:
                # Who is killed cannot clear its socket away.
                path.unlink()

        self.do(act)

    def boot(self, hostname: str) -> None:
        """Start an engine again."""

        async def work(swarm: Swarm) -> None:
            await swarm.engines[hostname].boot()
            await self._listen([swarm.engines[hostname]])

        self.wait(work)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - it is raised where the block was entered
            self._failure = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.swarm = self._make(LoopRuntime())
        await self._listen(list(self.swarm.engines.values()))
        self._started.set()
        while not self._stop.is_set():
            if not self.swarm.asleep:
                self.swarm.advance()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _TICK)
        for server in self._servers:
            server.should_exit = server.force_exit = True
            _abort(server, lambda _: True)
            for task in list(server.server_state.tasks):
                task.cancel()
            await server.shutdown()

    def _stop_listening(self, hostname: str) -> None:
        listening = self._listeners.pop(hostname)
        listening.close()
        for server in self._servers:
            # What is closed here, uvicorn could not wait for at the end.
            if listening in server.servers:
                server.servers.remove(listening)

    async def _listen(self, engines: Sequence[Engine]) -> None:
        """Take connections for these engines; one server serves them all."""
        sockets = []
        for engine in engines:
            path = self.swarm.place.socket(engine.hostname)
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(path))
            listener.listen(_BACKLOG)
            listener.settimeout(0.0)
            sockets.append(listener)
        config = uvicorn.Config(
            EngineApi(self.swarm),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets)
        for engine, listening in zip(engines, server.servers, strict=True):
            self._listeners[engine.hostname] = listening
        self._servers.append(server)


def _abort(server: uvicorn.Server, chosen: Callable[[Any], bool]) -> None:
    """Cut connections as they are."""
    for connection in list(server.server_state.connections):
        if chosen(connection):
            connection.transport.abort()
