"""Names by which each task of a service keeps a volume of its own, and that nothing else has."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudstorctl.core.model import MountKind
from cloudstorctl.core.mounting import as_word
from cloudstorctl.core.mounts import known_of_service
from cloudstorctl.core.templates import Field, Known, Names, canonical, fields, yields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cloudstorctl.core.doctor.ground import Ground
    from cloudstorctl.core.family import Family
    from cloudstorctl.core.model import Mount, Service, ServiceId

SLOT = "{{.Task.Slot}}"
"""In a service with a task on each node it yields the node's ID (swarmkit template/context.go)."""
NODE = "{{.Node.ID}}"
OF_A_TASK = {Field.TASK_ID, Field.TASK_NAME}
OF_A_NODE = {Field.NODE_ID, Field.NODE_HOSTNAME}

_SERVICE = "{{.Service.Name}}"
_OF_A_SERVICE = {Field.SERVICE_ID, Field.SERVICE_NAME}
_UNSTEADY = re.compile(r"\{\{\s*\.(Task\.ID|Task\.Name|Node(?:\.\w+)+)\s*\}\}")
_SOME_NODE = "n" * 25


def renamed(service: Service, mount: Mount, ground: Ground) -> str:
    """Give a mount the name by which each task keeps its own volume, wherever it runs.

    It begins with the service's name and keeps what told this mount from others of the service;
    nothing else has it or could get it. The mounts of a service are named together, so that those
    which were apart stay so, and those of one volume get one name.
    """
    chosen: dict[str, str] = {}
    for each in _volumes(service, ground):
        own = each.source or each.target
        if own not in chosen:
            chosen[own] = _free(service, each, ground, [*chosen.values()])
    return chosen[mount.source or mount.target]


def beside(service: Service, mount: Mount, ground: Ground, ending: str) -> str:
    """Give a mount another name that is as fixed, or as open, as its present one."""
    number, name = 2, f"{mount.source}-{ending}"
    while ground.is_taken(service, mount, name):
        number, name = number + 1, f"{mount.source}-{ending}-{number}"
    return name


def first_name(service: Service, source: str) -> str | None:
    """Give the volume of the service's first slot; None where that takes more than the slot."""
    return None if service.mode.per_node else example(service, source)


def _volumes(service: Service, ground: Ground) -> Iterator[Mount]:
    for mount in service.mounts:
        if mount.kind is MountKind.VOLUME and ground.family.claims_through(mount.driver):
            yield mount


def _free(service: Service, mount: Mount, ground: Ground, chosen: Iterable[str]) -> str:
    """Give the first name that nothing has."""
    others = {example(service, each) for each in chosen}
    return next(
        each
        for each in _candidates(mount, ground.steady(service), ground.words(mount))
        if example(service, each) not in others and not ground.is_taken(service, mount, each)
    )


def _candidates(mount: Mount, steady: str, words: Iterable[str]) -> Iterator[str]:
    """Give names from the one most like the present; there is no last."""
    kept = _steadied(mount.source, steady)
    if kept:
        yield kept
    plain = [each for each in map(as_word, words) if each] or ["vol"]
    for each in plain:
        yield f"{_SERVICE}-{steady}-{each}"
    number = 2
    while True:
        yield f"{_SERVICE}-{steady}-{plain[-1]}-{number}"
        number += 1


def _steadied(source: str, steady: str) -> str:
    """Replace what changes with the task; empty where services or tasks would meet in the name."""
    named = Field.SERVICE_NAME in fields(source)

    def instead(found: re.Match[str]) -> str:
        # A task's name holds its service's (swarmkit api/naming/naming.go).
        return f"{_SERVICE}-{steady}" if found[1] == "Task.Name" and not named else steady

    replaced, times = _UNSTEADY.subn(instead, source)
    left = fields(replaced)
    is_steady = not left & (OF_A_TASK if steady == NODE else OF_A_TASK | OF_A_NODE)
    if times == 1 and is_steady and left & _OF_A_SERVICE and Field.SLOT not in fields(source):
        return replaced
    return ""


def example(service: Service, source: str) -> str | None:
    """Expand a name for a first task, as an example of all; None where that cannot be told."""
    exact = yields(source, _of_a_task(service)).exact
    return None if exact is None else canonical(exact)


def _of_a_task(service: Service) -> Known:
    known = known_of_service(service)
    if service.mode.per_node:
        return replace(known, slot=0, node_id=_SOME_NODE)
    return replace(known, slot=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The names that exist, or that services can yield."""

    names: Sequence[str]
    """Those that are known word for word, sorted."""
    patterns: Mapping[str, Sequence[tuple[ServiceId, Names]]]
    """Those that templates yield, with their services, by what each of them begins with."""

    def has(self, service: Service, mount: Mount, source: str) -> bool:
        """Whether a name would meet another, also for tasks that the service has not yet."""
        name = example(service, source)
        return (
            name is None
            or self._among_names(yields(source, known_of_service(service)))
            or self._of_others(service, name)
            or any(
                other.source != mount.source and example(service, other.source) == name
                for other in service.mounts
                if other.kind is MountKind.VOLUME and other.source
            )
        )

    def _among_names(self, wanted: Names) -> bool:
        at = bisect_left(self.names, wanted.prefix)
        while at < len(self.names) and self.names[at].startswith(wanted.prefix):
            if wanted.matches(self.names[at]) is not None:
                return True
            at += 1
        return False

    def _of_others(self, service: Service, name: str) -> bool:
        return any(
            owner != service.id and pattern.matches(name) is not None
            for length in range(len(name) + 1)
            for owner, pattern in self.patterns.get(name[:length], ())
        )


def taken_by(services: Iterable[Service], names: Iterable[str], family: Family) -> Taken:
    """Gather the names that services have, beside those of volumes that exist."""
    exact = {canonical(name) for name in names}
    patterns: dict[str, list[tuple[ServiceId, Names]]] = defaultdict(list)
    for service in services:
        known = known_of_service(service)
        for mount in (*service.mounts, *service.previous_mounts):
            if mount.kind is not MountKind.VOLUME or not mount.source:
                continue
            if not family.may_reach_through(mount.driver):
                continue
            reached = yields(mount.source, known)
            if reached.exact is not None:
                exact.add(canonical(reached.exact))
            elif not reached.anything:
                patterns[reached.prefix].append((service.id, reached))
    return Taken(names=sorted(exact), patterns=patterns)
