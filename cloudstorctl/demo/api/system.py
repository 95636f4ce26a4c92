"""Who the engine is: `/_ping`, `/version`, `/info`, and the images it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from cloudstorctl.demo.api.asked import Asked, answer
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.managers.cluster import NO_LEADER
from cloudstorctl.demo.node.files import ROOT_DIR
from cloudstorctl.demo.refusal import NotFoundError, RefusalError

if TYPE_CHECKING:
    from cloudstorctl.demo.managers.records import Payload

_PORT: Final = 2377
_BUILT: Final = "2026-05-07T21:09:36.000000000+00:00"
_MEMORY: Final = 4 * 1024**3
_IMAGE_ID: Final = "sha256:5cd776b11925859b62a00559436c4e41f2cb0f698219d6b6d32440cca0acb078"


async def ping(asked: Asked) -> Response:
    """`/_ping`: the engine is there."""
    caching = {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache"}
    member = asked.member
    if asked.engine.release.has_cluster_volumes:
        role = "inactive" if member is None else "active/worker"
        caching["Swarm"] = "active/manager" if member and member.manager else role
        caching["Builder-Version"] = "2"
    text = "" if asked.request.method == "HEAD" else "OK"
    return Response(text, headers=caching, media_type="text/plain")


async def version(asked: Asked) -> Response:
    """`/version`."""
    release = asked.engine.release
    facts = {
        "ApiVersion": release.api,
        "Arch": "amd64",
        "BuildTime": _BUILT,
        "GitCommit": "embedded",
        "GoVersion": "none",
        "KernelVersion": "embedded",
        "MinAPIVersion": release.least_api,
        "Os": "linux",
    }
    details = {**facts, "Experimental": "false"}
    return answer(
        {
            "Platform": {"Name": "the embedded swarm of cloudstorctl"},
            "Components": [{"Name": "Engine", "Version": release.version, "Details": details}],
            "Version": release.version,
            **facts,
        }
    )


async def info(asked: Asked) -> Response:
    """`/info`."""
    engine = asked.engine
    states = [container.state for container in engine.containers.values()]
    return answer(
        {
            "ID": engine.id,
            "Containers": len(states),
            "ContainersRunning": states.count("running"),
            "ContainersPaused": states.count("paused"),
            "ContainersStopped": len(states) - states.count("running") - states.count("paused"),
            "Images": len(engine.images),
            "Driver": "none",
            "DriverStatus": [],
            "Plugins": {"Volume": ["local"], "Network": [], "Authorization": None, "Log": []},
            "SystemTime": stamp(engine.runtime.now()),
            "KernelVersion": "embedded",
            "OperatingSystem": "the embedded swarm of cloudstorctl",
            "OSType": "linux",
            "Architecture": "x86_64",
            "NCPU": 2,
            "MemTotal": _MEMORY,
            "DockerRootDir": ROOT_DIR,
            "Name": engine.hostname,
            "Labels": [],
            "ExperimentalBuild": False,
            "ServerVersion": engine.release.version,
            "RegistryConfig": {"InsecureRegistryCIDRs": [], "IndexConfigs": {}, "Mirrors": []},
            "Runtimes": {},
            "Swarm": _swarm(asked),
            "SecurityOptions": [],
            "Warnings": None,
        }
    )


def _swarm(asked: Asked) -> Payload:
    member, cluster = asked.member, asked.swarm.cluster
    if member is None:
        return {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        }
    told: Payload = {
        "NodeID": member.id,
        "NodeAddr": member.address,
        "LocalNodeState": "active",
        "ControlAvailable": member.manager,
        "Error": "",
        "RemoteManagers": [
            {"NodeID": each.id, "Addr": f"{each.address}:{_PORT}"} for each in cluster.managers
        ],
    }
    if member.manager and cluster.leader is None:
        told["Error"] = NO_LEADER
    elif member.manager:
        told |= {
            "Nodes": len(cluster.members),
            "Managers": len(cluster.managers),
            "Cluster": {
                "ID": cluster.id,
                "Version": {"Index": 10},
                "CreatedAt": stamp(cluster.created),
                "UpdatedAt": stamp(cluster.created),
                "Spec": {
                    "Name": "default",
                    "Labels": {},
                    "Orchestration": {"TaskHistoryRetentionLimit": 5},
                    "Raft": {"SnapshotInterval": 10000, "ElectionTick": 10, "HeartbeatTick": 1},
                    "Dispatcher": {"HeartbeatPeriod": 5000000000},
                    "CAConfig": {"NodeCertExpiry": 7776000000000000},
                    "TaskDefaults": {},
                    "EncryptionConfig": {"AutoLockManagers": False},
                },
                "TLSInfo": {},
                "RootRotationInProgress": False,
                "DefaultAddrPool": None,
                "SubnetSize": 24,
                "DataPathPort": 4789,
            },
        }
    return told


async def images(asked: Asked) -> Response:
    """`/images/json`: the images that are there from the start."""
    return answer(
        [
            {
                "Id": _IMAGE_ID,
                "ParentId": "",
                "RepoTags": [image],
                "RepoDigests": [],
                "Created": 0,
                "Size": 0,
                "SharedSize": -1,
                "Labels": None,
                "Containers": -1,
            }
            for image in sorted(asked.engine.images)
        ]
    )


async def image(asked: Asked) -> Response:
    """`/images/{name}/json`."""
    name = asked.text("name")
    try:
        asked.engine.check_image(name)
    except NotFoundError:
        tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        missing = f"No such image: {tagged}"
        said = asked.engine.release.says(f"no such image: {name}: {missing}", missing)
        raise NotFoundError(said) from None
    return answer({"Id": _IMAGE_ID, "RepoTags": [name], "Os": "linux", "Architecture": "amd64"})


async def no_registry(asked: Asked) -> Response:
    """Whatever would ask a registry: there is none."""
    del asked
    raise RefusalError("the embedded swarm has no registry: only the images it starts with")


async def networks(asked: Asked) -> Response:
    """`/networks`: the embedded swarm has none."""
    del asked
    return answer([])


HANDLERS: Final = {
    "GET /_ping": ping,
    "HEAD /_ping": ping,
    "GET /version": version,
    "GET /info": info,
    "GET /images/json": images,
    "GET /images/{name:path}/json": image,
    "POST /images/create": no_registry,
    "GET /distribution/{name:path}/json": no_registry,
    "GET /networks": networks,
}
