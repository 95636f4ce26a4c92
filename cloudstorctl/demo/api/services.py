"""`/services`: list, create, update, roll back, remove."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, labels_match, nothing
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.managers.orchestrator import stop_all
from cloudstorctl.demo.managers.records import Service, State, Task
from cloudstorctl.demo.managers.updater import roll_back
from cloudstorctl.demo.managers.worker import expanded
from cloudstorctl.demo.refusal import BadRequestError, ConflictError, RefusalError
from cloudstorctl.demo.template.expansion import TemplateError

if TYPE_CHECKING:
    from starlette.responses import Response

    from cloudstorctl.demo.api.asked import Filters
    from cloudstorctl.demo.managers.records import Payload

_FILTERS: Final = {"id", "label", "mode", "name", "runtime"}
_NAME: Final = re.compile(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*")
_MODES: Final = {
    "Replicated": "replicated",
    "Global": "global",
    "ReplicatedJob": "replicated-job",
    "GlobalJob": "global-job",
}


def payload_of(asked: Asked, service: Service, *, status: bool) -> Payload:
    """Give a service as the API has it."""
    payload: Payload = {
        "ID": service.id,
        "Version": {"Index": service.version},
        "CreatedAt": stamp(service.created),
        "UpdatedAt": stamp(service.updated),
        "Spec": service.spec,
    }
    if service.previous is not None:
        payload["PreviousSpec"] = service.previous
    payload["Endpoint"] = {"Spec": {}}
    if service.update is not None:
        payload["UpdateStatus"] = {k: v for k, v in service.update.items() if k != "began"}
    if status:
        payload["ServiceStatus"] = _status(asked, service)
    if service.is_job:
        payload["JobStatus"] = {
            "JobIteration": {"Index": service.iteration},
            "LastExecution": stamp(service.created),
        }
    return payload


def _status(asked: Asked, service: Service) -> Payload:
    tasks = list(asked.swarm.cluster.tasks_of(service))
    if service.is_job:
        tasks = [task for task in tasks if task.iteration == service.iteration]
    running = sum(task.state == State.RUNNING and task.live for task in tasks)
    if service.mode == "ReplicatedJob":
        mode = service.spec["Mode"]["ReplicatedJob"] or {}
        desired = int(mode.get("MaxConcurrent") or service.wanted)
    elif service.per_node:
        desired = sum(task.live for task in tasks)
    else:
        desired = service.wanted
    completed = sum(task.state == State.COMPLETE for task in tasks) if service.is_job else 0
    return {"RunningTasks": running, "DesiredTasks": desired, "CompletedTasks": completed}


async def list_services(asked: Asked) -> Response:
    """`GET /services`."""
    asked.check_manager()
    wanted = asked.filters(_FILTERS)
    services = asked.swarm.cluster.services.values()
    shown = [service for service in services if _passes(service, wanted)]
    return answer([payload_of(asked, each, status=asked.flag("status")) for each in shown])


def _passes(service: Service, wanted: Filters) -> bool:
    if "id" in wanted and not any(service.id.startswith(each) for each in wanted["id"]):
        return False
    if "name" in wanted and not any(service.name.startswith(each) for each in wanted["name"]):
        return False
    if "mode" in wanted and _MODES[service.mode] not in wanted["mode"]:
        return False
    return labels_match(service.spec.get("Labels") or {}, wanted.get("label", []))


async def inspect(asked: Asked) -> Response:
    """`GET /services/{id}`."""
    asked.check_manager()
    service = asked.swarm.cluster.service(asked.text("id"))
    return answer(payload_of(asked, service, status=False))


async def create(asked: Asked) -> Response:
    """`POST /services/create`."""
    asked.check_manager()
    cluster = asked.swarm.cluster
    spec = _checked(asked, await asked.body())
    if any(service.name == spec["Name"] for service in cluster.services.values()):
        raise ConflictError(
            "rpc error: code = AlreadyExists desc = name conflicts with an existing object: "
            f"service {spec['Name']} already exists"
        )
    now = cluster.runtime.now()
    service = Service(
        id=cluster.ids.swarm(), spec=spec, version=cluster.stamp(), created=now, updated=now
    )
    cluster.services[service.id] = service
    asked.swarm.emit("service", "create", service.id, {"name": service.name})
    asked.swarm.advance()
    return answer({"ID": service.id}, 201)


async def update(asked: Asked) -> Response:
    """`POST /services/{id}/update`, and with `rollback=previous` the way back."""
    asked.check_manager()
    cluster = asked.swarm.cluster
    service = cluster.service(asked.text("id"))
    spec = await asked.body()
    if not asked.text("version").isdigit():
        wrong = asked.text("version")
        raise BadRequestError(
            f"invalid service version '{wrong}': strconv.ParseUint: parsing \"{wrong}\": "
            "invalid syntax"
        )
    if asked.text("version") != str(service.version):
        raise RefusalError("rpc error: code = Unknown desc = update out of sequence")
    before = service.spec
    if asked.text("rollback") == "previous":
        if service.previous is None:
            raise BadRequestError(
                f"rpc error: code = FailedPrecondition desc = service {service.id} does not have a "
                "previous spec"
            )
        roll_back(cluster, service)
    else:
        spec = _checked(asked, spec)
        if spec["Name"] != service.name:
            raise RefusalError(
                "rpc error: code = Unimplemented desc = renaming services is not supported"
            )
        if next(iter(spec["Mode"])) != service.mode:
            raise RefusalError(
                "rpc error: code = Unimplemented desc = service mode change is not allowed"
            )
        service.previous, service.spec = service.spec, spec
        service.update = None
        service.iteration += service.is_job
    cluster.touch(service)
    changed = {
        "replicas": (_replicas(before), _replicas(service.spec)),
        "image": (_image(before), _image(service.spec)),
    }
    asked.swarm.emit("service", "update", service.id, {"name": service.name}, changed)
    asked.swarm.advance()
    return answer({"Warnings": None})


def _replicas(spec: Payload) -> str:
    return str((spec["Mode"].get("Replicated") or {}).get("Replicas", ""))


def _image(spec: Payload) -> str:
    return str(spec["TaskTemplate"]["ContainerSpec"]["Image"])


async def remove(asked: Asked) -> Response:
    """`DELETE /services/{id}`."""
    asked.check_manager()
    cluster = asked.swarm.cluster
    service = cluster.service(asked.text("id"))
    del cluster.services[service.id]
    stop_all(cluster, service)
    asked.swarm.emit("service", "remove", service.id, {"name": service.name})
    asked.swarm.advance()
    return nothing(200)


def _checked(asked: Asked, spec: Payload) -> Payload:
    """Fill in what the managers fill in, and refuse what they refuse (swarmkit controlapi)."""
    name = str(spec.get("Name") or asked.swarm.ids.words())
    if not _NAME.fullmatch(name):
        raise BadRequestError(
            "rpc error: code = InvalidArgument desc = name must be valid as a DNS name component"
        )
    template = dict(spec.get("TaskTemplate") or {})
    container = {"Isolation": "default", **(template.get("ContainerSpec") or {})}
    if not container.get("Image"):
        raise BadRequestError(
            "rpc error: code = InvalidArgument desc = ContainerSpec: image reference must be "
            "provided"
        )
    targets = [mount.get("Target") for mount in container.get("Mounts") or ()]
    twice = next((target for target in targets if targets.count(target) > 1), None)
    if twice is not None:
        raise BadRequestError(
            "rpc error: code = InvalidArgument desc = ContainerSpec: duplicate mount point: "
            f"{twice}"
        )
    for rule in (template.get("Placement") or {}).get("Constraints") or ():
        if "==" not in rule and "!=" not in rule:
            raise RefusalError(
                "rpc error: code = Unknown desc = constraint expected one operator from ==, !="
            )
    template["ContainerSpec"] = container
    template.setdefault("ForceUpdate", 0)
    template.setdefault("Runtime", "container")
    mode = {key: value for key, value in (spec.get("Mode") or {}).items() if value is not None}
    mode = mode or {"Replicated": {}}
    if "Replicated" in mode:
        mode["Replicated"] = {"Replicas": 1, **mode["Replicated"]}
    if "ReplicatedJob" in mode:
        jobs = {"MaxConcurrent": 1, **mode["ReplicatedJob"]}
        mode["ReplicatedJob"] = {"TotalCompletions": jobs["MaxConcurrent"], **jobs}
    checked = {**spec, "Name": name, "TaskTemplate": template, "Mode": mode}
    _try_templates(asked, checked)
    return checked


def _try_templates(asked: Asked, spec: Payload) -> None:
    """Fill in templates for a made-up task, as the managers do (swarmkit controlapi/service.go)."""
    trial = Task(
        id="taskid",
        service_id="serviceid",
        service_name="servicename",
        service_labels={},
        spec=spec["TaskTemplate"],
        slot=1,
        node_id="nodeid",
    )
    member = next(iter(asked.swarm.cluster.members.values()))
    try:
        expanded(trial, member, spec["TaskTemplate"]["ContainerSpec"])
    except TemplateError as error:
        raise BadRequestError(f"rpc error: code = InvalidArgument desc = {error}") from None


async def logs(asked: Asked) -> Response:
    """`GET /services/{id}/logs`: the programs of the embedded swarm print nothing."""
    asked.check_manager()
    asked.swarm.cluster.service(asked.text("id"))
    return nothing(200)


HANDLERS: Final = {
    "GET /services": list_services,
    "POST /services/create": create,
    "GET /services/{id}/logs": logs,
    "GET /services/{id}": inspect,
    "POST /services/{id}/update": update,
    "DELETE /services/{id}": remove,
}
