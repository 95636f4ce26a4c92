"""Nodes that are down, and what proves that they run nothing any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.gone import Instance, in_question, networks_of, settled, without
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.model import Gap, Gone, Node, NodeState, Survey
from cloudstorctl.core.plan import evidence_of
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_node, a_reading, a_survey, node_id

W2 = node_id("w2")
GONE = Gone(node_id=W2, told="w2 is down, and its EC2 instance i-2 is terminated")


def at(hostname: str, address: str, *, down: bool = False) -> Node:
    state = NodeState.DOWN if down else NodeState.READY
    return replace(a_node(hostname, state=state), address=address)


def an_instance(
    identifier: str = "i-2",
    state: str = "terminated",
    *,
    address: str = "10.0.0.2",
    hostname: str = "w2.eu-west-1.compute.internal",
    network: str = "vpc-1",
) -> Instance:
    return Instance(id=identifier, state=state, network=network, address=address, hostname=hostname)


def a_survey_without_w2() -> Survey:
    return a_survey(
        a_reading("w1", "data"),
        nodes=(at("w1", "10.0.0.1"), at("w2", "10.0.0.2", down=True)),
        gaps=(Gap(source="tcp://w2:2375 /info", node=W2, cause="refused"),),
    )


def the_settlement(*instances: Instance) -> tuple[Gone | None, str]:
    return settled(at("w2", "10.0.0.2", down=True), instances, {"vpc-1"})


def test_only_nodes_that_are_down_and_were_not_read_are_in_question() -> None:
    survey = a_survey(
        a_reading("w1"),
        a_reading("w3"),
        nodes=(at("w1", "a"), at("w2", "b", down=True), at("w3", "c", down=True), at("w4", "d")),
    )
    assert [node.hostname for node in in_question(survey)] == ["w2"]


def test_the_networks_are_those_of_running_instances_of_nodes_that_were_read() -> None:
    instances = [
        an_instance("i-1", "running", address="10.0.0.1"),
        an_instance("i-9", "stopped", address="10.0.0.1", network="vpc-2"),
        an_instance("i-8", "running", address="10.0.0.2", network="vpc-3"),
        an_instance("i-7", "running", address="10.0.0.1", network=""),
    ]
    assert networks_of(a_survey_without_w2(), instances) == {"vpc-1"}


@pytest.mark.parametrize("state", ["terminated", "stopped"])
@pytest.mark.parametrize(
    ("address", "hostname"),
    [("10.0.0.2", ""), ("", "w2"), ("", "w2.eu-west-1.compute.internal"), ("10.0.0.2", "w2")],
)
def test_an_instance_at_rest_by_address_or_name_settles_it(
    state: str, address: str, hostname: str
) -> None:
    gone, why_not = the_settlement(an_instance(state=state, address=address, hostname=hostname))
    assert gone == Gone(node_id=W2, told=f"w2 is down, and its EC2 instance i-2 is {state}")
    assert why_not == ""


@pytest.mark.parametrize("state", ["running", "pending", "shutting-down", "stopping", "new"])
def test_any_other_state_does_not(state: str) -> None:
    assert the_settlement(an_instance(state=state)) == (None, f"its EC2 instance i-2 is {state}")


def test_one_instance_that_still_runs_outweighs_those_at_rest() -> None:
    found = (an_instance(), an_instance("i-3", "running", hostname=""))
    assert the_settlement(*found) == (None, "its EC2 instance i-3 is running")


@pytest.mark.parametrize(
    "instance",
    [
        an_instance(network="vpc-2"),
        an_instance(network=""),
        an_instance(address="10.0.0.3", hostname="w3"),
        an_instance(address="", hostname=""),
    ],
)
def test_not_found_in_the_swarms_network_is_not_terminated(instance: Instance) -> None:
    told = "EC2 has no instance with its address or name in the swarm's network"
    assert the_settlement(instance) == (None, told)


def test_a_node_without_an_address_is_not_that_of_an_instance_without_one() -> None:
    node = at("w2", "", down=True)
    assert settled(node, [an_instance(address="", hostname="w9")], {"vpc-1"})[0] is None


def test_a_node_that_is_named_by_its_instance_needs_neither_address_nor_network() -> None:
    node = at("i-0123456789abcdef0.eu-west-1.compute.internal", "10.0.0.2", down=True)
    forgotten = an_instance("i-0123456789abcdef0", address="", hostname="", network="")
    reused = an_instance("i-3", "running", hostname="")
    gone, _ = settled(node, [forgotten, reused], {"vpc-1"})
    assert gone is not None
    assert "its EC2 instance i-0123456789abcdef0 is terminated" in gone.told
    assert settled(node, [forgotten], set())[0] is not None
    busy = replace(forgotten, state="running")
    assert settled(node, [busy], set()) == (None, f"its EC2 instance {busy.id} is running")


def test_without_a_network_nothing_is_settled() -> None:
    gone, why_not = settled(at("w2", "10.0.0.2", down=True), [an_instance()], ())
    assert gone is None
    assert why_not.startswith("no instance of a node that answers was found")


def test_the_gap_is_closed_and_the_verdict_says_what_it_rests_on() -> None:
    survey = a_survey_without_w2()
    (before,) = assess(survey).verdicts
    assert before.ruling is Ruling.UNKNOWN
    seen = assess(without(survey, [GONE]))
    (after,) = seen.verdicts
    assert (after.ruling, seen.complete) == (Ruling.REMOVABLE, True)
    assert after.reasons[-1] == "w2 is down, and its EC2 instance i-2 is terminated."
    assert evidence_of(after, seen.survey) != evidence_of(after, survey)


def test_other_gaps_stay_open() -> None:
    survey = a_survey_without_w2()
    other = Gap(source="tcp://w1 /plugins", node=node_id("w1"), cause="refused")
    seen = assess(without(replace(survey, gaps=(*survey.gaps, other)), [GONE]))
    assert seen.gaps == (other,)
    assert seen.verdicts[0].ruling is Ruling.UNKNOWN
    assert all("i-2" not in reason for reason in seen.verdicts[0].reasons)


def test_nobody_gone_changes_nothing() -> None:
    survey = a_survey_without_w2()
    assert without(survey, []) is survey
