"""Every gap that a survey leaves open (design.md section 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.gaps import gaps_in
from cloudstorctl.core.model import (
    Container,
    ContainerState,
    Gap,
    NodeId,
    NodeState,
    ServiceMode,
    Survey,
    TaskState,
    VolumeName,
)
from cloudstorctl.core.mounts import reacher_for
from cloudstorctl.core.verdict import assess
from cloudstorctl.core.volumes import volumes_in
from tests.core.builders import (
    a_bind,
    a_container,
    a_mount,
    a_node,
    a_plugin,
    a_reading,
    a_service,
    a_survey,
    a_task,
    an_entry,
    node_id,
    plugin_id,
)


def gaps_of(survey: Survey) -> tuple[Gap, ...]:
    return gaps_in(survey, volumes_in(survey), reacher_for(survey))


def causes(survey: Survey) -> list[str]:
    return [f"{gap.source}: {gap.cause}" for gap in gaps_of(survey)]


def test_a_fully_read_swarm_has_no_gap() -> None:
    web = a_service("web", "data", "{{.Service.Name}}-{{.Task.Slot}}")
    survey = a_survey(
        a_reading("w1", "data", containers=(a_container("data"),)),
        services=(web,),
        tasks=(a_task(web),),
    )
    assert gaps_of(survey) == ()


@pytest.mark.parametrize("state", NodeState)
def test_a_node_that_was_not_read_is_a_gap_whatever_its_state(state: NodeState) -> None:
    nodes = (a_node("w1"), a_node("w2", state=state))
    survey = a_survey(a_reading("w1", "data"), nodes=nodes)
    (gap,) = gaps_of(survey)
    assert gap.node == node_id("w2")
    assert gap.cause == f"its engine was not read (the managers call the node {state})"
    assert gap.touches(VolumeName("data"))


def test_a_node_whose_reading_failed_is_told_once_with_the_cause() -> None:
    failed = Gap(source="tcp://w2 /info", node=node_id("w2"), cause="refused")
    survey = a_survey(a_reading("w1"), nodes=(a_node("w1"), a_node("w2")), gaps=(failed,))
    assert gaps_of(survey) == (failed,)


@pytest.mark.parametrize(
    ("state", "gap"),
    [
        (TaskState.RUNNING, True),
        (TaskState.PREPARING, True),
        (TaskState.ORPHANED, True),
        (TaskState.SHUTDOWN, False),
        (TaskState.FAILED, False),
    ],
)
def test_a_live_task_on_a_node_that_left_is_a_gap(
    state: TaskState,
    gap: bool,  # noqa: FBT001 - a column of the table
) -> None:
    web = a_service("web")
    survey = a_survey(a_reading("w1"), services=(web,), tasks=(a_task(web, on="w4", state=state),))
    assert causes(survey) == (
        [
            (
                f"task web.1: it is {state} on node {node_id('w4')}, which has left the swarm: "
                "its container may still run there"
            )
        ]
        if gap
        else []
    )


def test_a_task_without_a_node_is_no_gap() -> None:
    web = a_service("web")
    survey = a_survey(
        a_reading("w1"), services=(web,), tasks=(a_task(web, on=None, state=TaskState.PENDING),)
    )
    assert gaps_of(survey) == ()


def test_a_disabled_plugin_is_a_gap_and_names_the_command() -> None:
    survey = a_survey(a_reading("w1", plugins=(a_plugin(enabled=False),)))
    (gap,) = gaps_of(survey)
    assert (gap.node, "docker plugin enable cloudstor:aws" in gap.cause) == (node_id("w1"), True)


def test_a_disabled_plugin_of_another_family_is_no_gap() -> None:
    survey = a_survey(a_reading("w1", plugins=(a_plugin(name="rexray/efs:x", enabled=False),)))
    assert gaps_of(survey) == ()


def test_a_node_without_the_plugin_is_no_gap() -> None:
    assert gaps_of(a_survey(a_reading("w1", plugins=()))) == ()


def test_an_entry_without_a_driver_is_a_gap() -> None:
    survey = a_survey(a_reading("w1", an_entry("data", driver="")))
    assert causes(survey) == [
        "volume list: volumes without a driver (data): their plugin does not answer"
    ]


def test_one_name_in_both_file_systems_is_a_gap_for_that_volume_alone() -> None:
    survey = a_survey(
        a_reading("w1", "data", "other"),
        a_reading("w2", an_entry("data", on="w2", place="efs/max")),
    )
    (gap,) = gaps_of(survey)
    assert gap.volumes == frozenset({VolumeName("data")})
    assert "efs/max and efs/reg" in gap.cause
    rulings = {v.volume.name: str(v.ruling) for v in assess(survey).verdicts}
    assert rulings == {"data": "unknown", "other": "removable"}


def test_a_cluster_volume_of_the_same_name_is_a_gap_for_that_volume() -> None:
    survey = a_survey(a_reading("w1", "data", "other", cluster_volumes=("data", "csi")))
    (gap,) = gaps_of(survey)
    assert gap.volumes == frozenset({VolumeName("data")})


def test_a_template_that_cannot_be_expanded_names_the_service_and_what_it_may_yield() -> None:
    web = a_service("web", "app-{{if .Task.Slot}}x{{end}}")
    survey = a_survey(a_reading("w1", "app-1", "other"), services=(web,))
    (gap,) = gaps_of(survey)
    assert gap.source == "service web"
    assert gap.volumes is not None
    assert "app-1" in gap.volumes


def test_a_template_of_nothing_known_claims_every_volume_and_is_a_gap() -> None:
    web = a_service("web", '{{index .Service.Labels "x"}}')
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    (gap,) = gaps_of(survey)
    assert (gap.source, gap.volumes) == ("service web", None)
    assert str(assess(survey).verdicts[0].ruling) == "reserved"


def test_a_label_beside_literal_text_is_no_gap() -> None:
    web = a_service("web", 'app-{{index .Service.Labels "x"}}')
    assert gaps_of(a_survey(a_reading("w1", "data"), services=(web,))) == ()


def test_an_unreadable_template_of_the_previous_spec_counts() -> None:
    web = a_service("web", "data", previous=("{{if 1}}a{{end}}",))
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert [gap.source for gap in gaps_of(survey)] == ["service web"]


def test_a_live_task_with_an_older_template_counts_and_an_ended_one_does_not() -> None:
    web = a_service("web", "data")
    live = a_task(web, "x-{{nonsense}}", slot=1)
    ended = a_task(web, "y-{{nonsense}}", slot=2, state=TaskState.SHUTDOWN)
    survey = a_survey(a_reading("w1", "data"), services=(web,), tasks=(live, ended))
    assert [gap.source for gap in gaps_of(survey)] == ["task web.1"]


def test_a_mount_of_another_driver_is_never_a_gap() -> None:
    web = a_service("web", a_mount("{{nonsense}}", driver="local"))
    survey = a_survey(a_reading("w1"), services=(web,), tasks=(a_task(web),))
    assert gaps_of(survey) == ()


def test_a_bind_of_the_whole_file_system_is_a_claim_and_no_gap() -> None:
    root = f"/var/lib/docker/plugins/{plugin_id('w1')}/propagated-mount/efs/reg"
    web = a_service("web", a_bind(root), mode=ServiceMode.GLOBAL)
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert gaps_of(survey) == ()


def test_a_driver_that_does_not_list_what_is_mounted_is_a_gap() -> None:
    survey = a_survey(
        a_reading("w1", "other", containers=(a_container("data"),)), a_reading("w2", "data")
    )
    (gap,) = gaps_of(survey)
    assert gap.node == node_id("w1")
    assert gap.volumes is None
    assert gap.cause.startswith("its driver does not list data, mounted there by a running")


def test_a_list_that_is_known_to_be_partial_is_told_once() -> None:
    disabled = a_reading(
        "w1", containers=(a_container("data"),), plugins=(a_plugin(enabled=False),)
    )
    assert [gap.source for gap in gaps_of(a_survey(disabled))] == ["plugin cloudstor:aws"]
    failed = Gap(source="tcp://w1 /volumes", node=node_id("w1"), cause="warning: list: failed")
    reading = a_reading("w1", containers=(a_container("data"),))
    assert gaps_of(a_survey(reading, gaps=(failed,))) == (failed,)


@pytest.mark.parametrize(
    ("container", "listed"),
    [
        pytest.param(a_container("data"), "data", id="listed"),
        pytest.param(a_container("data/deep"), "data", id="nested, its top is listed"),
        pytest.param(a_container("data", state=ContainerState.EXITED), "x", id="not running"),
        pytest.param(a_container(a_mount("data", driver="local")), "x", id="another driver"),
        pytest.param(a_container(a_bind("/srv")), "x", id="a bind"),
    ],
)
def test_a_list_that_agrees_with_the_containers_is_no_gap(
    container: Container, listed: str
) -> None:
    survey = a_survey(a_reading("w1", listed, containers=(container,)))
    assert gaps_of(survey) == ()


def test_a_node_that_lists_the_name_under_another_driver_too_is_a_gap_for_that_volume() -> None:
    twin = an_entry("data", on="w2", driver="local")
    survey = a_survey(a_reading("w1", "data", "other"), a_reading("w2", "data", twin))
    (gap,) = gaps_of(survey)
    assert (gap.node, gap.volumes) == (node_id("w2"), frozenset({VolumeName("data")}))


def test_a_twin_on_a_node_that_does_not_list_the_volume_is_no_gap() -> None:
    twin = an_entry("data", on="w2", driver="local")
    assert gaps_of(a_survey(a_reading("w1", "data"), a_reading("w2", twin))) == ()


@pytest.mark.parametrize(
    ("reachable", "managers", "gap"),
    [(1, 1, False), (0, 1, True), (1, 2, True), (1, 3, True), (2, 3, False), (3, 5, False)],
)
def test_managers_without_a_majority_may_tell_old_news(
    reachable: int,
    managers: int,
    gap: bool,  # noqa: FBT001 - a column of the table
) -> None:
    nodes = tuple(
        replace(a_node("w1"), id=NodeId(f"m{n}"), manager=True, reachable=n < reachable)
        for n in range(managers)
    )
    readings = tuple(replace(a_reading("w1"), node_id=node.id) for node in nodes)
    found = gaps_of(a_survey(*readings, nodes=(*nodes, a_node("w2")), gaps=(W2_FAILED,)))
    assert [g.source for g in found if g is not W2_FAILED] == (["managers"] if gap else [])


W2_FAILED = Gap(source="tcp://w2 /info", node=node_id("w2"), cause="refused")
