"""`safe-prune` against engines over HTTP: what it plans, when it asks, and when it refuses."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import statuses
from tests.core.builders import CLUSTER, node_id

if TYPE_CHECKING:
    from tests.cli.stage import Stage

QUESTION = "Remove these 2 volumes and the data for good? [y/N] "


# The plan.


def test_a_dry_run_shows_the_plan_and_removes_nothing(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert "To be removed: 2 of 10 volumes" in ran.out
    assert "  - old\n    listed on m1, w1, w2 by cloudstor:aws\n" in ran.out
    assert "Kept: 1 in use, 7 reserved" in ran.out
    assert stage.swarm.deletes == []
    assert not stage.audit.exists()


def test_a_dry_run_with_yes_is_still_a_dry_run(stage: Stage) -> None:
    assert stage.run("safe-prune", "--dry-run", "--yes").code == 0
    assert stage.swarm.deletes == []


def test_a_detailed_exit_code_tells_whether_there_are_candidates(stage: Stage) -> None:
    assert stage.run("safe-prune", "--dry-run", "--detailed-exitcode").code == 3
    assert stage.run("safe-prune", "-n", "--detailed-exitcode", "shop*").code == 0
    stage.blind("w1")
    assert stage.run("safe-prune", "-n", "--detailed-exitcode").code == 5


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ([], ["old", "older"]),
        (["old"], ["old"]),
        (["old*", "shop*"], ["old", "older"]),
        (["--exclude", "old"], ["older"]),
        (["old*", "--exclude", "*er", "--exclude", "x"], ["old"]),
        (["--exclude", "old*"], []),
        (["web*"], []),
    ],
    ids=" ".join,
)
def test_patterns_choose_among_what_may_go(
    stage: Stage, selection: list[str], names: list[str]
) -> None:
    assert stage.names("safe-prune", "--dry-run", *selection) == names


def test_the_document_of_a_plan_has_the_fields_that_scripts_depend_on(stage: Stage) -> None:
    document = stage.document("safe-prune", "--dry-run")
    assert {
        "schema",
        "cluster_id",
        "surveyed_at",
        "complete",
        "gaps",
        "removals",
        "kept",
    } <= set(document)
    assert (document["schema"], document["cluster_id"]) == ("cloudstorctl/plan/v1", CLUSTER)
    assert (document["surveyed_at"], document["complete"]) == ("2026-11-23T12:00:00Z", True)
    old, older = document["removals"]
    assert {"volume", "ruling", "reasons", "evidence", "nodes"} <= set(old)
    assert (old["volume"], old["ruling"]) == ("old", "removable")
    assert old["evidence"].startswith("sha256:")
    assert older["nodes"] == [{"id": node_id("w2"), "hostname": "w2", "driver": "cloudstor:aws"}]
    assert [kept["volume"] for kept in document["kept"]][-2:] == ["shop-data", "web-1-vol"]
    assert all({"volume", "ruling", "reasons"} <= set(kept) for kept in document["kept"])


def test_a_plan_is_written_whole_beside_a_dry_run(stage: Stage) -> None:
    file = stage.folder / "plan.json"
    ran = stage.run("safe-prune", "--dry-run", "--plan-out", str(file))
    assert ran.code == 0
    assert ran.err == f"The plan is in {file}. This carries it out: cloudstorctl apply {file}\n"
    assert json.loads(file.read_text()) == stage.document("safe-prune", "--dry-run")
    assert [each.name for each in stage.folder.glob("*plan.json*")] == ["plan.json"]


def test_what_carries_a_plan_out_is_told_with_the_options_that_it_needs_too(stage: Stage) -> None:
    file, stack = stage.folder / "plan.json", stage.folder / "a b.yml"
    stack.write_text("services: {}")
    options = ("--grace", "0s", "--max-count", "50", "--max-percent", "50", "--confirm-terminated")
    ran = stage.run(
        *("safe-prune", "--dry-run", "--plan-out", str(file), "--declared-by", f"shop={stack}"),
        *options,
    )
    command = ran.err.splitlines()[-1].rpartition("This carries it out: ")[2]
    program, *words = shlex.split(command)
    assert program == "cloudstorctl"
    assert words == ["apply", str(file), *options, "--declared-by", f"shop={stack}"]
    assert stage.run(*words).code == 0
    assert stage.swarm.destroyed == ["old", "older"]


def test_a_pattern_without_a_match_is_told_with_what_was_meant(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--yes", "oldr", "ci-*", "nothing at all")
    assert (ran.code, stage.swarm.deletes) == (0, [])
    assert ran.err == (
        "oldr: no engine lists a Cloudstor volume of this name; did you mean older?\n"
        "No volume matches 'ci-*'.\n"
        "nothing at all: no engine lists a Cloudstor volume of this name; 'cloudstorctl ls' shows "
        "those there are.\n"
    )
    assert stage.run("safe-prune", "--yes", "--quiet", "ci-*").err == ""


def test_a_plan_that_cannot_be_written_ends_it_with_nothing_removed(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--yes", "--plan-out", str(stage.folder / "no/plan.json"))
    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert stage.swarm.deletes == []


# Asking.


def test_without_a_terminal_the_plan_is_shown_and_nothing_removed(stage: Stage) -> None:
    ran = stage.run("safe-prune")
    assert ran.code == 4
    assert "To be removed: 2 of 10 volumes" in ran.out
    assert "Not confirmed, nothing was removed: to remove these, pass --yes." in ran.err
    assert stage.swarm.deletes == []


def test_without_a_terminal_a_document_of_the_plan_is_what_is_shown(stage: Stage) -> None:
    document = stage.document("safe-prune", code=4)
    assert document["schema"] == "cloudstorctl/plan/v1"
    assert stage.swarm.deletes == []


def test_on_a_terminal_it_shows_the_plan_and_asks_on_stderr(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--no-color", answer="y\n")
    assert ran.code == 0
    assert QUESTION in ran.err
    assert ran.out.index("To be removed: 2 of 10 volumes") < ran.out.index("OUTCOME")
    assert stage.swarm.destroyed == ["old", "older"]


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yes please\n"])
def test_anything_but_a_yes_is_a_no(stage: Stage, answer: str) -> None:
    ran = stage.run("safe-prune", answer=answer)
    assert ran.code == 4
    assert ran.err.endswith("Not confirmed, nothing was removed.\n")
    assert stage.swarm.deletes == []


def test_yes_asks_nothing(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--yes", answer="n\n")
    assert ran.code == 0
    assert "[y/N]" not in ran.err
    assert stage.swarm.destroyed == ["old", "older"]


def test_with_nothing_to_remove_it_asks_nothing_and_is_done(stage: Stage) -> None:
    ran = stage.run("safe-prune", "shop*")
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing to remove among 1 volume." in ran.out
    assert statuses(stage.document("safe-prune", "shop*")) == {"shop-data": "kept"}


# Limits and gaps.


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (["--max-count", "1"], "2 volumes would be removed, and the limit is 1: nothing was"),
        (["--max-percent", "10"], "2 of 10 volumes would be removed, and the limit is 10 % (1)"),
        (["--max-count", "0", "old"], "1 volumes would be removed, and the limit is 0"),
    ],
    ids=["count", "percent", "zero"],
)
@pytest.mark.parametrize("more", [["--yes"], ["--dry-run"], []], ids=["yes", "dry-run", "asks"])
def test_over_a_limit_nothing_is_removed(
    stage: Stage, limit: list[str], told: str, more: list[str]
) -> None:
    ran = stage.run("safe-prune", *limit, *more)
    assert ran.code == 4
    assert told in ran.err
    assert stage.swarm.deletes == []
    assert not stage.audit.exists()


def test_the_limits_hold_without_being_asked_for(stage: Stage) -> None:
    stage.swarm.list_volume("oldest", "w1")
    stage.swarm.list_volume("very-old", "w1")
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 4
    assert "4 of 12 volumes would be removed, and the limit is 25 % (3)" in ran.err
    assert "--max-percent 34" in ran.err
    assert stage.run("safe-prune", "--yes", "--max-percent", "34").code == 0
    assert len(stage.swarm.destroyed) == 4


def test_with_a_gap_nothing_is_removed_and_it_exits_5(stage: Stage) -> None:
    stage.blind("w1")
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 5
    assert "Nothing to remove among 10 volumes." in ran.out
    assert "Not seen:" in ran.out
    document = stage.document("safe-prune", "--yes", code=5)
    assert document["complete"] is False
    assert stage.swarm.deletes == []


def test_pruning_goes_on_when_the_engine_is_back(stage: Stage) -> None:
    stage.blind("w1")
    assert stage.run("safe-prune", "--yes").code == 5
    stage.swarm.hooks.clear()
    assert stage.run("safe-prune", "--yes").code == 0
    assert stage.swarm.destroyed == ["old", "older"]


# Carrying it out.


def test_yes_removes_what_may_go_and_tells_of_each(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-5:] == [
        "VOLUME  OUTCOME    DETAIL",
        "old     - removed  removed through m1; no engine lists it",
        "older   - removed  removed through w2; no engine lists it",
        "",
        "2 volumes: 2 removed",
    ]
    assert stage.swarm.deletes == [("m1", "old"), ("w2", "older")]
    assert stage.names("ls") == [*(f"archive-{n}" for n in range(6)), "shop-data", "web-1-vol"]


def test_the_document_of_outcomes_has_the_fields_that_scripts_depend_on(stage: Stage) -> None:
    document = stage.document("safe-prune", "--yes", "o*", "w*")
    assert {"schema", "cluster_id", "surveyed_at", "complete", "gaps", "outcomes"} <= set(document)
    assert (document["schema"], document["cluster_id"]) == ("cloudstorctl/outcomes/v1", CLUSTER)
    assert statuses(document) == {"old": "removed", "older": "removed", "web-1-vol": "kept"}
    assert all({"volume", "status", "detail"} <= set(each) for each in document["outcomes"])


def test_names_are_those_that_were_removed(stage: Stage) -> None:
    assert stage.names("safe-prune", "--yes") == ["old", "older"]


def test_quiet_says_nothing_but_data_and_errors(stage: Stage) -> None:
    file = stage.folder / "plan.json"
    ran = stage.run("safe-prune", "--yes", "--quiet", "--plan-out", str(file))
    assert (ran.code, ran.err) == (0, "")
    assert "removed through m1" in ran.out


def test_quiet_keeps_no_refusal_back(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--yes", "--quiet", "--max-count", "1")
    assert ran.code == 4
    assert "the limit is 1" in ran.err


def test_configured_protection_keeps_a_volume(stage: Stage) -> None:
    file = stage.folder / "config.toml"
    file.write_text('[contexts.prod.protect]\nvolumes = ["*er"]\n')
    options = ("--config", str(file), "--context", "prod")
    assert stage.names("safe-prune", "--yes", *options) == ["old"]


@pytest.mark.parametrize("option", ["--plan-out", "--metrics-out"])
def test_a_file_never_takes_the_place_of_a_pipe_or_a_link(stage: Stage, option: str) -> None:
    pipe, real, link = (stage.folder / name for name in ("pipe", "real", "link"))
    os.mkfifo(pipe)
    real.touch()
    link.symlink_to(real)
    ran = stage.run("safe-prune", "--dry-run", option, str(pipe))
    assert ran.code == 1
    assert f"cannot be written to {pipe}: it is no regular file" in ran.err
    assert pipe.is_fifo()
    assert stage.run("safe-prune", "--dry-run", option, str(link)).code == 0
    assert link.is_symlink()
    assert real.read_text()
