"""The engines of one command: opened when first needed, kept, and all closed at the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol, Self

from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.endpoints import Endpoint, NodeEndpoints, NoEndpointError
from cloudstorctl.swarm.ports import (
    KeepsConfigs,
    Pings,
    ReadsEngine,
    ReadsManager,
    RemovesVolumes,
    RunsContainers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cloudstorctl.core.model import Node, NodeId


class Engine(KeepsConfigs, RemovesVolumes, RunsContainers, Pings, Protocol):
    """One opened engine. Only this module sees all sides of it; callers get one of them."""

    def close(self) -> None:
        """End the connection, and the forward that carries it."""


class Engines:
    """Finds and keeps the engine of every node and manager.

    Each engine is used by one thread at a time: a survey gives every node to one thread, and asks
    the manager before and after, from its own.
    """

    def __init__(
        self,
        *,
        managers: Sequence[Endpoint],
        nodes: NodeEndpoints,
        open_engine: Callable[[Endpoint], Engine],
    ) -> None:
        """Take where engines are, and how to open one; nothing is opened yet."""
        self._managers = list(managers)
        self._nodes = nodes
        self._open = open_engine
        self._manager_engines: dict[str, Engine] = {}
        self._node_engines: dict[NodeId, Engine] = {}
        self._met: dict[NodeId, Endpoint] = {}
        self._all_met = False
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        """Give itself; the end of the block closes every engine."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every engine, whatever happened."""
        with self._lock:
            self._closed = True
            engines = (*self._manager_engines.values(), *self._node_engines.values())
            self._manager_engines.clear()
            self._node_engines.clear()
        for engine in engines:
            engine.close()

    def managers(self, failures: list[str]) -> Iterator[ReadsManager]:
        """Open one manager after the other; what cannot be opened is told in `failures`."""
        return self._opened_managers(failures)

    def _opened_managers(self, failures: list[str]) -> Iterator[Engine]:
        for endpoint in tuple(self._managers):
            try:
                engine = self._manager_engines.get(endpoint.url)
                if engine is None:
                    engine = self._manager_engines[endpoint.url] = self._open(endpoint)
            except EngineError as error:
                failures.append(str(error))
            else:
                yield engine

    def keepers(self, failures: list[str]) -> Iterator[KeepsConfigs]:
        """Open the managers in the same way to write configs; for swarm/keeping.py alone."""
        return self._opened_managers(failures)

    def demote(self, manager: ReadsManager) -> None:
        """Ask this manager last from now on, over a new connection."""
        for endpoint in tuple(self._managers):
            if self._manager_engines.get(endpoint.url) is manager:
                self._managers.remove(endpoint)
                self._managers.append(endpoint)
                self._manager_engines.pop(endpoint.url).close()

    def met(self, node: NodeId, manager: ReadsManager) -> None:
        """Remember that the engine of this node is at a manager's address."""
        for endpoint in self._managers:
            if self._manager_engines.get(endpoint.url) is manager:
                self._met[node] = endpoint

    def meet_managers(self, nodes: Iterable[Node]) -> None:
        """Ask the other managers who they are, where that may tell an address still missing."""
        if self._all_met or all(n.id in self._met or self._has_address(n) for n in nodes):
            return
        # Once: a manager that does not answer costs a time-out.
        self._all_met = True
        for manager in self.managers([]):
            try:
                node_id = manager.identity().node_id
                manager.rest()
            except EngineError:
                continue
            if node_id is not None:
                self.met(node_id, manager)

    def reader_of(self, node: Node) -> ReadsEngine:
        """Open the engine of a node for reading.

        Raises:
            NoEndpointError: no address is known for it.
            EngineError: it cannot be reached.
        """
        return self._engine_of(node)

    def remover_of(self, node: Node) -> RemovesVolumes:
        """Open the engine of a node for removals; for swarm/remove.py alone.

        Raises:
            NoEndpointError: no address is known for it.
            EngineError: it cannot be reached.
        """
        return self._engine_of(node)

    def runner_of(self, node: Node) -> RunsContainers:
        """Open the engine of a node to run containers; for swarm/container_runs.py alone.

        Raises:
            NoEndpointError: no address is known for it.
            EngineError: it cannot be reached.
        """
        return self._engine_of(node)

    def pinger_of(self, node: Node) -> Pings:
        """Open the engine of a node to ping it; for swarm/pings.py alone.

        Raises:
            NoEndpointError: no address is known for it.
            EngineError: it cannot be reached.
        """
        return self._engine_of(node)

    def abandon(self, node: NodeId, used: ReadsEngine | None = None) -> None:
        """Drop the connection to a node that stopped answering; the next look makes a new one.

        With `used`, only if that is still the one: a thread of an earlier look, which ends late,
        must not cut the connection of this one.
        """
        with self._lock:
            engine = self._node_engines.get(node)
            if engine is None or (used is not None and engine is not used):
                return
            del self._node_engines[node]
        engine.close()

    def _engine_of(self, node: Node) -> Engine:
        with self._lock:
            engine = self._node_engines.get(node.id)
        if engine is None:
            engine = self._open(self._endpoint_of(node))
            with self._lock:
                closed = self._closed
                if not closed:
                    self._node_engines[node.id] = engine
            if closed:
                # A thread that outlived the command: nobody would close this one again.
                engine.close()
                raise EngineError(engine.address, "", "the program is ending")
        return engine

    def _endpoint_of(self, node: Node) -> Endpoint:
        met = self._met.get(node.id)
        try:
            endpoint = self._nodes.endpoint_of(node) or met
        except NoEndpointError:
            if met is None:
                raise
            endpoint = met
        if endpoint is None:
            raise NoEndpointError(
                node.hostname,
                "no address is configured for its engine: set 'node_endpoint' in the "
                "configuration, or pass --node-endpoint 'ssh://docker@{addr}'",
            )
        return endpoint

    def _has_address(self, node: Node) -> bool:
        try:
            return self._nodes.endpoint_of(node) is not None
        except NoEndpointError:
            return False
