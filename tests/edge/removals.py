"""Carries out plans on a FakeSwarm, and holds every run to the rules that none may break."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import Outcome, OutcomeStatus
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.plan import plan_removals
from cloudstorctl.core.verdict import Assessment, assess
from cloudstorctl.errors import CloudstorctlError
from cloudstorctl.swarm.audit import Audit
from cloudstorctl.swarm.remove import Removal, remove
from cloudstorctl.swarm.survey import SurveySettings, survey
from tests.core.builders import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cloudstorctl.core.model import Node, NodeId
    from cloudstorctl.swarm.ports import RemovesVolumes
    from tests.edge.fake_swarm import FakeSwarm

LOOK = ("", "look")
"""Among the requests of a FakeSwarm: here a whole look began."""


@dataclass(slots=True, kw_only=True)
class Carried:
    """What came of a plan."""

    outcomes: list[Outcome] = field(default_factory=list)
    error: CloudstorctlError | None = None
    steps: list[str] = field(default_factory=list)
    """`look` and `DELETE host volume`, in order."""

    @property
    def statuses(self) -> list[OutcomeStatus]:
        return [outcome.status for outcome in self.outcomes]

    @property
    def only(self) -> tuple[OutcomeStatus, str]:
        (outcome,) = self.outcomes
        return outcome.status, outcome.detail


class Record:
    """An audit record in a file, which can be made to fail."""

    def __init__(self, path: Path) -> None:
        """Begin it."""
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.audit = Audit(self._descriptor, path, now=lambda: NOW)

    def fail(self) -> None:
        """Let every write from now on fail: the file becomes one that cannot be written to."""
        reading = os.open(os.devnull, os.O_RDONLY)
        os.dup2(reading, self._descriptor)
        os.close(reading)

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    @property
    def events(self) -> list[str]:
        return [str(line["event"]) for line in self.lines]

    def close(self) -> None:
        os.close(self._descriptor)


@contextmanager
def a_record(folder: Path) -> Iterator[Record]:
    record = Record(folder / "audit.jsonl")
    try:
        yield record
    finally:
        record.close()


def never() -> bool:
    return False


def no_ticket(_node: NodeId, _volume: VolumeName) -> AbstractContextManager[str]:
    return nullcontext("")


def carried_out(  # noqa: PLR0913 - one for each part that a test may set
    swarm: FakeSwarm,
    record: Record,
    *names: str,
    meanwhile: Callable[[], None] = lambda: None,
    stop: Callable[[], bool] = never,
    remover_of: Callable[[Node], RemovesVolumes] | None = None,
    may_go_on: Callable[[], None] = lambda: None,
    in_time: Callable[[], None] = lambda: None,
    ticket: Callable[[NodeId, VolumeName], AbstractContextManager[str]] = no_ticket,
) -> Carried:
    """Plan the removal of `names`, let `meanwhile` happen, carry the plan out, and check it."""
    carried = Carried()
    with swarm.engines() as engines:

        def look() -> Assessment:
            swarm.asked.append(LOOK)
            return assess(survey(engines, SurveySettings(), now=lambda: NOW))

        plan = plan_removals(look(), frozenset(map(VolumeName, names)))
        assert [removal.volume for removal in plan.removals] == sorted(names)
        swarm.asked.clear()
        meanwhile()
        removal = Removal(
            look=look,
            remover_of=remover_of or engines.remover_of,
            audit=record.audit,
            stop=stop,
            may_go_on=may_go_on,
            in_time=in_time,
            ticket=ticket,
        )
        try:
            carried.outcomes.extend(remove(plan, removal))
        except CloudstorctlError as error:
            carried.error = error
    carried.steps = steps_of(swarm)
    _check(swarm, carried, sorted(names))
    return carried


def steps_of(swarm: FakeSwarm) -> list[str]:
    steps: list[str] = []
    for host, path in swarm.asked:
        if (host, path) == LOOK:
            steps.append("look")
        elif path.startswith("DELETE ") and path != "DELETE /configs":
            steps.append(f"DELETE {host} {path.removeprefix('DELETE ')}")
    return steps


def _check(swarm: FakeSwarm, carried: Carried, names: list[str]) -> None:
    """Hold what holds for every run."""
    deletes = [step for step in carried.steps if step != "look"]
    assert len(set(deletes)) == len(deletes), "never a second request for a node and volume"
    for before, step in zip(carried.steps, carried.steps[1:], strict=False):
        assert before == "look" or step == "look", "a look before each request"
    assert not carried.steps or carried.steps[0] == "look"
    assert len(carried.outcomes) <= len(names)
    for outcome in carried.outcomes:
        lists_it = any(
            entry.name == outcome.volume for host in swarm.hosts.values() for entry in host.entries
        )
        sent = [path for host, path in swarm.asked if (host, path) not in swarm.lost]
        asked = f"DELETE {outcome.volume}" in sent
        if outcome.status is OutcomeStatus.REMOVED:
            assert asked
            assert not lists_it
        if outcome.status is OutcomeStatus.NOT_TRIED:
            assert not asked
