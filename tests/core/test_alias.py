"""Which name of the driver a swarm's services have to write, and on which nodes it works."""

from __future__ import annotations

import pytest

from cloudstorctl.core.alias import alias_for, nodes_without
from cloudstorctl.core.model import Gap, Survey
from cloudstorctl.errors import CloudstorctlError, UsageError
from tests.core.builders import DRIVER, a_node, a_plugin, a_reading, a_survey, node_id

LOGS = a_plugin(name="sharedlogs:latest", reference="docker4x/cloudstor:17.06.0-ce-aws2")


def two_names() -> Survey:
    return a_survey(
        a_reading("w1", plugins=(LOGS, a_plugin())),
        a_reading("w2", plugins=(LOGS,)),
        a_reading("w3", plugins=(a_plugin(name="rexray:latest"),)),
    )


def test_the_one_name_of_the_driver_is_taken() -> None:
    seen = a_survey(a_reading("w1"), a_reading("w2"))
    alias = alias_for(seen, None)
    assert alias.name == DRIVER
    assert nodes_without(seen, alias) == ()


def test_several_names_have_to_be_chosen_from() -> None:
    with pytest.raises(UsageError) as caught:
        alias_for(two_names(), None)
    assert str(caught.value).splitlines() == [
        "The driver has several names in this swarm: choose one with --volume-driver.",
        "  sharedlogs:latest on w1, w2",
        "  cloudstor:aws on w1",
    ]


@pytest.mark.parametrize("wanted", ["sharedlogs", "sharedlogs:latest"])
def test_a_name_is_chosen_with_or_without_the_tag_latest(wanted: str) -> None:
    assert alias_for(two_names(), wanted).name == "sharedlogs:latest"


@pytest.mark.parametrize("wanted", ["rexray", "cloudstor"])
def test_a_driver_that_is_not_cloudstor_or_not_there_is_not_chosen(wanted: str) -> None:
    with pytest.raises(UsageError, match=f"No engine has {wanted} enabled .*\n  sharedlogs"):
        alias_for(two_names(), wanted)


def test_without_an_enabled_plugin_there_is_no_name() -> None:
    seen = a_survey(a_reading("w1", plugins=(a_plugin(enabled=False),)))
    with pytest.raises(CloudstorctlError, match="No engine that could be read has"):
        alias_for(seen, None)


def test_nodes_that_differ_are_told_with_what_becomes_of_tasks_there() -> None:
    gaps = (
        Gap(source="tcp://w3 /plugins", node=node_id("w3"), cause="HTTP 500: out of order"),
        Gap(source="service x", cause="about no node"),
    )
    seen = a_survey(
        a_reading("w1"),
        a_reading("w2", plugins=(a_plugin(enabled=False),)),
        a_reading("w3", plugins=()),
        nodes=(*map(a_node, ("w1", "w2", "w3", "w4")),),
        gaps=gaps,
    )
    assert nodes_without(seen, alias_for(seen, None)) == (
        (
            "w2 has cloudstor:aws disabled: no task with this mount runs there until "
            "'docker plugin "
            "enable cloudstor:aws'."
        ),
        "Whether w3 has cloudstor:aws is not known: HTTP 500: out of order.",
        "Whether w4 has cloudstor:aws is not known: its engine was not read.",
    )


def test_a_node_that_has_only_another_driver_is_told() -> None:
    seen = two_names()
    assert nodes_without(seen, alias_for(seen, "sharedlogs")) == (
        "w3 does not have sharedlogs:latest: no task with this mount runs there.",
    )
