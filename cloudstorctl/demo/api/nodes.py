"""`/nodes`, `/swarm`: the members of the swarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, labels_match, nothing
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.refusal import BadRequestError, NoManagerError, RefusalError

if TYPE_CHECKING:
    from starlette.responses import Response

    from cloudstorctl.demo.managers.records import Member, Payload

_FILTERS: Final = {"id", "label", "node.label", "membership", "name", "role"}
_PORT: Final = 2377
_CHOICES: Final = {
    "Availability": {"active", "pause", "drain"},
    "Role": {"worker", "manager"},
}


def _payload(asked: Asked, member: Member) -> Payload:
    cluster = asked.swarm.cluster
    engine = cluster.engines[member.id]
    payload: Payload = {
        "ID": member.id,
        "Version": {"Index": member.version},
        "CreatedAt": stamp(member.created),
        "UpdatedAt": stamp(member.updated),
        "Spec": {
            "Labels": dict(member.labels),
            "Role": "manager" if member.manager else "worker",
            "Availability": member.availability,
        },
        "Description": {
            "Hostname": member.hostname,
            "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 2000000000, "MemoryBytes": 4294967296},
            "Engine": {
                "EngineVersion": engine.release.version,
                "Plugins": [
                    {"Type": "Volume", "Name": name} for name in (*member.drivers, "local")
                ],
            },
            "TLSInfo": {},
        },
        "Status": {"State": member.state, "Addr": member.address},
    }
    if member.manager:
        payload["ManagerStatus"] = {
            "Reachability": "reachable" if cluster.alive(member.id) else "unreachable",
            "Addr": f"{member.address}:{_PORT}",
        }
        if cluster.leader == member.id:
            payload["ManagerStatus"]["Leader"] = True
    return payload


async def list_nodes(asked: Asked) -> Response:
    """`GET /nodes`."""
    asked.check_manager()
    wanted = asked.filters(_FILTERS)
    shown = [
        member
        for member in asked.swarm.cluster.members.values()
        if all(member.id.startswith(each) for each in wanted.get("id", ()))
        and (not wanted.get("name") or any(n in member.hostname for n in wanted["name"]))
        and (
            not wanted.get("role") or ("manager" if member.manager else "worker") in wanted["role"]
        )
        and labels_match(member.labels, wanted.get("node.label", []))
        and labels_match({}, wanted.get("label", []))
    ]
    return answer([_payload(asked, member) for member in shown])


async def inspect(asked: Asked) -> Response:
    """`GET /nodes/{id}`."""
    asked.check_manager()
    return answer(_payload(asked, asked.swarm.cluster.member(asked.text("id"))))


async def update(asked: Asked) -> Response:
    """`POST /nodes/{id}/update`: role, availability and labels."""
    asked.check_manager()
    cluster = asked.swarm.cluster
    member = cluster.member(asked.text("id"))
    spec = await asked.body()
    for key, words in _CHOICES.items():
        if spec.get(key) not in words:
            raise BadRequestError(f'invalid {key}: "{spec.get(key) or ""}"')
    if asked.text("version") != str(member.version):
        raise RefusalError("rpc error: code = Unknown desc = update out of sequence")
    manager = spec.get("Role") == "manager"
    if member.manager and not manager:
        left = [each for each in cluster.managers if each is not member]
        alive = sum(cluster.alive(each.id) for each in left)
        if not left:
            raise BadRequestError(
                "rpc error: code = FailedPrecondition desc = attempting to demote the last "
                "manager of the swarm"
            )
        if 2 * alive <= len(left):
            raise RefusalError(
                "rpc error: code = FailedPrecondition desc = can't remove member from the raft: "
                "this would result in a loss of quorum"
            )
    changed = {
        "availability": (member.availability, spec["Availability"]),
        "role": ("manager" if member.manager else "worker", spec["Role"]),
    }
    member.manager = manager
    member.availability = spec["Availability"]
    member.labels = dict(spec.get("Labels") or {})
    if cluster.leader == member.id and not manager:
        cluster.leader = next(m.id for m in cluster.managers if cluster.alive(m.id))
    cluster.touch(member)
    asked.swarm.emit("node", "update", member.id, {"name": member.hostname}, changed)
    asked.swarm.advance()
    return nothing(200)


async def remove(asked: Asked) -> Response:
    """`DELETE /nodes/{id}`."""
    asked.check_manager()
    cluster = asked.swarm.cluster
    member = cluster.member(asked.text("id"))
    if member.manager:
        raise BadRequestError(
            f"rpc error: code = FailedPrecondition desc = node {member.id} is a cluster manager "
            "and is a member of the raft cluster. It must be demoted to worker before removal"
        )
    if not asked.flag("force") and member.state != "down":
        raise BadRequestError(
            f"rpc error: code = FailedPrecondition desc = node {member.id} is not down and can't "
            "be removed"
        )
    del cluster.members[member.id]
    for task in cluster.tasks.values():
        # The engine of the node may run on, and its containers with it (swarmkit node.go).
        if task.node_id == member.id and not task.ended:
            message = "Task belonged to a node that has been deleted"
            cluster.report(task, State.ORPHANED, message)
    asked.swarm.emit("node", "remove", member.id, {"name": member.hostname})
    asked.swarm.advance()
    return nothing(200)


async def swarm(asked: Asked) -> Response:
    """`GET /swarm`."""
    asked.check_manager()
    cluster = asked.swarm.cluster
    if asked.member is None:
        raise NoManagerError("This node is not a swarm manager.")
    return answer(
        {
            "ID": cluster.id,
            "Version": {"Index": 10},
            "CreatedAt": stamp(cluster.created),
            "UpdatedAt": stamp(cluster.created),
            "Spec": {"Name": "default", "Labels": {}},
            "TLSInfo": {},
            "RootRotationInProgress": False,
        }
    )


HANDLERS: Final = {
    "GET /nodes": list_nodes,
    "GET /nodes/{id}": inspect,
    "POST /nodes/{id}/update": update,
    "DELETE /nodes/{id}": remove,
    "GET /swarm": swarm,
}
