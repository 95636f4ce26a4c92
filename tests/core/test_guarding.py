from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.guarding import on_plugin, on_removal
from cloudstorctl.core.model import ContainerState, Gap, NodeId, TaskState
from cloudstorctl.core.verdict import assess
from tests.core.builders import (
    DRIVER,
    HOUR,
    a_bind,
    a_container,
    a_mount,
    a_plugin,
    a_reading,
    a_service,
    a_survey,
    a_task,
    a_task_container,
    node_id,
    plugin_id,
)

PING = a_service("ping2", "{{.Service.Name}}-{{.Task.Slot}}-vol")
PING_TASK = a_task_container(PING, "ping2-1-vol", on="w2")
LOST = Gap(source="ssh://w2", cause="no answer", node=node_id("w2"))


def test_a_volume_in_use_is_denied_with_the_claims_and_what_would_settle_them() -> None:
    survey = a_survey(
        a_reading("w1", "ping2-1-vol"),
        a_reading("w2", "ping2-1-vol", containers=(PING_TASK,)),
        services=(PING,),
    )
    answer = on_removal(assess(survey), ("ping2-1-vol",))
    assert not answer.allow
    assert answer.reason.startswith(
        "ping2-1-vol is in-use: Task ping2.1 on w2 has it mounted (container ping2.1."
    )
    assert answer.reason.endswith(
        "Removing it here deletes its data. "
        "If ping2 is no longer needed: 'docker service rm ping2'."
    )


def test_a_volume_that_nothing_uses_goes() -> None:
    answer = on_removal(assess(a_survey(a_reading("w1", "old"))), ("old", "old/"))
    assert answer.allow
    assert answer.reason.startswith("No container, task or service on the one node refers to it.")


@pytest.mark.parametrize("name", ["old", "nothing"])
@pytest.mark.parametrize("node", ["w2", ""])
def test_a_node_that_is_not_in_the_swarm_removes_nothing(name: str, node: str) -> None:
    """Its containers were not read."""
    seen = assess(a_survey(a_reading("w1", "old")))
    assert on_removal(seen, (name,), node=node_id("w1")).allow
    answer = on_removal(seen, (name,), node=NodeId(node))
    assert not answer.allow
    assert answer.reason == (
        "This node is not in the swarm that was read, so it is not known what its containers use. "
        "Removing it here deletes its data."
    )


def test_a_volume_in_its_grace_period_stays() -> None:
    answer = on_removal(assess(a_survey(a_reading("w1", "old")), grace=HOUR), ("old",))
    assert not answer.allow
    assert answer.reason.startswith("old is pending: Nothing uses it, but it was not seen")


def test_each_reading_of_the_name_has_to_be_removable() -> None:
    seen = assess(a_survey(a_reading("w1", "old", "data", containers=(a_container("data"),))))
    assert not on_removal(seen, ("old", "data")).allow
    assert not on_removal(seen, ("data", "old")).allow


@pytest.mark.parametrize("name", ["data", "data/", "./data", "data/sub", "data//sub/"])
def test_a_directory_in_a_volume_is_as_safe_as_the_volume(name: str) -> None:
    seen = assess(a_survey(a_reading("w1", "data", containers=(a_container("data"),))))
    assert not on_removal(seen, (name,)).allow


def test_a_volume_is_kept_for_the_sake_of_one_in_it() -> None:
    seen = assess(a_survey(a_reading("w1", "a", containers=(a_container("a/b"),))))
    assert not on_removal(seen, ("a",)).allow


@pytest.mark.parametrize("name", ["", ".", "..", "../max/x", "/"])
def test_a_name_of_no_directory_is_denied(name: str) -> None:
    answer = on_removal(assess(a_survey(a_reading("w1"))), (name,))
    assert not answer.allow
    assert answer.reason == f"{name} is no directory of a volume."


def test_a_name_that_no_engine_lists_may_be_removed_for_all_that_there_is() -> None:
    assert on_removal(assess(a_survey(a_reading("w1"))), ("nothing",)).allow


def test_a_name_that_no_engine_lists_is_kept_by_what_would_use_it() -> None:
    """A driver whose backend fails lists nothing, without an error."""
    survey = a_survey(a_reading("w1"), services=(a_service("shop", "shop-data"),))
    answer = on_removal(assess(survey), ("shop-data",))
    assert not answer.allow
    assert answer.reason.startswith("shop-data is reserved: Service shop mounts it whenever")


def test_a_name_that_no_engine_lists_is_kept_by_its_protection() -> None:
    seen = assess(a_survey(a_reading("w1")))
    assert not on_removal(seen, ("prod-1",), protect=("prod-*",)).allow


@pytest.mark.parametrize("name", ["old", "nothing"])
def test_a_gap_keeps_every_volume(name: str) -> None:
    answer = on_removal(assess(a_survey(a_reading("w1", "old"), gaps=(LOST,))), (name,))
    assert not answer.allow
    assert answer.reason.startswith(f"{name} is unknown: Nothing seen uses it, but ")
    assert "Removing it here deletes its data. When every node can be read" in answer.reason


def test_of_many_reasons_the_first_are_told() -> None:
    users = tuple(a_container("data", name=f"app{number}") for number in range(9))
    answer = on_removal(assess(a_survey(a_reading("w1", "data", containers=users))), ("data",))
    assert answer.reason.count("has it mounted") == 3
    assert "There are 6 reasons more. Removing" in answer.reason


def test_the_plugin_may_not_be_changed_while_a_container_of_the_node_has_a_volume() -> None:
    seen = assess(a_survey(a_reading("w1", "data", containers=(a_container("data"),))))
    answer = on_plugin(seen, node_id("w1"), (DRIVER,), "disabled")
    assert not answer.allow
    assert answer.reason == (
        "cloudstor:aws may not be disabled while Cloudstor volumes are in use on w1: Container "
        "app, which is running, has data. Move or remove what uses them first: 'docker node update "
        "--availability drain w1' moves the tasks."
    )


@pytest.mark.parametrize(
    "container",
    [a_container("data", state=ContainerState.EXITED), a_container(a_bind("/mnt"))],
    ids=["exited", "bind"],
)
def test_a_container_that_holds_a_volume_counts_and_another_does_not(
    container: object,
) -> None:
    bind = container == a_container(a_bind("/mnt"))
    survey = a_survey(a_reading("w1", "data", containers=(container,)))  # type: ignore[arg-type]
    assert on_plugin(assess(survey), node_id("w1"), (DRIVER,), "set").allow is bind


def test_the_root_of_the_file_system_is_in_use_by_who_binds_it() -> None:
    root = f"/var/lib/docker/plugins/{plugin_id('w1')}/propagated-mount/efs/reg"
    survey = a_survey(a_reading("w1", "data", containers=(a_container(a_bind(root)),)))
    answer = on_plugin(assess(survey), node_id("w1"), (DRIVER,), "removed")
    assert "Container app, which is running, has /." in answer.reason


@pytest.mark.parametrize("source", ["data", ""])
def test_a_task_that_is_about_to_mount_a_volume_counts(source: str) -> None:
    service = a_service("web", a_mount(source))
    task = a_task(service, on="w1", state=TaskState.PREPARING)
    survey = a_survey(a_reading("w1"), services=(service,), tasks=(task,))
    answer = on_plugin(assess(survey), node_id("w1"), (DRIVER,), "upgraded")
    assert not answer.allow
    name = source or "a volume without a name"
    assert f"Task web.1, which is preparing, mounts {name}." in answer.reason


def test_what_runs_elsewhere_or_is_over_does_not_count() -> None:
    service = a_service("web", "data", a_bind("/srv"))
    tasks = (
        a_task(service, on="w2"),
        a_task(service, on="w1", state=TaskState.COMPLETE),
        a_task(service, a_bind("/srv"), slot=2, on="w1"),
    )
    survey = a_survey(
        a_reading("w1", "data"),
        a_reading("w2", "data", containers=(a_container("data", on="w2"),)),
        services=(service,),
        tasks=tasks,
    )
    answer = on_plugin(assess(survey), node_id("w1"), (DRIVER,), "disabled")
    assert answer.allow
    assert answer.reason == "Nothing on w1 uses a Cloudstor volume."


def test_a_plugin_that_is_disabled_may_be_set_where_nothing_uses_it() -> None:
    survey = a_survey(a_reading("w1", plugins=(a_plugin("w1", enabled=False),)))
    assert on_plugin(assess(survey), node_id("w1"), (DRIVER,), "set").allow


@pytest.mark.parametrize("gap", [LOST, replace(LOST, node=None)], ids=["of the node", "of no node"])
def test_a_gap_on_the_node_keeps_the_plugin(gap: Gap) -> None:
    survey = a_survey(a_reading("w1"), a_reading("w2"), gaps=(gap,))
    answer = on_plugin(assess(survey), node_id("w2"), (DRIVER,), "disabled")
    assert not answer.allow
    assert answer.reason == (
        "Whether Cloudstor volumes are in use on w2 cannot be told: ssh://w2: no answer."
    )


def test_a_gap_on_another_node_does_not_matter_to_the_plugin() -> None:
    survey = a_survey(a_reading("w1"), a_reading("w2"), gaps=(LOST,))
    assert on_plugin(assess(survey), node_id("w1"), (DRIVER,), "disabled").allow


@pytest.mark.parametrize(("node", "called"), [("", "this node"), ("elsewhere", "elsewhere")])
def test_a_node_that_was_not_read_keeps_its_plugin(node: str, called: str) -> None:
    answer = on_plugin(assess(a_survey(a_reading("w1"))), node, (DRIVER,), "set")  # type: ignore[arg-type]
    assert not answer.allow
    assert answer.reason == (
        f"Whether Cloudstor volumes are in use on {called} cannot be told: its engine was not read."
    )


def test_a_plugin_that_is_none_of_cloudstor_may_be_changed() -> None:
    other = a_plugin("w1", name="vieux/sshfs:latest")
    survey = a_survey(a_reading("w1", "data", containers=(a_container("data"),), plugins=(other,)))
    seen = assess(survey)
    assert on_plugin(seen, node_id("w1"), ("vieux/sshfs",), "removed").allow
    assert on_plugin(seen, node_id("w1"), ("unheard/of",), "removed").allow
    answer = on_plugin(seen, node_id("w1"), ("my/cloudstor",), "removed")
    assert not answer.allow
    assert answer.reason.startswith("my/cloudstor may not be removed while")
