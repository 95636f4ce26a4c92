"""`--confirm-terminated`: a node that is down is no gap once EC2 says that its machine is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.aws.account import REGION

if TYPE_CHECKING:
    from tests.aws.account import Account
    from tests.cli.stage import Stage

CONFIRM = "--confirm-terminated"


@pytest.fixture
def instance(stage: Stage, account: Account) -> str:
    """w2 is down and does not answer; the ID of its EC2 instance."""
    stage.set_plugins(AWS_REGION=REGION, EFS_ID_REGULAR="fs-1")
    identifiers = []
    for number, engine in enumerate(stage.swarm.engines.values()):
        address = f"172.31.0.{10 + number}"
        engine.node["Status"]["Addr"] = address
        identifiers.append(account.instance(address, "a"))
    stage.swarm.engines["w2"].node["Status"]["State"] = "down"
    stage.blind("w2", "/info")
    return identifiers[-1]


def ruling_of_old(stage: Stage, *words: str, code: int = 0) -> str:
    (volume,) = stage.document("ls", "old", *words, code=code)["volumes"]
    ruling: str = volume["ruling"]
    return ruling


@pytest.mark.parametrize("end", ["stop_instances", "terminate_instances"])
def test_an_instance_that_is_gone_closes_the_gap(
    stage: Stage, account: Account, instance: str, end: str
) -> None:
    assert ruling_of_old(stage, code=5) == "unknown"
    assert ruling_of_old(stage, CONFIRM, code=5) == "unknown", "it still runs"
    getattr(account.client("ec2"), end)(InstanceIds=[instance])
    assert ruling_of_old(stage, code=5) == "unknown", "nobody asked EC2"
    assert ruling_of_old(stage, CONFIRM) == "removable"
    shown = " ".join(stage.run("inspect", "old", CONFIRM).out.split())
    state = "stopped" if end == "stop_instances" else "terminated"
    assert f"w2 is down, and its EC2 instance {instance} is {state}." in shown


def test_a_node_named_by_its_instance_is_found_by_it(
    stage: Stage, account: Account, instance: str
) -> None:
    node = stage.swarm.engines["w2"].node
    node["Status"]["Addr"] = "172.31.0.99"
    node["Description"]["Hostname"] = f"{instance}.{REGION}.compute.internal"
    assert ruling_of_old(stage, CONFIRM, code=5) == "unknown"
    account.client("ec2").terminate_instances(InstanceIds=[instance])
    assert ruling_of_old(stage, CONFIRM) == "removable"


def test_an_instance_that_runs_is_named(stage: Stage, instance: str) -> None:
    ran = stage.run("ls", "old", CONFIRM)
    assert ran.code == 5
    assert f"w2 is not known to be gone: its EC2 instance {instance} is running" in ran.err


def test_not_found_is_not_terminated(stage: Stage, instance: str) -> None:
    del instance
    stage.swarm.engines["w2"].node["Status"]["Addr"] = "172.31.0.99"
    ran = stage.run("safe-prune", "old", "--yes", CONFIRM)
    assert ran.code == 5
    assert "EC2 has no instance with its address or name in the swarm's network" in ran.err
    assert stage.swarm.destroyed == []


def test_without_an_answer_of_ec2_the_gap_stays(
    stage: Stage, account: Account, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.client("ec2").terminate_instances(InstanceIds=[instance])
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = stage.run("rm", "old", CONFIRM)
    assert ran.code == 5
    assert "there are no AWS credentials" in ran.err
    assert stage.swarm.destroyed == []


def test_a_node_that_comes_back_before_the_removal_stops_it(
    stage: Stage, account: Account, instance: str
) -> None:
    ec2 = account.client("ec2")
    ec2.stop_instances(InstanceIds=[instance])
    looks = []

    def come_back() -> None:
        looks.append(1)
        if len(looks) == 2:
            ec2.start_instances(InstanceIds=[instance])

    stage.swarm.before("GET", "/services", come_back)
    ran = stage.run("safe-prune", "old", "--yes", CONFIRM)
    assert ran.code == 5
    assert stage.swarm.destroyed == []


def test_a_proved_orphan_goes(stage: Stage, account: Account, instance: str) -> None:
    account.client("ec2").terminate_instances(InstanceIds=[instance])
    stage.swarm.engines["w2"].volumes.clear()
    ran = stage.run("rm", "old", CONFIRM)
    assert (ran.code, stage.swarm.destroyed) == (0, ["old"]), ran.err
