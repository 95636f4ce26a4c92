"""`cloudstorctl ebs`: relocatable volumes, and those that no engine lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.aws.account import REGION

if TYPE_CHECKING:
    from tests.aws.account import Account
    from tests.cli.stage import Stage

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"


@pytest.fixture
def stack(stage: Stage, account: Account) -> Account:
    stage.set_plugins(AWS_STACK_ID=STACK, AWS_REGION=REGION, EFS_SUPPORTED="0")
    return account


def test_people_see_what_each_costs_and_who_lists_it(stage: Stage, stack: Account) -> None:
    listed = stack.ebs("old", stack=STACK, size=20)
    lost = stack.ebs("lost", stack=STACK, size=100)
    ran = stage.run("ebs", "-o", "table")
    assert (ran.code, ran.err) == (0, "")
    rows = {line.split()[0]: line for line in ran.out.splitlines() if line}
    assert listed in rows["old"]
    assert "20 GiB" in rows["old"]
    assert lost in rows["lost"]
    assert rows["lost"].endswith("nobody")
    assert "2 volumes, 120 GiB, of which 100 GiB in no list." in ran.out


def test_the_unlisted_alone(stage: Stage, stack: Account) -> None:
    stack.ebs("old", stack=STACK)
    lost = stack.ebs("lost", stack=STACK, size=100)
    assert stage.names("ebs", "--unlisted") == [lost]
    document = stage.document("ebs", "--unlisted")
    assert (document["schema"], document["size_gib"]) == ("cloudstorctl/ebs/v1", 100)
    (volume,) = document["volumes"]
    assert (volume["name"], volume["nodes"], volume["snapshot"]) == ("lost", [], None)


def test_with_a_gap_it_exits_5_since_an_unread_engine_may_list_it(
    stage: Stage, stack: Account
) -> None:
    lost = stack.ebs("lost", stack=STACK)
    stage.blind("w2", "/volumes")
    assert stage.names("ebs", "--unlisted", code=5) == [lost]


def test_two_of_one_name_are_warned_of(stage: Stage, stack: Account) -> None:
    one, two = sorted(stack.ebs("old", stack=STACK) for _ in range(2))
    told = " ".join(stage.run("ebs").out.split())
    assert f"! old is the name of several EBS volumes ({one}, {two}): the driver takes any" in told


def test_a_stack_without_volumes_is_said(stage: Stage, stack: Account) -> None:
    del stack
    assert stage.run("ebs").err == "The driver has made no EBS volume for this swarm.\n"
    assert stage.run("ebs", "--unlisted").err == (
        "The driver has made no unlisted EBS volume for this swarm.\n"
    )


def test_a_swarm_that_names_no_stack_is_said(stage: Stage, account: Account) -> None:
    del account
    stage.set_plugins()
    ran = stage.run("ebs")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("No plugin of this swarm names its stack (AWS_STACK_ID)")


def test_without_access_to_aws_it_exits_8(
    stage: Stage, stack: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stack
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = stage.run("ebs")
    assert (ran.code, ran.out) == (8, "")
    assert "EC2 in eu-west-1: there are no AWS credentials" in ran.err


def on_ebs(stage: Stage) -> None:
    """Let every engine show its volumes on EBS, and the user have AWS set up."""
    (stage.folder / "home/.aws").mkdir(parents=True)
    (stage.folder / "home/.aws/config").touch()
    for engine in stage.swarm.engines.values():
        for row in engine.volumes:
            row["Mountpoint"] = row["Mountpoint"].replace("/efs/reg/", "/ebs/")


def test_a_name_that_two_ebs_volumes_have_is_never_removed(stage: Stage, stack: Account) -> None:
    on_ebs(stage)
    stack.ebs("old", stack=STACK)
    assert stage.names("ls", "--ruling", "removable", "old") == ["old"]
    stack.ebs("old", stack=STACK)
    ran = stage.run("rm", "old")
    assert ran.code == 5
    assert "several EBS volumes have this name" in ran.err
    assert stage.swarm.destroyed == []
    assert stage.names("ls", "--ruling", "unknown", "old", code=5) == ["old"]


def test_without_an_answer_of_aws_volumes_on_ebs_are_judged_as_before(
    stage: Stage, stack: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stack
    on_ebs(stage)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = stage.run("ls", "old", "--ruling", "removable", "-o", "name")
    assert (ran.code, ran.out) == (0, "old\n")
    assert ran.err.startswith("Not told by AWS: EC2 in eu-west-1: there are no AWS credentials")
