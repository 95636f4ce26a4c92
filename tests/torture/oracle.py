"""The truth about claims, told from the embedded swarm's own state by the table of design.md.

Nothing of cloudstorctl.core is used, nor of what asks engines: this is the other opinion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.template.expansion import Context
from tests.torture.lab import PROTECTED
from tests.torture.specs import NOBODY, bound, dormant, is_ours, of_spec, slots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.demo.managers.records import Member, Payload, Service, Task
    from cloudstorctl.demo.node.container import Mounted
    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.swarm import Swarm

_FINAL: Final = {State.COMPLETE, State.SHUTDOWN, State.FAILED, State.REJECTED}
_LONG: Final = "[0-9a-f]{64}"
OUTSIDE: Final = "nothing"
"""Where claims show that no part of the swarm can tell of."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One reason to keep what lies at a place."""

    shown_by: str
    """The question whose answer shows it: `/services`, `/tasks`, `n2 /containers/json`, …"""
    holder: str
    """An ID, of what stays the same while its state changes."""
    place: str
    """A path below the file system's root, or for `pattern` a regular expression of each part."""
    who: str = field(compare=False)
    """As a story names the holder."""
    pattern: bool = False

    def holds(self, name: str) -> bool:
        """Whether a volume is at the place, in it, or around it."""
        parts, other = _parts(name), _parts(self.place)
        if self.pattern:
            return all(re.fullmatch(form, part) for form, part in zip(other, parts, strict=False))
        shorter = min(len(parts), len(other))
        return parts[:shorter] == other[:shorter]


def claims_in(swarm: Swarm) -> frozenset[Claim]:
    """Find every claim that there is now."""
    return frozenset(
        (*_by_containers(swarm), *_by_tasks(swarm), *_by_services(swarm), *_protections(swarm))
    )


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]


def _by_containers(swarm: Swarm) -> Iterator[Claim]:
    for engine in swarm.engines.values():
        inside = swarm.member_of(engine) is not None
        source = f"{engine.hostname} /containers/json" if inside else OUTSIDE
        for container in engine.containers.values():
            who = f"{container.state} container {container.name} on {engine.hostname}"
            for mount in container.mounts:
                place = _place(engine, mount)
                if place is not None:
                    yield Claim(source, container.id, place, who)


def _place(engine: Engine, mount: Mounted) -> str | None:
    if mount.kind == "volume":
        return mount.name if is_ours(mount.driver) else None
    return bound([engine], mount.source) if mount.kind == "bind" else None


def _by_tasks(swarm: Swarm) -> Iterator[Claim]:
    for task in swarm.cluster.tasks.values():
        if task.state in _FINAL:
            continue
        who = f"task {task.name}, {task.state.word}, desired {task.desired.word}"
        nodes = _nodes_of(swarm, task)
        for mount, node in product(task.spec["ContainerSpec"].get("Mounts") or (), nodes):
            place = of_spec(swarm, mount, _task_context(task, *node))
            if place == "" and not mount.get("Source"):
                if task.state < State.RUNNING:
                    yield Claim("/tasks", task.id, _LONG, who, pattern=True)
            elif place is not None:
                yield Claim("/tasks", task.id, place, who)


def _nodes_of(swarm: Swarm, task: Task) -> list[tuple[str, str]]:
    """Give the nodes, with hostnames, that a task may be on."""
    members = swarm.cluster.members
    if not task.node_id:
        return [(member.id, member.hostname) for member in members.values()]
    return [(task.node_id, swarm.cluster.engines[task.node_id].hostname)]


def _task_context(task: Task, node: str, hostname: str) -> Context:
    return Context(
        service_id=task.service_id,
        service_name=task.service_name,
        service_labels=task.service_labels,
        node_id=node,
        node_hostname=hostname,
        node_os="linux",
        node_arch="x86_64",
        task_id=task.id,
        task_name=task.name,
        task_slot=str(task.slot) if task.slot else node,
    )


def _by_services(swarm: Swarm) -> Iterator[Claim]:
    members = list(swarm.cluster.members.values())
    for service in swarm.cluster.services.values():
        for spec, what in ((service.spec, "spec"), (service.previous, "previous spec")):
            if spec is None:
                continue
            who = f"the {what} of service {service.name}"
            for mount in spec["TaskTemplate"]["ContainerSpec"].get("Mounts") or ():
                for place in _declared(swarm, service, spec, mount, members):
                    yield Claim("/services", f"{service.id} {what}", place, who)
                form = dormant(str(mount.get("Source") or ""), service)
                if form and of_spec(swarm, {**mount, "Source": "x"}, NOBODY) is not None:
                    yield Claim(
                        "/services",
                        f"{service.id} {what}",
                        form,
                        f"{who}, for another task",
                        pattern=True,
                    )


def _declared(
    swarm: Swarm, service: Service, spec: Payload, mount: Payload, members: list[Member]
) -> Iterator[str]:
    if not mount.get("Source"):
        return
    places = slots(service, spec) if "Task" in mount["Source"] else ["1"]
    for slot, member in product(places, members):
        context = Context(
            service_id=service.id,
            service_name=service.name,
            service_labels=spec.get("Labels") or {},
            node_id=member.id,
            node_hostname=member.hostname,
            node_os="linux",
            node_arch="x86_64",
            task_id="0" * 25,
            task_name=f"{service.name}.{slot or member.id}.{'0' * 25}",
            task_slot=slot or member.id,
        )
        place = of_spec(swarm, mount, context)
        if place is not None:
            yield place


def _protections(swarm: Swarm) -> Iterator[Claim]:
    for form in (
        re.escape(PROTECTED).replace(r"\*", ".*"),
        "aws-backup-restore_.*",
        r"lost\+found",
    ):
        yield Claim("the configuration", form, form, "the configuration", pattern=True)
    for engine in swarm.engines.values():
        for name in engine.volumes.names:
            stored = engine.volumes.stored(name)
            ours = stored is not None and stored.driver != "local"
            if (
                stored
                and ours
                and (stored.labels or {}).get("cloudstorctl.protect", "false") != "false"
            ):
                source = f"{engine.hostname} /volumes"
                yield Claim(source, "label", name, f"its label on {engine.hostname}")
