"""Entries to volumes: grouping, backing, and what is odd about a name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.family import Family
from cloudstorctl.core.judgement import Backing, BackingKind, EntryStatus
from cloudstorctl.core.model import ContainerState, Survey, TaskState
from cloudstorctl.core.verdict import assess
from cloudstorctl.core.volumes import volumes_in
from tests.core.builders import (
    a_container,
    a_node,
    a_plugin,
    a_reading,
    a_service,
    a_survey,
    a_task,
    a_task_container,
    an_entry,
    node_id,
)


def test_entries_of_one_name_are_one_volume_across_nodes_and_aliases() -> None:
    survey = a_survey(
        a_reading("w1", "data"),
        a_reading("w2", an_entry("data", on="w2", driver="docker4x/cloudstor:17.06.0-ce-aws2")),
    )
    (volume,) = volumes_in(survey)
    assert volume.drivers == ("cloudstor:aws", "docker4x/cloudstor:17.06.0-ce-aws2")
    assert [entry.node_id for entry in volume.entries] == [node_id("w1"), node_id("w2")]
    assert "Listed under several drivers" in volume.warnings[0]


def test_volumes_of_other_drivers_are_left_out() -> None:
    survey = a_survey(a_reading("w1", an_entry("logs", driver="local"), "data"))
    assert [volume.name for volume in volumes_in(survey)] == ["data"]


def test_an_entry_without_a_driver_is_shown() -> None:
    (volume,) = volumes_in(a_survey(a_reading("w1", an_entry("data", driver="", place=""))))
    assert (volume.drivers, volume.backing) == ((), Backing())


def test_a_local_twin_is_a_warning_that_names_the_node() -> None:
    survey = a_survey(
        a_reading("w1", "data"), a_reading("w2", an_entry("data", on="w2", driver="local"))
    )
    (warning,) = volumes_in(survey)[0].warnings
    assert warning.startswith("w2 also has a volume of this name under the driver local")


def test_different_options_are_a_warning_among_nodes_that_used_it() -> None:
    asked = (("perfmode", "maxio"),)
    survey = a_survey(
        a_reading("w1", an_entry("data", options=asked)),
        a_reading("w2", an_entry("data", on="w2")),
        a_reading("w3", an_entry("data", on="w3", used_here=False)),
    )
    assert "different options" in volumes_in(survey)[0].warnings[0]


def test_a_node_that_never_used_it_has_asked_for_nothing() -> None:
    asked = (("perfmode", "maxio"),)
    survey = a_survey(
        a_reading("w1", an_entry("data", place="efs/max", options=asked)),
        a_reading("w2", an_entry("data", on="w2", place="efs/max", used_here=False)),
    )
    assert volumes_in(survey)[0].warnings == ()


@pytest.mark.parametrize(
    ("place", "backing"),
    [
        (
            "efs/reg",
            Backing(kind=BackingKind.EFS, mode="reg", file_system="fs-reg", path="/data"),
        ),
        (
            "efs/max",
            Backing(kind=BackingKind.EFS, mode="max", file_system="fs-max", path="/data"),
        ),
        ("ebs", Backing(kind=BackingKind.EBS)),
        ("somewhere/else", Backing()),
        ("", Backing()),
    ],
)
def test_the_mountpoint_tells_the_backing(place: str, backing: Backing) -> None:
    (volume,) = volumes_in(a_survey(a_reading("w1", an_entry("data", place=place))))
    assert volume.backing == backing


@pytest.mark.parametrize("mountpoint", ["/mnt/efs/reg/data", "efs/reg/data"])
def test_the_path_as_the_plugin_sees_it_tells_the_backing_too(mountpoint: str) -> None:
    entry = an_entry("data")._replace(mountpoint=mountpoint)
    (volume,) = volumes_in(a_survey(a_reading("w1", entry)))
    assert str(volume.backing) == "efs/reg"


def test_a_name_in_both_file_systems_has_no_certain_backing() -> None:
    survey = a_survey(
        a_reading("w1", "data"), a_reading("w2", an_entry("data", on="w2", place="efs/max"))
    )
    (volume,) = volumes_in(survey)
    assert volume.backing == Backing()
    assert volume.warnings == (
        (
            "The name exists in efs/max and efs/reg: "
            "the driver takes the first of efs/reg, efs/max, ebs."
        ),
    )


def test_nodes_whose_plugins_name_other_file_systems_are_a_warning() -> None:
    other = replace(a_plugin("w2"), settings=(("EFS_ID_REGULAR", "fs-other"),))
    survey = a_survey(a_reading("w1", "data"), a_reading("w2", "data", plugins=(other,)))
    (volume,) = volumes_in(survey)
    assert volume.warnings == (
        "The nodes' plugins are set to different file systems: fs-other, fs-reg.",
    )


def test_the_engine_may_add_a_tag_to_a_drivers_name() -> None:
    family = Family(patterns=("cloudstor:latest",))
    assert family.includes("cloudstor:latest")
    assert not family.includes("other")
    tagged = a_plugin("w1", name="mystore:latest", reference="docker4x/cloudstor:x")
    entry = an_entry("data", driver="mystore")
    survey = a_survey(a_reading("w1", entry, plugins=(tagged,)))
    assert volumes_in(survey)[0].backing.file_system == "fs-reg"


# What an entry is worth


def statuses(survey: Survey) -> dict[str, str]:
    (verdict,) = assess(survey).verdicts
    return {
        view.entry.node_id[:2]: f"{view.status} {' '.join(c.holder.name for c in view.used_by)}"
        for view in verdict.entries
    }


def test_a_moved_task_leaves_a_stale_entry_that_names_it() -> None:
    ping = a_service("ping2", "data")
    survey = a_survey(
        a_reading("w1", "data"),
        a_reading("w2", an_entry("data", on="w2", used_here=False)),
        a_reading("w3", "data", containers=(a_task_container(ping, "data", on="w3"),)),
        services=(ping,),
        tasks=(a_task(ping, on="w3"),),
    )
    assert statuses(survey) == {
        "w1": f"{EntryStatus.STALE} ping2.1",
        "w2": f"{EntryStatus.LISTED} ping2.1",
        "w3": f"{EntryStatus.MOUNTED} ping2.1",
    }


def test_an_exited_container_holds_its_entry_and_makes_others_stale() -> None:
    ended = a_container("data", state=ContainerState.EXITED)
    survey = a_survey(a_reading("w1", "data", containers=(ended,)), a_reading("w2", "data"))
    assert statuses(survey) == {"w1": "held app", "w2": "stale app"}


def test_a_reserved_volume_without_a_container_is_idle() -> None:
    survey = a_survey(a_reading("w1", "data"), services=(a_service("web", "data", replicas=0),))
    assert statuses(survey) == {"w1": "idle "}


def test_a_task_about_to_start_here_is_named_before_it_has_a_container() -> None:
    web = a_service("web", "data")
    survey = a_survey(
        a_reading("w1", "data"),
        a_reading("w2", "data"),
        services=(web,),
        tasks=(a_task(web, state=TaskState.PREPARING),),
    )
    assert statuses(survey) == {"w1": "idle web.1", "w2": "stale web.1"}


def test_without_claims_an_entry_is_unused_or_unknown() -> None:
    complete = a_survey(a_reading("w1", "data"))
    assert statuses(complete) == {"w1": "unused "}
    unread = replace(complete, nodes=(*complete.nodes, a_node("w2")))
    assert statuses(unread) == {"w1": "unknown "}


def test_a_service_knows_its_stack_by_the_label_that_deployed_it() -> None:
    deployed = a_service("shop_web", "data", labels=(("com.docker.stack.namespace", "shop"),))
    assert (deployed.stack, a_service("web").stack) == ("shop", "")


@pytest.mark.parametrize(
    ("place", "told"), [("efs/reg", True), ("efs/max", False), ("ebs", False), ("", False)]
)
def test_a_mode_that_an_engine_asked_for_too_late_is_told(place: str, told: bool) -> None:  # noqa: FBT001
    asked = (("perfmode", "maxio"),)
    survey = a_survey(a_reading("w1", an_entry("data", place=place, options=asked)))
    warnings = volumes_in(survey)[0].warnings
    assert warnings == (
        (
            (
                "perfmode=maxio was asked for on w1, and the volume is in efs/reg: the driver "
                "ignores the option for a volume that exists."
            ),
        )
        if told
        else ()
    )
