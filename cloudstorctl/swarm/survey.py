"""One pass over the manager and every engine; whatever fails becomes a gap."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, process_time
from typing import TYPE_CHECKING, TypeVar

from cloudstorctl.core.model import EngineReading, Gap, Survey
from cloudstorctl.errors import EngineError, EngineTimeoutError, EngineUnreachableError
from cloudstorctl.swarm.endpoints import NoEndpointError
from cloudstorctl.swarm.manager import ManagerState, manager_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from cloudstorctl.core.model import Container, Node, NodeId, Plugin
    from cloudstorctl.swarm.engines import Engines
    from cloudstorctl.swarm.ports import EngineIdentity, ReadsEngine, VolumeListing


_R = TypeVar("_R")

_WINDOW = 0.01
"""Seconds after which it is asked whether the threads keep this process busy."""
_BUSY = 0.7
"""Of a core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveySettings:
    """What a survey has to keep to."""

    drivers: tuple[str, ...] = ("*cloudstor*",)
    cluster_id: str | None = None
    """The only swarm to read; None: any."""
    parallel: int = 16
    """Engines read at a time."""
    deadline: float = 120.0
    """Seconds for all engines together; those not read by then are gaps."""


def survey(
    engines: Engines,
    settings: SurveySettings,
    *,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Survey:
    """Read the manager, every engine in parallel, and the manager again.

    Services and tasks of both readings count, so that a task which moves meanwhile is not lost
    between two engines. `progress` is told how many nodes of how many have been read.

    Raises:
        NoAccessError: no manager answered.
        WrongSwarmError: the manager's cluster ID is not the expected one.
    """
    before = manager_state(engines, expected=settings.cluster_id)
    engines.meet_managers(before.nodes)
    readings = _read_all(engines, before, settings, progress)
    after = manager_state(engines, expected=before.cluster_id)
    gaps = [gap for reading in readings for gap in reading.gaps]
    known = {node.id for node in before.nodes}
    gaps += (
        Gap(
            source=f"node {node.hostname}",
            node=node.id,
            cause="it joined the swarm during the survey, and its engine was not read",
        )
        for node in after.nodes
        if node.id not in known
    )
    return Survey(
        cluster_id=before.cluster_id,
        taken_at=now(),
        nodes=_newest_of(after.nodes, before.nodes),
        services=_once(before.services, after.services),
        tasks=_once(before.tasks, after.tasks),
        engines=tuple(r.reading for r in readings if r.reading is not None),
        gaps=tuple(gaps),
        drivers=settings.drivers,
        swarm_time=after.time,
    )


@dataclass(slots=True)
class _NodeResult:
    reading: EngineReading | None = None
    gaps: list[Gap] = field(default_factory=list)


def _newest_of(after: Iterable[Node], before: Iterable[Node]) -> tuple[Node, ...]:
    """Every node of both readings once, as the later one describes it."""
    nodes = {node.id: node for node in (*before, *after)}
    return tuple(sorted(nodes.values(), key=lambda node: (node.hostname, node.id)))


def _once(before: tuple[_R, ...], after: tuple[_R, ...]) -> tuple[_R, ...]:
    """Every record of both readings, once; mostly they are the same records."""
    return tuple(dict.fromkeys(before if after is before else (*before, *after)))


def _read_all(
    engines: Engines,
    state: ManagerState,
    settings: SurveySettings,
    progress: Callable[[int, int], None],
) -> list[_NodeResult]:
    """Read every node with a bounded number of threads, within the deadline."""
    end = monotonic() + settings.deadline
    results: dict[NodeId, _NodeResult] = {}
    readers = _Readers(engines, state.nodes, end, most=settings.parallel)
    while len(results) < len(state.nodes):
        progress(len(results), len(state.nodes))
        readers.reinforce()
        try:
            node_id, result = readers.done.get(timeout=max(0.0, min(_WINDOW, end - monotonic())))
        except queue.Empty:
            if monotonic() >= end:
                break
            continue
        if isinstance(result, Exception):
            raise result
        results[node_id] = result
    for node in state.nodes:
        if node.id not in results:
            engines.abandon(node.id)
            cause = f"not read within the {settings.deadline:g} s allowed for the survey"
            results[node.id] = _NodeResult(gaps=[_node_gap(node, cause)])
    return [results[node.id] for node in state.nodes]


class _Readers:
    """Threads that read nodes: one, and twice as many whenever they leave this process idle.

    Engines that answer at once keep one thread busy, and more of them would only take the
    interpreter from each other: half a second of three, for 500 nodes.

    The threads are daemons: one that hangs in a read can hold up neither the survey nor the end
    of the program. None begins with another node after `end` (a monotonic time).
    """

    def __init__(self, engines: Engines, nodes: Iterable[Node], end: float, *, most: int) -> None:
        """Start one; `most` of them are the limit."""
        self._engines = engines
        self._end = end
        self._waiting: queue.SimpleQueue[Node] = queue.SimpleQueue()
        for node in nodes:
            self._waiting.put(node)
        self.done: queue.SimpleQueue[tuple[NodeId, _NodeResult | Exception]] = queue.SimpleQueue()
        """Each result comes through here, and so does a bug."""
        self._most = most
        self._started = 0
        self._looked = monotonic(), process_time()
        self._start(1)

    def reinforce(self) -> None:
        """Start more where there is work for them and time to do it in."""
        now, used = monotonic(), process_time()
        looked, used_then = self._looked
        if now - looked >= _WINDOW:
            self._looked = now, used
            if used - used_then < _BUSY * (now - looked):
                self._start(self._started)

    def _start(self, more: int) -> None:
        for _ in range(min(more, self._most - self._started, self._waiting.qsize())):
            threading.Thread(target=self._work, daemon=True, name="survey").start()
            self._started += 1

    def _work(self) -> None:
        while monotonic() < self._end:
            try:
                node = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self.done.put((node.id, _read_node(self._engines, node)))
            except Exception as bug:  # noqa: BLE001 - raised again where it is seen
                self.done.put((node.id, bug))


def _read_node(engines: Engines, node: Node) -> _NodeResult:
    try:
        engine = engines.reader_of(node)
    except NoEndpointError as error:
        return _NodeResult(gaps=[_node_gap(node, error.cause)])
    except EngineError as error:
        return _NodeResult(gaps=[_gap(error, node)])
    try:
        identity = engine.identity()
    except EngineError as error:
        engines.abandon(node.id, engine)
        return _NodeResult(gaps=[_gap(error, node)])
    if identity.node_id != node.id:
        who = f"node {identity.node_id}" if identity.node_id else "an engine in no swarm"
        cause = (
            f"{engine.address} is {who} ({identity.hostname}), expected {node.hostname} "
            f"({node.id}): correct the address of this node"
        )
        engine.rest()
        return _NodeResult(gaps=[_node_gap(node, cause)])
    result = _read_engine(engine, node, identity, engines)
    engine.rest()
    return result


def _read_engine(
    engine: ReadsEngine, node: Node, identity: EngineIdentity, engines: Engines
) -> _NodeResult:
    """Ask for all three lists; after a time-out the rest is not asked, so that it costs one."""
    result = _NodeResult()
    containers: tuple[Container, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    listing: VolumeListing | None = None
    try:
        with _noting(result, node):
            containers = engine.containers(node.id)
        with _noting(result, node):
            plugins = engine.plugins()
        # Last, because a hanging driver holds up this one alone.
        with _noting(result, node):
            listing = engine.volumes(node.id)
    except (EngineTimeoutError, EngineUnreachableError):
        engines.abandon(node.id, engine)
    if listing is not None:
        result.gaps += (
            Gap(source=f"{engine.address} /volumes", node=node.id, cause=f"warning: {warning}")
            for warning in listing.warnings
        )
    result.reading = EngineReading(
        node_id=node.id,
        entries=listing.entries if listing else (),
        cluster_volumes=listing.cluster_volumes if listing else (),
        containers=containers,
        plugins=plugins,
        root_dir=identity.root_dir,
        authorization=identity.authorization,
    )
    return result


@contextmanager
def _noting(result: _NodeResult, node: Node) -> Iterator[None]:
    """Turn a failure into a gap; a lost engine is raised as well, since it ends the reading."""
    try:
        yield
    except (EngineTimeoutError, EngineUnreachableError) as error:
        result.gaps.append(_gap(error, node))
        raise
    except EngineError as error:
        result.gaps.append(_gap(error, node))


def _gap(error: EngineError, node: Node) -> Gap:
    return Gap(source=f"{error.engine} {error.path}", node=node.id, cause=error.cause)


def _node_gap(node: Node, cause: str) -> Gap:
    return Gap(source=f"node {node.hostname}", node=node.id, cause=cause)
