"""The numbers that a run leaves for monitoring, and which of the last run's still hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from cloudstorctl.core.judgement import OutcomeStatus, Ruling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudstorctl.core.verdict import Assessment

K = TypeVar("K")

CANDIDATES = (Ruling.REMOVABLE, Ruling.PENDING)
"""Rulings on what nothing uses: it may go now, or once the grace period is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmMeasures:
    """What one survey of the whole swarm came to."""

    surveyed_at: float
    """Unix time in seconds."""
    complete: bool
    gaps: int
    volumes: Mapping[Ruling, int]
    """Every ruling has a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMeasures:
    """What one run of one command came to."""

    exit_code: int
    candidates: Mapping[Ruling, int] | None = None
    """Of the volumes it was asked about, before it removed any; None: it did not get so far."""
    removals: Mapping[OutcomeStatus, int] | None = None
    """Every status has a number; None: the command removes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """All that is known of one swarm."""

    cluster_id: str = ""
    """Empty while no manager has answered."""
    swarm: SwarmMeasures | None = None
    """Of the last survey; None: there was none yet."""
    completed_at: float | None = None
    """When the last complete survey was taken, as Unix time; None: there was none yet."""
    runs: Mapping[str, RunMeasures]
    """Command -> its last run."""


def measures_of_swarm(seen: Assessment) -> SwarmMeasures:
    """Count what a survey showed."""
    return SwarmMeasures(
        surveyed_at=seen.survey.taken_at.timestamp(),
        complete=seen.complete,
        gaps=len(seen.gaps),
        volumes=_counts(Ruling, (verdict.ruling for verdict in seen.verdicts)),
    )


def candidates_among(rulings: Iterable[Ruling]) -> Mapping[Ruling, int]:
    """Count the volumes that nothing uses."""
    return _counts(CANDIDATES, rulings)


def removals_among(statuses: Iterable[OutcomeStatus]) -> Mapping[OutcomeStatus, int]:
    """Count outcomes by their status."""
    return _counts(OutcomeStatus, statuses)


def added_to(before: Measures | None, now: Measures) -> Measures:
    """Keep of `before` what `now` does not tell anew.

    The survey before stays, with its time, where there was none now: old numbers with an old time
    can be told from new ones, and numbers that vanish look like volumes that do. Of another swarm
    nothing is kept.
    """
    if before is None or now.cluster_id not in {before.cluster_id, ""}:
        return now
    times = [at for at in (before.completed_at, now.completed_at) if at is not None]
    return replace(
        now,
        cluster_id=before.cluster_id,
        swarm=now.swarm or before.swarm,
        completed_at=max(times, default=None),
        runs={**before.runs, **now.runs},
    )


def _counts(keys: Iterable[K], found: Iterable[K]) -> Mapping[K, int]:
    counted = Counter(found)
    return {key: counted[key] for key in keys}
