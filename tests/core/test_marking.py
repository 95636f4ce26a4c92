"""What a look adds to the memory of unused volumes, and what it takes away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.marking import (
    Notes,
    after_look,
    after_looks,
    after_losing,
    ahead_of_time,
    can_wait,
)
from cloudstorctl.core.memory import Memory
from cloudstorctl.core.model import Gap, VolumeName
from cloudstorctl.core.verdict import Assessment, assess
from tests.core.builders import HOUR, NOW, a_container, a_reading, a_service, a_survey

if TYPE_CHECKING:
    from datetime import datetime

    from cloudstorctl.core.model import EngineReading, Survey

DATA, OTHER = VolumeName("data"), VolumeName("other")
LONG_AGO = NOW - 50 * HOUR
BLIND = Gap(source="node w2", cause="no answer")


def unused(*, gaps: tuple[Gap, ...] = ()) -> Survey:
    return a_survey(a_reading("w1", "data"), gaps=gaps)


def claimed(*, gaps: tuple[Gap, ...] = ()) -> Survey:
    user = a_container("data")
    return a_survey(a_reading("w1", "data", containers=(user,)), gaps=gaps)


def reserved() -> Survey:
    return a_survey(a_reading("w1", "data"), services=(a_service("web", "data", replicas=0),))


def after(survey: Survey, since: dict[VolumeName, datetime]) -> object:
    return after_look(since, assess(survey))


def test_what_is_seen_unused_for_the_first_time_is_remembered_from_then_on() -> None:
    assert after(unused(), {}) == {DATA: NOW}
    assert after(unused(), {DATA: LONG_AGO}) == {DATA: LONG_AGO}


@pytest.mark.parametrize("survey", [claimed(), reserved(), claimed(gaps=(BLIND,))])
def test_any_claim_forgets_it_also_in_a_look_that_is_not_complete(survey: Survey) -> None:
    assert after(survey, {DATA: LONG_AGO}) == {}


def test_a_look_that_is_not_complete_neither_counts_nor_forgets() -> None:
    assert after(unused(gaps=(BLIND,)), {}) == {}
    assert after(unused(gaps=(BLIND,)), {DATA: LONG_AGO}) == {DATA: LONG_AGO}


def test_a_gap_that_hides_another_volume_does_not_matter() -> None:
    gap = replace(BLIND, volumes=frozenset({OTHER}))
    assert after(unused(gaps=(gap,)), {}) == {DATA: NOW}


def test_what_no_engine_lists_is_forgotten_by_a_whole_look_alone() -> None:
    before = {DATA: LONG_AGO, OTHER: LONG_AGO}
    assert after(unused(), before) == {DATA: LONG_AGO}
    assert after(unused(gaps=(BLIND,)), before) == before
    hidden = replace(BLIND, volumes=frozenset({OTHER}))
    assert after(unused(gaps=(hidden,)), before) == before


def test_who_loses_the_race_to_write_adds_nothing_and_forgets_what_it_saw_claimed_or_gone() -> None:
    two = a_survey(a_reading("w1", "data", "other"))
    assert after_losing({OTHER: LONG_AGO}, Notes(last=assess(two))) == {OTHER: LONG_AGO}
    won = {DATA: LONG_AGO, OTHER: LONG_AGO}
    assert after_losing(won, Notes(last=assess(unused()))) == {DATA: LONG_AGO}
    assert after_losing(won, Notes(last=assess(claimed()))) == {}
    assert after_losing(won, notes(assess(two), assess(unused()), assess(two))) == {DATA: LONG_AGO}


def notes(first: Assessment, *more: Assessment) -> Notes:
    found = Notes(last=first)
    for seen in more:
        found = found.then(seen)
    return found


def test_several_looks_are_remembered_in_their_order() -> None:
    two, one = assess(a_survey(a_reading("w1", "data", "other"))), assess(unused())
    before = {DATA: LONG_AGO, OTHER: LONG_AGO}
    assert after_looks(before, notes(two, one)) == {DATA: LONG_AGO}
    assert after_looks(before, notes(two, one, two)) == {DATA: LONG_AGO, OTHER: NOW}, "made anew"
    blind = assess(unused(gaps=(BLIND,)))
    assert after_looks(before, notes(two, blind, two)) == before, "it may have been there"
    assert after_looks({}, notes(two, one)) == {DATA: NOW}, "the last alone adds something"
    assert after_looks(before, notes(assess(claimed()), two)) == {DATA: NOW, OTHER: LONG_AGO}


def large(*listed: str, of: int = 1000, readings: tuple[EngineReading, ...] = ()) -> Assessment:
    """Give a look at so many volumes with a memory of a thousand, `data` and `other`."""
    thousand = [f"v{number}" for number in range(1000)]
    since = {VolumeName(name): LONG_AGO for name in (*thousand, "data", "other")}
    survey = a_survey(a_reading("w1", *thousand[:of], *listed), *readings)
    return assess(survey, memory=Memory(since=since, sequence=1))


def test_a_large_memory_is_not_written_for_each_volume_that_is_gone() -> None:
    assert can_wait(notes(large("data", "other")))
    assert can_wait(notes(large("other")))
    assert can_wait(notes(large(), large()))
    assert not can_wait(notes(large(), large(of=999))), "not for ever"
    small = Memory(since={OTHER: LONG_AGO}, sequence=1)
    assert not can_wait(notes(assess(unused(), memory=small)))


def test_what_is_claimed_made_anew_or_new_does_not_wait() -> None:
    user = a_reading("w2", containers=(a_container("data"),))
    assert not can_wait(notes(large("data", "other", readings=(user,))))
    assert not can_wait(notes(large("data", "other"), large("other"), large("data", "other")))
    assert not can_wait(notes(large("data", "other", "new")))


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_wrong_clock_makes_a_grace_period_longer_and_never_shorter(ahead: timedelta) -> None:
    survey = replace(unused(), swarm_time=NOW + ahead)
    assert after(survey, {}) == {DATA: NOW + max(ahead, timedelta(0))}

    def judged(since: datetime) -> Assessment:
        return assess(survey, grace=24 * HOUR, memory=Memory(since={DATA: since}))

    due = NOW + min(ahead, timedelta(0)) - 24 * HOUR
    assert judged(due).verdicts[0].ruling is Ruling.REMOVABLE
    assert judged(due + timedelta(seconds=1)).verdicts[0].ruling is Ruling.PENDING


def test_a_verdict_tells_since_when_and_until_when() -> None:
    (verdict,) = assess(unused(), grace=24 * HOUR, memory=Memory(since={DATA: NOW - HOUR})).verdicts
    assert (verdict.unused_since, verdict.removable_from) == (NOW - HOUR, NOW + 23 * HOUR)
    (verdict,) = assess(claimed(), grace=HOUR, memory=Memory(since={DATA: LONG_AGO})).verdicts
    assert (verdict.unused_since, verdict.removable_from) == (None, None)


def test_a_time_that_no_clock_has_reached_is_told_and_a_little_drift_is_not() -> None:
    def told(since: datetime, survey: Survey | None = None) -> str:
        memory = Memory(since={DATA: since}, sequence=3)
        return ahead_of_time(assess(survey or unused(), grace=HOUR, memory=memory))

    drift = timedelta(minutes=5)
    assert told(NOW + drift) == ""
    assert "'docker config rm cloudstorctl.unused.0000000003'" in told(NOW + drift + HOUR)
    assert told(NOW + HOUR, replace(unused(), swarm_time=NOW + HOUR)) == ""
    assert told(NOW + 2 * HOUR, claimed()) == ""
    assert "more" not in told(NOW + HOUR)


def test_all_that_was_first_seen_unused_at_a_time_yet_to_come_is_counted() -> None:
    survey = a_survey(a_reading("w1", "data", "other", "third"))
    since = dict.fromkeys((DATA, OTHER, VolumeName("third")), NOW + HOUR)
    assert " (2 more volumes at such a time), " in ahead_of_time(
        assess(survey, grace=HOUR, memory=Memory(since=since, sequence=3))
    )
