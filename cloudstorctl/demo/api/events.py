"""`/events`: what has happened, and what happens while somebody listens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from cloudstorctl.demo.api.asked import Asked, labels_match
from cloudstorctl.demo.refusal import BadRequestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from cloudstorctl.demo.api.asked import Filters
    from cloudstorctl.demo.node.events import Event

_FILTERS: Final = {
    *("container", "event", "image", "label", "network", "node", "plugin", "scope", "service"),
    *("type", "volume"),
}
_POLL: Final = 0.05  # seconds


async def stream(asked: Asked) -> Response:
    """`GET /events`."""
    since, until = _moment(asked, "since"), _moment(asked, "until")
    wanted = asked.filters(_FILTERS)
    log, runtime = asked.engine.events, asked.swarm.runtime

    async def lines() -> AsyncIterator[bytes]:
        count = log.count
        for event in log.between(since, until) if since is not None or until else ():
            if _passes(event, wanted):
                yield _line(event)
        while until is None or runtime.now() < until:
            for event in log.after(count):
                if _passes(event, wanted):
                    yield _line(event)
            count = log.count
            await runtime.sleep(_POLL)

    return StreamingResponse(lines(), media_type="application/json")


def _moment(asked: Asked, key: str) -> float | None:
    text = asked.text(key)
    try:
        return float(text) if text else None
    except ValueError:
        raise BadRequestError(f"failed to parse value as time: {text!r}") from None


def _line(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"


def _passes(event: Event, wanted: Filters) -> bool:
    kind, actor = event["Type"], event["Actor"]
    named = {actor["ID"], actor["Attributes"].get("name", "")}
    for key, values in wanted.items():
        if key == "type" and kind not in values:
            return False
        if key == "event" and event["Action"] not in values:
            return False
        if key == "scope" and event["scope"] not in values:
            return False
        if key == "label" and not labels_match(actor["Attributes"], values):
            return False
        about = key in {"container", "image", "node", "plugin", "service", "volume"}
        if about and not (kind == key and not named.isdisjoint(values)):
            return False
    return True


HANDLERS: Final = {"GET /events": stream}
