"""The swarm's own state, from the first of several managers that answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.errors import EngineError, NoAccessError, WrongSwarmError
from cloudstorctl.swarm.failures import quoted

if TYPE_CHECKING:
    from datetime import datetime

    from cloudstorctl.core.model import Node, Service, Task
    from cloudstorctl.swarm.engines import Engines
    from cloudstorctl.swarm.ports import ReadsManager


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerState:
    """One reading of the swarm's state."""

    cluster_id: str
    nodes: tuple[Node, ...]
    services: tuple[Service, ...]
    tasks: tuple[Task, ...]
    time: datetime | None = None
    """What the manager's clock said; None where it does not tell."""


def manager_state(engines: Engines, *, expected: str | None) -> ManagerState:
    """Read nodes, services and tasks from the first manager that gives all of them.

    Raises:
        WrongSwarmError: a manager of another swarm than `expected` answered; nothing else was
            read from it.
        NoAccessError: none of them answered; the text has the cause of each.
    """
    failures: list[str] = []
    for manager in engines.managers(failures):
        try:
            return _read(manager, engines, expected)
        except EngineError as error:
            failures.append(str(error))
            engines.demote(manager)
    told = "\n".join(f"  {failure}" for failure in dict.fromkeys(failures))
    raise NoAccessError(
        f"No manager of the swarm could be read:\n{told}\n"
        "Name a manager with --host, or in 'managers' of the configuration."
    )


def wrong_swarm(address: str, found: str, expected: str) -> WrongSwarmError:
    """Say that a manager of another swarm answered."""
    return WrongSwarmError(
        f"{address} is a manager of the swarm {found}, and the one expected is {expected}: nothing "
        "more was read. Check --host, --context and 'cluster_id' of the configuration."
    )


def _read(manager: ReadsManager, engines: Engines, expected: str | None) -> ManagerState:
    identity = manager.identity()
    if identity.manager and not identity.cluster_id:
        # It has no leader: moby daemon/cluster/swarm.go, Info, still calls it a manager then.
        trouble = quoted(identity.trouble) or "it does not say why"
        raise EngineError(
            manager.address,
            "/info",
            f"{identity.hostname} is a manager, and cannot answer for its swarm: {trouble}",
        )
    if not identity.manager:
        is_what = "a worker" if identity.node_id else "in no swarm"
        raise EngineError(
            manager.address, "/info", f"{identity.hostname} is {is_what}, not a manager"
        )
    if expected is not None and identity.cluster_id != expected:
        raise wrong_swarm(manager.address, identity.cluster_id, expected)
    if identity.node_id is not None:
        engines.met(identity.node_id, manager)
    state = ManagerState(
        cluster_id=identity.cluster_id,
        nodes=manager.nodes(),
        services=manager.services(),
        tasks=manager.tasks(),
        time=identity.time,
    )
    manager.rest()
    return state
