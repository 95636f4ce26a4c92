"""`--metrics-out`: what monitoring reads after each kind of run."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import OutcomeStatus, Ruling
from cloudstorctl.core.measures import Measures, RunMeasures, SwarmMeasures
from cloudstorctl.render.metrics import measures_in, metrics_text
from tests.cli.worlds import NOON
from tests.core.builders import CLUSTER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Stage

WHOLE = Measures(
    cluster_id='a "quoted"\\name\n',
    swarm=SwarmMeasures(
        surveyed_at=1763985601.0,
        complete=False,
        gaps=2,
        volumes={ruling: number for number, ruling in enumerate(Ruling)},
    ),
    completed_at=1763985600.0,
    runs={
        "ls": RunMeasures(exit_code=5, candidates={Ruling.REMOVABLE: 4, Ruling.PENDING: 1}),
        "safe-prune": RunMeasures(
            exit_code=0, removals={status: number for number, status in enumerate(OutcomeStatus)}
        ),
    },
)


@pytest.fixture
def file(stage: Stage) -> Path:
    return stage.folder / "cloudstorctl.prom"


def numbers(file: Path) -> dict[str, float]:
    """Give every sample without the name of the swarm, and check that all have it."""
    found = {}
    for line in file.read_text().splitlines():
        if not line.startswith("#"):
            sample, _, number = line.rpartition(" ")
            assert f'cluster_id="{CLUSTER}"' in sample
            sample = sample.replace(f'cluster_id="{CLUSTER}"', "").replace("{,", "{")
            found[sample.removeprefix("cloudstorctl_").replace("{}", "")] = float(number)
    return found


def removals_in(file: Path, command: str = "safe-prune") -> dict[str, float]:
    """Give the statuses that some volume came to."""
    head = f'removals{{command="{command}",status="'
    return {
        sample.removeprefix(head).removesuffix('"}'): number
        for sample, number in numbers(file).items()
        if sample.startswith(head) and number
    }


@pytest.mark.parametrize(
    "measures",
    [WHOLE, replace(WHOLE, swarm=None), replace(WHOLE, completed_at=None)],
    ids=["all", "no survey", "no complete survey"],
)
def test_what_is_written_is_read_back(measures: Measures) -> None:
    assert measures_in(metrics_text(measures)) == measures


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not metrics",
        "up 1\n",
        'cloudstorctl_gaps{cluster_id="a"} NaN\n' * 2,
        'cloudstorctl_last_survey_timestamp_seconds{cluster_id="a"} 1\n',
        'cloudstorctl_gaps{cluster_id="a"} 1\ncloudstorctl_gaps{cluster_id="b"} 1\n',
        metrics_text(WHOLE).replace("removed", "vanished"),
        metrics_text(WHOLE).replace("_gaps{", "_holes{"),
    ],
)
def test_a_file_that_is_not_ours_tells_nothing(text: str) -> None:
    measures = measures_in(text)
    assert measures is None or (measures.swarm, measures.runs) == (None, {})


def test_a_listing_tells_of_the_whole_swarm_whatever_it_was_asked_for(
    stage: Stage, file: Path
) -> None:
    assert stage.run("ls", "old", "--metrics-out", str(file)).code == 0
    assert numbers(file) == {
        'volumes{ruling="in-use"}': 1,
        'volumes{ruling="reserved"}': 7,
        'volumes{ruling="unknown"}': 0,
        'volumes{ruling="pending"}': 0,
        'volumes{ruling="removable"}': 2,
        "gaps": 0,
        "survey_complete": 1,
        "last_survey_timestamp_seconds": NOON.timestamp(),
        "last_complete_survey_timestamp_seconds": NOON.timestamp(),
        'candidates{command="ls",state="removable"}': 1,
        'candidates{command="ls",state="pending"}': 0,
        'last_run_exit_code{command="ls"}': 0,
    }


def test_the_file_is_whole_and_everybody_may_read_it_whatever_the_umask(
    stage: Stage, file: Path
) -> None:
    before = os.umask(0o077)
    try:
        stage.run("ls", "--metrics-out", str(file))
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [each.name for each in file.parent.glob("*cloudstorctl.prom*")] == [file.name]


def test_a_prune_tells_the_swarm_as_it_is_afterwards_and_what_it_had_found(
    stage: Stage, file: Path
) -> None:
    assert stage.run("safe-prune", "--yes", "--metrics-out", str(file)).code == 0
    found = numbers(file)
    assert found['volumes{ruling="removable"}'] == 0
    assert found['candidates{command="safe-prune",state="removable"}'] == 2
    assert removals_in(file) == {"removed": 2, "kept": 8}
    assert found['last_run_exit_code{command="safe-prune"}'] == 0


def test_a_dry_run_removes_nothing_and_says_so(stage: Stage, file: Path) -> None:
    stage.run("safe-prune", "--dry-run", "--metrics-out", str(file))
    assert removals_in(file) == {}
    assert numbers(file)['removals{command="safe-prune",status="removed"}'] == 0
    assert numbers(file)['candidates{command="safe-prune",state="removable"}'] == 2


def test_each_command_leaves_what_the_others_told_of_their_runs(stage: Stage, file: Path) -> None:
    stage.run("safe-prune", "--yes", "--metrics-out", str(file), "old")
    stage.run("rm", "web-1-vol", "--metrics-out", str(file))
    stage.run("ls", "--metrics-out", str(file))
    found = numbers(file)
    assert {
        command: found[f'last_run_exit_code{{command="{command}"}}']
        for command in ("ls", "rm", "safe-prune")
    } == {"ls": 0, "rm": 4, "safe-prune": 0}
    assert removals_in(file) == {"removed": 1}
    assert removals_in(file, "rm") == {"kept": 1}


def test_an_incomplete_survey_leaves_the_time_of_the_last_complete_one(
    stage: Stage, file: Path
) -> None:
    stage.run("ls", "--metrics-out", str(file))
    earlier = NOON.timestamp() - 60
    file.write_text(
        metrics_text(
            replace(measures_in(file.read_text()) or WHOLE, completed_at=earlier),
        )
    )
    stage.blind("w1")
    assert stage.run("ls", "--metrics-out", str(file)).code == 5
    found = numbers(file)
    assert (found["survey_complete"], found["gaps"]) == (0, 1)
    assert found["last_survey_timestamp_seconds"] == NOON.timestamp()
    assert found["last_complete_survey_timestamp_seconds"] == earlier
    assert found['last_run_exit_code{command="ls"}'] == 5


def test_when_nobody_answers_the_old_numbers_stay_with_their_old_time(
    stage: Stage, file: Path
) -> None:
    stage.run("ls", "--metrics-out", str(file))
    before = numbers(file)
    nowhere = ("--host", f"unix://{stage.folder}/nowhere", "--metrics-out", str(file))
    assert stage.run("safe-prune", "--yes", *nowhere, reach=False).code == 8
    after = numbers(file)
    assert {name: after[name] for name in before} == before
    assert after['last_run_exit_code{command="safe-prune"}'] == 8
    assert removals_in(file) == {}
    assert 'candidates{command="safe-prune",state="removable"}' not in after


def test_when_nobody_has_ever_answered_there_is_no_volume_to_count(
    stage: Stage, file: Path
) -> None:
    nowhere = ("--host", f"unix://{stage.folder}/nowhere", "--metrics-out", str(file))
    assert stage.run("ls", *nowhere, reach=False).code == 8
    samples = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert samples == ['cloudstorctl_last_run_exit_code{cluster_id="",command="ls"} 8.0']


@pytest.mark.parametrize("options", [[], ["--yes", "--max-count", "1"]], ids=["no yes", "limit"])
def test_a_refused_run_tells_of_the_candidates_it_left(
    stage: Stage, file: Path, options: list[str]
) -> None:
    assert stage.run("safe-prune", *options, "--metrics-out", str(file)).code == 4
    found = numbers(file)
    assert found['candidates{command="safe-prune",state="removable"}'] == 2
    assert removals_in(file) == {"not_tried": 2, "kept": 8}
    assert found['last_run_exit_code{command="safe-prune"}'] == 4


def test_a_stale_plan_is_told_too(stage: Stage, file: Path) -> None:
    plan = stage.folder / "plan.json"
    stage.run("safe-prune", "--dry-run", "--plan-out", str(plan))
    stage.swarm.deploy("new", "old")
    assert stage.run("apply", str(plan), "--metrics-out", str(file)).code == 6
    assert numbers(file)['last_run_exit_code{command="apply"}'] == 6
    assert removals_in(file, "apply")["not_tried"] == 2


def test_a_run_that_is_stopped_at_once_does_not_claim_that_nothing_was_sent(
    stage: Stage, file: Path
) -> None:
    stage.stop_at_once_after("old")
    assert stage.run("safe-prune", "--yes", "--metrics-out", str(file)).code == 130
    assert removals_in(file)["not_tried"] == 1
    assert removals_in(file)["uncertain"] == 1
    assert numbers(file)['last_run_exit_code{command="safe-prune"}'] == 130


@pytest.mark.parametrize(
    ("command", "code"),
    [(["safe-prune", "--yes"], 1), (["rm", "old", "web-1-vol"], 4), (["ls"], 1)],
    ids=["prune", "rm", "ls"],
)
def test_metrics_that_cannot_be_written_are_said_and_change_nothing_else(
    stage: Stage, command: list[str], code: int
) -> None:
    file = stage.folder / "no/such.prom"
    ran = stage.run(*command, "--metrics-out", str(file))
    assert ran.code == code, "1 only where the run itself went well"
    assert f"The metrics cannot be written to {file}: No such file or directory." in ran.err
    assert ran.out
    if command != ["ls"]:
        assert "old" in stage.swarm.destroyed


def test_a_file_of_something_else_is_replaced(stage: Stage, file: Path) -> None:
    file.write_bytes(b"\xff\xfe")
    assert stage.run("ls", "--metrics-out", str(file)).code == 0
    assert numbers(file)["survey_complete"] == 1


@pytest.mark.parametrize("command", ["ls", "safe-prune", "rm", "apply"])
def test_a_run_whose_configuration_is_broken_tells_its_exit_code(
    stage: Stage, file: Path, command: str
) -> None:
    stage.run("ls", "--metrics-out", str(file))
    surveyed = numbers(file)["last_survey_timestamp_seconds"]
    words = {"rm": ("old",), "apply": (str(stage.folder / "plan.json"),)}.get(command, ())
    ran = stage.run(command, *words, "--timeout", "never", "--metrics-out", str(file))
    assert ran.code == 2
    found = numbers(file)
    assert found[f'last_run_exit_code{{command="{command}"}}'] == 2
    assert found["last_survey_timestamp_seconds"] == surveyed
