from __future__ import annotations

import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from cloudstorctl.guard.judging import AT_ONCE, Judges, Question
from tests.swarm.lab.command import wait_until

QUESTION = Question(volumes=["data"], node="w1")
UNKNOWN = "It is not known whether anything uses it: "


def judges(script: str, *words: str, seconds: float = 30) -> Judges:
    return Judges(command=[sys.executable, "-c", script, *words], seconds=seconds)


def test_a_judgement_is_one_line_of_an_ended_process_that_was_asked_on_its_input() -> None:
    script = (
        "import sys, json; q = json.load(sys.stdin);"
        "print(json.dumps({'allow': q['volumes'] == ['data'], 'reason': q['node']}))"
    )
    answer = judges(script)(QUESTION)
    assert (answer.allow, answer.reason) == (True, "w1")
    assert not judges(script)(Question(volumes=["other"])).allow


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("raise SystemExit(3)", "the judging process ended with code 3."),
        ("raise ValueError('oh')", "the judging process ended with code 1: ValueError: oh."),
        ("import os; os.kill(os.getpid(), 9)", "the judging process ended with code -9."),
        ('import os; print(\'{"allow":true,"reason":""}\', flush=True); os._exit(1)', "code 1"),
        ("", "something else than one line"),
        ('print(\'{"allow":true,"reason":""}\', end=\'\')', "something else than one line"),
        ('print(\'{"allow":true,"reason":""}\\n\')', "something else than one line"),
        ("print('x' * 2000000)", "something else than one line"),
        ("print('true')", "something else than was asked"),
        ('print(\'{"allow":1,"reason":""}\')', "something else than was asked"),
        ("print('{\"allow\":true}')", "something else than was asked"),
        ("import sys; sys.stdout.buffer.write(bytes([255, 10]))", "something else than was asked"),
    ],
)
def test_a_process_that_crashes_or_lies_is_a_no_that_says_what(script: str, why: str) -> None:
    answer = judges(script)(QUESTION)
    assert not answer.allow
    assert answer.reason.startswith(UNKNOWN)
    assert why in answer.reason


def test_a_process_that_cannot_start_is_a_no() -> None:
    answer = Judges(command=["/nowhere/python"], seconds=5)(QUESTION)
    assert not answer.allow
    assert "could not be started" in answer.reason


def test_a_process_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys, time;"
        "child = subprocess.Popen(['sleep', '1000']);"
        "open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}');"
        "time.sleep(1000)"
    )
    told = tmp_path / "pids"
    answer = judges(script, str(told), seconds=2)(QUESTION)
    assert answer.reason == f"{UNKNOWN}it could not be judged within 2 seconds."
    for pid in told.read_text().split():
        wait_until(partial(is_gone, int(pid)), 5, f"{pid} is gone")


def is_gone(pid: int) -> bool:
    """Whether a process has ended, waited for or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except OSError:
        return True


def test_only_so_many_are_judged_at_once_and_who_waits_too_long_is_denied(tmp_path: Path) -> None:
    script = (
        "import os, sys, time;"
        "open(os.path.join(sys.argv[1], str(os.getpid())), 'w').close();"
        "time.sleep(1000)"
    )
    many = judges(script, str(tmp_path), seconds=3)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(many(QUESTION).reason))
        for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    wait_until(lambda: len([*tmp_path.iterdir()]) == AT_ONCE, 5, "all have started")
    last = many(QUESTION)
    for thread in threads:
        thread.join()
    assert len(answers) == AT_ONCE
    assert not last.allow


def test_closing_ends_what_is_under_way_as_a_no(tmp_path: Path) -> None:
    script = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(1000)"
    many = judges(script, str(tmp_path / "up"), seconds=60)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(many(QUESTION)))
    thread.start()
    wait_until((tmp_path / "up").exists, 10, "it runs")
    many.close()
    thread.join(10)
    assert [answer.allow for answer in answers] == [False]
    assert not many(QUESTION).allow
