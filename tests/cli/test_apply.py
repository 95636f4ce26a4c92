"""`apply` against engines over HTTP: a saved plan is carried out as it is, or refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import statuses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.stage import Stage

HINT = "Make a new one with 'cloudstorctl safe-prune --dry-run --plan-out FILE'."


@pytest.fixture
def plan(stage: Stage) -> Path:
    """A plan to remove `old` and `older`."""
    file = stage.folder / "plan.json"
    assert stage.run("safe-prune", "--dry-run", "--plan-out", str(file)).code == 0
    return file


def test_a_plan_that_still_holds_is_carried_out_without_a_question(
    stage: Stage, plan: Path
) -> None:
    ran = stage.run("apply", str(plan), answer="")
    assert ran.code == 0
    assert "2 volumes: 2 removed" in ran.out
    assert "[y/N]" not in ran.err
    assert stage.swarm.destroyed == ["old", "older"]


def test_only_what_the_plan_names_is_removed(stage: Stage) -> None:
    file = stage.folder / "plan.json"
    stage.run("safe-prune", "--dry-run", "old", "--plan-out", str(file))
    assert statuses(stage.document("apply", str(file))) == {"old": "removed"}
    assert stage.swarm.destroyed == ["old"]


def service_appears(stage: Stage) -> None:
    stage.swarm.deploy("new", "old")


def node_joins(stage: Stage) -> None:
    stage.swarm.join("w9")


def node_leaves(stage: Stage) -> None:
    stage.swarm.engines.pop("w1").server.stop()


def volume_goes(stage: Stage) -> None:
    stage.swarm.engines["w2"].volumes = [
        row for row in stage.swarm.engines["w2"].volumes if row["Name"] != "older"
    ]


def another_entry(stage: Stage) -> None:
    stage.swarm.list_volume("older", "w1")


def used_in_between(stage: Stage) -> None:
    for row in stage.swarm.engines["w2"].volumes:
        if row["Name"] == "older":
            row["Labels"] = row["Options"] = None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (service_appears, "  old: it is reserved now. Service new mounts it whenever it runs a"),
        (node_joins, "  The node w9 has joined the swarm since."),
        (node_leaves, "  The node w1 has left the swarm since."),
        (volume_goes, "  older: no engine lists it any more."),
        (another_entry, "  older: w1 lists it now under cloudstor:aws."),
        (used_in_between, "  older: an engine describes it differently now"),
    ],
)
def test_a_stale_plan_is_refused_whole_and_names_what_changed(
    stage: Stage, plan: Path, change: Callable[[Stage], None], told: str
) -> None:
    change(stage)
    ran = stage.run("apply", str(plan))
    assert (ran.code, ran.out) == (6, "")
    lines = ran.err.splitlines()
    assert lines[0] == "cloudstorctl: The plan is stale, and nothing was removed:"
    assert lines[1].startswith(told)
    assert lines[2:] == [HINT]
    assert stage.swarm.deletes == []


def test_a_plan_of_another_swarm_is_stale(stage: Stage, plan: Path) -> None:
    stage.swarm.set_cluster("another")
    ran = stage.run("apply", str(plan))
    assert ran.code == 6
    assert "It was made for the swarm cluster00000000000000000a, and this is another." in ran.err
    assert stage.swarm.deletes == []


def test_evidence_that_was_written_by_hand_is_stale(stage: Stage, plan: Path) -> None:
    document = json.loads(plan.read_text())
    document["removals"][0]["evidence"] = "sha256:0"
    plan.write_text(json.dumps(document))
    assert stage.run("apply", str(plan)).code == 6


def test_a_volume_in_use_that_was_written_into_a_plan_by_hand_is_not_removed(
    stage: Stage, plan: Path
) -> None:
    document = json.loads(plan.read_text())
    document["removals"][0]["volume"] = "web-1-vol"
    plan.write_text(json.dumps(document))
    ran = stage.run("apply", str(plan))
    assert ran.code == 6
    assert "web-1-vol: it is in-use now." in ran.err
    assert stage.swarm.deletes == []


def test_with_a_gap_nothing_of_it_is_removed_and_it_exits_5(stage: Stage, plan: Path) -> None:
    stage.blind("w1")
    ran = stage.run("apply", str(plan))
    assert (ran.code, ran.out) == (5, "")
    assert "Not all of the plan can be proved now, and nothing was removed:\n  old: " in ran.err
    assert stage.swarm.deletes == []


def test_the_limits_are_those_of_now(stage: Stage, plan: Path) -> None:
    assert stage.run("apply", str(plan), "--max-count", "1").code == 4
    assert stage.run("apply", str(plan), "--max-percent", "10").code == 4
    assert stage.swarm.deletes == []


def test_a_plan_without_removals_is_done_at_once(stage: Stage) -> None:
    file = stage.folder / "plan.json"
    stage.run("safe-prune", "--dry-run", "shop*", "--plan-out", str(file))
    ran = stage.run("apply", str(file))
    assert (ran.code, ran.out) == (0, "Nothing was to be removed.\n")
    assert stage.document("apply", str(file))["outcomes"] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "it is no JSON document"),
        (b"{", "it is no JSON document"),
        (b"\xff\xfe", "it is no JSON document"),
        (b"[" * 100_000, "it is no JSON document"),
        (b"[]", "it is a list, expected an object"),
        (b"{}", "schema is missing, expected text"),
        (b'{"schema": "cloudstorctl/plan/v2"}', "schema is text, expected 'cloudstorctl/plan/v1'"),
        (b'{"schema": "cloudstorctl/plan/v1"}', "cluster_id is missing, expected text"),
    ],
    ids=["empty", "cut", "binary", "deep", "list", "object", "version", "no cluster"],
)
def test_a_file_that_is_no_plan_is_a_usage_error_and_no_engine_is_asked(
    stage: Stage, text: bytes, told: str
) -> None:
    file = stage.folder / "plan.json"
    file.write_bytes(text)
    ran = stage.run("apply", str(file))
    assert ran.code == 2
    assert str(file) in ran.err
    assert told in ran.err
    assert stage.swarm.seen == ()


@pytest.mark.parametrize("name", ["nothing.json", "."])
def test_a_file_that_cannot_be_read_is_a_usage_error(stage: Stage, name: str) -> None:
    ran = stage.run("apply", str(stage.folder / name))
    assert ran.code == 2
    assert "cannot be read" in ran.err
    assert stage.swarm.seen == ()
