"""How a run ended, and what became of every volume that it was to remove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import Outcome, OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudstorctl.core.judgement import Plan

NOT_BEGUN = "the run ended before it"
STOPPED = "the run was stopped while it was under way: the audit log tells what was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, as far as the run itself is concerned."""

    command: str
    exit_code: int
    error: str | None = None
    """The sentence that it ended with; None where it came to its end."""


def outcomes_of(
    plan: Plan, told: Sequence[Outcome], *, under_way: bool = False
) -> tuple[Outcome, ...]:
    """Give an outcome for every volume of a plan: those that were `told`, the rest, then the kept.

    Volumes are removed one after the other, in the order of the plan. With `under_way` the run
    was stopped amid the first of which no outcome is known, and that may have been removed.
    """
    left = [removal.volume for removal in plan.removals[len(told) :]]
    first = 1 if under_way else 0
    return (
        *told,
        *(
            Outcome(volume=name, status=OutcomeStatus.UNCERTAIN, detail=STOPPED)
            for name in left[:first]
        ),
        *(
            Outcome(volume=name, status=OutcomeStatus.NOT_TRIED, detail=NOT_BEGUN)
            for name in left[first:]
        ),
        *(
            Outcome(volume=kept.volume, status=OutcomeStatus.KEPT, detail=" ".join(kept.reasons))
            for kept in plan.kept
        ),
    )
