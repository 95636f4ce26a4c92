"""What would settle it: the advice that ends a claim or closes a gap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.advice import advice_on
from cloudstorctl.core.judgement import (
    Claim,
    ClaimKind,
    Holder,
    HolderType,
    Ruling,
    Verdict,
    Volume,
)
from cloudstorctl.core.model import Gap, VolumeName
from cloudstorctl.core.restoring import RULE
from tests.core.builders import a_reading, a_survey, node_id

REMOVE_WEB = "If web is no longer needed: 'docker service rm web'."


def advice(*claims: Claim, gaps: tuple[Gap, ...] = ()) -> tuple[str, ...]:
    verdict = Verdict(
        volume=Volume(name=VolumeName("data"), drivers=(), entries=(), backings=()),
        ruling=Ruling.RESERVED if claims else Ruling.UNKNOWN,
        claims=claims,
        gaps=gaps,
    )
    return advice_on(verdict, a_survey(a_reading("w1")))


def a_claim(kind: ClaimKind, holder: HolderType, name: str, *, on: str | None = "w1") -> Claim:
    return Claim(
        kind=kind,
        holder=Holder(type=holder, id=f"id-{name}", name=name),
        node=node_id(on) if on else None,
    )


def test_a_grace_period_need_not_be_waited_for() -> None:
    volume = Volume(name=VolumeName("old data"), drivers=(), entries=(), backings=())
    verdict = Verdict(volume=volume, ruling=Ruling.PENDING)
    (told,) = advice_on(verdict, a_survey(a_reading("w1")))
    assert told == "'cloudstorctl rm 'old data' --grace 0s' does not wait for that."


@pytest.mark.parametrize("kind", [ClaimKind.MOUNTED, ClaimKind.SCHEDULED])
def test_a_task_ends_with_its_service(kind: ClaimKind) -> None:
    assert advice(a_claim(kind, HolderType.TASK, "web.1")) == (REMOVE_WEB,)


@pytest.mark.parametrize(
    ("on", "where"), [("w1", "w1"), ("gone", node_id("gone")), (None, "its node")]
)
def test_a_running_container_is_removed_on_its_node(on: str | None, where: str) -> None:
    claim = a_claim(ClaimKind.MOUNTED, HolderType.CONTAINER, "backup", on=on)
    assert advice(claim) == (f"If it is no longer needed: 'docker rm -f backup' on {where}.",)


def test_a_container_that_ended_is_looked_up_by_the_volume() -> None:
    assert advice(a_claim(ClaimKind.HELD, HolderType.CONTAINER, "backup")) == (
        (
            "If it is no longer needed: 'docker ps -a --filter volume=data' on w1 names the "
            "container, and 'docker rm' removes it."
        ),
    )


@pytest.mark.parametrize("kind", [ClaimKind.DECLARED, ClaimKind.DORMANT])
def test_a_service_that_could_mount_it_is_removed(kind: ClaimKind) -> None:
    assert advice(a_claim(kind, HolderType.SERVICE, "web", on=None)) == (REMOVE_WEB,)


def test_a_previous_spec_is_forgotten_by_an_update() -> None:
    assert advice(a_claim(ClaimKind.ROLLBACK, HolderType.SERVICE, "web", on=None)) == (
        (
            "If web is not to be rolled back, any update of it forgets the old spec: "
            "'docker service update --label-add settled=yes web'."
        ),
    )


def test_protection_is_taken_away_where_it_was_given() -> None:
    assert advice(a_claim(ClaimKind.PROTECTED, HolderType.LABEL, "x")) == (
        "If it need not be protected, take its pattern or label away first.",
    )


def test_what_has_no_recovery_point_is_backed_up_first() -> None:
    claim = a_claim(ClaimKind.PROTECTED, HolderType.CONFIGURATION, "x")
    lacking = replace(claim, holder=replace(claim.holder, id=RULE))
    assert advice(lacking) == (
        "Once there is a recovery point it may go: 'aws backup start-backup-job' makes one.",
    )


def test_advice_is_given_once_for_several_tasks_of_one_service() -> None:
    claims = (
        a_claim(ClaimKind.MOUNTED, HolderType.TASK, "web.1"),
        a_claim(ClaimKind.MOUNTED, HolderType.TASK, "web.2"),
        a_claim(ClaimKind.DECLARED, HolderType.SERVICE, "web", on=None),
    )
    assert advice(*claims) == (REMOVE_WEB,)


def test_a_gap_alone_is_settled_by_reading_every_node() -> None:
    gap = Gap(source="node w2", cause="no answer")
    assert advice(gaps=(gap,)) == (
        "When every node can be read, ask again: 'cloudstorctl ls' names what cannot.",
    )
    claim = a_claim(ClaimKind.DECLARED, HolderType.SERVICE, "web", on=None)
    assert advice(claim, gaps=(gap,)) == (REMOVE_WEB,), "no gap matters beside a claim"
    assert advice() == ()


def test_a_name_that_two_volumes_have_is_settled_by_no_reading() -> None:
    twice = Gap(source="volume data", cause="several EBS volumes have this name")
    (told,) = advice(gaps=(twice,))
    assert told.startswith("Which one is meant is for you to settle: 'cloudstorctl inspect data'")
    unseen = Gap(source="node w2", cause="down")
    assert len(advice(gaps=(twice, unseen))) == 2


def test_what_a_stack_file_declares_is_taken_out_of_that_file() -> None:
    claim = replace(
        a_claim(ClaimKind.PROTECTED, HolderType.CONFIGURATION, "deploy/shop.yml", on=None),
        detail="declared by service web in deploy/shop.yml, as stack shop",
    )
    assert advice(claim) == ("If it is no longer needed, take it out of deploy/shop.yml first.",)
