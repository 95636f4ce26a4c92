"""A swarm in memory whose engines implement the real ports, and change when a test says so."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cloudstorctl.core.model import NodeState
from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineError,
    EngineTimeoutError,
    EngineUnreachableError,
    PayloadError,
)
from cloudstorctl.swarm.endpoints import NodeEndpoints, endpoint_from
from cloudstorctl.swarm.engines import Engine, Engines
from cloudstorctl.swarm.ports import Config, EngineIdentity, VolumeListing
from tests.core.builders import CLUSTER, a_node, a_plugin, an_entry
from tests.edge.runs_nothing import RunsNothing

if TYPE_CHECKING:
    from datetime import datetime

    from cloudstorctl.core.model import (
        Container,
        Entry,
        Node,
        NodeId,
        Pairs,
        Plugin,
        Service,
        Task,
        VolumeName,
    )
    from cloudstorctl.swarm.endpoints import Endpoint

Hook = Callable[[], None]
"""Runs when a request arrives: changes the swarm, waits, or raises what the client would."""

TEMPLATE = "tcp://{hostname}:2375"


@dataclass(slots=True, kw_only=True)
class FakeHost:
    """One machine with an engine."""

    node: Node
    entries: list[Entry] = field(default_factory=list)
    containers: list[Container] = field(default_factory=list)
    plugins: list[Plugin] = field(default_factory=list)
    cluster_volumes: tuple[VolumeName, ...] = ()
    warnings: tuple[str, ...] = ()
    cluster_id: str = CLUSTER
    manager: bool = False
    trouble: str = ""
    """What it says about the swarm's trouble."""
    reports: NodeId | None = None
    """The node ID that it reports; set to that of its node at first."""


class FakeSwarm:
    """Hosts by name, and the state that every manager tells.

    `m1` is a manager, and the other names are workers, unless `managers` says otherwise.
    """

    def __init__(self, *hostnames: str, managers: tuple[str, ...] = ("m1",)) -> None:
        """Make the hosts, each with the driver's plugin and without volumes."""
        self.hosts: dict[str, FakeHost] = {}
        self.nodes: list[Node] = []
        self.services: list[Service] = []
        self.tasks: list[Task] = []
        self.configs: list[Config] = []
        self.shown: list[str] = []
        """What each removal showed to a guard."""
        self.changes = 0
        """To the configs, as the managers count them."""
        self.time: datetime | None = None
        """What every manager's clock says."""
        self.shared = True
        """Whether a removal empties every node's list, as the later drivers' do."""
        self.keeps: set[str] = set()
        """Hosts that answer a removal with success and go on listing the volume."""
        self.asked: list[tuple[str, str]] = []
        """Every request: hostname, and path or `DELETE name`."""
        self.lost: list[tuple[str, str]] = []
        """Those of them that did not arrive."""
        self.opened: Counter[str] = Counter()
        self.live: list[FakeEngine] = []
        self._hooks: dict[tuple[str, str], Hook] = {}
        self._lock = threading.Lock()
        for hostname in hostnames:
            self.join(hostname, manager=hostname in managers)

    def join(self, hostname: str, *, manager: bool = False) -> FakeHost:
        node = a_node(hostname)
        self.nodes.append(node)
        host = FakeHost(node=node, plugins=[a_plugin(hostname)], manager=manager, reports=node.id)
        self.hosts[hostname] = host
        return host

    def list_volume(self, name: str, *hostnames: str) -> None:
        """List a volume on these nodes, or on all."""
        for hostname in hostnames or tuple(self.hosts):
            self.hosts[hostname].entries.append(an_entry(name, on=hostname))

    def drop_volume(self, name: str, *hostnames: str) -> None:
        for hostname in hostnames or tuple(self.hosts):
            host = self.hosts[hostname]
            host.entries = [entry for entry in host.entries if entry.name != name]

    def on(self, hostname: str, path: str, hook: Hook) -> None:
        """Run `hook` whenever this is asked of this host, before it is answered."""
        self._hooks[hostname, path] = hook

    def engines(
        self,
        *managers: str,
        template: str | None = TEMPLATE,
        open_engine: Callable[[Endpoint], Engine] | None = None,
    ) -> Engines:
        return Engines(
            managers=[endpoint_from(f"tcp://{name}:2375") for name in managers or ("m1",)],
            nodes=NodeEndpoints(template=template),
            open_engine=open_engine or self.open_engine,
        )

    def open_engine(self, endpoint: Endpoint) -> Engine:
        engine = FakeEngine(self, endpoint.host)
        with self._lock:
            self.opened[endpoint.host] += 1
            self.live.append(engine)
        return engine

    def count_change(self) -> int:
        self.changes += 1
        return self.changes

    def arrive(self, hostname: str, path: str) -> FakeHost:
        """Count a request, and let the test's hook have its say."""
        with self._lock:
            self.asked.append((hostname, path))
        hook = self._hooks.get((hostname, path))
        if hook is not None:
            try:
                hook()
            except EngineUnreachableError:
                self.lost.append((hostname, path))
                raise
        if hostname not in self.hosts:
            raise EngineUnreachableError(f"tcp://{hostname}:2375", path, "connection refused")
        return self.hosts[hostname]

    def count(self, hostname: str, path: str) -> int:
        return self.asked.count((hostname, path))

    @property
    def deletes(self) -> list[tuple[str, str]]:
        """The removals asked for: hostname and volume, in order."""
        return [
            (hostname, path.removeprefix("DELETE "))
            for hostname, path in self.asked
            if path.startswith("DELETE ") and path != "DELETE /configs"
        ]


class FakeEngine(RunsNothing):
    """A connection to one engine of a FakeSwarm; nothing may be asked over a closed one."""

    def __init__(self, swarm: FakeSwarm, hostname: str) -> None:
        """Ask `hostname` of `swarm`."""
        self._swarm = swarm
        self._hostname = hostname
        self.closed = threading.Event()
        self.resting = True
        """Whether nothing was asked since the last rest."""

    @property
    def address(self) -> str:
        return f"tcp://{self._hostname}:2375"

    def close(self) -> None:
        self.closed.set()

    def rest(self) -> None:
        self.resting = True

    def refusal_of_ping(self, parameter: tuple[str, str]) -> str | None:
        raise AssertionError(parameter)

    def identity(self) -> EngineIdentity:
        host = self._ask("/info")
        return EngineIdentity(
            node_id=host.reports,
            hostname=host.node.hostname,
            cluster_id=host.cluster_id if host.manager else "",
            manager=host.manager,
            root_dir="/var/lib/docker",
            trouble=host.trouble,
            time=self._swarm.time,
        )

    def volumes(self, node: NodeId) -> VolumeListing:
        host = self._ask("/volumes")
        assert node == host.node.id
        return VolumeListing(
            entries=tuple(host.entries),
            cluster_volumes=host.cluster_volumes,
            warnings=host.warnings,
        )

    def containers(self, node: NodeId) -> tuple[Container, ...]:
        host = self._ask("/containers/json")
        assert node == host.node.id
        return tuple(host.containers)

    def plugins(self) -> tuple[Plugin, ...]:
        return tuple(self._ask("/plugins").plugins)

    def nodes(self) -> tuple[Node, ...]:
        self._ask("/nodes")
        return tuple(self._swarm.nodes)

    def services(self) -> tuple[Service, ...]:
        self._ask("/services")
        return tuple(self._swarm.services)

    def tasks(self) -> tuple[Task, ...]:
        self._ask("/tasks")
        return tuple(self._swarm.tasks)

    def configs(self, prefix: str) -> tuple[Config, ...]:
        self._ask("/configs")
        return tuple(c for c in self._swarm.configs if c.name.startswith(prefix))

    def create_config(self, name: str, *, labels: Pairs, data: bytes) -> None:
        self._ask("/configs/create")
        if any(config.name == name for config in self._swarm.configs):
            raise answered(self._hostname, "/configs/create", 409, f"config {name} already exists")
        version = self._swarm.count_change()
        self._swarm.configs.append(
            Config(id=f"config-{version}", name=name, labels=labels, data=data, version=version)
        )

    def relabel_config(self, config: Config, labels: Pairs) -> None:
        path = f"/configs/{config.id}/update"
        self._ask("/configs/update")
        if config not in self._swarm.configs:
            raise answered(self._hostname, path, 500, "update out of sequence")
        self._swarm.configs.remove(config)
        version = self._swarm.count_change()
        self._swarm.configs.append(replace(config, labels=labels, version=version))

    def remove_config(self, identifier: str) -> bool:
        self._ask("DELETE /configs")
        before = len(self._swarm.configs)
        self._swarm.configs = [c for c in self._swarm.configs if c.id != identifier]
        return len(self._swarm.configs) < before

    def remove_volume(self, name: VolumeName, ticket: str = "") -> None:
        self._swarm.shown.append(ticket)
        self._ask(f"DELETE {name}")
        if self._hostname in self._swarm.keeps:
            return
        if self._swarm.shared:
            self._swarm.drop_volume(name)
        else:
            self._swarm.drop_volume(name, self._hostname)

    def _ask(self, path: str) -> FakeHost:
        self.resting = False
        assert not self.closed.is_set(), f"{path} asked of {self._hostname} after the end"
        return self._swarm.arrive(self._hostname, path)


def down(swarm: FakeSwarm, hostname: str) -> None:
    """Let the managers think that a node is down, whose engine does not answer either."""
    node = a_node(hostname, state=NodeState.DOWN)
    swarm.nodes = [node if each.id == node.id else each for each in swarm.nodes]
    del swarm.hosts[hostname]


def failing(error: EngineError) -> Hook:
    """A hook that lets the request end in `error`."""

    def fail() -> None:
        raise error

    return fail


def in_turn(*hooks: Hook) -> Hook:
    """A hook that runs these one after the other."""

    def run() -> None:
        for hook in hooks:
            hook()

    return run


def timeout(hostname: str, path: str) -> EngineError:
    return EngineTimeoutError(f"tcp://{hostname}:2375", path, "no answer within 1 s")


def refused(hostname: str, path: str) -> EngineError:
    return EngineUnreachableError(f"tcp://{hostname}:2375", path, "connection refused")


def answered(hostname: str, path: str, status: int, cause: str) -> EngineError:
    return EngineAnsweredError(f"tcp://{hostname}:2375", path, status, cause)


def nonsense(hostname: str, path: str) -> EngineError:
    return PayloadError(f"tcp://{hostname}:2375", path, "Volumes is text, expected a list")


def cut_off(hostname: str, path: str) -> EngineError:
    return EngineError(f"tcp://{hostname}:2375", path, "it closed the connection without an answer")
