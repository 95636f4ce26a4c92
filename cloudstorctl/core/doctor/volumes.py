"""Checks on the volumes of a swarm, and what could not be seen of it."""

from __future__ import annotations

from collections import defaultdict
from shlex import quote
from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.meeting import SEVERAL_WRITERS
from cloudstorctl.core.doctor.options import mended, moved_to_its_mode
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.judgement import (
    BackingKind,
    ClaimKind,
    EntryStatus,
    HolderType,
    OddityKind,
    Ruling,
    Strength,
)
from cloudstorctl.core.perfmode import unfulfilled, wishes_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from cloudstorctl.core.doctor.swarm import SwarmGround
    from cloudstorctl.core.judgement import Claim, EntryView, Verdict
    from cloudstorctl.core.model import Gap, NodeId
    from cloudstorctl.core.perfmode import Wish
    from cloudstorctl.core.verdict import Assessment

_ENOUGH = 5
"""Names that are told of many."""

_ODD = {
    OddityKind.SEVERAL_PLACES: ("name-in-several-places", Severity.WARNING),
    # The finding plugin-other-settings tells which node's plugin it is, once for all volumes.
    OddityKind.SEVERAL_FILE_SYSTEMS: None,
    OddityKind.SEVERAL_DRIVERS: ("several-drivers", Severity.WARNING),
    OddityKind.TWIN: ("local-twin", Severity.WARNING),
    OddityKind.DIFFERENT_OPTIONS: ("different-options", Severity.NOTE),
    OddityKind.OTHER_MODE: ("performance-mode-ignored", Severity.WARNING),
}


def volume_findings(
    seen: Assessment, ground: SwarmGround, told: Collection[str]
) -> Iterator[Finding]:
    """Say what is wrong with each volume, and which are not used.

    `told` are the names of services of which a finding says already that their tasks share.
    """
    hostnames = {node.id: node.hostname for node in seen.survey.nodes}
    wishes = wishes_in(seen.survey, ground.reacher)
    for verdict in seen.verdicts:
        yield from _stale(verdict, hostnames)
        yield from _writers(verdict, hostnames, told)
        ignored = [*_ignored(verdict, wishes, ground)]
        yield from ignored
        # What a service asks for, the engines that ran its tasks remember: once is enough.
        yield from (each for each in _odd(verdict) if not ignored or each.code != ignored[0].code)
    yield from _unused(seen.verdicts)


def gap_findings(gaps: Iterable[Gap], hostnames: Mapping[NodeId, str]) -> Iterator[Finding]:
    """Make each gap a finding."""
    for gap in gaps:
        place = hostnames.get(gap.node, gap.node) if gap.node else ""
        named = not place or gap.names(place)
        doubt = (
            "While this is not seen, no volume without a claim can be proved unused."
            if gap.volumes is None
            else f"It leaves {_some(sorted(gap.volumes)) or 'no volume of now'} in doubt."
        )
        yield Finding(
            code="gap",
            severity=Severity.WARNING,
            about=gap.source if named else f"{place}, {gap.source}",
            reason=f"{gap.cause[:1].upper()}{gap.cause[1:]}. {doubt}",
            fix="cloudstorctl ls --ruling unknown",
        )


def _stale(verdict: Verdict, hostnames: Mapping[NodeId, str]) -> Iterator[Finding]:
    stale = [view for view in verdict.entries if view.status is EntryStatus.STALE]
    if stale:
        name = verdict.volume.name
        nodes = dict.fromkeys(view.entry.node_id for view in stale)
        places = _some([hostnames.get(node, node) for node in nodes])
        yield _finding(
            verdict,
            "stale-entry",
            Severity.NOTE,
            f"It is listed on {places} from an earlier use, and looks unused there. "
            f"{_users(stale[0], hostnames)} The data is the same: never remove it there, which "
            "would delete what is used.",
            f"cloudstorctl ls --per-node --status stale {quote(name)}",
        )


def _users(view: EntryView, hostnames: Mapping[NodeId, str]) -> str:
    in_use = view.used_by[0].strength is Strength.IN_USE
    names = _some(list(dict.fromkeys(_holder(claim, hostnames) for claim in view.used_by)))
    return f"It is used by {names}." if in_use else f"It is still held by {names}."


def _holder(claim: Claim, hostnames: Mapping[NodeId, str]) -> str:
    where = f" on {hostnames.get(claim.node, claim.node)}" if claim.node else ""
    return f"{claim.holder.type} {claim.holder.name}{where}"


def _writers(
    verdict: Verdict, hostnames: Mapping[NodeId, str], told: Collection[str]
) -> Iterator[Finding]:
    """Say who writes to one volume at the same time.

    Not where all are tasks of one service that the spec's finding names; that tells it already.
    """
    writers = {
        (claim.holder.id, claim.node): claim
        for claim in verdict.claims
        if claim.kind is ClaimKind.MOUNTED and claim.writes
    }
    relocatable = verdict.volume.backing.kind is BackingKind.EBS
    services = {_service(claim) for claim in writers.values()}
    if len(writers) < 2:  # noqa: PLR2004 - one writes alone
        return
    if len(services) == 1 and not services.isdisjoint(told) and not relocatable:
        return
    names = _some([_holder(claim, hostnames) for claim in writers.values()])
    yield _finding(
        verdict,
        SEVERAL_WRITERS,
        Severity.ERROR if relocatable else Severity.WARNING,
        f"{len(writers)} write to it now: {names}. "
        + (
            "It is on EBS, which one node can have at a time: they take it away from each other."
            if relocatable
            else "The driver does no locking: they have to keep out of each other's way themselves."
        ),
    )


def _service(claim: Claim) -> str:
    """The service of a task; a container of no service has none."""
    return claim.holder.name.rpartition(".")[0] if claim.holder.type is HolderType.TASK else ""


def _odd(verdict: Verdict) -> Iterator[Finding]:
    texts: dict[OddityKind, list[str]] = defaultdict(list)
    for oddity in verdict.volume.oddities:
        texts[oddity.kind].append(oddity.text)
    for kind, several in texts.items():
        if (told := _ODD[kind]) is not None:
            more = len(several) - _ENOUGH
            rest = [f"And {more} more nodes."] if more > 0 else []
            yield _finding(verdict, *told, " ".join([*several[:_ENOUGH], *rest]))


def _ignored(verdict: Verdict, wishes: Iterable[Wish], ground: SwarmGround) -> Iterator[Finding]:
    """Say who asks for a performance mode too late, and how to get a volume in that mode."""
    for wish, text in unfulfilled(verdict.volume, wishes):
        options = mended(wish.mount.options)
        fixed = wish.mount._replace(options=options)
        moved, copy = moved_to_its_mode(wish.owner, wish.mount, fixed, ground)
        yield Finding(
            code="performance-mode-ignored",
            severity=Severity.WARNING,
            about=f"volume {verdict.volume.name}",
            reason=(
                f"{text} "
                + (
                    "A mount with another name gets a new volume there, which begins empty: the "
                    "data has to be copied to it."
                    if moved != fixed
                    else "Leave the option away to ask for what there is."
                )
                + ground.lasting(wish.owner)
            ),
            fix=ground.changed(wish.owner, moved),
            copy=copy,
        )


def _unused(verdicts: Sequence[Verdict]) -> Iterator[Finding]:
    names = [
        verdict.volume.name
        for verdict in verdicts
        if verdict.ruling in {Ruling.REMOVABLE, Ruling.PENDING}
    ]
    if names:
        one = len(names) == 1
        yield Finding(
            code="unused-volume",
            severity=Severity.NOTE,
            about="1 volume" if one else f"{len(names)} volumes",
            reason=f"Nothing uses {_some(names)}: no container, task or service of any node.",
            fix="cloudstorctl safe-prune --dry-run",
        )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _ENOUGH
    return ", ".join(names[:_ENOUGH]) + (f" and {more} more" if more > 0 else "")


def _finding(
    verdict: Verdict, code: str, severity: Severity, reason: str, fix: str = ""
) -> Finding:
    name = verdict.volume.name
    return Finding(
        code=code,
        severity=severity,
        about=f"volume {name}",
        reason=reason,
        fix=fix or f"cloudstorctl inspect {quote(name)}",
    )
