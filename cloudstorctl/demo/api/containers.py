"""`/containers`: list, inspect and create."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, labels_match
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.node.container import Container
from cloudstorctl.demo.node.drivers import LOCAL
from cloudstorctl.demo.node.files import host_path
from cloudstorctl.demo.node.mounting import mounts_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from cloudstorctl.demo.api.asked import Filters
    from cloudstorctl.demo.managers.records import Payload
    from cloudstorctl.demo.node.container import Mounted

_FILTERS: Final = {
    *("ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label"),
    *("name", "network", "publish", "since", "status", "volume"),
}
_MINUTE: Final = 60


def mount_payload(asked: Asked, mount: Mounted) -> Payload:
    """Give a mount as the API has it."""
    source = mount.source
    if mount.kind == "volume" and mount.driver != LOCAL:
        plugin = asked.engine.plugins.called(mount.driver)
        source = host_path(plugin, source) if plugin and source else ""
    payload: Payload = {"Type": mount.kind}
    if mount.kind == "volume":
        payload["Name"] = mount.name
    payload |= {"Source": source, "Destination": mount.destination}
    if mount.kind == "volume":
        payload["Driver"] = mount.driver
    propagation = "rprivate" if mount.kind == "bind" else ""
    return {
        **payload,
        "Mode": mount.mode,
        "RW": not mount.read_only,
        "Propagation": propagation,
    }


def _summary(asked: Asked, container: Container) -> Payload:
    return {
        "Id": container.id,
        "Names": [f"/{container.name}"],
        "Image": container.image,
        "ImageID": "sha256:5cd776b11925859b62a00559436c4e41f2cb0f698219d6b6d32440cca0acb078",
        "Command": shlex.join(container.command),
        "Created": int(container.created),
        "Ports": [],
        "Labels": container.labels,
        "State": container.state,
        "Status": _status(container, asked.engine.runtime.now()),
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {}},
        "Mounts": [mount_payload(asked, mount) for mount in container.mounts],
    }


def _status(container: Container, now: float) -> str:
    match container.state:
        case "running":
            return f"Up {_ago(now - container.started)}"
        case "paused":
            return f"Up {_ago(now - container.started)} (Paused)"
        case "exited":
            return f"Exited ({container.exit_code}) {_ago(now - container.finished)} ago"
        case other:
            return other.capitalize()


def _ago(seconds: float) -> str:
    if seconds < 1:
        return "Less than a second"
    if seconds < 2 * _MINUTE:
        return f"{int(seconds)} seconds"
    return f"{int(seconds / _MINUTE)} minutes"


async def list_containers(asked: Asked) -> Response:
    """`GET /containers/json`."""
    wanted = asked.filters(_FILTERS)
    everything = asked.flag("all") or "status" in wanted
    shown = [
        container
        for container in reversed(tuple(asked.engine.containers.values()))
        if (everything or container.active) and _passes(container, wanted)
    ]
    limit = int(asked.text("limit", "0") or 0)
    return answer([_summary(asked, each) for each in (shown[:limit] if limit > 0 else shown)])


def _passes(container: Container, wanted: Filters) -> bool:
    if "status" in wanted and container.state not in wanted["status"]:
        return False
    if "id" in wanted and not any(container.id.startswith(each) for each in wanted["id"]):
        return False
    if "name" in wanted and not any(each.strip("^/$") in container.name for each in wanted["name"]):
        return False
    if "is-task" in wanted and bool(container.task_id) is not (wanted["is-task"] == ["true"]):
        return False
    if "volume" in wanted:
        # The engine's own filter is this loose (moby daemon/list.go).
        known = {mount.destination for mount in container.mounts}
        known |= {mount.name or mount.source for mount in container.mounts}
        if known.isdisjoint(wanted["volume"]):
            return False
    return labels_match(container.labels, wanted.get("label", []))


async def inspect(asked: Asked) -> Response:
    """`GET /containers/{id}/json`."""
    container = asked.engine.container(asked.text("id"))
    state = container.state
    return answer(
        {
            "Id": container.id,
            "Created": stamp(container.created),
            "Path": next(iter(container.command), ""),
            "Args": list(container.command[1:]),
            "State": {
                "Status": state,
                "Running": state in {"running", "paused"},
                "Paused": state == "paused",
                "Restarting": state == "restarting",
                "OOMKilled": False,
                "Dead": state == "dead",
                "Pid": 4321 if container.active else 0,
                "ExitCode": container.exit_code,
                "Error": container.error,
                "StartedAt": stamp(container.started),
                "FinishedAt": stamp(container.finished),
            },
            "Image": container.image,
            "Name": f"/{container.name}",
            "RestartCount": 0,
            "Driver": "none",
            "Platform": "linux",
            "HostConfig": container.host_config,
            "GraphDriver": {"Data": None, "Name": "none"},
            "Mounts": [mount_payload(asked, mount) for mount in container.mounts],
            "Config": {
                **container.config,
                "Image": container.image,
                "Labels": container.labels,
                "Env": [f"{key}={value}" for key, value in container.environment.items()],
                "Cmd": list(container.command),
            },
            "NetworkSettings": {"Networks": {}, "Ports": {}},
        }
    )


async def create(asked: Asked) -> Response:
    """`POST /containers/create`."""
    body = await asked.body()
    host = body.get("HostConfig") or {}
    engine = asked.engine
    binds = list(host.get("Binds") or ())
    for source in host.get("VolumesFrom") or ():
        other = engine.container(source.partition(":")[0])
        binds += [f"{m.name or m.source}:{m.destination}" for m in other.mounts]
    mounts = mounts_of(binds, host.get("Mounts") or (), body.get("Volumes") or (), engine.ids)
    default = host.get("VolumeDriver") or ""
    for mount in mounts:
        if mount.kind == "volume" and not mount.driver:
            mount.driver = default or (LOCAL if mount.anonymous else "")
    options = {
        mount.get("Target"): mount.get("VolumeOptions") or {} for mount in host.get("Mounts") or ()
    }
    container = Container(
        id=engine.ids.long(),
        name=asked.text("name") or engine.unused_name(),
        image=body.get("Image") or "",
        command=(*(body.get("Entrypoint") or ()), *(body.get("Cmd") or ())),
        created=engine.runtime.now(),
        environment=dict(each.partition("=")[::2] for each in body.get("Env") or ()),
        labels=dict(body.get("Labels") or {}),
        mounts=mounts,
        config={key: value for key, value in body.items() if key != "HostConfig"},
        host_config=host,
        removed_when_done=bool(host.get("AutoRemove")),
    )
    await engine.create(container, options)
    return answer({"Id": container.id, "Warnings": []}, 201)


HANDLERS: Final = {
    "GET /containers/json": list_containers,
    "GET /containers/{id}/json": inspect,
    "POST /containers/create": create,
}
