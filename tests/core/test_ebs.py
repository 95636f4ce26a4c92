"""EBS volumes tied to the engines that list them."""

from __future__ import annotations

from dataclasses import replace

from cloudstorctl.core.ebs import Stack, name_gaps, on_ebs, relocatable, stacks_in
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.storage import EbsVolume
from tests.core.builders import a_plugin, a_reading, a_survey, an_entry, node_id


def a_volume(identifier: str, name: str) -> EbsVolume:
    return EbsVolume(id=identifier, name=name, size_gib=1, type="gp2", zone="a", state="available")


def test_stacks_are_those_that_the_plugins_name() -> None:
    settings = (("AWS_REGION", "eu-west-1"), ("AWS_STACK_ID", "arn:shop"))
    plugin = replace(a_plugin(), settings=settings)
    other = replace(plugin, name="rexray/ebs:latest")
    survey = a_survey(a_reading("w1", plugins=(plugin,)), a_reading("w2", plugins=(plugin, other)))
    assert stacks_in(survey, region="x", stack="y") == (Stack(arn="arn:shop", region="eu-west-1"),)


def test_the_configuration_stands_in_where_no_plugin_tells() -> None:
    survey = a_survey(a_reading("w1"))
    assert stacks_in(survey) == ()
    assert stacks_in(survey, region="x", stack="y") == (Stack(arn="y", region="x"),)


def test_a_volume_is_tied_to_the_nodes_that_list_it() -> None:
    survey = a_survey(
        a_reading("w1", an_entry("data", place="ebs"), an_entry("logs", driver="local")),
        a_reading("w2", an_entry("data", on="w2", place="ebs")),
    )
    data, logs = relocatable(survey, [a_volume("vol-1", "data"), a_volume("vol-2", "logs")])
    assert (data.nodes, data.namesakes) == ((node_id("w1"), node_id("w2")), ())
    assert logs.nodes == (), "a local volume of that name is another one"


def test_volumes_of_one_name_know_of_each_other() -> None:
    one, two = relocatable(a_survey(), [a_volume("vol-1", "data"), a_volume("vol-2", "data")])
    assert (one.namesakes, two.namesakes) == (("vol-2",), ("vol-1",))


def test_a_name_of_several_volumes_is_in_doubt_and_no_other() -> None:
    survey = a_survey(a_reading("w1", *(an_entry(name, place="ebs") for name in ("a", "b"))))
    found = relocatable(
        survey, [a_volume("vol-1", "a"), a_volume("vol-2", "b"), a_volume("vol-3", "b")]
    )
    (gap,) = name_gaps(found)
    assert (gap.source, gap.volumes) == ("volume b", frozenset({VolumeName("b")}))
    assert "several EBS volumes have this name (vol-2, vol-3)" in gap.cause


def test_only_mountpoints_tell_that_a_volume_is_on_ebs() -> None:
    assert on_ebs(a_survey(a_reading("w1", an_entry("a", place="ebs"))))
    assert not on_ebs(a_survey(a_reading("w1", "ebs")))
