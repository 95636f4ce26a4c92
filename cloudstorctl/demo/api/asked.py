"""What a request asks: of which engine, with which filters, flags and body."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from cloudstorctl.demo.refusal import BadRequestError, NoManagerError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.requests import Request

    from cloudstorctl.demo.managers.records import Member
    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.swarm import Swarm

Filters = dict[str, list[str]]

_NOT_MANAGER = (
    'This node is not a swarm manager. {0} Use "docker swarm init" or "docker swarm join" to '
    "connect this node to swarm and try again."
)
_WORKER = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. "
    "Please run this command on a manager node or promote the current node to a manager."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to one engine."""

    swarm: Swarm
    engine: Engine
    request: Request

    @property
    def member(self) -> Member | None:
        """Give the node of the engine, as the managers see it."""
        return self.swarm.member_of(self.engine)

    def text(self, key: str, default: str = "") -> str:
        """Give a parameter of the query, or a part of the path."""
        if key in self.request.path_params:
            return str(self.request.path_params[key])
        return self.request.query_params.get(key, default)

    def flag(self, key: str) -> bool:
        """Read a parameter as the engine does (moby api/server/httputils, BoolValue)."""
        return self.text(key).strip().lower() not in {"", "0", "no", "false", "none"}

    def filters(self, allowed: Collection[str]) -> Filters:
        """Read the filters of a list, in both forms that clients write.

        Raises:
            BadRequestError: they cannot be read, or there is no such filter.
        """
        try:
            given = json.loads(self.text("filters") or "{}")
            found = {key: [str(value) for value in values] for key, values in given.items()}
        except (ValueError, AttributeError, TypeError):
            raise BadRequestError("invalid filter") from None
        for key in found:
            if key not in allowed:
                invalid = self.engine.release.says("Invalid", "invalid")
                raise BadRequestError(f"{invalid} filter '{key}'")
        return found

    async def body(self) -> dict[str, Any]:
        """Read the body.

        Raises:
            BadRequestError: it is no JSON object.
        """
        raw = await self.request.body()
        try:
            read = json.loads(raw) if raw else {}
        except ValueError as error:
            raise BadRequestError(f"invalid JSON: {error}") from None
        if not isinstance(read, dict):
            raise BadRequestError("invalid JSON: an object is expected")
        return read

    def check_manager(self) -> None:
        """See that this engine can answer for the swarm.

        Raises:
            NoManagerError: it is a worker, in no swarm, or has no leader.
        """
        member = self.member
        if member is None:
            raise NoManagerError(_NOT_MANAGER.format("").replace("  ", " "))
        if not member.manager:
            raise NoManagerError(_WORKER)
        self.swarm.cluster.check_leader()


def answer(value: object, status: int = 200) -> Response:
    """Answer with JSON, as Go writes it: with a line's end."""
    return Response(
        json.dumps(value, separators=(",", ":")) + "\n", status, media_type="application/json"
    )


def nothing(status: int = 204) -> Response:
    """Answer without a body."""
    return Response(None, status)


def labels_match(labels: Mapping[str, str], wanted: list[str]) -> bool:
    """Whether labels have all of `key` or `key=value`."""
    for each in wanted:
        key, separator, value = each.partition("=")
        if key not in labels or (separator and labels[key] != value):
            return False
    return True
