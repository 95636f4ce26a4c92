"""Verdicts to a plan: what may be removed, within limits, and what has changed since."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import (
    KeptVolume,
    NodeRef,
    Plan,
    PlannedEntry,
    PlannedRemoval,
    Ruling,
    Verdict,
)
from cloudstorctl.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from cloudstorctl.core.judgement import DeclaredBy
    from cloudstorctl.core.model import Survey, VolumeName
    from cloudstorctl.core.verdict import Assessment


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one run may remove."""

    max_count: int = 20
    max_percent: float = 25
    """Share of all Cloudstor volumes, rounded up: one volume is always within it."""


def plan_removals(assessment: Assessment, names: Collection[VolumeName]) -> Plan:
    """Plan the removal of every volume in `names` that its verdict allows to remove."""
    survey = assessment.survey
    chosen = [v for v in assessment.verdicts if v.volume.name in names]
    return Plan(
        cluster_id=survey.cluster_id,
        made_at=survey.taken_at,
        nodes=node_set(survey),
        removals=tuple(
            _removal(verdict, assessment)
            for verdict in chosen
            if verdict.ruling is Ruling.REMOVABLE
        ),
        kept=tuple(
            KeptVolume(volume=v.volume.name, ruling=v.ruling, reasons=v.reasons)
            for v in chosen
            if v.ruling is not Ruling.REMOVABLE
        ),
        gaps=assessment.gaps,
        recovery_within=assessment.restoring.within,
        declared_by=assessment.declared_by,
    )


def check_limits(plan: Plan, total: int, limits: Limits) -> None:
    """Refuse a plan that would remove more than the limits allow, of `total` volumes.

    Raises:
        RefusedError: the plan is over a limit; the text names the option that raises it.
    """
    count = len(plan.removals)
    if count > limits.max_count:
        raise RefusedError(
            f"{count} volumes would be removed, and the limit is {limits.max_count}: nothing was "
            f"removed. Look through the list, then pass --max-count {count} if it is right."
        )
    share = math.ceil(total * limits.max_percent / 100)
    if count > share:
        percent = math.ceil(100 * count / total)
        raise RefusedError(
            f"{count} of {total} volumes would be removed, and the limit is "
            f"{limits.max_percent:g} % ({share}): nothing was removed. Look through the list, "
            f"then pass --max-percent {percent} if it is right."
        )


def node_set(survey: Survey) -> tuple[NodeRef, ...]:
    """The nodes of a survey, by hostname."""
    return tuple(
        sorted(
            (NodeRef(id=node.id, hostname=node.hostname) for node in survey.nodes),
            key=lambda node: (node.hostname, node.id),
        )
    )


def evidence_of(
    verdict: Verdict,
    survey: Survey,
    recovery_within: timedelta | None = None,
    declared_by: DeclaredBy | None = None,
) -> str:
    """Hash all that a ruling rests on: the swarm, its nodes, the entries, claims and backing.

    With `recovery_within`, also that the backing had a recovery point as young as that; with
    `declared_by`, that none of those files would mount it.
    """
    facts: dict[str, object] = {
        "cluster": survey.cluster_id,
        "nodes": [node.id for node in node_set(survey)],
        "volume": verdict.volume.name,
        "ruling": verdict.ruling,
        "backings": [
            [backing.kind, backing.mode, backing.file_system, backing.path]
            for backing in verdict.volume.backings
        ],
        "entries": sorted(
            [e.node_id, e.driver, e.mountpoint, e.used_here, e.options, e.labels]
            for e in verdict.volume.entries
        ),
        "claims": [[c.kind, c.holder.type, c.holder.id, c.node] for c in verdict.claims],
    }
    if survey.gone:
        facts["gone"] = sorted(gone.node_id for gone in survey.gone)
    if recovery_within is not None:
        facts["recovery_within"] = int(recovery_within.total_seconds())
    if declared_by is not None:
        facts["declared_by"] = declared_by.digest
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def changes_since(plan: Plan, now: Assessment) -> tuple[str, ...]:
    """Name, in sentences, all that makes a saved plan stale; empty where it still holds.

    A volume that is only out of sight now is no change: its fresh verdict says `unknown`.
    """
    survey = now.survey
    if survey.cluster_id != plan.cluster_id:
        return (f"It was made for the swarm {plan.cluster_id}, and this is {survey.cluster_id}.",)
    changes = list(_node_changes(plan, survey))
    same_nodes = not changes
    within = now.restoring.within
    if within != plan.recovery_within:
        changes.append("Another age of recovery points is required now than when it was made.")
    changes += _file_changes(plan.declared_by, now.declared_by)
    for removal in plan.removals:
        verdict = now.on(removal.volume)
        if verdict is None:
            changes.append(f"{removal.volume}: no engine lists it any more.")
        elif verdict.ruling is Ruling.UNKNOWN:
            continue
        elif verdict.ruling is not Ruling.REMOVABLE:
            reasons = " ".join(verdict.reasons)
            changes.append(f"{removal.volume}: it is {verdict.ruling} now. {reasons}")
        elif (
            evidence_of(verdict, survey, within, plan.declared_by) != removal.evidence
            and same_nodes
        ):
            changes.append(f"{removal.volume}: {_entry_change(removal, verdict, survey)}")
    return tuple(changes)


def _removal(verdict: Verdict, assessment: Assessment) -> PlannedRemoval:
    survey, restoring = assessment.survey, assessment.restoring
    return PlannedRemoval(
        volume=verdict.volume.name,
        ruling=verdict.ruling,
        reasons=(*verdict.reasons, *restoring.told(verdict.volume, survey.taken_at)),
        evidence=evidence_of(verdict, survey, restoring.within, assessment.declared_by),
        entries=_planned_entries(verdict, survey),
    )


def _planned_entries(verdict: Verdict, survey: Survey) -> tuple[PlannedEntry, ...]:
    hostnames = {node.id: node.hostname for node in survey.nodes}
    return tuple(
        PlannedEntry(
            node=NodeRef(id=e.node_id, hostname=hostnames.get(e.node_id, e.node_id)),
            driver=e.driver,
        )
        for e in verdict.volume.entries
    )


def _node_changes(plan: Plan, survey: Survey) -> tuple[str, ...]:
    before = {node.id: node.hostname for node in plan.nodes}
    after = {node.id: node.hostname for node in survey.nodes}
    return tuple(
        f"The node {hostname} has joined the swarm since."
        for node, hostname in after.items()
        if node not in before
    ) + tuple(
        f"The node {hostname} has left the swarm since."
        for node, hostname in before.items()
        if node not in after
    )


def _file_changes(before: DeclaredBy | None, after: DeclaredBy | None) -> tuple[str, ...]:
    """Say that files keep other volumes now; what more files keep, the verdicts tell."""
    if before is None or (after is not None and after.digest == before.digest):
        return ()
    if after is None:
        return (f"It was made with {before}, which is not given now.",)
    return (f"The files of {before} keep other volumes now, or these are other files.",)


def _entry_change(removal: PlannedRemoval, verdict: Verdict, survey: Survey) -> str:
    before = {(entry.node.hostname, entry.driver) for entry in removal.entries}
    after = {(e.node.hostname, e.driver) for e in _planned_entries(verdict, survey)}
    changes = [f"{node} lists it now under {driver}" for node, driver in sorted(after - before)]
    changes += [
        f"{node} no longer lists it under {driver}" for node, driver in sorted(before - after)
    ]
    return (
        f"{', '.join(changes)}."
        if changes
        else "an engine describes it differently now (its options, labels or path): it may have "
        "been used in between."
    )
