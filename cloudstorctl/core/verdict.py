"""The one judge: what may be removed, and why not (design.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from cloudstorctl.core.claims import claims_in
from cloudstorctl.core.declared import declared_by
from cloudstorctl.core.entries import entry_views
from cloudstorctl.core.gaps import gaps_in
from cloudstorctl.core.judgement import Claim, ClaimKind, Ruling, Strength, Verdict, Volume
from cloudstorctl.core.memory import NOTHING, Memory
from cloudstorctl.core.mounts import reacher_for
from cloudstorctl.core.perfmode import wishes_in, with_wishes
from cloudstorctl.core.restoring import NOT_ASKED, Restoring
from cloudstorctl.core.times import in_utc, spelled
from cloudstorctl.core.volumes import volumes_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.declared import DeclaredStack
    from cloudstorctl.core.judgement import DeclaredBy
    from cloudstorctl.core.model import Gap, NodeId, Survey, VolumeName

NO_GRACE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a volume must have been seen unused, and how long it has been."""

    now: datetime
    grace: timedelta = NO_GRACE
    unused_since: datetime | None = None
    """When it was first seen unused; None: never before."""
    known: bool = True
    """Whether `unused_since` could be asked for; else it counts as never."""

    @property
    def ends(self) -> datetime:
        """When the grace period is over."""
        return (self.unused_since or self.now) + self.grace


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The verdict on every Cloudstor volume of one survey, with every gap."""

    survey: Survey
    verdicts: tuple[Verdict, ...]
    gaps: tuple[Gap, ...]
    restoring: Restoring = NOT_ASKED
    """Whether what they are about could be restored, as far as that was asked."""
    memory: Memory = NOTHING
    """What was remembered before this look."""
    declared_by: DeclaredBy | None = None
    """The files whose volumes are kept; None: no file was asked."""

    @property
    def complete(self) -> bool:
        """Whether nothing was left unseen."""
        return not self.gaps

    def on(self, name: VolumeName) -> Verdict | None:
        """The verdict on one volume; None where no engine lists it."""
        return next((v for v in self.verdicts if v.volume.name == name), None)


def assess(  # noqa: PLR0913 - one for each thing that may keep a volume
    survey: Survey,
    *,
    protect: tuple[str, ...] = (),
    declared: tuple[DeclaredStack, ...] = (),
    grace: timedelta = NO_GRACE,
    memory: Memory = NOTHING,
    restoring: Restoring = NOT_ASKED,
) -> Assessment:
    """Judge every volume of a survey, as of the time it was taken.

    `protect` are patterns of names to keep, `declared` is what files would deploy, and `restoring`
    may keep what could not be restored. With a `grace` period, a volume must have been seen unused
    since then: `memory` tells when it was first.
    """
    reacher = reacher_for(survey)
    wishes = wishes_in(survey, reacher)
    volumes = tuple(with_wishes(volume, wishes) for volume in volumes_in(survey))
    claims = claims_in(survey, reacher, protect, declared)
    gaps = gaps_in(survey, volumes, reacher)
    hostnames = {node.id: node.hostname for node in survey.nodes}
    verdicts = tuple(
        judge(
            volume,
            (*claims.on(volume), *restoring.claims_on(volume, survey.taken_at)),
            gaps,
            Patience(
                now=survey.earliest,
                grace=grace,
                unused_since=memory.since.get(volume.name),
                known=not memory.trouble,
            ),
            hostnames,
        )
        for volume in volumes
    )
    if survey.gone:
        verdicts = tuple(_told_of_gone(verdict, survey) for verdict in verdicts)
    return Assessment(
        survey=survey,
        verdicts=verdicts,
        gaps=gaps,
        restoring=restoring,
        memory=memory,
        declared_by=declared_by(declared),
    )


def _told_of_gone(verdict: Verdict, survey: Survey) -> Verdict:
    """Say what an absence rests on where not every node could be asked."""
    if verdict.ruling not in {Ruling.PENDING, Ruling.REMOVABLE}:
        return verdict
    return replace(verdict, reasons=(*verdict.reasons, *(f"{each.told}." for each in survey.gone)))


def judge(
    volume: Volume,
    claims: tuple[Claim, ...],
    gaps: tuple[Gap, ...],
    patience: Patience,
    hostnames: Mapping[NodeId, str],
) -> Verdict:
    """Rule on one volume: the first ruling of design.md section 5 that applies.

    A claim outranks a gap, and a gap outranks absence: without complete sight no volume is
    removable.
    """
    doubts = tuple(gap for gap in gaps if gap.touches(volume.name))
    ruling = _ruling(claims, doubts, patience)
    match ruling:
        case Ruling.IN_USE | Ruling.RESERVED:
            reasons = _claim_sentences(claims, hostnames)
        case Ruling.UNKNOWN:
            reasons = tuple(_gap_sentence(gap, hostnames) for gap in doubts)
        case Ruling.PENDING:
            reasons = (_waiting(patience),)
        case Ruling.REMOVABLE:
            waited = (
                f"It has been seen unused since {in_utc(patience.unused_since)}, and its grace "
                f"period of {spelled(patience.grace)} is over."
                if patience.unused_since and patience.grace
                else "There is no grace period: it counts as unused at once."
            )
            reasons = (
                f"No container, task or service on {_nodes(len(hostnames))} refers to it.",
                waited,
            )
        case _ as never:
            assert_never(never)
    unused = ruling in {Ruling.PENDING, Ruling.REMOVABLE}
    return Verdict(
        volume=replace(volume, warnings=(*volume.warnings, *_writers(claims, hostnames))),
        ruling=ruling,
        claims=claims,
        gaps=doubts,
        reasons=reasons,
        entries=entry_views(volume, claims, ruling),
        unused_since=patience.unused_since if unused else None,
        removable_from=patience.ends if unused else None,
    )


def _ruling(
    claims: tuple[Claim, ...],
    doubts: tuple[Gap, ...],
    patience: Patience,
) -> Ruling:
    if any(claim.strength is Strength.IN_USE for claim in claims):
        return Ruling.IN_USE
    if claims:
        return Ruling.RESERVED
    if doubts:
        return Ruling.UNKNOWN
    if patience.now < patience.ends:
        return Ruling.PENDING
    return Ruling.REMOVABLE


def _waiting(patience: Patience) -> str:
    grace = spelled(patience.grace)
    if not patience.known:
        return (
            "Nothing uses it, but the swarm's memory of unused volumes cannot be read: it counts "
            "as never seen unused."
        )
    if patience.unused_since is None:
        return (
            "Nothing uses it, but it was not seen unused before, and a removal waits for a grace "
            f"period of {grace}."
        )
    return (
        f"Nothing uses it. It was first seen unused at {in_utc(patience.unused_since)}, and its "
        f"grace period of {grace} ends at {in_utc(patience.ends)}."
    )


def _nodes(count: int) -> str:
    return "the one node" if count == 1 else f"any of the {count} nodes"


def _claim_sentences(claims: tuple[Claim, ...], hostnames: Mapping[NodeId, str]) -> tuple[str, ...]:
    """One sentence a claim; a task that is seen with its mount need not be told as scheduled."""
    seen = {(c.holder.id, c.node) for c in claims if c.kind is ClaimKind.MOUNTED}
    return tuple(
        _claim_sentence(claim, hostnames)
        for claim in claims
        if claim.kind is not ClaimKind.SCHEDULED or (claim.holder.id, claim.node) not in seen
    )


def _claim_sentence(claim: Claim, hostnames: Mapping[NodeId, str]) -> str:
    where = f" on {hostnames.get(claim.node, claim.node)}" if claim.node else ""
    who = f"{claim.holder.type} {claim.holder.name}{where}"
    match claim.kind:
        case ClaimKind.MOUNTED:
            what = f"{who} has it mounted"
        case ClaimKind.SCHEDULED:
            what = f"{who} mounts it or is about to"
        case ClaimKind.HELD:
            what = f"{who} does not run, and still refers to it"
        case ClaimKind.DECLARED:
            what = f"{who} mounts it whenever it runs a task"
        case ClaimKind.ROLLBACK:
            what = f"{who} would mount it after a rollback"
        case ClaimKind.DORMANT:
            what = f"{who} could mount it again"
        case ClaimKind.PROTECTED:
            what = "it is protected"
        case _ as never:
            assert_never(never)
    return f"{what[0].upper()}{what[1:]} ({claim.detail})."


def _gap_sentence(gap: Gap, hostnames: Mapping[NodeId, str]) -> str:
    where = ""
    if gap.node and (place := hostnames.get(gap.node, gap.node)) not in gap.source.split():
        where = f"{place}, "
    return f"Nothing seen uses it, but {where}{gap.source}: {gap.cause}."


def _writers(claims: tuple[Claim, ...], hostnames: Mapping[NodeId, str]) -> tuple[str, ...]:
    writers = sorted(
        {
            f"{claim.holder.name} on {hostnames.get(claim.node, claim.node)}"
            for claim in claims
            if claim.kind is ClaimKind.MOUNTED and claim.writes and claim.node
        }
    )
    if len(writers) < 2:  # noqa: PLR2004 - one writer needs no lock
        return ()
    return (f"{len(writers)} writers share it ({', '.join(writers)}): the driver does no locking.",)
