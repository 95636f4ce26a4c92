"""Plans: what they hold, their limits, and what makes one stale."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from cloudstorctl.core.judgement import Plan, Ruling
from cloudstorctl.core.model import Gap, NodeId, Survey, VolumeName
from cloudstorctl.core.plan import Limits, changes_since, check_limits, plan_removals
from cloudstorctl.core.plan_document import plan_document, plan_from
from cloudstorctl.core.verdict import assess
from cloudstorctl.errors import RefusedError, UsageError
from tests.core.builders import (
    CLUSTER,
    NOW,
    a_container,
    a_node,
    a_reading,
    a_service,
    a_survey,
    an_entry,
    node_id,
)

ALL = frozenset({VolumeName("data"), VolumeName("orphan"), VolumeName("other")})
SWARM = a_survey(
    a_reading("w1", "data", "orphan", containers=(a_container("data"),)),
    a_reading("w2", "orphan"),
)
GAP = Gap(source="tcp://w2 /info", node=node_id("w2"), cause="refused")


def a_plan(survey: Survey = SWARM) -> Plan:
    return plan_removals(assess(survey), ALL)


def changes(survey: Survey, plan: Plan | None = None) -> tuple[str, ...]:
    return changes_since(plan or a_plan(), assess(survey))


def test_a_plan_removes_what_is_removable_and_keeps_the_rest_with_reasons() -> None:
    plan = a_plan()
    assert (plan.cluster_id, plan.made_at) == (CLUSTER, NOW)
    assert [node.hostname for node in plan.nodes] == ["w1", "w2"]
    (removal,) = plan.removals
    assert removal.volume == "orphan"
    assert [(e.node.hostname, e.driver) for e in removal.entries] == [
        ("w1", "cloudstor:aws"),
        ("w2", "cloudstor:aws"),
    ]
    (kept,) = plan.kept
    assert (kept.volume, kept.ruling) == ("data", Ruling.IN_USE)
    assert kept.reasons


def test_a_plan_holds_only_the_volumes_that_were_named() -> None:
    plan = plan_removals(assess(SWARM), frozenset({VolumeName("data")}))
    assert (plan.removals, len(plan.kept)) == ((), 1)


def test_nothing_is_planned_while_there_is_a_gap() -> None:
    plan = a_plan(replace(SWARM, gaps=(GAP,)))
    assert plan.removals == ()
    assert [k.ruling for k in plan.kept] == [Ruling.IN_USE, Ruling.UNKNOWN]


# Limits


def plan_of(count: int) -> Plan:
    (removal,) = a_plan().removals
    return replace(a_plan(), removals=(removal,) * count)


@pytest.mark.parametrize(
    ("count", "total", "limits", "allowed"),
    [
        (20, 1000, Limits(), True),
        (21, 1000, Limits(), False),
        (1, 1, Limits(), True),
        (1, 3, Limits(), True),
        (2, 4, Limits(), False),
        (2, 5, Limits(), True),
        (5, 20, Limits(), True),
        (6, 20, Limits(), False),
        (6, 20, Limits(max_percent=30), True),
        (1, 100, Limits(max_percent=0), False),
        (1, 100, Limits(max_count=0), False),
        (0, 0, Limits(max_count=0, max_percent=0), True),
        (4, 4, Limits(max_count=4, max_percent=100), True),
    ],
)
def test_limits_are_on_by_default_and_a_share_is_rounded_up(
    count: int,
    total: int,
    limits: Limits,
    allowed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    if allowed:
        check_limits(plan_of(count), total, limits)
    else:
        with pytest.raises(RefusedError, match="nothing was removed"):
            check_limits(plan_of(count), total, limits)


def test_a_refusal_names_the_option_that_allows_it() -> None:
    with pytest.raises(RefusedError, match="--max-count 21"):
        check_limits(plan_of(21), 1000, Limits())
    with pytest.raises(RefusedError, match="--max-percent 43"):
        check_limits(plan_of(3), 7, Limits())
    check_limits(plan_of(3), 7, Limits(max_percent=43))


# Stale


def test_a_plan_holds_while_nothing_changes() -> None:
    later = replace(SWARM, taken_at=NOW + timedelta(hours=1))
    assert changes(later) == ()


def test_a_plan_of_another_swarm_is_stale() -> None:
    assert changes(replace(SWARM, cluster_id="other")) == (
        f"It was made for the swarm {CLUSTER}, and this is other.",
    )


def test_a_service_that_came_since_makes_it_stale_and_is_named() -> None:
    (change,) = changes(replace(SWARM, services=(a_service("web", "orphan"),)))
    assert change.startswith("orphan: it is reserved now. Service web mounts it")


def test_a_volume_that_is_gone_makes_it_stale() -> None:
    survey = a_survey(a_reading("w1", "data"), a_reading("w2"))
    assert changes(survey) == ("orphan: no engine lists it any more.",)


def test_nodes_that_came_or_left_make_it_stale() -> None:
    joined = replace(SWARM, nodes=(*SWARM.nodes, a_node("w3")), engines=(*SWARM.engines, _W3))
    assert changes(joined) == ("The node w3 has joined the swarm since.",)
    assert changes(SWARM, a_plan(joined)) == ("The node w3 has left the swarm since.",)


_W3 = a_reading("w3")


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (("orphan", "data"), "w2 no longer lists it under cloudstor:aws"),
        (
            (an_entry("orphan", driver="cloudstor:new"), "data"),
            "w1 lists it now under cloudstor:new",
        ),
        ((an_entry("orphan", used_here=False), "data"), "an engine describes it differently"),
    ],
)
def test_entries_that_changed_make_it_stale_and_are_named(
    entries: tuple[str, ...], told: str
) -> None:
    readings = [a_reading("w1", *entries, containers=(a_container("data"),))]
    readings.append(a_reading("w2") if told.startswith("w2") else a_reading("w2", "orphan"))
    (change,) = changes(a_survey(*readings))
    assert told in change


def test_every_volume_that_changed_is_named() -> None:
    swarm = a_survey(a_reading("w1", "orphan", "other", "data"))
    plan = plan_removals(assess(swarm), ALL)
    used = a_survey(
        a_reading("w1", an_entry("orphan", used_here=False), "data", containers=(), plugins=None),
    )
    told = changes(used, plan)
    assert [change.split(":")[0] for change in told] == ["data", "orphan", "other"][1:]


def test_a_volume_merely_out_of_sight_is_no_change() -> None:
    assert changes(replace(SWARM, gaps=(GAP,))) == ()


# The document


def test_a_plan_survives_being_written_and_read() -> None:
    plan = replace(a_plan(), gaps=(GAP, Gap(source="service web", cause="odd")))
    text = json.dumps(plan_document(plan))
    assert plan_from(json.loads(text)) == plan


def test_the_document_has_the_fields_that_scripts_depend_on() -> None:
    document = plan_document(replace(a_plan(), gaps=(GAP,)))
    assert document["schema"] == "cloudstorctl/plan/v1"
    assert document["surveyed_at"] == "2026-03-01T12:00:00Z"
    assert document["complete"] is False
    assert document["gaps"] == [
        {
            "source": "tcp://w2 /info",
            "node": {"id": node_id("w2"), "hostname": "w2"},
            "cause": "refused",
        }
    ]
    removals = document["removals"]
    assert isinstance(removals, list)
    assert set(removals[0]) == {"volume", "ruling", "reasons", "evidence", "nodes"}
    assert removals[0]["evidence"].startswith("sha256:")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": "cloudstorctl/plan/v9"}, "schema"),
        ({"schema": "cloudstorctl/volumes/v1"}, "schema"),
        ({"cluster_id": None}, "cluster_id is missing, expected text"),
        ({"made_at": "yesterday"}, "made_at"),
        ({"nodes": [7]}, r"nodes\[0\] is a number, expected an object"),
        ({"removals": {}}, "removals is an object, expected a list"),
        ({"removals": [{"volume": "a", "ruling": "fine"}]}, r"removals\[0\].ruling"),
        ({"kept": [{"volume": "a", "ruling": "in-use", "reasons": [1]}]}, r"reasons\[0\]"),
        ({"gaps": [{"source": "a", "cause": True}]}, r"gaps\[0\].cause is true or false"),
    ],
)
def test_a_broken_document_is_refused_with_the_field_named(
    change: dict[str, object], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        plan_from({**plan_document(a_plan()), **change})


@pytest.mark.parametrize("key", ["removals", "kept", "nodes", "gaps", "evidence"])
def test_a_document_that_lacks_a_field_is_refused(key: str) -> None:
    document = plan_document(a_plan())
    document.pop(key, None)
    removals = document.get("removals")
    if isinstance(removals, list):
        removals[0].pop(key, None)
    with pytest.raises(UsageError, match=key):
        plan_from(document)


@pytest.mark.parametrize("document", [None, [], "plan", 7])
def test_what_is_no_object_is_no_plan(document: object) -> None:
    with pytest.raises(UsageError, match="This is not a plan"):
        plan_from(document)


def test_a_time_without_a_zone_is_read_as_utc() -> None:
    document = {**plan_document(a_plan()), "made_at": "2026-03-01T12:00:00"}
    assert plan_from(document).made_at == NOW


def test_the_evidence_differs_between_swarms_and_node_sets() -> None:
    def evidence(survey: Survey) -> str:
        return a_plan(survey).removals[0].evidence

    assert evidence(SWARM) == evidence(replace(SWARM, taken_at=NOW + timedelta(hours=1)))
    assert evidence(SWARM) != evidence(replace(SWARM, cluster_id="x"))
    renamed = replace(SWARM, nodes=(*SWARM.nodes, replace(a_node("w4"), id=NodeId("x"))))
    survey = replace(renamed, engines=(*SWARM.engines, replace(_W3, node_id=NodeId("x"))))
    assert evidence(SWARM) != evidence(survey)
