"""What could be restored, and what must be before it may be removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.model import Gap
from cloudstorctl.core.plan import changes_since, plan_removals
from cloudstorctl.core.plan_document import plan_document, plan_from
from cloudstorctl.core.restoring import Restoring, lacks_recovery_point
from cloudstorctl.core.storage import RecoveryPoint, Restorable
from cloudstorctl.core.verdict import Assessment, assess
from tests.core.builders import NOW, a_container, a_reading, a_survey, an_entry

DAY = timedelta(hours=24)


def a_point(age: timedelta) -> Restorable:
    return Restorable(point=RecoveryPoint(arn="arn:p", created=NOW - age))


def assessed(restoring: Restoring, *, place: str = "efs/reg", used: bool = False) -> Assessment:
    containers = (a_container("data"),) if used else ()
    reading = a_reading("w1", an_entry("data", place=place), containers=containers)
    return assess(a_survey(reading), restoring=restoring)


def required(known: Restorable | None, within: timedelta = DAY) -> Restoring:
    return Restoring(file_systems={} if known is None else {"fs-reg": known}, within=within)


@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=23), DAY])
def test_a_recovery_point_that_is_young_enough_lets_it_go(age: timedelta) -> None:
    (verdict,) = assessed(required(a_point(age))).verdicts
    assert verdict.ruling is Ruling.REMOVABLE
    assert not lacks_recovery_point(verdict)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (a_point(DAY + timedelta(seconds=1)), "and the latest is 24 h old"),
        (a_point(timedelta(days=9)), "and the latest is 216 h old"),
        (Restorable(), "and there is none"),
        (Restorable(unknown="no credentials"), "and it is not known: no credentials"),
        (None, "and it is not known: AWS was not asked about its backing"),
    ],
)
def test_anything_else_keeps_it_and_says_so(known: Restorable | None, told: str) -> None:
    (verdict,) = assessed(required(known)).verdicts
    assert verdict.ruling is Ruling.RESERVED
    assert verdict.reasons == (
        f"It is protected (a recovery point younger than 24 h is required, {told}).",
    )
    assert lacks_recovery_point(verdict)


def test_what_is_in_use_stays_in_use_and_does_not_lack_that_alone() -> None:
    (verdict,) = assessed(required(Restorable()), used=True).verdicts
    assert verdict.ruling is Ruling.IN_USE
    assert not lacks_recovery_point(verdict)


def test_without_the_requirement_nothing_is_kept() -> None:
    (verdict,) = assessed(Restoring(file_systems={"fs-reg": Restorable()})).verdicts
    assert verdict.ruling is Ruling.REMOVABLE


@pytest.mark.parametrize(
    ("place", "ruling"), [("ebs", Ruling.REMOVABLE), ("efs/max", Ruling.RESERVED)]
)
def test_each_backing_is_asked_for_itself(place: str, ruling: Ruling) -> None:
    known = Restoring(
        file_systems={"fs-reg": a_point(timedelta(0))},
        volumes={"data": a_point(timedelta(0))},
        within=DAY,
    )
    (verdict,) = assessed(known, place=place).verdicts
    assert verdict.ruling is ruling


def test_a_backing_that_is_not_known_could_not_be_restored() -> None:
    (verdict,) = assessed(required(a_point(timedelta(0))), place="").verdicts
    assert "it is not known: its backing is not known" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("restoring", "told"),
    [
        (Restoring(), ()),
        (
            Restoring(file_systems={"fs-reg": a_point(timedelta(minutes=30))}),
            ("The latest recovery point of its backing is 30 min old.",),
        ),
        (
            Restoring(file_systems={"fs-reg": Restorable()}),
            ("It could not be restored: its backing has no recovery point.",),
        ),
        (
            Restoring(volumes={"x": Restorable()}),
            ("Whether it could be restored is not known: AWS was not asked about its backing.",),
        ),
    ],
)
def test_a_plan_says_whether_it_could_be_restored(
    restoring: Restoring, told: tuple[str, ...]
) -> None:
    seen = assessed(restoring)
    (removal,) = plan_removals(seen, frozenset({seen.verdicts[0].volume.name})).removals
    assert removal.reasons[2:] == told


def test_a_saved_plan_carries_the_requirement_and_is_stale_under_another() -> None:
    seen = assessed(required(a_point(timedelta(hours=1))))
    plan = plan_removals(seen, frozenset({seen.verdicts[0].volume.name}))
    saved = plan_from(plan_document(plan))
    assert saved == plan
    assert saved.recovery_within == DAY
    assert changes_since(saved, seen) == ()
    newer = assessed(required(a_point(timedelta(0))))
    assert changes_since(saved, newer) == (), "a newer recovery point is no change"
    for other in (Restoring(), required(a_point(timedelta(0)), timedelta(hours=48))):
        changes = changes_since(saved, assessed(other))
        assert "Another age of recovery points is required now than when it was made." in changes
    old = changes_since(saved, assessed(required(Restorable())))
    assert "it is reserved now. It is protected (a recovery point younger" in old[0]


def test_the_requirement_is_part_of_the_evidence() -> None:
    name = frozenset({assessed(Restoring()).verdicts[0].volume.name})
    with_it = plan_removals(assessed(required(a_point(timedelta(0)))), name).removals[0]
    without = plan_removals(assessed(Restoring()), name).removals[0]
    assert with_it.evidence != without.evidence


def test_a_gap_does_not_hide_that_it_could_not_be_restored() -> None:
    survey = replace(
        a_survey(a_reading("w1", "data")), gaps=(Gap(source="node w2", cause="no answer"),)
    )
    (verdict,) = assess(survey, restoring=required(Restorable())).verdicts
    assert verdict.ruling is Ruling.RESERVED
