"""Look at a swarm as cloudstorctl does, and hold what the embedded one shows against the real."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.core.model import NodeState, TaskState
from cloudstorctl.errors import NoAccessError
from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.endpoints import NodeEndpoints, endpoint_from
from cloudstorctl.swarm.engines import Engines
from cloudstorctl.swarm.survey import SurveySettings, survey
from tests.swarm.embedded.lab import Lab as EmbeddedLab
from tests.swarm.lab.command import LabError
from tests.swarm.placement import Placements
from tests.swarm.rows import Roles, Rows, difference, rows_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection

    from cloudstorctl.core.model import Survey
    from tests.swarm.swarm import Lab

PATIENCE: Final = 2.0
"""Seconds for an engine to answer; a frozen one costs as much at each look."""
STEP: Final = 0.3
A_TASK: Final = 2.0
A_NODE: Final = 30.0
"""Seconds within which the next thing happens to a task or a node, if it happens at all."""
SETTLING: Final = 60.0
CATCHING_UP: Final = 8.0
"""Seconds that the embedded swarm has to come to the same as the real one."""
ALIVE: Final = set(TaskState) - {
    *(TaskState.COMPLETE, TaskState.SHUTDOWN, TaskState.FAILED, TaskState.REJECTED),
    *(TaskState.REMOVE, TaskState.ORPHANED),
}


@dataclass(slots=True, kw_only=True)
class Told:
    """What was seen in one run of a scenario on real engines."""

    looks: list[Rows] = field(default_factory=list)
    placements: Placements = field(default_factory=Placements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at a swarm."""

    rows: Rows
    time_to_rest: float = 0.0


def seen_now(lab: Lab, came_back: Collection[str] = ()) -> Seen:
    """Survey a swarm over the sockets of its engines."""
    addresses = {node.name: node.unix for node in lab.nodes}
    engines = Engines(
        managers=tuple(endpoint_from(url) for url in addresses.values()),
        nodes=NodeEndpoints(template=None, overrides=addresses, tls=None),
        open_engine=lambda endpoint: open_client(endpoint, tls=None, timeout=PATIENCE),
    )
    with engines:
        try:
            seen = survey(engines, SurveySettings(), now=lambda: datetime.now(UTC))
        except NoAccessError as error:
            return Seen(rows={("no access", ""): [Roles(folder=lab.folder).text(error)]})
    return Seen(rows=rows_of(seen, lab.folder, came_back), time_to_rest=time_to_rest(seen))


def time_to_rest(survey: Survey) -> float:
    """Give the seconds without a change after which nothing more will come by itself."""
    states = {node.id: node.state for node in survey.nodes}
    if NodeState.UNKNOWN in states.values():
        return A_NODE
    if any(each.update_state in {"updating", "rollback_started"} for each in survey.services):
        return A_NODE
    for task in survey.tasks:
        state = states.get(task.node_id) if task.node_id else None
        wanted = task.desired in {"running", "ready"}
        if wanted and state is NodeState.DOWN:
            return A_TASK  # it has to leave its node
        if not wanted and state is NodeState.READY and task.state in ALIVE:
            return A_TASK  # it has to end
        if task.desired == "running" and task.state in ALIVE - {TaskState.RUNNING}:
            return A_TASK  # it has to run
    return 0.0


@dataclass(slots=True, kw_only=True)
class RealWitness:
    """Takes down what a scenario shows of real engines."""

    told: Told = field(default_factory=Told)
    back: set[str] = field(default_factory=set)

    def look(self, lab: Lab) -> None:
        """Note what is seen, once it stays as it is."""
        begun = same_since = time.monotonic()
        seen = seen_now(lab, self.back)
        while True:
            time.sleep(STEP)
            before, seen = seen, seen_now(lab, self.back)
            now = time.monotonic()
            if seen.rows != before.rows:
                same_since = now
            elif now >= same_since + seen.time_to_rest:
                break
            assert now < begun + SETTLING, "the swarm does not come to rest"
        self.told.looks.append(seen.rows)
        with suppress(LabError):
            for service in lab.manager.ask("/services"):
                lab.tasks(service["Spec"]["Name"])

    def tasks(self, lab: Lab, service: str, rows: list[dict[str, Any]]) -> None:
        """Note where tasks are."""
        nodes = lab.manager.ask("/nodes")
        hostnames = {node["ID"]: node["Description"].get("Hostname", "") for node in nodes}
        self.told.placements.note(service, rows, hostnames)

    def came_back(self, name: str) -> None:
        """Remember which engine was down."""
        self.back.add(name)

    def end(self, lab: Lab) -> None:
        """Look for the last time."""
        self.look(lab)


@dataclass(slots=True, kw_only=True)
class EmbeddedWitness:
    """Holds what a scenario shows of the embedded swarm against what it has shown of real engines.

    Raises:
        AssertionError: from `look` and `end`, where the two differ.
    """

    told: Told
    tally: Counter[str]
    """How many records of each kind were compared so far, in all scenarios."""
    looked: int = 0
    back: set[str] = field(default_factory=set)

    def look(self, lab: Lab) -> None:
        """Compare, and give the swarm time to come to the same."""
        assert self.looked < len(self.told.looks), "the scenario looked less often on real engines"
        real = self.told.looks[self.looked]
        self.looked += 1
        # When they notice is a matter of time, which real managers have decided.
        down = any("state=down" in line for (kind, _), lines in real.items() for line in lines)
        if isinstance(lab, EmbeddedLab):
            lab.notice_silence(after=0.0 if down else math.inf)
        end = time.monotonic() + CATCHING_UP
        while found := difference(real, seen_now(lab, self.back).rows):
            message = f"at look {self.looked} the swarms differ:\n{found}"
            assert time.monotonic() < end, message
            time.sleep(STEP)
        self.tally.update({kind: 0 for kind, _ in real})
        for (kind, _), lines in real.items():
            self.tally[kind] += len(lines)

    def tasks(self, lab: Lab, service: str, rows: list[dict[str, Any]]) -> None:
        """Take no note."""

    def came_back(self, name: str) -> None:
        """Remember which engine was down."""
        self.back.add(name)

    def end(self, lab: Lab) -> None:
        """Compare for the last time."""
        self.look(lab)
        assert self.looked == len(self.told.looks), "the scenario looked more on real engines"
