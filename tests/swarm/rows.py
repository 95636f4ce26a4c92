"""A survey in lines that two swarms can be compared by: identifiers by their roles, no times."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.core.model import ContainerState, TaskState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from cloudstorctl.core.model import EngineReading, Node, Survey

SUBNET: Final = re.compile(r"\b10\.\d+\.\d+\.(?=\d)")
LONG: Final = re.compile(r"\b[0-9a-f]{64}\b")
SHORT: Final = re.compile(r"\b[0-9a-z]{25}\b")
NAMED_BY_ENGINE: Final = re.compile(r"^[a-z]+_[a-z]+\d*$")
"""A container's name where nobody gave one."""
LEFT_OUT: Final = {
    "engine": {"entries", "containers", "plugins"},  # they are lines of their own
    "container": {"id", "name"},  # the name is what the line is about
}
AN_ID: Final = {"id"}
LATE: Final = "late, the engine has others"
"""In the place of a node's drivers, which its managers learn every 20 s (swarmkit agent.go)."""
DRIVERS: Final = re.compile(r"volume_drivers=(\(.*?\)|" + LATE + ")")
ENDED: Final = {TaskState.COMPLETE, TaskState.FAILED, TaskState.SHUTDOWN}
TRIED_AGAIN: Final = {TaskState.FAILED, TaskState.REJECTED}

Rows = dict[tuple[str, str], list[str]]
"""Lines by the kind of record, and what it is about."""
Record = tuple[str, object, Any]
"""The kind, what it is about, and the record itself."""


@dataclass(slots=True, kw_only=True)
class Roles:
    """What each identifier of a survey stands for."""

    folder: Path
    """The lab's folder, which no two labs share."""
    known: dict[str, str] = field(default_factory=dict)

    def text(self, value: object) -> str:
        """Write a value with roles in the place of identifiers."""
        text = str(value)
        for identifier, role in self.known.items():
            text = text.replace(identifier, role)
        text = text.replace(str(self.folder), "<lab>")
        return SHORT.sub("<id>", LONG.sub("<id>", SUBNET.sub("10.0.0.", text)))


def rows_of(survey: Survey, folder: Path, came_back: Collection[str] = ()) -> Rows:
    """Give every record of a survey as a line, with all its fields but what `LEFT_OUT` names.

    `came_back` are the hostnames of engines that were down meanwhile. How the tasks came to their
    end that ended with such an engine, and whether it has cleared their containers away, is a
    matter of what it did first, report them or open its session: these are left out.
    """
    roles = _roles_in(survey, folder)
    rows: Rows = defaultdict(list)
    gone = {node.id for node in survey.nodes if node.hostname in came_back}
    for kind, about, record in _records(survey):
        if gone and _is_of_an_end(kind, record) and record.node_id in gone:
            continue
        key = (kind, roles.text(about))
        told = {
            name: roles.text(getattr(record, name))
            for name in _names(record)
            if name not in LEFT_OUT.get(kind, AN_ID)
        }
        if kind == "node" and _is_late(record, survey):
            told["volume_drivers"] = LATE
        line = " ".join(f"{name}={text}" for name, text in told.items())
        # How often a task has failed so far is a matter of time: equal ones count as one.
        if not (kind == "task" and record.state in TRIED_AGAIN and line in rows[key]):
            rows[key].append(line)
    return {key: sorted(lines) for key, lines in sorted(rows.items())}


def _names(record: Any) -> tuple[str, ...]:  # noqa: ANN401 - any kind of record
    """Give the names of its fields."""
    if is_dataclass(record):
        return tuple(each.name for each in fields(record))
    names: tuple[str, ...] = record._fields
    return names


def _is_of_an_end(kind: str, record: Any) -> bool:  # noqa: ANN401 - any kind of record
    """Whether a record is of a task that has ended, or of the container of one."""
    if kind == "task":
        return record.desired == "shutdown" and record.state in ENDED
    return kind == "container" and bool(record.task_id) and record.state == ContainerState.EXITED


def _is_late(node: Node, survey: Survey) -> bool:
    """Whether the managers name other drivers of a node than its own engine does."""
    for reading in survey.engines:
        if reading.node_id == node.id:
            own = {plugin.name for plugin in reading.plugins if plugin.enabled}
            return own != set(node.volume_drivers) - {"local"}
    return False


def _roles_in(survey: Survey, folder: Path) -> Roles:
    roles = Roles(folder=folder)
    known = roles.known
    known |= {node.id: f"<{node.hostname}>" for node in survey.nodes}
    names = {service.id: service.name for service in survey.services}
    known |= {identifier: f"<{name}>" for identifier, name in names.items()}
    for task in survey.tasks:
        owner = names.get(task.service_id, "?")
        known[task.id] = f"<task {owner}.{task.slot or roles.text(task.node_id)}>"
    for reading in survey.engines:
        known |= {plugin.id: "<plugin>" for plugin in reading.plugins if plugin.id}
    return roles


def _records(survey: Survey) -> Iterator[Record]:
    for node in survey.nodes:
        yield "node", node.hostname, node
    for service in survey.services:
        yield "service", service.name, service
    for task in survey.tasks:
        yield "task", task.id, task
    for gap in survey.gaps:
        yield "gap", gap.source, gap
    for reading in survey.engines:
        yield from _records_of(reading)


def _records_of(reading: EngineReading) -> Iterator[Record]:
    node = reading.node_id
    yield "engine", node, reading
    for entry in reading.entries:
        yield "entry", f"{entry.name} on {node}", entry
    for plugin in reading.plugins:
        yield "plugin", f"{plugin.name} on {node}", plugin
    for container in reading.containers:
        name = NAMED_BY_ENGINE.sub("<unnamed>", container.name)
        # An engine keeps the mounts of a container without an order (moby container/view.go).
        mounts = tuple(sorted(container.mounts, key=lambda mount: mount.target))
        yield "container", f"{name} on {node}", container._replace(mounts=mounts)


def difference(real: Rows, embedded: Rows) -> str:
    """Tell where two swarms differ, both sides under each other; empty where they do not."""
    told = []
    for key in sorted({*real, *embedded}):
        sides = {"real": real.get(key, []), "embedded": embedded.get(key, [])}
        if sides["real"] == sides["embedded"] or _equal_but_late(*sides.values()):
            continue
        told.append(" ".join(key))
        for name, lines in sides.items():
            told += [f"  {name:<9} {line}" for line in lines or ["(none)"]]
    return "\n".join(told)


def _equal_but_late(one: list[str], other: list[str]) -> bool:
    """Whether lines differ in nothing but in drivers that managers have not learnt of yet."""
    late = any(f"volume_drivers={LATE}" in line for line in (*one, *other))
    return late and [DRIVERS.sub("", line) for line in one] == [
        DRIVERS.sub("", line) for line in other
    ]
