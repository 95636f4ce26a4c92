"""On which nodes a service's constraints let its tasks run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import Node, Service

_CONSTRAINT = re.compile(r"\s*([\w.-]+?)\s*(==|!=)\s*(.+?)\s*", re.ASCII)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What the scheduler takes for the same (swarmkit manager/scheduler/filter.go)."""
_OF_A_MACHINE = {"node.id", "node.hostname", "node.ip"}


def eligible(service: Service, nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Give the nodes that fit all constraints (swarmkit manager/constraint/constraint.go).

    One that this program cannot read fits every node.
    """
    return tuple(node for node in nodes if all(_fits(each, node) for each in service.constraints))


def is_fixed(service: Service) -> bool:
    """Whether the service is tied to one machine by its identity, so that no task can move."""
    told = filter(None, map(_CONSTRAINT.fullmatch, service.constraints))
    return any(found[1].lower() in _OF_A_MACHINE and found[2] == "==" for found in told)


def _fits(constraint: str, node: Node) -> bool:
    found = _CONSTRAINT.fullmatch(constraint)
    values = _values(found[1], node) if found else None
    if found is None or values is None:
        return True
    same = found[3].lower() in {value.lower() for value in values}
    return same if found[2] == "==" else not same


def _values(key: str, node: Node) -> set[str] | None:
    """Give what a node has for a key; None where that is not known."""
    known: dict[str, set[str]] = {
        "node.id": {node.id},
        "node.hostname": {node.hostname},
        "node.role": {"manager" if node.manager else "worker"},
        "node.platform.os": {node.operating_system},
        "node.platform.arch": {
            node.architecture,
            _ARCHITECTURES.get(node.architecture, node.architecture),
        },
    }
    if key.lower() in known:
        return known[key.lower()]
    prefix, _, name = key.partition(".labels.")
    labels = {"node": node.labels, "engine": node.engine_labels}.get(prefix.lower())
    return None if labels is None or not name else {dict(labels).get(name, "")}
