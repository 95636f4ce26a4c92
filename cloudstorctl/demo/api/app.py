"""The Engine API as an ASGI application: which engine is asked, and what every answer carries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Match, Route

from cloudstorctl.demo.api import (
    configs,
    containers,
    events,
    lifecycle,
    nodes,
    plugins,
    services,
    system,
    tasks,
    volumes,
)
from cloudstorctl.demo.api.asked import Asked, answer
from cloudstorctl.demo.refusal import BadRequestError, NotFoundError, RefusalError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.node.release import Release
    from cloudstorctl.demo.swarm import Swarm

    Handler = Callable[[Asked], Awaitable[Response]]

_VERSION = re.compile(r"/v(\d+)\.(\d+)(/.*)")
_FROZEN_POLL = 0.05  # seconds
_MODULES = (
    *(system, events, containers, lifecycle, volumes, plugins),
    *(nodes, services, tasks, configs),
)


class EngineApi:
    """Answers for every engine of a swarm; the socket that a request came to tells which."""

    def __init__(self, swarm: Swarm) -> None:
        """Answer from the state of this swarm."""
        self._swarm = swarm
        self._handlers: dict[str, Handler] = {}
        self._routes: list[Route] = []
        self._remembered: dict[tuple[str, str, bytes], Response] = {}
        """What was answered since the swarm fell asleep: until it wakes, nothing changes."""
        for module in _MODULES:
            for route, handler in module.HANDLERS.items():
                method, _, path = route.partition(" ")
                self._handlers[route] = handler
                # The endpoint is never called: the route only says what matches.
                self._routes.append(Route(path, answer, methods=[method], name=route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        engine = self._swarm.engine_at(str((scope.get("server") or ("",))[0]))
        while engine.frozen:
            await self._swarm.runtime.sleep(_FROZEN_POLL)
        hook = self._swarm.before_answer
        if hook is not None and await hook(engine, scope, send):
            return
        if scope["method"] not in {"GET", "HEAD"}:
            self._swarm.stir()
        if not self._swarm.asleep:
            self._remembered.clear()
        question = (engine.hostname, scope["path"], scope["query_string"])
        response = self._remembered.get(question)
        if response is None:
            response = await self._response(engine, scope, receive)
            if self._swarm.asleep and not isinstance(response, StreamingResponse):
                self._remembered[question] = response
        await response(scope, receive, send)

    async def _response(self, engine: Engine, scope: Scope, receive: Receive) -> Response:
        try:
            self._take_version(scope, engine.release)
            response = await self._handler(scope)(
                Asked(self._swarm, engine, Request(scope, receive))
            )
        except RefusalError as error:
            response = answer({"message": str(error)}, error.status)
        for key, value in _headers(engine.release).items():
            response.headers.setdefault(key, value)
        return response

    def _handler(self, scope: Scope) -> Handler:
        for route in self._routes:
            match, more = route.matches(scope)
            if match is Match.FULL:
                scope.update(more)
                return self._handlers[str(route.name)]
        raise NotFoundError("page not found")

    @staticmethod
    def _take_version(scope: Scope, release: Release) -> None:
        """Take the API version off the path (moby api/server/middleware/version.go)."""
        found = _VERSION.fullmatch(scope["path"])
        if found is None:
            scope["api"] = release.api
            return
        version = f"{found[1]}.{found[2]}"
        if _order(version) > _order(release.api):
            raise BadRequestError(
                f"client version {version} is too new. "
                f"Maximum supported API version is {release.api}"
            )
        if _order(version) < _order(release.least_api):
            raise BadRequestError(
                f"client version {version} is too old. Minimum supported API version is "
                f"{release.least_api}, please upgrade your client to a newer version"
            )
        scope["path"] = found[3]
        scope["api"] = version


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _headers(release: Release) -> dict[str, str]:
    return {
        "Api-Version": release.api,
        "Docker-Experimental": "false",
        "Ostype": "linux",
        "Server": f"Docker/{release.version} (linux)",
    }
