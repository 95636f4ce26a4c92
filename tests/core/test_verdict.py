"""The one judge as a table of truth, and what must hold for every survey."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.core.judgement import Claim, ClaimKind, Holder, HolderType, Ruling, Strength
from cloudstorctl.core.memory import Memory
from cloudstorctl.core.model import ContainerState, Gap, VolumeName
from cloudstorctl.core.verdict import Patience, assess, judge
from cloudstorctl.core.volumes import volumes_in
from tests.core.builders import (
    HOUR,
    NOW,
    a_container,
    a_mount,
    a_reading,
    a_service,
    a_survey,
    a_task,
    node_id,
)

VOLUME = volumes_in(a_survey(a_reading("w1", "data")))[0]
HOSTNAMES = {node_id("w1"): "w1"}


def a_claim(kind: ClaimKind) -> Claim:
    return Claim(
        kind=kind,
        holder=Holder(type=HolderType.TASK, id="t", name="web.1"),
        node=node_id("w1"),
        detail="seen",
    )


GAP = Gap(source="tcp://w2:2375 /info", node=node_id("w2"), cause="refused")
GAP_ELSEWHERE = Gap(source="volume x", cause="two", volumes=frozenset({VolumeName("x")}))
GAP_HERE = Gap(source="volume data", cause="two", volumes=frozenset({VolumeName("data")}))
IN_USE = [a_claim(kind) for kind in ClaimKind if a_claim(kind).strength is Strength.IN_USE]
RESERVED = [a_claim(kind) for kind in ClaimKind if a_claim(kind).strength is Strength.RESERVED]


@pytest.mark.parametrize(
    ("claims", "gaps", "grace", "unused_for", "ruling"),
    [
        pytest.param((), (), 0, None, Ruling.REMOVABLE, id="nothing at all"),
        pytest.param((), (GAP,), 0, None, Ruling.UNKNOWN, id="a gap outranks absence"),
        pytest.param((), (GAP_HERE,), 0, None, Ruling.UNKNOWN, id="a gap about this volume"),
        pytest.param((), (GAP_ELSEWHERE,), 0, None, Ruling.REMOVABLE, id="a gap about another"),
        pytest.param((), (), 24, None, Ruling.PENDING, id="grace, never seen unused"),
        pytest.param((), (), 24, 23, Ruling.PENDING, id="grace not over"),
        pytest.param((), (), 24, 24, Ruling.REMOVABLE, id="grace just over"),
        pytest.param((), (GAP,), 24, 99, Ruling.UNKNOWN, id="a gap outranks grace"),
        *(
            pytest.param((claim,), gaps, 24, 99, Ruling.IN_USE, id=f"{claim.kind} {len(gaps)}")
            for claim in IN_USE
            for gaps in ((), (GAP,))
        ),
        *(
            pytest.param((claim,), gaps, 0, 99, Ruling.RESERVED, id=f"{claim.kind} {len(gaps)}")
            for claim in RESERVED
            for gaps in ((), (GAP,))
        ),
        pytest.param(
            (RESERVED[0], IN_USE[0]), (), 0, None, Ruling.IN_USE, id="in use outranks reserved"
        ),
    ],
)
def test_the_first_ruling_that_applies(
    claims: tuple[Claim, ...],
    gaps: tuple[Gap, ...],
    grace: int,
    unused_for: int | None,
    ruling: Ruling,
) -> None:
    verdict = judge(
        VOLUME,
        claims,
        gaps,
        Patience(
            now=NOW,
            grace=grace * HOUR,
            unused_since=None if unused_for is None else NOW - unused_for * HOUR,
        ),
        HOSTNAMES,
    )
    assert verdict.ruling is ruling
    assert verdict.reasons


def test_only_mounted_and_scheduled_are_in_use() -> None:
    assert {claim.kind for claim in IN_USE} == {ClaimKind.MOUNTED, ClaimKind.SCHEDULED}


claim_sets = st.lists(st.sampled_from([*IN_USE, *RESERVED]), max_size=3).map(tuple)
gap_sets = st.lists(st.sampled_from([GAP, GAP_HERE, GAP_ELSEWHERE]), max_size=2).map(tuple)
ages = st.one_of(st.none(), st.integers(0, 48))


def ruling_of(claims: tuple[Claim, ...], gaps: tuple[Gap, ...], unused_for: int | None) -> Ruling:
    since = None if unused_for is None else NOW - unused_for * HOUR
    return judge(
        VOLUME, claims, gaps, Patience(now=NOW, grace=24 * HOUR, unused_since=since), HOSTNAMES
    ).ruling


@given(claims=claim_sets, gaps=gap_sets, more=st.sampled_from([GAP, GAP_HERE]), age=ages)
def test_adding_a_gap_never_makes_a_volume_removable(
    claims: tuple[Claim, ...], gaps: tuple[Gap, ...], more: Gap, age: int | None
) -> None:
    assert ruling_of(claims, (*gaps, more), age) is not Ruling.REMOVABLE


@given(claims=claim_sets, gaps=gap_sets, more=st.sampled_from([*IN_USE, *RESERVED]), age=ages)
def test_adding_a_claim_never_makes_a_volume_removable(
    claims: tuple[Claim, ...], gaps: tuple[Gap, ...], more: Claim, age: int | None
) -> None:
    assert ruling_of((*claims, more), gaps, age) in {Ruling.IN_USE, Ruling.RESERVED}


SENTENCES = {
    ClaimKind.MOUNTED: "Task web.1 on w1 has it mounted (seen).",
    ClaimKind.SCHEDULED: "Task web.1 on w1 mounts it or is about to (seen).",
    ClaimKind.HELD: "Task web.1 on w1 does not run, and still refers to it (seen).",
    ClaimKind.DECLARED: "Task web.1 on w1 mounts it whenever it runs a task (seen).",
    ClaimKind.ROLLBACK: "Task web.1 on w1 would mount it after a rollback (seen).",
    ClaimKind.DORMANT: "Task web.1 on w1 could mount it again (seen).",
    ClaimKind.PROTECTED: "It is protected (seen).",
}


@pytest.mark.parametrize("kind", ClaimKind)
def test_every_claim_has_a_sentence_of_its_own(kind: ClaimKind) -> None:
    verdict = judge(VOLUME, (a_claim(kind),), (), Patience(now=NOW), HOSTNAMES)
    assert verdict.reasons == (SENTENCES[kind],)


def test_a_holder_without_a_place_is_named_without_one() -> None:
    claim = replace(a_claim(ClaimKind.DECLARED), node=None)
    verdict = judge(VOLUME, (claim,), (), Patience(now=NOW), HOSTNAMES)
    assert verdict.reasons == ("Task web.1 mounts it whenever it runs a task (seen).",)


def test_a_holder_on_a_node_that_left_is_named_by_the_nodes_id() -> None:
    gone = replace(a_claim(ClaimKind.MOUNTED), node=node_id("w9"))
    other = Holder(type=HolderType.CONTAINER, id="c", name="app")
    verdict = judge(VOLUME, (gone, replace(gone, holder=other)), (), Patience(now=NOW), HOSTNAMES)
    w9 = node_id("w9")
    assert verdict.reasons == (
        f"Task web.1 on {w9} has it mounted (seen).",
        f"Container app on {w9} has it mounted (seen).",
    )
    assert verdict.volume.warnings == (
        f"2 writers share it (app on {w9}, web.1 on {w9}): the driver does no locking.",
    )


def test_a_gap_on_a_node_that_left_is_named_by_the_nodes_id() -> None:
    verdict = judge(VOLUME, (), (GAP,), Patience(now=NOW), HOSTNAMES)
    assert verdict.reasons == (
        f"Nothing seen uses it, but {node_id('w2')}, tcp://w2:2375 /info: refused.",
    )


def test_an_unknown_volume_says_what_could_not_be_seen_and_where() -> None:
    verdict = judge(VOLUME, (), (GAP, GAP_HERE), Patience(now=NOW), {node_id("w2"): "w2"})
    assert verdict.reasons == (
        "Nothing seen uses it, but w2, tcp://w2:2375 /info: refused.",
        "Nothing seen uses it, but volume data: two.",
    )


def test_a_pending_volume_says_until_when() -> None:
    verdict = judge(
        VOLUME,
        (),
        (),
        Patience(now=NOW, grace=timedelta(hours=24), unused_since=NOW - HOUR),
        HOSTNAMES,
    )
    assert " ".join(verdict.reasons) == (
        "Nothing uses it. It was first seen unused at 2026-03-01 11:00:00 UTC, and its grace "
        "period of 24h ends at 2026-03-02 11:00:00 UTC."
    )
    never = Patience(now=NOW, grace=timedelta(hours=24))
    assert " ".join(judge(VOLUME, (), (), never, HOSTNAMES).reasons) == (
        "Nothing uses it, but it was not seen unused before, and a removal waits for a grace "
        "period of 24h."
    )


def test_two_writers_on_one_volume_are_a_warning() -> None:
    survey = a_survey(
        a_reading("w1", "data", containers=(a_container("data", name="a"),)),
        a_reading("w2", "data", containers=(a_container("data", on="w2", name="b"),)),
    )
    (warning,) = assess(survey).verdicts[0].volume.warnings
    assert warning == "2 writers share it (a on w1, b on w2): the driver does no locking."


def test_one_writer_among_readers_is_no_warning() -> None:
    reader = a_mount("data", read_only=True)
    survey = a_survey(
        a_reading(
            "w1", "data", containers=(a_container("data"), a_container(reader, name="reader"))
        ),
    )
    assert assess(survey).verdicts[0].volume.warnings == ()


def test_an_ended_container_is_no_writer() -> None:
    ended = a_container("data", name="old", state=ContainerState.EXITED)
    survey = a_survey(a_reading("w1", "data", containers=(a_container("data"), ended)))
    assert assess(survey).verdicts[0].volume.warnings == ()


def test_an_assessment_finds_a_verdict_by_name() -> None:
    assessment = assess(a_survey(a_reading("w1", "data")))
    verdict = assessment.on(VolumeName("data"))
    assert verdict is not None
    assert verdict.ruling is Ruling.REMOVABLE
    assert assessment.on(VolumeName("nothing")) is None
    assert assessment.complete


def test_a_survey_with_a_gap_is_not_complete() -> None:
    assessment = assess(a_survey(a_reading("w1", "data"), gaps=(GAP,)))
    assert not assessment.complete
    assert assessment.verdicts[0].gaps == (GAP,)


def test_grace_counts_from_when_each_volume_was_first_seen_unused() -> None:
    survey = a_survey(a_reading("w1", "old", "new"))
    since = {VolumeName("old"): NOW - 25 * HOUR, VolumeName("new"): NOW - HOUR}
    rulings = {
        v.volume.name: v.ruling
        for v in assess(survey, grace=24 * HOUR, memory=Memory(since=since)).verdicts
    }
    assert rulings == {"old": Ruling.REMOVABLE, "new": Ruling.PENDING}


def test_a_moving_task_is_seen_in_the_readings_before_and_after() -> None:
    web = a_service("gone")
    before, after = a_task(web, "data", on="w1"), a_task(web, "data", on="w2")
    survey = a_survey(a_reading("w1", "data"), a_reading("w2", "data"), tasks=(before, after))
    (verdict,) = assess(survey).verdicts
    assert {claim.node for claim in verdict.claims} == {node_id("w1"), node_id("w2")}


def test_a_task_that_is_seen_with_its_mount_is_told_once() -> None:
    mounted, scheduled = a_claim(ClaimKind.MOUNTED), a_claim(ClaimKind.SCHEDULED)
    second = Holder(type=HolderType.TASK, id="t2", name="web.2")
    claims = (
        *(mounted, replace(mounted, holder=second)),
        *(scheduled, replace(scheduled, holder=second)),
    )
    verdict = judge(VOLUME, claims, (), Patience(now=NOW), HOSTNAMES)
    assert verdict.reasons == (
        "Task web.1 on w1 has it mounted (seen).",
        "Task web.2 on w1 has it mounted (seen).",
    )
    assert verdict.claims == claims


def test_a_removable_volume_says_how_many_nodes_were_read_and_what_grace_it_had() -> None:
    at_once = judge(VOLUME, (), (), Patience(now=NOW), HOSTNAMES)
    assert at_once.reasons == (
        "No container, task or service on the one node refers to it.",
        "There is no grace period: it counts as unused at once.",
    )
    waited = Patience(now=NOW, grace=HOUR, unused_since=NOW - HOUR)
    two = {**HOSTNAMES, node_id("w2"): "w2"}
    assert " ".join(judge(VOLUME, (), (), waited, two).reasons) == (
        "No container, task or service on any of the 2 nodes refers to it. It has been seen unused "
        "since 2026-03-01 11:00:00 UTC, and its grace period of 1h is over."
    )


def test_a_node_that_its_gap_names_already_is_not_named_twice() -> None:
    gap = Gap(source="node w2", node=node_id("w2"), cause="no address")
    verdict = judge(VOLUME, (), (gap,), Patience(now=NOW), {node_id("w2"): "w2"})
    assert verdict.reasons == ("Nothing seen uses it, but node w2: no address.",)


def test_a_memory_that_cannot_be_read_is_the_reason_why_a_volume_waits() -> None:
    patience = Patience(now=NOW, grace=24 * HOUR, known=False)
    verdict = judge(VOLUME, (), (), patience, HOSTNAMES)
    assert (verdict.ruling, verdict.unused_since) == (Ruling.PENDING, None)
    assert "memory of unused volumes cannot be read" in verdict.reasons[0]
