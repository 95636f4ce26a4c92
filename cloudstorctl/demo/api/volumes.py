"""`/volumes`: list, inspect, create, remove, prune."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, labels_match, nothing
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.node.drivers import LOCAL
from cloudstorctl.demo.node.files import host_path
from cloudstorctl.demo.refusal import BadRequestError

if TYPE_CHECKING:
    from starlette.responses import Response

    from cloudstorctl.demo.api.asked import Filters
    from cloudstorctl.demo.managers.records import Payload
    from cloudstorctl.demo.node.volume import Row, Stored

_FILTERS: Final = {"dangling", "name", "driver", "label"}
_PRUNE_FILTERS: Final = {"label", "label!", "all"}
_LOCAL_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


async def list_volumes(asked: Asked) -> Response:
    """`GET /volumes`."""
    wanted = asked.filters(_FILTERS)
    rows, warnings = await asked.engine.volumes.rows()
    shown = [_row(asked, row) for row in rows if _passes(asked, row, wanted)]
    return answer({"Volumes": shown, "Warnings": warnings or None})


def _passes(asked: Asked, row: Row, wanted: Filters) -> bool:
    stored = asked.engine.volumes.stored(row.name)
    if "dangling" in wanted:
        dangling = not (stored and stored.references)
        if dangling is not (wanted["dangling"][-1] in {"1", "true"}):
            return False
    if "driver" in wanted and row.driver not in wanted["driver"]:
        return False
    if "name" in wanted and not any(re.search(name, row.name) for name in wanted["name"]):
        return False
    return "label" not in wanted or labels_match(row.labels or {}, wanted["label"])


def _row(asked: Asked, row: Row) -> Payload:
    mountpoint = row.mountpoint
    if row.driver != LOCAL:
        plugin = asked.engine.plugins.called(row.driver)
        mountpoint = host_path(plugin, mountpoint) if plugin and mountpoint else ""
    return {
        "CreatedAt": stamp(asked.swarm.cluster.created if row.driver == LOCAL else 0),
        "Driver": row.driver,
        "Labels": row.labels,
        "Mountpoint": mountpoint,
        "Name": row.name,
        "Options": row.options,
        "Scope": "local",
    }


def _one(name: str, stored: Stored, mountpoint: str) -> Payload:
    return {
        "CreatedAt": stamp(0),
        "Driver": stored.driver,
        "Labels": stored.labels,
        "Mountpoint": mountpoint,
        "Name": name,
        "Options": stored.options,
        "Scope": "local",
    }


async def inspect(asked: Asked) -> Response:
    """`GET /volumes/{name}`: it asks the driver, and may make the engine forget references."""
    name = asked.text("name")
    stored = await asked.engine.volumes.get(name)
    return answer(_one(name, stored, stored.mountpoint))


async def create(asked: Asked) -> Response:
    """`POST /volumes/create`."""
    body = await asked.body()
    driver = body.get("Driver") or LOCAL
    name = body.get("Name") or asked.engine.ids.long()
    if driver == LOCAL and not _LOCAL_NAME.fullmatch(name):
        raise BadRequestError(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, '
            "use absolute path"
        )
    stored = await asked.engine.volumes.create(
        name, driver, options=body.get("DriverOpts"), labels=body.get("Labels")
    )
    return answer(_one(name, stored, stored.mountpoint if driver == LOCAL else ""), 201)


async def remove(asked: Asked) -> Response:
    """`DELETE /volumes/{name}`."""
    await asked.engine.volumes.remove(asked.text("name"), force=asked.flag("force"))
    return nothing()


async def prune(asked: Asked) -> Response:
    """`POST /volumes/prune`: local volumes only, in every version (moby volume/service)."""
    wanted = asked.filters(_PRUNE_FILTERS)
    store = asked.engine.volumes
    named_too = not asked.engine.release.has_cluster_volumes or bool(wanted.get("all"))
    gone = []
    for row in (await store.rows())[0]:
        stored = store.stored(row.name)
        anonymous = "com.docker.volume.anonymous" in (row.labels or {})
        if row.driver == LOCAL and not (stored and stored.references) and (named_too or anonymous):
            await store.remove(row.name)
            gone.append(row.name)
    return answer({"VolumesDeleted": gone, "SpaceReclaimed": 0})


HANDLERS: Final = {
    "GET /volumes": list_volumes,
    "POST /volumes/create": create,
    "POST /volumes/prune": prune,
    "GET /volumes/{name:path}": inspect,
    "DELETE /volumes/{name:path}": remove,
}
