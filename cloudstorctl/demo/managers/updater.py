"""Replace the tasks of a changed service, a few at a time (swarmkit orchestrator/update)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.clock import stamp
from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.managers.scheduler import fits

if TYPE_CHECKING:
    from cloudstorctl.demo.managers.cluster import Cluster
    from cloudstorctl.demo.managers.records import Payload, Service, Task

_NANO: Final = 1e9
_MONITOR: Final = 5_000_000_000  # nanoseconds, where a policy names none
GOES_ON: Final = {"updating", "rollback_started"}


def update(cluster: Cluster) -> None:
    """Bring every update one step further."""
    for service in tuple(cluster.services.values()):
        if not service.is_job:
            _step(cluster, service)


def _step(cluster: Cluster, service: Service) -> None:
    state = (service.update or {}).get("State")
    live = [task for task in cluster.tasks_of(service) if task.live or task.spent]
    dirty = [task for task in live if is_dirty(cluster, service, task)]
    if state is None:
        if dirty:
            _say(cluster, service, "updating", "update in progress")
        return
    if state not in GOES_ON:
        return
    policy = service.policy("UpdateConfig" if state == "updating" else "RollbackConfig")
    fresh = [t for t in cluster.tasks_of(service) if not is_dirty(cluster, service, t)]
    if _failed(service, fresh) and _give_up(cluster, service, policy, fresh):
        return
    _retire(cluster, live, dirty, policy)
    moving = [t for t in fresh if t.live and t.state != State.RUNNING]
    places = {task.place for task in live}
    covered = {task.place for task in fresh if task.live or task.spent}
    left = [task for task in dirty if task.place not in covered]
    if not left and not moving and not dirty and places <= covered:
        since = max((task.updated for task in fresh if task.live), default=0.0)
        if cluster.runtime.now() < since + float(policy.get("Monitor") or _MONITOR) / _NANO:
            return
        done = "completed" if state == "updating" else "rollback_completed"
        _say(cluster, service, done, done.replace("_", " ") if "_" in done else "update completed")
        return
    room = int(policy.get("Parallelism", 1)) or len(left)
    wait = float(policy.get("Delay") or 0) / _NANO
    now = cluster.runtime.now()
    if now < service.update_paused_until:
        return
    started = False
    for task in left[: max(room - len(moving), 0)]:
        _replace(cluster, service, task, policy)
        started = True
    if started and wait:
        service.update_paused_until = now + wait


def is_dirty(cluster: Cluster, service: Service, task: Task) -> bool:
    """Whether a task is made from something else than its service wants now.

    Other constraints alone make no difference where the task's node meets them too, and a global
    service just ends tasks on other nodes (swarmkit orchestrator, IsTaskDirty).
    """
    if task.spec == service.template:
        return False
    if {**task.spec, "Placement": None} != {**service.template, "Placement": None}:
        return True
    member = cluster.members.get(task.node_id)
    suits = member is not None and fits(service.template, member)
    return not suits and not service.per_node


def _replace(cluster: Cluster, service: Service, task: Task, policy: Payload) -> None:
    start_first = policy.get("Order") == "start-first"
    task.spent = False
    if not start_first:
        cluster.want(task, State.SHUTDOWN)
    cluster.new_task(
        service,
        slot=task.slot,
        node=task.node_id if service.per_node else "",
        desired=State.RUNNING if start_first else State.READY,
        after=() if start_first else (task.id,),
    )


def _retire(cluster: Cluster, live: list[Task], dirty: list[Task], policy: Payload) -> None:
    """Where the new one starts first, end the old one when that runs."""
    if policy.get("Order") != "start-first":
        return
    running = {t.place for t in live if t not in dirty and t.state == State.RUNNING}
    for task in dirty:
        if task.place in running:
            cluster.want(task, State.SHUTDOWN)


def _failed(service: Service, fresh: list[Task]) -> bool:
    since = (service.update or {}).get("began", 0.0)
    return any(t.state in {State.FAILED, State.REJECTED} and t.created >= since for t in fresh)


def _give_up(cluster: Cluster, service: Service, policy: Payload, fresh: list[Task]) -> bool:
    """Do what the policy says of failures; False: go on."""
    action = policy.get("FailureAction") or "pause"
    if action == "continue":
        return False
    culprit = next(t for t in fresh if t.state in {State.FAILED, State.REJECTED})
    rolling_back = (service.update or {}).get("State") == "rollback_started"
    what = "rollback" if rolling_back else "update"
    why = f"due to failure or early termination of task {culprit.id}"
    if action == "rollback" and not rolling_back and service.previous is not None:
        service.spec, service.previous = service.previous, None
        _say(cluster, service, "rollback_started", f"update rolled back {why}")
    else:
        state = "rollback_paused" if rolling_back else "paused"
        _say(cluster, service, state, f"{what} paused {why}")
    return True


def _say(cluster: Cluster, service: Service, state: str, message: str) -> None:
    now = cluster.runtime.now()
    known = service.update or {}
    began = known.get("began") if state not in GOES_ON else now
    service.update = {
        "State": state,
        "StartedAt": stamp(began or now),
        "Message": message,
        "began": began,
    }
    if state not in GOES_ON:
        service.update["CompletedAt"] = stamp(now)
    cluster.touch(service)


def roll_back(cluster: Cluster, service: Service) -> None:
    """Go back to the previous spec because somebody asks for it."""
    service.spec, service.previous = service.previous or service.spec, service.spec
    _say(cluster, service, "rollback_started", "manually requested rollback")
