from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.judgement import ClaimKind, EntryStatus, HolderType, Ruling
from cloudstorctl.core.model import NodeId, Survey
from cloudstorctl.render.screen import screen
from cloudstorctl.render.tables import entries_table, volumes_table
from tests.cli.scene import (
    DRIVER,
    HOSTILE,
    HOSTILE_SHOWN,
    a_claim,
    a_gap,
    a_node,
    a_survey,
    a_verdict,
    a_view,
    documented_volumes,
)

LONG = "production-stack_postgres-primary-data-volume-with-a-long-name-7"
LONG_DRIVER = "docker4x/cloudstor:17.06.0-ce-aws2"


def lines(text: str) -> list[str]:
    return text.splitlines()


def row_of(name: str, text: str) -> str:
    (row,) = (line for line in lines(text) if line.startswith(f"{name} "))
    return row


def test_ls_answers_at_a_glance_in_80_columns() -> None:
    table = volumes_table(a_survey(), documented_volumes(), ())
    assert lines(screen(table, width=80, colour=False)) == [
        "VOLUME       DRIVER         BACKING  RULING       NODES",
        "maxvol       cloudstor:aws  efs/max  ● in-use     w1 ● ping3.1",
        "old-data     cloudstor:aws  efs/reg  - removable  1 unused",
        "ping2-1-vol  cloudstor:aws  efs/reg  ● in-use     w3 ● ping2.1, w2 ○ stale",
        "sharedvol1   cloudstor:aws  efs/reg  ● in-use     w1 ● ping1.1, w2 ● ping1.2,",
        "                                                  w3 ● ping1.3",
        "web-data     cloudstor:aws  efs/reg  ◆ reserved   2 idle, for service web",
        "",
        "5 volumes: 3 in use, 1 reserved, 1 removable",
    ]


def test_ls_in_160_columns_has_one_line_a_volume() -> None:
    table = volumes_table(a_survey(), documented_volumes(), ())
    shown = lines(screen(table, width=160, colour=False))
    assert [line[28:] for line in shown[:6]] == [
        "BACKING  RULING       NODES",
        "efs/max  ● in-use     w1 ● ping3.1",
        "efs/reg  - removable  1 unused",
        "efs/reg  ● in-use     w3 ● ping2.1, w2 ○ stale",
        "efs/reg  ● in-use     w1 ● ping1.1, w2 ● ping1.2, w3 ● ping1.3",
        "efs/reg  ◆ reserved   2 idle, for service web",
    ]


def test_ls_wide_in_160_columns_adds_where_the_data_is_and_who_claims_it() -> None:
    verdicts = documented_volumes()[:3]
    table = volumes_table(a_survey(), verdicts, (), wide=True)
    half = "VOLUME       DRIVER         BACKING  FILE SYSTEM  PATH         RULING       "
    shown = lines(screen(table, width=160, colour=False))
    assert [line[: len(half)] for line in shown[:4]] == [
        half,
        "maxvol       cloudstor:aws  efs/max  fs-9f8e7d6c  maxvol       ● in-use     ",
        "old-data     cloudstor:aws  efs/reg  fs-0a1b2c3d  old-data     - removable  ",
        "ping2-1-vol  cloudstor:aws  efs/reg  fs-0a1b2c3d  ping2-1-vol  ● in-use     ",
    ]
    assert [line[len(half) :] for line in shown[:4]] == [
        "NODES                     WHY",
        "w1 ● ping3.1              mounted: ping3.1 on w1",
        "1 unused                  Nothing claims it, and every engine was read.",
        "w3 ● ping2.1, w2 ○ stale  mounted: ping2.1 on w3; declared: service ping2",
    ]


def test_ls_wide_in_80_columns_puts_what_has_no_room_on_lines_below() -> None:
    table = volumes_table(a_survey(), documented_volumes(), (), wide=True)
    assert lines(screen(table, width=80, colour=False))[:7] == [
        "VOLUME       DRIVER         BACKING  FILE SYSTEM  PATH         RULING",
        "    NODES                        WHY",
        "maxvol       cloudstor:aws  efs/max  fs-9f8e7d6c  maxvol       ● in-use",
        "    w1 ● ping3.1                 mounted: ping3.1 on w1",
        "old-data     cloudstor:aws  efs/reg  fs-0a1b2c3d  old-data     - removable",
        "    1 unused                     Nothing claims it, and every engine was read.",
        "ping2-1-vol  cloudstor:aws  efs/reg  fs-0a1b2c3d  ping2-1-vol  ● in-use",
    ]


def test_what_was_not_seen_stands_under_the_table_with_its_consequence() -> None:
    gaps = (
        a_gap(),
        a_gap("node w3", 3, cause="its engine was not read"),
        a_gap("service api", None, "api-1-vol", "api-2-vol", cause="{{.Foo}} cannot be expanded"),
    )
    table = volumes_table(a_survey(4), (a_verdict("data", Ruling.UNKNOWN),), gaps)
    assert lines(screen(table, width=80, colour=False))[-7:] == [
        "1 volume: 1 unknown",
        "",
        "Not seen:",
        "  ! w4, ssh://docker@10.0.0.4 /volumes: no answer within 10 s",
        "  ! node w3: its engine was not read",
        "  ! service api: {{.Foo}} cannot be expanded (it may hide api-1-vol, api-2-vol)",
        "Volumes without a claim are ruled unknown and stay.",
    ]


def test_gaps_that_hide_known_volumes_alone_leave_the_others_judged() -> None:
    gaps = (a_gap("service api", None, "api-1-vol"),)
    shown = screen(volumes_table(a_survey(), (a_verdict(),), gaps), width=80, colour=False)
    assert lines(shown)[-1] == (
        "Those of the volumes named here without a claim are ruled unknown and stay."
    )


def test_a_swarm_without_volumes_says_so_and_not_more_than_was_seen() -> None:
    none = screen(volumes_table(a_survey(), (), ()), width=80, colour=False)
    assert none == "No volume to show.\n"
    unseen = screen(volumes_table(a_survey(4), (), (a_gap(),)), width=80, colour=False)
    assert lines(unseen)[:3] == ["No volume to show.", "", "Not seen:"]


def test_entries_that_only_list_a_volume_are_counted_and_not_named() -> None:
    task = a_claim("web.1", 1)
    views = (
        a_view("data", 1, EntryStatus.MOUNTED, task),
        a_view("data", 2, EntryStatus.LISTED, task),
        a_view("data", 3, EntryStatus.LISTED, task),
        a_view("data", 4, EntryStatus.UNKNOWN),
    )
    verdict = a_verdict("data", Ruling.IN_USE, *views, claims=(task,))
    shown = screen(volumes_table(a_survey(4), (verdict,), ()), width=120, colour=False)
    assert row_of("data", shown).endswith("w1 ● web.1, +2 listed, +1 unknown")


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (EntryStatus.MOUNTED, "w1 ● web.1 web.4"),
        (EntryStatus.HELD, "w1 ◐ held by web.1 web.4"),
        (EntryStatus.STALE, "w1 ○ stale"),
    ],
)
def test_a_named_entry_tells_the_tasks_on_its_own_node(status: EntryStatus, shown: str) -> None:
    tasks = (a_claim("web.1", 1), a_claim("web.4", 1), a_claim("web.2", 2), a_claim("web.1", 1))
    verdict = a_verdict("data", Ruling.IN_USE, a_view("data", 1, status, *tasks))
    assert (
        shown
        == row_of(
            "data", screen(volumes_table(a_survey(), (verdict,), ()), width=120, colour=False)
        )
        .partition("in-use")[2]
        .strip()
    )


def test_nodes_are_in_the_order_of_their_numbers_with_mounted_entries_first() -> None:
    views = (
        a_view("data", 2, EntryStatus.STALE),
        a_view("data", 10, EntryStatus.MOUNTED),
        a_view("data", 9, EntryStatus.MOUNTED),
    )
    verdict = a_verdict("data", Ruling.IN_USE, *views)
    shown = screen(volumes_table(a_survey(10), (verdict,), ()), width=120, colour=False)
    assert row_of("data", shown).endswith("w9 ● mounted, w10 ● mounted, w2 ○ stale")


def test_a_volume_that_only_a_starting_task_will_mount_names_the_task_and_its_node() -> None:
    claims = (
        a_claim("web.1", 3, kind=ClaimKind.SCHEDULED),
        a_claim("web", None, kind=ClaimKind.DECLARED, holder=HolderType.SERVICE),
    )
    views = (a_view("data", 1, EntryStatus.STALE, *claims), a_view("data", 3, EntryStatus.LISTED))
    verdict = a_verdict("data", Ruling.IN_USE, *views, claims=claims)
    shown = screen(volumes_table(a_survey(), (verdict,), ()), width=120, colour=False)
    assert row_of("data", shown).endswith("w1 ○ stale, +1 listed, for web.1 on w3 +1")


def test_a_task_of_a_global_service_is_named_without_the_id_of_its_node() -> None:
    node = replace(a_node(1), id=NodeId("k4w1xmq0zr7n2c8d5f3h6j9p1"))
    here = replace(a_claim(f"agent.{node.id}"), node=node.id)
    gone = replace(a_claim("agent.zzzzzzzzzzzzzzzzzzzzzzzzz"), node=node.id)
    view = a_view("data", 1, EntryStatus.MOUNTED, here, gone)
    view = view._replace(entry=view.entry._replace(node_id=node.id))
    survey = replace(a_survey(), nodes=(node,))
    verdict = a_verdict("data", Ruling.IN_USE, view)
    shown = screen(volumes_table(survey, (verdict,), ()), width=120, colour=False)
    assert row_of("data", shown).endswith("w1 ● agent")


def test_two_nodes_of_one_hostname_are_told_apart_by_their_ids() -> None:
    survey = replace(a_survey(), nodes=(a_node(1, "twin"), a_node(2, "twin"), a_node(3)))
    views = tuple(a_view("data", node, EntryStatus.MOUNTED) for node in (1, 2, 3))
    verdict = a_verdict("data", Ruling.IN_USE, *views)
    shown = screen(volumes_table(survey, (verdict,), ()), width=120, colour=False)
    assert row_of("data", shown).endswith(
        "twin/id-w1 ● mounted, twin/id-w2 ● mounted, w3 ● mounted"
    )


def test_a_volume_in_two_backings_shows_both() -> None:
    regular, maxio = (each.volume.backing for each in documented_volumes()[1::-1])
    verdict = a_verdict("data", Ruling.RESERVED, backings=(regular, maxio))
    shown = screen(volumes_table(a_survey(), (verdict,), ()), width=120, colour=False)
    assert "efs/reg, efs/max" in row_of("data", shown)


def test_per_node_has_a_row_an_entry_and_a_stale_one_names_the_task_and_its_node() -> None:
    table = entries_table(a_survey(), documented_volumes(), ())
    for width in (80, 160):
        assert lines(screen(table, width=width, colour=False)) == [
            "NODE  VOLUME       DRIVER         STATUS     USED BY",
            "w1    maxvol       cloudstor:aws  ● mounted  ping3.1",
            "w1    old-data     cloudstor:aws  - unused   -",
            "w1    sharedvol1   cloudstor:aws  ● mounted  ping1.1",
            "w1    web-data     cloudstor:aws  · idle     service web",
            "w2    ping2-1-vol  cloudstor:aws  ○ stale    ping2.1 on w3",
            "w2    sharedvol1   cloudstor:aws  ● mounted  ping1.2",
            "w2    web-data     cloudstor:aws  · idle     service web",
            "w3    ping2-1-vol  cloudstor:aws  ● mounted  ping2.1",
            "w3    sharedvol1   cloudstor:aws  ● mounted  ping1.3",
            "",
            "5 volumes: 3 in use, 1 reserved, 1 removable",
        ]


def test_a_name_too_long_for_its_column_has_a_line_to_itself_and_stays_in_one_piece() -> None:
    view = a_view(LONG, 2, EntryStatus.UNKNOWN, driver=LONG_DRIVER)
    verdicts = (a_verdict(LONG, Ruling.UNKNOWN, view), a_verdict())
    by_volume = volumes_table(a_survey(), verdicts, ())
    assert lines(screen(by_volume, width=72, colour=False))[:5] == [
        "VOLUME    DRIVER               BACKING  RULING       NODES",
        LONG,
        "          docker4x/cloudstor:  efs/reg  ? unknown    1 unknown",
        "          17.06.0-ce-aws2",
        "old-data  cloudstor:aws        efs/reg  - removable  1 unused",
    ]
    by_node = entries_table(a_survey(), verdicts, ())
    assert lines(screen(by_node, width=80, colour=False))[:4] == [
        "NODE  VOLUME    DRIVER                              STATUS     USED BY",
        "w1    old-data  cloudstor:aws                       - unused   -",
        f"w2    {LONG}",
        "                docker4x/cloudstor:17.06.0-ce-aws2  ? unknown  -",
    ]


def hostile_survey() -> Survey:
    return replace(a_survey(1), nodes=(a_node(1, "w\x1b]0;1"),))


def test_names_and_causes_from_the_swarm_are_shown_escaped_and_never_obeyed() -> None:
    task = a_claim("[bold]t\rask", 1)
    view = a_view(HOSTILE, 1, EntryStatus.MOUNTED, task, driver="[link]\x07driver")
    verdict = a_verdict(HOSTILE, Ruling.IN_USE, view, claims=(task,))
    gaps = (a_gap("[/]\x1b", 1, cause="\u202e[blink]\n"),)
    survey = hostile_survey()
    tables = (
        volumes_table(survey, (verdict,), gaps, wide=True),
        entries_table(survey, (verdict,), gaps),
    )
    for table in tables:
        text = screen(table, width=400, colour=False)
        assert text.replace("\n", "").isprintable()
        for told in (
            HOSTILE_SHOWN,
            r"w\x1b]0;1",
            r"[bold]t\rask",
            r"[link]\x07driver",
            r"  ! w\x1b]0;1, [/]\x1b: \u202e[blink]\n",
        ):
            assert told in text


def test_colour_adds_nothing_but_colour() -> None:
    table = volumes_table(a_survey(4), documented_volumes(), (a_gap(),), wide=True)
    coloured = screen(table, width=100, colour=True)
    assert "\x1b[32m● in-use\x1b[0m" in coloured
    bare = coloured
    while "\x1b[" in bare:
        before, _, after = bare.partition("\x1b[")
        bare = before + after.partition("m")[2]
    plain = screen(table, width=100, colour=False)
    assert [line.rstrip() for line in lines(bare)] == lines(plain)


def test_a_driver_that_an_engine_does_not_name_is_shown_as_a_dash() -> None:
    verdict = a_verdict("data", Ruling.UNKNOWN, a_view("data", driver=""))
    shown = screen(volumes_table(a_survey(), (verdict,), ()), width=80, colour=False)
    assert row_of("data", shown).split()[1] == "-"
    assert DRIVER not in shown


def test_a_task_that_has_it_mounted_is_not_told_again_as_scheduled() -> None:
    claims = (
        a_claim("web.1", 1),
        a_claim("web.1", 1, kind=ClaimKind.SCHEDULED),
        a_claim("web.2", 2, kind=ClaimKind.SCHEDULED),
    )
    verdict = a_verdict("data", Ruling.IN_USE, claims=claims)
    told = screen(volumes_table(a_survey(), (verdict,), (), wide=True), width=300, colour=False)
    assert "mounted: web.1 on w1; scheduled: web.2 on w2" in told
