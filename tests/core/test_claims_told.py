"""What a claim tells people: who holds the volume, where, as what, and what was seen."""

from __future__ import annotations

import pytest

from cloudstorctl.core.judgement import Claim, ClaimKind, Holder, HolderType
from cloudstorctl.core.model import ServiceMode, Survey, TaskState
from cloudstorctl.core.verdict import assess
from tests.core.builders import (
    a_container,
    a_mount,
    a_reading,
    a_service,
    a_survey,
    a_task,
    a_task_container,
    node_id,
)

PER_SLOT = "web-{{.Task.Slot}}"
LABEL = '{{index .Service.Labels "x"}}'
MADE_UP = "0123456789abcdef" * 4
WEB = Holder(type=HolderType.SERVICE, id="svcweb0000000000000000000", name="web")


def the_claim(survey: Survey) -> Claim:
    """Give the one claim on the one volume of a survey."""
    (verdict,) = assess(survey).verdicts
    (claim,) = verdict.claims
    return claim


def test_a_container_by_itself_is_a_holder_of_its_own() -> None:
    app = a_container(a_mount("data", read_only=True), name="app", on="w1")
    assert the_claim(a_survey(a_reading("w1", "data", containers=(app,)))) == Claim(
        kind=ClaimKind.MOUNTED,
        holder=Holder(type=HolderType.CONTAINER, id="c-app-w1", name="app"),
        node=node_id("w1"),
        detail="container app is running",
        writes=False,
    )


def test_a_container_of_a_task_tells_the_task_and_in_detail_the_container() -> None:
    web = a_service("web")
    task = a_task(web, slot=2)
    seen = a_task_container(web, "data", slot=2)
    assert the_claim(a_survey(a_reading("w1", "data", containers=(seen,)))) == Claim(
        kind=ClaimKind.MOUNTED,
        holder=Holder(type=HolderType.TASK, id=task.id, name="web.2"),
        node=node_id("w1"),
        detail=f"container web.2.{task.id} is running",
        writes=True,
    )


@pytest.mark.parametrize("read_only", [True, False])
def test_a_task_tells_its_source_as_written_and_both_of_its_states(
    read_only: bool,  # noqa: FBT001 - a column of the table
) -> None:
    web = a_service("web")
    mount = a_mount(PER_SLOT, read_only=read_only)
    task = a_task(web, mount, slot=2, state=TaskState.READY, desired="shutdown")
    assert the_claim(a_survey(a_reading("w1", "web-2"), tasks=(task,))) == Claim(
        kind=ClaimKind.SCHEDULED,
        holder=Holder(type=HolderType.TASK, id=task.id, name=f"{web.id}.2"),
        node=node_id("w1"),
        detail=f"{PER_SLOT}; it is ready, desired shutdown",
        writes=not read_only,
    )


def test_a_mount_without_a_name_is_told_as_such() -> None:
    task = a_task(a_service("web"), "", state=TaskState.PREPARING)
    claim = the_claim(a_survey(a_reading("w1", MADE_UP), tasks=(task,)))
    assert claim.detail == "a volume without a name; it is preparing, desired running"


def test_a_task_that_has_neither_a_slot_nor_a_node_yet_is_told_as_number_0() -> None:
    agent = a_service("agent", mode=ServiceMode.GLOBAL)
    task = a_task(agent, "data", slot=0, on=None, state=TaskState.NEW)
    claim = the_claim(a_survey(a_reading("w1", "data"), services=(agent,), tasks=(task,)))
    assert claim.holder.name == "agent.0"


@pytest.mark.parametrize("read_only", [True, False])
def test_a_service_has_no_place(read_only: bool) -> None:  # noqa: FBT001 - a column of the table
    web = a_service("web", a_mount("data", read_only=read_only))
    assert the_claim(a_survey(a_reading("w1", "data"), services=(web,))) == Claim(
        kind=ClaimKind.DECLARED, holder=WEB, node=None, detail="data", writes=not read_only
    )


@pytest.mark.parametrize(
    ("source", "name", "kind", "why"),
    [
        ("data", "data", ClaimKind.ROLLBACK, "in the spec that a rollback brings back"),
        (
            *(f"x-{LABEL}", "x-any", ClaimKind.DORMANT),
            "for some text of a part that cannot be read here",
        ),
        ("{{.Task.ID}}", node_id("task"), ClaimKind.DORMANT, "for a task that may be gone"),
        (PER_SLOT, "web-4", ClaimKind.DORMANT, "for slot 4, beyond its 3 replicas"),
        ("{{.Node.Hostname}}", "w9", ClaimKind.DORMANT, "for node w9, which is not in the swarm"),
    ],
)
def test_a_previous_spec_tells_why_it_could_mount_the_volume(
    source: str, name: str, kind: ClaimKind, why: str
) -> None:
    web = a_service("web", previous=(source,), replicas=1, previous_replicas=3)
    assert the_claim(a_survey(a_reading("w1", name), services=(web,))) == Claim(
        kind=kind, holder=WEB, detail=f"{source}, {why}"
    )
