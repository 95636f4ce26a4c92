"""`/configs` and `/secrets`: named data that the managers keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, labels_match, nothing
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.refusal import (
    BadRequestError,
    ConflictError,
    NotFoundError,
    RefusalError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from cloudstorctl.demo.api.asked import Filters
    from cloudstorctl.demo.managers.records import Payload

_FILTERS: Final = {"id", "name", "names", "label"}


def _kept(asked: Asked, kind: str) -> dict[str, Payload]:
    asked.check_manager()
    cluster = asked.swarm.cluster
    return cluster.configs if kind == "config" else cluster.secrets


def _named(asked: Asked, kind: str) -> Payload:
    wanted = asked.text("id")
    kept = _kept(asked, kind).values()
    found = [e for e in kept if wanted in {e["ID"], e["Spec"]["Name"]}] or [
        e for e in kept if e["ID"].startswith(wanted)
    ]
    if len(found) != 1:
        raise NotFoundError(f"{kind} {wanted} not found")
    return found[0]


def _has_name(kept: Payload, wanted: Filters) -> bool:
    """Match names as managers do: `name` gives their beginnings (swarmkit, NamePrefixes)."""
    name = kept["Spec"]["Name"]
    starts, whole = wanted.get("name", ()), wanted.get("names", ())
    return (not starts or any(map(name.startswith, starts))) and (not whole or name in whole)


def _handlers(kind: str) -> dict[str, Callable[[Asked], Awaitable[Response]]]:
    async def list_all(asked: Asked) -> Response:
        wanted = asked.filters(_FILTERS)
        return answer(
            [
                each
                for each in _kept(asked, kind).values()
                if all(each["ID"].startswith(start) for start in wanted.get("id", ()))
                and _has_name(each, wanted)
                and labels_match(each["Spec"].get("Labels") or {}, wanted.get("label", []))
            ]
        )

    async def create(asked: Asked) -> Response:
        kept = _kept(asked, kind)
        spec = await asked.body()
        name = spec.get("Name")
        if any(each["Spec"]["Name"] == name for each in kept.values()):
            raise ConflictError(
                f"rpc error: code = AlreadyExists desc = {kind} {name} already exists"
            )
        cluster = asked.swarm.cluster
        now = stamp(cluster.runtime.now())
        made: Payload = {
            "ID": cluster.ids.swarm(),
            "Version": {"Index": cluster.stamp()},
            "CreatedAt": now,
            "UpdatedAt": now,
            "Spec": spec,
        }
        kept[made["ID"]] = made
        return answer({"ID": made["ID"]}, 201)

    async def inspect(asked: Asked) -> Response:
        return answer(_named(asked, kind))

    async def remove(asked: Asked) -> Response:
        del _kept(asked, kind)[_named(asked, kind)["ID"]]
        return nothing()

    async def update(asked: Asked) -> Response:
        found, spec = _named(asked, kind), await asked.body()
        if asked.text("version") != str(found["Version"]["Index"]):
            raise RefusalError("rpc error: code = Unknown desc = update out of sequence")
        before = found["Spec"]
        if spec.get("Name") != before["Name"] or spec.get("Data", before.get("Data")) != before.get(
            "Data"
        ):
            raise BadRequestError(
                "rpc error: code = InvalidArgument desc = only updates to Labels are allowed"
            )
        cluster = asked.swarm.cluster
        found["Spec"] = {**before, "Labels": spec.get("Labels") or {}}
        found["Version"] = {"Index": cluster.stamp()}
        found["UpdatedAt"] = stamp(cluster.runtime.now())
        return nothing(200)

    return {
        f"GET /{kind}s": list_all,
        f"POST /{kind}s/create": create,
        f"GET /{kind}s/{{id}}": inspect,
        f"POST /{kind}s/{{id}}/update": update,
        f"DELETE /{kind}s/{{id}}": remove,
    }


HANDLERS: Final = {**_handlers("config"), **_handlers("secret")}
