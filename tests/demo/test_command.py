"""`cloudstorctl demo`, as a person runs it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.demo.ask import ask

if TYPE_CHECKING:
    from pathlib import Path

    from tests.demo.running import Runner

RULINGS = {
    "maxvol": "in-use",
    "old-data": "removable",
    "ping2-1-vol": "in-use",
    "ping2-2-vol": "in-use",
    "ping2-3-vol": "in-use",
    "sharedvol1": "in-use",
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_can_be_used_from_elsewhere_until_it_is_told_to_end(
    runner: Runner, number: signal.Signals
) -> None:
    with runner.demo() as (process, config):
        used = runner.run("ls", "-o", "json", CLOUDSTORCTL_CONFIG=str(config))
        assert used.returncode == 0, used.stderr
        told = json.loads(used.stdout)
        assert told["complete"]
        assert {each["name"]: each["ruling"] for each in told["volumes"]} == RULINGS
        files = sorted(path.name for path in (config.parent / "shared").rglob("*.txt"))
        written = [f"ping{service}-{slot}.txt" for service in (1, 2, 3) for slot in (1, 2, 3)]
        assert files == [*written, "report.txt"]
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert "docker -H unix://" in said
    assert runner.left_behind == []


def test_removals_from_elsewhere_are_on_record_beside_the_demo_and_nowhere_else(
    runner: Runner,
) -> None:
    with runner.demo() as (_, config):
        used = runner.run("safe-prune", "--yes", CLOUDSTORCTL_CONFIG=str(config))
        assert used.returncode == 0, used.stderr
        assert not (config.parent / "shared/reg/old-data").exists()
        assert "old-data" in (config.parent / "audit.jsonl").read_text()
    assert not (runner.folder / "home/.local").exists()


@pytest.mark.parametrize(("generation", "listed"), [("1", {"n1"}), ("2", {"n1", "n2", "n3"})])
def test_the_old_driver_lists_what_a_node_has_used_and_the_new_one_everything(
    runner: Runner, generation: str, listed: set[str]
) -> None:
    ran = runner.run("demo", "--generation", generation, "--", "inspect", "old-data", "-o", "json")
    assert ran.returncode == 0, ran.stderr
    (volume,) = json.loads(ran.stdout)["volumes"]
    assert {entry["node"]["hostname"] for entry in volume["entries"]} == listed


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ls", "old-data"), 0, "1 volume: 1 removable"),
        (("rm", "ping2-1-vol"), 4, "ping2-1-vol is in-use and was not removed"),
        (("rm", "old-data"), 0, "removed through"),
        (("safe-prune",), 4, "Not confirmed"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_one_command_runs_on_a_swarm_of_its_own_and_ends_as_it_does_elsewhere(
    runner: Runner, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = runner.run("demo", "--", *words)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stdout + ran.stderr
    assert runner.left_behind == []


def test_settings_from_outside_do_not_lead_a_demo_to_another_swarm(runner: Runner) -> None:
    outside = {"CLOUDSTORCTL_HOST": "unix:///nowhere", "DOCKER_HOST": "unix:///nowhere"}
    ran = runner.run("demo", "--", "ls", "-o", "name", **outside)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == sorted(RULINGS)


def test_the_tour_shows_the_loss_the_refusal_and_the_removal(runner: Runner) -> None:
    ran = runner.run("demo", "--tour")
    assert ran.returncode == 0, ran.stderr
    told = ran.stdout
    steps = [
        "$ cloudstorctl ls\n",
        "$ cloudstorctl ls --per-node ping2-1-vol\n",
        "○ stale    ping2.1 on n3",
        "$ ls ping2-1-vol/    # on the shared file system\nping2-1.txt\n",
        "$ docker volume rm ping2-1-vol    # on n1\n",
        "ls: no such directory: ping2-1-vol/\n",
        "$ cloudstorctl rm ping2-1-vol\n$ echo $?\n4\n",
        "$ ls ping2-1-vol/    # on the shared file system\nping2-1.txt\n",
        "$ cloudstorctl safe-prune --yes\n",
        "old-data  - removed  removed through",
        "ls: no such directory: old-data/\n",
        "$ ls ping2-1-vol/    # on the shared file system\nping2-1.txt\n",
    ]
    at = 0
    for step in steps:
        assert step in told[at:], (step, told[at:])
        at = told.index(step, at) + len(step)
    assert "Task ping2.1 on n3 has it mounted" in ran.stderr
    assert runner.left_behind == []


def test_the_tour_works_where_docker_is_not_installed(runner: Runner) -> None:
    ran = runner.run("demo", "--tour", PATH="/nowhere")
    assert ran.returncode == 0, ran.stderr
    assert "docker is not installed here: its request was sent in its place" in ran.stdout
    assert "ls: no such directory: ping2-1-vol/" in ran.stdout


def test_a_tour_and_a_command_do_not_go_together(runner: Runner) -> None:
    ran = runner.run("demo", "--tour", "--", "ls")
    assert ran.returncode == 2
    assert "--tour plays a story of its own" in ran.stderr


def test_a_place_whose_path_is_too_long_for_sockets_is_said(runner: Runner) -> None:
    place = runner.folder / ("long" * 20)
    place.mkdir()
    ran = runner.run("demo", "--", "ls", TMPDIR=str(place))
    assert ran.returncode == 2
    assert "too long a path for the engines' sockets: set TMPDIR" in ran.stderr
    assert list(place.iterdir()) == []


def test_what_is_missing_for_a_demo_is_said_with_the_command_that_installs_it(
    runner: Runner, tmp_path: Path
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError(name='uvicorn')\n")
    path = f"{tmp_path}:{runner.environ()['PYTHONPATH']}"
    ran = runner.run("demo", "--", "ls", PYTHONPATH=path)
    assert ran.returncode == 2
    assert "(uvicorn): pip install 'cloudstorctl[demo]'" in ran.stderr


def test_every_engine_of_a_demo_says_who_it_is(runner: Runner) -> None:
    with runner.demo() as (_, config):
        told = {name: ask(config.parent / name / "docker.sock", "/info") for name in ("n1", "n2")}
    assert {name: info["Name"] for name, info in told.items()} == {"n1": "n1", "n2": "n2"}
    assert [info["Swarm"]["ControlAvailable"] for info in told.values()] == [True, False]


def test_the_demo_has_the_file_systems_that_its_plugins_name(runner: Runner) -> None:
    ran = runner.run("demo", "--", "efs", "-o", "json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["missing"] == []
    assert {each["mode"]: each["volumes"] for each in told["file_systems"]} == {"reg": 5, "max": 1}
    codes = [[finding["code"] for finding in each["findings"]] for each in told["file_systems"]]
    assert codes == [["io-limit"], ["no-backup"]]


def test_only_one_of_them_could_be_restored(runner: Runner) -> None:
    ran = runner.run("demo", "--", "inspect", "old-data", "maxvol", "-o", "json")
    assert ran.returncode == 0, ran.stderr
    points = [each["recovery_point"] for each in json.loads(ran.stdout)["recovery"]]
    assert sorted(point is None for point in points) == [False, True]
    assert runner.left_behind == []


def test_a_fleet_is_built_from_a_seed_and_is_seen_whole(runner: Runner) -> None:
    words = ("demo", "--nodes", "60", "--volumes", "500", "--seed", "7", "--", "ls", "-o", "json")
    first, again = (runner.run(*words) for _ in range(2))
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["complete"]
    assert told["gaps"] == []
    rulings = [each["ruling"] for each in told["volumes"]]
    assert {ruling: rulings.count(ruling) for ruling in set(rulings)} == {
        "in-use": 240,
        "reserved": 48,
        "pending": 212,
    }
    assert len({e["node"]["id"] for each in told["volumes"] for e in each["entries"]}) == 60
    assert json.loads(again.stdout)["volumes"] == told["volumes"]


def test_a_fleet_wakes_up_when_somebody_acts(runner: Runner) -> None:
    ran = runner.run(
        "demo", "--nodes", "60", "--volumes", "500", "--", "rm", "old-000003", "--grace=0s"
    )
    assert ran.returncode == 0, ran.stderr
    assert "no engine lists it" in ran.stdout


@pytest.mark.parametrize("words", [("--tour",), ("--generation", "1")])
def test_a_fleet_has_no_story_and_no_other_driver(runner: Runner, words: tuple[str, ...]) -> None:
    ran = runner.run("demo", "--nodes", "60", *words)
    assert ran.returncode == 2
    assert "--nodes and --volumes build a fleet" in ran.stderr
