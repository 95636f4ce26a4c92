"""Scenario 11: a stop between two removals leaves a true record, and the rest untouched."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import run as run_program
from tests.swarm.lab.command import wait_until
from tests.swarm.running import (
    at_terminal,
    ended,
    held_removal,
    removals_asked,
    running,
    wait_for_removal,
)
from tests.swarm.scene import volume
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tests.swarm.swarm import Lab

NAMES = ("a", "b", "c")
FILES = {f"reg/{name}/file.txt": "precious\n" for name in NAMES}
UNTOUCHED = {path: text for path, text in FILES.items() if path != "reg/a/file.txt"}
STOPPING = "Stopping after what is under way"
INTERRUPTED = "the run was interrupted before it"
ONE_DONE = [
    ("plan", None),
    ("request", "a"),
    ("answer", "a"),
    ("outcome", "a"),
    ("outcome", "b"),
    ("outcome", "c"),
]


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    """It may remove all that there is; three orphans are what there is."""
    for name in NAMES:
        volume(lab, name)
    assert lab.contents() == FILES
    no_share = "[contexts.lab.prune]\nmax_percent = 100"
    return Tool(lab=lab, home=tmp_path, config=configuration(lab, more=no_share))


def events(record: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Give what a record tells of, in order, and of which volume."""
    return [(line["event"], line.get("volume")) for line in record]


def outcomes(record: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Give status and detail of each volume in a record."""
    return {
        line["volume"]: (line["status"], line["detail"])
        for line in record
        if line["event"] == "outcome"
    }


def assert_only_the_first_was_removed(lab: Lab, tool: Tool) -> None:
    record = tool.audit
    assert events(record) == ONE_DONE
    _, request, answer, *_ = record
    assert request["node"]["hostname"] == answer["node"]["hostname"] == "n1"
    assert answer["answer"] == "success"
    assert outcomes(record) == {
        "a": ("removed", "removed through n1; no engine lists it"),
        "b": ("not_tried", INTERRUPTED),
        "c": ("not_tried", INTERRUPTED),
    }
    assert lab.contents() == UNTOUCHED
    assert not (lab.shared / "reg/a").exists()
    assert removals_asked(lab) == ["a"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_two_removals_stops_there_with_a_true_record(
    lab: Lab, tool: Tool, number: signal.Signals
) -> None:
    with running(tool, "safe-prune", "--yes", "-o", "json") as run:
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "a")
            # The request is on record before its answer is known.
            assert events(tool.audit) == ONE_DONE[:2]
            run.signal(number)
            run.wait_to_hear(STOPPING)
            assert lab.contents() == FILES
        done = run.result()

    assert done.code == 130, done.told
    assert tool.outcomes(done) == {"a": "removed", "b": "not_tried", "c": "not_tried"}
    assert_only_the_first_was_removed(lab, tool)


def test_ctrl_c_at_a_terminal_stops_between_two_removals(lab: Lab, tool: Tool) -> None:
    with at_terminal(tool, "safe-prune") as terminal:
        terminal.wait_to_see("[y/N]")
        terminal.type(b"y\n")
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "a")
            terminal.type(b"\x03")
            terminal.wait_to_see(STOPPING)
        assert terminal.code() == 130

    assert_only_the_first_was_removed(lab, tool)
    assert "not tried" in terminal.text.replace("_", " ")


def test_ctrl_c_at_the_question_removes_nothing(lab: Lab, tool: Tool) -> None:
    with at_terminal(tool, "safe-prune") as terminal:
        terminal.wait_to_see("[y/N]")
        terminal.type(b"\x03")
        assert terminal.code() == 130

    assert "interrupted" in terminal.text
    assert lab.contents() == FILES
    assert not removals_asked(lab)
    assert tool.audit == []


def test_a_second_ctrl_c_stops_at_once_with_a_true_record(lab: Lab, tool: Tool) -> None:
    with running(tool, "safe-prune", "--yes", "-o", "json") as run:
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "a")
            run.signal(signal.SIGINT)
            run.wait_to_hear(STOPPING)
            run.signal(signal.SIGINT)
            # It ends although the driver still holds the removal.
            done = run.result(20)
            assert lab.contents() == FILES
        # The engine carries out what it was asked: nothing in the record denies it.
        wait_until(lambda: lab.contents() == UNTOUCHED, 30, "the removal has happened")

    assert done.code == 130, done.told
    assert events(tool.audit) == ONE_DONE[:2]
    assert removals_asked(lab) == ["a"]


def test_ctrl_c_that_ends_the_reader_of_the_output_too_leaves_a_true_record(
    lab: Lab, tool: Tool
) -> None:
    """As in `cloudstorctl safe-prune --yes 2>&1 | tee log`: the terminal's signal reaches both."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        tool.command("safe-prune", "--yes"),
        env=tool.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with ended(process):
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "a")
            assert process.stdout
            process.stdout.close()
            os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) != 0

    assert_only_the_first_was_removed(lab, tool)


@pytest.mark.parametrize("where", ["/dev/full", "/proc/audit.jsonl"])
def test_where_no_record_can_be_written_nothing_is_removed(
    lab: Lab, tool: Tool, where: str
) -> None:
    refused = tool("safe-prune", "--yes", "--audit-log", where)
    assert refused.code == 1, refused.told
    assert where in refused.err
    assert lab.contents() == FILES
    assert not removals_asked(lab)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk that is soon full")
def test_a_disk_that_fills_up_between_two_removals_ends_the_run(lab: Lab, tool: Tool) -> None:
    with small_disk(tool.home / "disk") as disk:
        log = disk / "audit.jsonl"
        with running(tool, "safe-prune", "--yes", "--audit-log", str(log), "-o", "json") as run:
            with held_removal(lab, "n1") as driver:
                wait_for_removal(driver, "a")
                record = log.read_text()
                fill_up(log)
            done = run.result()
        assert log.read_text().rstrip("\n") == record.rstrip("\n")

    assert '"event": "request"' in record.splitlines()[-1]
    assert done.code == 1, done.told
    assert "the record is incomplete" in done.err
    assert tool.outcomes(done) == {"a": "uncertain", "b": "not_tried", "c": "not_tried"}
    assert lab.contents() == UNTOUCHED
    assert removals_asked(lab) == ["a"]


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a file system of a few pages."""
    place.mkdir()
    run_program(["mount", "-t", "tmpfs", "-o", "size=64k", "cloudstorctl-test", place])
    try:
        yield place
    finally:
        run_program(["umount", place])


def fill_up(file: Path) -> None:
    """Append empty lines until not one byte more has room."""
    full = pytest.raises(OSError, match=os.strerror(errno.ENOSPC))
    with file.open("ab", buffering=0) as stream, full:
        while True:
            stream.write(b"\n" * 4096)
