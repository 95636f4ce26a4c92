"""The course of one run: what it saw, planned and did, kept for whoever is told at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloudstorctl.core.ending import Ending, outcomes_of
from cloudstorctl.core.measures import (
    Measures,
    RunMeasures,
    candidates_among,
    measures_of_swarm,
    removals_among,
)
from cloudstorctl.core.plan import node_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from cloudstorctl.config import Context
    from cloudstorctl.core.judgement import Outcome, Plan, Ruling
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.render.documents import Document


@dataclass(slots=True, kw_only=True)
class Course:
    """What has happened so far; each part is set once it is known."""

    command: str = ""
    """The command, once it is one that tells; empty: nobody is told."""
    context: Context | None = None
    metrics_out: Path | None = None
    removes: bool = False
    """Whether it is a command that removes."""
    dry_run: bool = False
    first: Assessment | None = None
    """The first look: the plan rests on it."""
    last: Assessment | None = None
    """The last look: how the swarm is now."""
    completed_at: datetime | None = None
    """When the last look was taken that left nothing unseen."""
    forgetful: bool = False
    """Whether the swarm does not remember what was seen."""
    plan: Plan | None = None
    candidates: Mapping[Ruling, int] | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    begun: bool = False
    """Whether removals have begun."""
    ending: Ending | None = None
    """How it ended, once the outcomes are printed."""
    error: str | None = None
    """The sentence that it ended with."""

    def begin(self, command: str, metrics_out: Path | None) -> None:
        """Tell of this run, of a command that removes nothing, from before its configuration."""
        self.command, self.metrics_out = command, metrics_out

    def begin_removing(
        self, command: str, metrics_out: Path | None, *, dry_run: bool = False
    ) -> None:
        """Tell of this run, of a command that removes."""
        self.begin(command, metrics_out)
        self.removes, self.dry_run = True, dry_run

    def saw(self, seen: Assessment) -> None:
        """Note a look at the swarm."""
        self.first = self.first or seen
        self.last = seen
        if seen.complete:
            self.completed_at = seen.survey.taken_at

    def was_asked_about(self, rulings: Iterable[Ruling]) -> None:
        """Note the rulings on the volumes that were selected."""
        self.candidates = candidates_among(rulings)

    def planned(self, plan: Plan) -> None:
        """Note what is to be removed, by the first look."""
        self.plan = plan
        rulings = [removal.ruling for removal in plan.removals]
        self.was_asked_about([*rulings, *(kept.ruling for kept in plan.kept)])

    def all_outcomes(self) -> tuple[Outcome, ...]:
        """Give what became of every volume of the plan."""
        if self.plan is None:
            return ()
        under_way = self.begun and self.ending is None
        return outcomes_of(self.plan, self.outcomes, under_way=under_way)

    def to_post(self, code: int) -> Document:
        """Give what `-o json` prints; of a run that printed nothing, outcomes with its error."""
        from cloudstorctl.core.plan_document import plan_document  # noqa: PLC0415 - as below

        if self.dry_run and self.plan is not None and self.error is None:
            return plan_document(self.plan)
        ending = Ending(command=self.command, exit_code=code, error=self.error)
        return self.document(self.ending or ending)

    def document(self, ending: Ending) -> Document:
        """Describe the outcomes, as `-o json` prints them."""
        from cloudstorctl.render.documents import outcomes_document  # noqa: PLC0415 - as others

        seen = self.first
        if seen is None:
            known = self.context.cluster_id if self.context else None
            return outcomes_document(known, None, self.all_outcomes(), (), False, ending=ending)  # noqa: FBT003 - see there
        return outcomes_document(
            seen.survey.cluster_id,
            seen.survey.taken_at,
            self.all_outcomes(),
            seen.gaps,
            seen.complete,
            ending=ending,
            nodes=node_set(seen.survey),
        )

    def measures(self, exit_code: int) -> Measures:
        """Count what monitoring is told."""
        done = () if self.dry_run else self.all_outcomes()
        known = self.context.cluster_id if self.context else None
        return Measures(
            cluster_id=self.last.survey.cluster_id if self.last else known or "",
            swarm=measures_of_swarm(self.last) if self.last else None,
            completed_at=self.completed_at.timestamp() if self.completed_at else None,
            runs={
                self.command: RunMeasures(
                    exit_code=exit_code,
                    candidates=self.candidates,
                    removals=removals_among(o.status for o in done) if self.removes else None,
                )
            },
        )
