"""`/tasks`: what the managers know of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, labels_match
from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.refusal import NotFoundError

if TYPE_CHECKING:
    from starlette.responses import Response

    from cloudstorctl.demo.api.asked import Filters
    from cloudstorctl.demo.managers.records import Payload, Task

_FILTERS: Final = {
    *("id", "label", "name", "service", "node", "desired-state", "runtime", "_up-to-date"),
}


def payload_of(task: Task) -> Payload:
    """Give a task as the API has it."""
    status: Payload = {
        "Timestamp": stamp(task.updated),
        "State": task.state.word,
        "Message": task.message,
    }
    if task.error:
        status["Err"] = task.error
    if task.container_id:
        status["ContainerStatus"] = {
            "ContainerID": task.container_id,
            "PID": 4321 if task.state == State.RUNNING else 0,
            "ExitCode": task.exit_code,
        }
    status["PortStatus"] = {}
    payload: Payload = {
        "ID": task.id,
        "Version": {"Index": task.version},
        "CreatedAt": stamp(task.created),
        "UpdatedAt": stamp(task.updated),
        "Labels": {},
        "Spec": {key: value for key, value in task.spec.items() if key != "Runtime"},
        "ServiceID": task.service_id,
    }
    if task.slot:
        payload["Slot"] = task.slot
    if task.node_id:
        payload["NodeID"] = task.node_id
    payload["Status"] = status
    payload["DesiredState"] = task.desired.word
    if task.iteration is not None:
        payload["JobIteration"] = {"Index": task.iteration}
    return payload


async def list_tasks(asked: Asked) -> Response:
    """`GET /tasks`."""
    asked.check_manager()
    wanted = asked.filters(_FILTERS)
    tasks = asked.swarm.cluster.tasks.values()
    return answer([payload_of(task) for task in tasks if _passes(asked, task, wanted)])


def _passes(asked: Asked, task: Task, wanted: Filters) -> bool:
    member = asked.swarm.cluster.members.get(task.node_id)
    own = asked.member.id if asked.member else ""
    known = {
        "service": {task.service_id, task.service_name},
        "node": {task.node_id, member.hostname if member else ""}
        | ({"self"} if task.node_id == own else set()),
        "desired-state": {task.desired.word},
    }
    return (
        all(not known[key].isdisjoint(values) for key, values in wanted.items() if key in known)
        and ("id" not in wanted or any(task.id.startswith(each) for each in wanted["id"]))
        and ("name" not in wanted or any(task.name.startswith(each) for each in wanted["name"]))
        and ("_up-to-date" not in wanted or _is_current(asked, task))
        and labels_match({}, wanted.get("label", []))
    )


def _is_current(asked: Asked, task: Task) -> bool:
    """Whether a task is made from what its service wants now."""
    service = asked.swarm.cluster.services.get(task.service_id)
    if service is None:
        return False
    return task.iteration == service.iteration if service.is_job else task.spec == service.template


async def inspect(asked: Asked) -> Response:
    """`GET /tasks/{id}`."""
    asked.check_manager()
    wanted = asked.text("id")
    found = [t for t in asked.swarm.cluster.tasks.values() if t.id.startswith(wanted)]
    if len(found) != 1:
        raise NotFoundError(f"task {wanted} not found")
    return answer(payload_of(found[0]))


HANDLERS: Final = {"GET /tasks": list_tasks, "GET /tasks/{id}": inspect}
