"""The numbers of a run, and which numbers of the run before stay."""

from __future__ import annotations

from dataclasses import replace

from cloudstorctl.core.judgement import OutcomeStatus, Ruling
from cloudstorctl.core.measures import (
    Measures,
    RunMeasures,
    added_to,
    candidates_among,
    measures_of_swarm,
    removals_among,
)
from cloudstorctl.core.model import Gap
from cloudstorctl.core.verdict import assess
from tests.core.builders import NOW, a_container, a_reading, a_survey

SURVEY = a_survey(a_reading("w1", "data", "orphan", containers=(a_container("data"),)))
SWARM = measures_of_swarm(assess(SURVEY))
DONE = RunMeasures(exit_code=0)
BEFORE = Measures(cluster_id="c1", swarm=SWARM, completed_at=100.0, runs={"ls": DONE})
NOTHING = Measures(runs={"rm": RunMeasures(exit_code=8)})


def test_every_ruling_has_a_number_also_those_that_no_volume_has() -> None:
    assert SWARM.volumes == {
        Ruling.IN_USE: 1,
        Ruling.RESERVED: 0,
        Ruling.UNKNOWN: 0,
        Ruling.PENDING: 0,
        Ruling.REMOVABLE: 1,
    }
    assert (SWARM.complete, SWARM.gaps, SWARM.surveyed_at) == (True, 0, NOW.timestamp())


def test_a_survey_with_a_gap_is_not_complete() -> None:
    gap = Gap(source="tcp://w2 /info", cause="refused")
    seen = measures_of_swarm(assess(replace(SURVEY, gaps=(gap,))))
    assert (seen.complete, seen.gaps, seen.volumes[Ruling.UNKNOWN]) == (False, 1, 1)


def test_candidates_are_what_nothing_uses_and_every_status_of_a_removal_has_a_number() -> None:
    rulings = [Ruling.IN_USE, Ruling.PENDING, Ruling.REMOVABLE, Ruling.REMOVABLE, Ruling.UNKNOWN]
    assert candidates_among(rulings) == {Ruling.REMOVABLE: 2, Ruling.PENDING: 1}
    counted = removals_among([OutcomeStatus.REMOVED, OutcomeStatus.REMOVED])
    assert counted == dict.fromkeys(OutcomeStatus, 0) | {OutcomeStatus.REMOVED: 2}


def test_without_a_survey_the_one_before_stays_with_its_time_and_its_swarm() -> None:
    both = added_to(BEFORE, NOTHING)
    assert (both.cluster_id, both.swarm, both.completed_at) == ("c1", SWARM, 100.0)
    assert both.runs == {"ls": DONE, "rm": RunMeasures(exit_code=8)}


def test_a_new_survey_takes_the_place_of_the_one_before() -> None:
    newer = replace(SWARM, surveyed_at=200.0, complete=False)
    now = Measures(cluster_id="c1", swarm=newer, runs={"ls": RunMeasures(exit_code=5)})
    both = added_to(BEFORE, now)
    assert (both.swarm, both.completed_at) == (newer, 100.0), "it was not complete"
    assert both.runs == {"ls": RunMeasures(exit_code=5)}
    assert added_to(BEFORE, replace(now, completed_at=200.0)).completed_at == 200.0


def test_of_another_swarm_or_of_none_nothing_is_kept() -> None:
    other = replace(NOTHING, cluster_id="c2")
    assert added_to(BEFORE, other) == other
    assert added_to(None, NOTHING) == NOTHING
    assert added_to(NOTHING, NOTHING).completed_at is None
