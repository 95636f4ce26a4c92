from __future__ import annotations

from dataclasses import replace

from cloudstorctl.core.judgement import Backing, EntryStatus, OutcomeStatus, Ruling
from cloudstorctl.core.storage import Restorable
from cloudstorctl.render.detail import volume_detail
from cloudstorctl.render.plan import outcomes_screen, plan_screen
from cloudstorctl.render.screen import screen
from tests.cli.scene import (
    HOSTILE,
    HOSTILE_SHOWN,
    REGULAR,
    a_claim,
    a_gap,
    a_kept,
    a_plan,
    a_removal,
    a_survey,
    a_verdict,
    a_view,
    an_outcome,
    documented_volumes,
)


def test_inspect_tells_the_ruling_the_claims_and_the_stale_entry_in_80_columns() -> None:
    detail = volume_detail(a_survey(), documented_volumes()[2], (), {})
    assert screen(detail, width=80, colour=False).splitlines() == [
        "ping2-1-vol",
        "  Ruling   ● in-use",
        "           Task ping2.1 on w3 has it mounted.",
        "           Service ping2 mounts it.",
        "  Backing  efs/reg, file system fs-0a1b2c3d, directory ping2-1-vol",
        "  Driver   cloudstor:aws",
        "",
        "Claims:",
        "  STRENGTH  CLAIM     HOLDER         NODE  WHAT WAS SEEN",
        "  in use    mounted   ping2.1        w3    container ping2.1 is running and",
        "                                           mounts ping2-1-vol",
        "  reserved  declared  service ping2  -     the service mounts",
        "                                           {{.Service.Name}}-{{.Task.Slot}}-vol",
        "",
        "Entries:",
        "  NODE  DRIVER         STATUS     USED BY",
        "  w2    cloudstor:aws  ○ stale    ping2.1 on w3",
        "  w3    cloudstor:aws  ● mounted  ping2.1",
    ]


def test_inspect_shows_options_warnings_and_the_gaps_that_touch_the_volume() -> None:
    views = (
        a_view("data", 1, EntryStatus.UNKNOWN, options={"perfmode": "maxio", "size": "5"}),
        a_view("data", 2, EntryStatus.UNKNOWN),
    )
    verdict = a_verdict(
        "data",
        Ruling.UNKNOWN,
        *views,
        reasons=("No claim was found, but not all was seen.",),
        warnings=("its options differ between w1 and w2.",),
        backings=(),
    )
    gaps = (a_gap(), a_gap("service api", None, "other-volume"))
    detail = volume_detail(a_survey(4), verdict, gaps, {})
    assert screen(detail, width=160, colour=False).splitlines() == [
        "data",
        "  Ruling   ? unknown",
        "           No claim was found, but not all was seen.",
        "  Backing  unknown",
        "  Driver   cloudstor:aws",
        "",
        "Entries:",
        "  NODE  DRIVER         STATUS     USED BY  OPTIONS",
        "  w1    cloudstor:aws  ? unknown  -        perfmode=maxio, size=5",
        "  w2    cloudstor:aws  ? unknown  -        -",
        "",
        "Warnings:",
        "  ! its options differ between w1 and w2.",
        "",
        "Not seen:",
        "  ! w4, ssh://docker@10.0.0.4 /volumes: no answer within 10 s",
        "Volumes without a claim are ruled unknown and stay.",
    ]


def test_inspect_tells_a_reader_from_a_writer_and_each_of_two_backings() -> None:
    claims = (a_claim("reader.1", 1, detail="its container is running", writes=False),)
    verdict = a_verdict("data", Ruling.IN_USE, claims=claims, backings=(Backing(mode="max"),) * 2)
    text = screen(volume_detail(a_survey(), verdict, (), {}), width=80, colour=False)
    assert "its container is running (read-only)\n" in text
    assert "  Backing  unknown/max\n           unknown/max\n" in text


def test_a_plan_tells_what_goes_and_why_what_stays_and_what_was_not_seen() -> None:
    plan = a_plan(
        (a_removal(), a_removal("older", (1, 2, 10))),
        (
            a_kept("ping2-1-vol"),
            a_kept("sharedvol1"),
            a_kept("maxvol"),
            a_kept("web-data", Ruling.RESERVED, "Service web mounts it."),
            a_kept("api-1-vol", Ruling.UNKNOWN, "No claim was found, but not all was seen."),
            a_kept("young", Ruling.PENDING, "It is unused since 11:00, less than 24 hours."),
        ),
        (a_gap("service api", None, "api-1-vol", cause="{{.Foo}} cannot be expanded"),),
    )
    assert screen(plan_screen(plan), width=80, colour=False).splitlines() == [
        "Plan for swarm swarm-1, from what was seen at 2026-03-01T12:00:00Z.",
        "",
        "To be removed: 2 of 8 volumes",
        "  - old-data",
        "    listed on w1 by cloudstor:aws",
        "    Nothing claims it, and every engine was read.",
        "  - older",
        "    listed on w1, w2, id-w10 by cloudstor:aws",
        "    Nothing claims it, and every engine was read.",
        "",
        "Kept: 3 in use, 1 reserved, 1 unknown, 1 pending",
        "  ● in-use     ping2-1-vol, sharedvol1, maxvol",
        "  ◆ reserved   web-data",
        "  ? unknown    api-1-vol",
        "               No claim was found, but not all was seen.",
        "  … pending    young",
        "               It is unused since 11:00, less than 24 hours.",
        "",
        "Not seen:",
        "  ! service api: {{.Foo}} cannot be expanded (it may hide api-1-vol)",
        "Those of the volumes named here without a claim are ruled unknown and stay.",
    ]


def test_a_plan_of_few_volumes_tells_the_reason_of_each() -> None:
    plan = a_plan((), (a_kept(), a_kept("web-data", Ruling.RESERVED, "Service web mounts it.")))
    assert screen(plan_screen(plan), width=80, colour=False).splitlines() == [
        "Plan for swarm swarm-1, from what was seen at 2026-03-01T12:00:00Z.",
        "",
        "Nothing to remove among 2 volumes.",
        "",
        "Kept: 1 in use, 1 reserved",
        "  ● in-use     sharedvol1",
        "               A task has it mounted.",
        "  ◆ reserved   web-data",
        "               Service web mounts it.",
    ]


def test_a_plan_for_a_swarm_without_volumes_says_so() -> None:
    assert screen(plan_screen(a_plan()), width=80, colour=False).splitlines()[2:] == [
        "Nothing to remove among 0 volumes."
    ]


def test_many_kept_names_fold_between_names_in_80_columns() -> None:
    kept = tuple(a_kept(f"stack_volume-{number}") for number in range(1, 8))
    text = screen(plan_screen(a_plan((), kept)), width=80, colour=False)
    assert text.splitlines()[-2:] == [
        "  ● in-use     stack_volume-1, stack_volume-2, stack_volume-3, stack_volume-4,",
        "               stack_volume-5, stack_volume-6, stack_volume-7",
    ]


def test_each_outcome_is_told_with_its_detail_and_counted() -> None:
    outcomes = (
        an_outcome(),
        an_outcome("busy", OutcomeStatus.CLAIMED, "Service web mounts it since the plan was made."),
        an_outcome("last", OutcomeStatus.NOT_TRIED, "Interrupted before its turn."),
        an_outcome("lost", OutcomeStatus.UNCERTAIN, "w2 took the request and did not answer."),
    )
    assert screen(outcomes_screen(outcomes), width=80, colour=False).splitlines() == [
        "VOLUME    OUTCOME      DETAIL",
        "old-data  - removed    No engine lists it any more.",
        "busy      ◆ claimed    Service web mounts it since the plan was made.",
        "last      · not tried  Interrupted before its turn.",
        "lost      ? uncertain  w2 took the request and did not answer.",
        "",
        "4 volumes: 1 removed, 1 claimed, 1 uncertain, 1 not tried",
    ]


def test_no_outcomes_is_said_in_a_sentence() -> None:
    assert screen(outcomes_screen(()), width=80, colour=False) == "Nothing was to be removed.\n"


def test_no_screen_obeys_a_name_or_a_reason_from_the_swarm() -> None:
    bad = "[b]\x9b2J\r"
    claim = a_claim(bad, 1, detail=bad)
    view = a_view(HOSTILE, 1, EntryStatus.STALE, claim, driver=bad, options={bad: bad})
    verdict = a_verdict(
        HOSTILE, Ruling.IN_USE, view, claims=(claim,), reasons=(bad,), warnings=(bad,)
    )
    removal = replace(a_removal(HOSTILE), reasons=(bad,))
    screens = (
        volume_detail(
            a_survey(),
            verdict,
            (a_gap(bad, None, bad, HOSTILE, cause=bad),),
            {REGULAR: Restorable(unknown=bad)},
        ),
        plan_screen(a_plan((removal,), (a_kept(HOSTILE, Ruling.UNKNOWN, bad),))),
        plan_screen(a_plan((), (a_kept(HOSTILE),) * 6)),
        outcomes_screen((an_outcome(HOSTILE, OutcomeStatus.FAILED, bad),)),
    )
    for each in screens:
        text = screen(each, width=400, colour=False)
        assert text.replace("\n", "").isprintable()
        assert HOSTILE_SHOWN in text
    assert r"[b]\x9b2J\r" in screen(screens[0], width=400, colour=False)
