"""Keep as many tasks as services want, and clear old ones away (swarmkit manager/orchestrator)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.managers.scheduler import fits

if TYPE_CHECKING:
    from cloudstorctl.demo.managers.cluster import Cluster
    from cloudstorctl.demo.managers.records import Service, Task

HISTORY: Final = 5
"""Tasks that are kept of a slot or, for the modes per node, of a node."""
_DELAY: Final = 5_000_000_000  # nanoseconds, where a restart policy names none
_NANO: Final = 1e9


def reconcile(cluster: Cluster) -> None:
    """Bring the tasks of all services one step nearer to what is wanted."""
    for service in tuple(cluster.services.values()):
        match service.mode:
            case "Replicated":
                _replace_lost(cluster, service)
                _scale(cluster, service)
            case "Global":
                _replace_lost(cluster, service)
                _cover(cluster, service)
            case "ReplicatedJob":
                _replace_lost(cluster, service)
                _complete(cluster, service)
            case _:
                _replace_lost(cluster, service)
                _complete_everywhere(cluster, service)
    _let_run(cluster)
    _reap(cluster)


def stop_all(cluster: Cluster, service: Service) -> None:
    """Want every task of a removed service gone."""
    for task in cluster.tasks_of(service):
        cluster.want(task, State.REMOVE)


def _replace_lost(cluster: Cluster, service: Service) -> None:
    """Restart what has ended, and what is on a node that may not keep it."""
    for task in cluster.tasks_of(service):
        if task.desired > State.COMPLETE or task.spent:
            continue
        member = cluster.members.get(task.node_id)
        if task.state >= State.ASSIGNED and not (member and member.keeps_tasks):
            if task.state == State.COMPLETE and service.is_job:
                continue
            cluster.want(task, State.SHUTDOWN)
            if not service.per_node:
                cluster.new_task(service, slot=task.slot, desired=State.READY, after=(task.id,))
        elif task.ended:
            _restart(cluster, service, task)


def _restart(cluster: Cluster, service: Service, task: Task) -> None:
    """Replace a task that has ended, as the policy of its service says."""
    policy = service.policy("RestartPolicy")
    condition = policy.get("Condition") or "any"
    if service.is_job and task.state == State.COMPLETE:
        return
    attempts = sum(
        each.place == task.place and each.ended and each.spec == task.spec
        for each in cluster.tasks_of(service)
    )
    limit = int(policy.get("MaxAttempts") or 0)
    if (
        condition == "none"
        or (condition == "on-failure" and task.state == State.COMPLETE)
        or (limit and attempts > limit)
    ):
        task.spent = True
        cluster.want(task, State.SHUTDOWN)
        return
    cluster.want(task, State.SHUTDOWN)
    delay = float(policy.get("Delay", _DELAY)) / _NANO
    cluster.new_task(
        service,
        slot=task.slot,
        node=task.node_id if service.per_node else "",
        desired=State.READY,
        not_before=cluster.runtime.now() + delay,
    )


def _let_run(cluster: Cluster) -> None:
    """Let prepared tasks run whose time has come, and whose forerunners have ended."""
    now = cluster.runtime.now()
    for task in cluster.tasks.values():
        if task.desired == State.READY and now >= task.not_before:
            before = [cluster.tasks[each] for each in task.after if each in cluster.tasks]
            if all(each.ended or not _kept(cluster, each) for each in before):
                cluster.want(task, State.RUNNING)


def _kept(cluster: Cluster, task: Task) -> bool:
    member = cluster.members.get(task.node_id)
    return member is not None and member.state != "down"


def _slots(cluster: Cluster, service: Service) -> dict[int, list[Task]]:
    """Give the tasks that a service counts on, by slot."""
    slots: dict[int, list[Task]] = defaultdict(list)
    for task in cluster.tasks_of(service):
        if task.spent or (task.desired <= State.COMPLETE and not task.ended):
            slots[task.slot].append(task)
    return slots


def _scale(cluster: Cluster, service: Service) -> None:
    slots = _slots(cluster, service)
    free = (number for number in range(1, service.wanted + len(slots) + 1) if number not in slots)
    for _ in range(service.wanted - len(slots)):
        cluster.new_task(service, slot=next(free))
    if len(slots) > service.wanted:
        # Running ones stay rather, and of two on one node one goes (orchestrator, slot.go).
        copies: dict[str, int] = defaultdict(int)
        order = []
        for number in sorted(slots):
            task = slots[number][-1]
            copies[task.node_id] += 1
            rank = cluster.chance.slot_rank(service, number)
            order.append((task.state != State.RUNNING, copies[task.node_id], rank, number))
        for *_, number in sorted(order)[service.wanted :]:
            for task in slots[number]:
                cluster.want(task, State.REMOVE)
                task.spent = False


def _cover(cluster: Cluster, service: Service) -> None:
    """Have one task of a global service on every node that fits, and none elsewhere."""
    here = {t.node_id: t for t in cluster.tasks_of(service) if t.spent or t.live}
    for member in cluster.members.values():
        suits = fits(service.template, member)
        task = here.get(member.id)
        if task is None and suits and member.takes_tasks:
            cluster.new_task(service, node=member.id)
        elif task is not None and not suits:
            cluster.want(task, State.SHUTDOWN)


def _complete(cluster: Cluster, service: Service) -> None:
    """Have one task complete for each number from 0 (orchestrator/jobs/replicated)."""
    tasks = [t for t in cluster.tasks_of(service) if t.iteration == service.iteration]
    taken = {t.slot for t in tasks if t.live or t.spent or t.state == State.COMPLETE}
    running = sum(task.live for task in tasks)
    mode = service.spec["Mode"]["ReplicatedJob"] or {}
    at_once = int(mode.get("MaxConcurrent") or service.wanted)
    for slot in range(service.wanted):
        if slot not in taken and running < at_once:
            cluster.new_task(service, slot=slot)
            running += 1


def _complete_everywhere(cluster: Cluster, service: Service) -> None:
    """Have one task complete on every node that fits when the job is made or changed."""
    if any(t.iteration == service.iteration for t in cluster.tasks_of(service)):
        return
    for member in cluster.members.values():
        if member.takes_tasks and fits(service.template, member):
            cluster.new_task(service, node=member.id)


def _reap(cluster: Cluster) -> None:
    """Delete tasks that are to go, and those that are too many (orchestrator/taskreaper)."""
    places: dict[tuple[str, tuple[str, int | str]], list[Task]] = defaultdict(list)
    for task in tuple(cluster.tasks.values()):
        if task.desired == State.REMOVE:
            if task.ended or task.state < State.ASSIGNED:
                cluster.forget(task)
        else:
            places[task.service_id, task.place].append(task)
    for (service_id, _), tasks in places.items():
        service = cluster.services.get(service_id)
        if service is None or service.is_job:
            continue  # finished tasks of jobs stay until the service goes
        surplus = len(tasks) - HISTORY
        for task in [t for t in tasks if t.ended and not t.spent][: max(surplus, 0)]:
            cluster.forget(task)
