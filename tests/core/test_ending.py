"""What became of every volume of a plan, however its run ended."""

from __future__ import annotations

import pytest

from cloudstorctl.core.ending import outcomes_of
from cloudstorctl.core.judgement import Outcome, OutcomeStatus, Plan
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.plan import plan_removals
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_container, a_reading, a_survey


@pytest.fixture
def plan() -> Plan:
    """A plan that removes a, b and c, and keeps data."""
    survey = a_survey(a_reading("w1", "a", "b", "c", "data", containers=(a_container("data"),)))
    return plan_removals(assess(survey), frozenset(map(VolumeName, ("a", "b", "c", "data"))))


def told(plan: Plan, known: int, *, under_way: bool = False) -> list[tuple[str, str]]:
    outcomes = [
        Outcome(volume=removal.volume, status=OutcomeStatus.REMOVED, detail="")
        for removal in plan.removals[:known]
    ]
    return [(o.volume, o.status) for o in outcomes_of(plan, outcomes, under_way=under_way)]


def test_what_a_run_did_not_come_to_was_not_tried_and_what_it_kept_is_told_last(plan: Plan) -> None:
    left = [("b", "not_tried"), ("c", "not_tried"), ("data", "kept")]
    assert told(plan, 1) == [("a", "removed"), *left]
    assert told(plan, 0) == [("a", "not_tried"), *left]
    kept = outcomes_of(plan, ())[-1]
    assert kept.detail == " ".join(plan.kept[0].reasons)


def test_a_run_that_was_stopped_amid_a_removal_does_not_claim_that_it_was_not_tried(
    plan: Plan,
) -> None:
    left = [("b", "uncertain"), ("c", "not_tried"), ("data", "kept")]
    assert told(plan, 1, under_way=True) == [("a", "removed"), *left]


def test_a_run_that_came_through_has_nothing_left_to_tell(plan: Plan) -> None:
    removed = [("a", "removed"), ("b", "removed"), ("c", "removed"), ("data", "kept")]
    assert told(plan, 3, under_way=True) == removed
