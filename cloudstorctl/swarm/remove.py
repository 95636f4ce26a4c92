"""Carry out a plan, one volume at a time, with a new look before each request.

There is no force and no retry, and no status code is believed: a volume is removed when no engine
lists it (moby volume/service/store.go removes by name, and its own reference counts can be lost).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.core.judgement import Outcome, OutcomeStatus, Ruling
from cloudstorctl.errors import (
    CloudstorctlError,
    EngineAnsweredError,
    EngineError,
    EngineUnreachableError,
    UnsendableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from cloudstorctl.core.judgement import Plan, PlannedRemoval, Verdict
    from cloudstorctl.core.model import Node, NodeId, VolumeName
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.swarm.audit import Audit
    from cloudstorctl.swarm.ports import RemovesVolumes

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """All that carrying out a plan needs from outside."""

    look: Callable[[], Assessment]
    """Surveys the swarm anew and judges it."""
    remover_of: Callable[[Node], RemovesVolumes]
    audit: Audit
    stop: Callable[[], bool]
    """Whether to stop before the next request."""
    may_go_on: Callable[[], None]
    """Raises a CloudstorctlError where this run may remove nothing any more."""
    in_time: Callable[[], None]
    """Asks nobody, and raises one where that may not hold any more: the look took too long."""
    ticket: Callable[[NodeId, VolumeName], AbstractContextManager[str]]
    """Gives what to show to the guard of a node for the removal of a volume; empty: nothing.

    It and the question before may take their time: both come before the last look.
    """


def remove(plan: Plan, removal: Removal) -> Iterator[Outcome]:
    """Remove the volumes of a plan, and give one outcome for each, in order.

    An outcome is on record before it is given. After a stop, or an error that ends the run, every
    volume left is `not_tried`; the error is raised after the last of them.
    """
    ended: CloudstorctlError | None = None
    try:
        removal.audit.write(
            "plan",
            cluster_id=plan.cluster_id,
            made_at=plan.made_at.isoformat(),
            volumes=[{"volume": r.volume, "evidence": r.evidence} for r in plan.removals],
        )
    except CloudstorctlError as error:
        ended = error
    for planned in plan.removals:
        attempts = _Attempts(planned, removal)
        outcome = attempts.cut_short()
        try:
            if ended is None:
                outcome = (
                    _not_tried(planned.volume, "the run was interrupted before it")
                    if removal.stop()
                    else attempts.outcome()
                )
        except CloudstorctlError as error:
            ended, outcome = error, attempts.cut_short()
        try:
            removal.audit.write(
                "outcome", volume=outcome.volume, status=outcome.status, detail=outcome.detail
            )
        except CloudstorctlError as error:
            ended = ended or error
        yield outcome
    if ended is not None:
        raise ended


class _Attempts:
    """The requests for one volume, and what the looks between them show."""

    def __init__(self, planned: PlannedRemoval, removal: Removal) -> None:
        self._volume = planned.volume
        self._first = min((e.node for e in planned.entries), key=lambda n: (n.hostname, n.id))
        """The node that will most likely be asked first."""
        self._removal = removal
        self._asked: dict[NodeId, EngineError | None] = {}
        self._sent: list[str] = []
        """Hostnames of the nodes that a request may have reached."""
        self._listed_before: dict[NodeId, int] = {}
        self._drivers_before: dict[NodeId, frozenset[str]] = {}

    def outcome(self) -> Outcome:
        """Look, judge, ask one engine; again until nothing lists it or something forbids it."""
        with self._removal.ticket(self._first.id, self._volume) as ticket:
            outcome = self._step({self._first.id: ticket})
        while outcome is None:
            outcome = self._step({})
        return outcome

    def _step(self, tickets: Mapping[NodeId, str]) -> Outcome | None:
        """Look, and either say how it ended or ask one engine more, with its ticket.

        Nothing is asked between a look and its request: a task could come meanwhile, and make anew
        what an engine has removed already.
        """
        lost = self._lost()
        now = self._removal.look()
        hostnames = {node.id: node.hostname for node in now.survey.nodes}
        verdict = now.on(self._volume)
        if verdict is None:
            return self._absent(now, hostnames)
        if verdict.ruling is not Ruling.REMOVABLE:
            return self._kept(verdict)
        failed = [node for node, error in self._asked.items() if error is not None]
        if failed:
            return self._after_failure(failed[0], hostnames)
        nodes = [
            node
            for node in now.survey.nodes
            if any(entry.node_id == node.id for entry in verdict.volume.entries)
        ]
        left = [node for node in nodes if node.id not in self._asked]
        if not left:
            names = ", ".join(node.hostname for node in nodes)
            return self._say(
                OutcomeStatus.FAILED, f"the engine reported success, yet {names} still list it"
            )
        if self._removal.stop():
            return self._stopped(left, hostnames)
        if lost is not None:
            raise lost
        self._removal.in_time()
        self._listed_before = _listed_by_node(now)
        self._drivers_before = _drivers_by_node(now)
        self._asked[left[0].id] = self._ask(left[0], tickets.get(left[0].id, ""))
        return None

    def _lost(self) -> CloudstorctlError | None:
        """Ask whether this run may remove anything; what it did is looked at all the same."""
        try:
            self._removal.may_go_on()
        except CloudstorctlError as error:
            return error
        return None

    def cut_short(self) -> Outcome:
        """Say what is true when an error ends the run here."""
        if not self._sent:
            return _not_tried(self._volume, "an error ended the run before it")
        return self._say(
            OutcomeStatus.UNCERTAIN,
            f"it was asked to be removed through {', '.join(self._sent)}, and an error ended the "
            "run before what became of it was seen",
        )

    def _ask(self, node: Node, ticket: str) -> EngineError | None:
        """Send one request, on record before and after."""
        facts = {"volume": self._volume, "node": {"id": node.id, "hostname": node.hostname}}
        try:
            remover = self._removal.remover_of(node)
        except EngineError as failure:
            return failure
        self._removal.audit.write("request", engine=remover.address, **facts)
        self._sent.append(node.hostname)
        error: EngineError | None = None
        try:
            remover.remove_volume(self._volume, ticket)
        except EngineUnreachableError as failure:
            error = failure
            self._sent.pop()
        except EngineError as failure:
            error = failure
        answer = "success" if error is None else error.cause
        self._removal.audit.write("answer", engine=remover.address, **facts, answer=answer)
        return error

    def _absent(self, now: Assessment, hostnames: dict[NodeId, str]) -> Outcome:
        """No engine lists it: done, if all of them were heard and their lists can be trusted."""
        if not self._sent:
            return _not_tried(self._volume, "no engine lists it any more; nothing was sent")
        doubts = [gap.cause for gap in now.gaps if gap.touches(self._volume)]
        doubts += [
            f"{hostnames.get(node, node)} lists no Cloudstor volume at all any more"
            for node, count in self._listed_before.items()
            if count > 1 and not _listed_by_node(now).get(node, 0)
        ]
        drivers = _drivers_by_node(now)
        doubts += [
            f"{hostnames.get(node, node)} does not have the driver {name} any more"
            for node, names in self._drivers_before.items()
            for name in sorted(names - drivers.get(node, frozenset()))
        ]
        if doubts:
            return self._say(
                OutcomeStatus.UNCERTAIN,
                f"no engine lists it, but the lists are not complete: {'; '.join(doubts)}",
            )
        asked = ", ".join(self._sent)
        failure = next((error for error in self._asked.values() if error), None)
        said = "it said" if isinstance(failure, EngineAnsweredError) else "the answer was lost"
        note = f" ({said}: {failure.cause})" if failure else ""
        return self._say(
            OutcomeStatus.REMOVED, f"removed through {asked}; no engine lists it{note}"
        )

    def _kept(self, verdict: Verdict) -> Outcome:
        reasons = " ".join(verdict.reasons)
        # It is not claimed where a gap hides it, or the time it was unused for has been forgotten.
        unclaimed = verdict.ruling in {Ruling.UNKNOWN, Ruling.PENDING}
        if not self._sent:
            status = OutcomeStatus.NOT_TRIED if unclaimed else OutcomeStatus.CLAIMED
            return self._say(status, f"it is {verdict.ruling} now. {reasons}")
        status = OutcomeStatus.UNCERTAIN if unclaimed else OutcomeStatus.CLAIMED
        return self._say(
            status,
            f"it was asked to be removed through {', '.join(self._sent)}, is still listed, and is "
            f"{verdict.ruling} now. {reasons}",
        )

    def _after_failure(self, node: NodeId, hostnames: dict[NodeId, str]) -> Outcome:
        error = self._asked[node]
        where = hostnames.get(node, node)
        match error:
            case EngineAnsweredError(status=status) if status < _SERVER_ERROR:
                return self._say(OutcomeStatus.REFUSED, f"{where} refused: {error.cause}")
            case EngineAnsweredError():
                return self._say(
                    OutcomeStatus.FAILED,
                    f"{where} failed ({error.cause}); part of its data may be gone",
                )
            case EngineUnreachableError() | UnsendableError():
                return self._say(OutcomeStatus.FAILED, f"{where} could not be asked: {error.cause}")
            case _:
                cause = error.cause if error else "no answer"
                return self._say(
                    OutcomeStatus.UNCERTAIN,
                    f"{where} did not answer ({cause}): the removal may still happen",
                )

    def _stopped(self, left: list[Node], hostnames: dict[NodeId, str]) -> Outcome:
        if not self._asked:
            return _not_tried(self._volume, "the run was interrupted before it")
        asked = ", ".join(hostnames.get(node, node) for node in self._asked)
        names = ", ".join(node.hostname for node in left)
        return self._say(
            OutcomeStatus.UNCERTAIN,
            f"removed through {asked}, and interrupted while {names} still listed it",
        )

    def _say(self, status: OutcomeStatus, detail: str) -> Outcome:
        return Outcome(volume=self._volume, status=status, detail=detail)


def _not_tried(volume: VolumeName, why: str) -> Outcome:
    return Outcome(volume=volume, status=OutcomeStatus.NOT_TRIED, detail=why)


def _listed_by_node(assessment: Assessment) -> dict[NodeId, int]:
    family = family_of(assessment.survey)
    return {
        engine.node_id: sum(family.includes(entry.driver) for entry in engine.entries)
        for engine in assessment.survey.engines
    }


def _drivers_by_node(assessment: Assessment) -> dict[NodeId, frozenset[str]]:
    """The Cloudstor drivers of each node: without its driver, a node's list proves nothing."""
    family = family_of(assessment.survey)
    return {
        engine.node_id: frozenset(
            plugin.name for plugin in engine.plugins if plugin.enabled and family.has(plugin)
        )
        for engine in assessment.survey.engines
    }
