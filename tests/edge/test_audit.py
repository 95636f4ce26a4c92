"""The record of removals is JSON Lines, on disk when `write` returns, and its owner's alone."""

from __future__ import annotations

import json
import os
import resource
import stat
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.swarm.audit import Audit, AuditError, open_audit
from tests.core.builders import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def noon() -> datetime:
    return NOW


def test_each_event_is_a_line_with_time_run_and_facts(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with open_audit(path, now=noon) as audit:
        audit.write("request", volume="data", node={"id": "n1"})
        audit.write("answer", answer="a line\nbreak, and ü")
    first, second = lines(path)
    run = first.pop("run")
    assert first == {
        "at": "2026-03-01T12:00:00Z",
        "event": "request",
        "volume": "data",
        "node": {"id": "n1"},
    }
    assert (second["run"], second["answer"]) == (run, "a line\nbreak, and ü")


def test_times_are_in_utc(tmp_path: Path) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5)))
    with open_audit(tmp_path / "a", now=lambda: east) as audit:
        audit.write("request")
    assert lines(tmp_path / "a")[0]["at"] == "2026-03-01T12:00:00Z"


def test_a_line_is_there_when_write_returns(tmp_path: Path) -> None:
    with open_audit(tmp_path / "a", now=noon) as audit:
        audit.write("request")
        assert len(lines(tmp_path / "a")) == 1


def test_what_is_there_already_stays_and_runs_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for _ in range(2):
        with open_audit(path, now=noon) as audit:
            audit.write("request")
    first, second = lines(path)
    assert first["run"] != second["run"]


def test_two_programs_at_once_write_whole_lines_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with open_audit(path, now=noon) as one, open_audit(path, now=noon) as other:
        for number in range(3):
            one.write("one", number=number)
            other.write("other", number=number)
    assert [line["event"] for line in lines(path)] == ["one", "other"] * 3


def test_file_and_folder_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "audit.jsonl"
    before = os.umask(0)
    try:
        with open_audit(path, now=noon):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)


@pytest.mark.parametrize("under", ["a file", "a folder of its name"])
def test_where_it_cannot_be_opened_a_sentence_names_it_and_the_option(
    tmp_path: Path, under: str
) -> None:
    path = tmp_path / "file" / "audit.jsonl"
    if under == "a file":
        path.parent.write_text("")
    else:
        path.mkdir(parents=True)
    with pytest.raises(AuditError) as caught, open_audit(path, now=noon):
        pass
    assert str(caught.value).startswith(f"The record of removals cannot be written to {path}: ")
    assert str(caught.value).endswith("Nothing was removed; name another file with --audit-log.")


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: what a full disk does, a write is cut or refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with (
        open_audit(path, now=noon) as audit,
        files_up_to(0),
        pytest.raises(AuditError, match=f"{path}: File too large; the record is incomplete"),
    ):
        audit.write("request")


def test_half_a_line_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with (
        open_audit(path, now=noon) as audit,
        files_up_to(20),
        pytest.raises(AuditError, match=f"{path}: the disk is full; the record is incomplete"),
    ):
        audit.write("request")
    assert path.stat().st_size == 20


def test_a_line_that_does_not_reach_the_disk_is_an_error(tmp_path: Path) -> None:
    # A pipe takes a line and cannot be told to put it on disk: fsync(2) fails with EINVAL.
    reading, writing = os.pipe()
    try:
        with pytest.raises(AuditError, match="the record is incomplete"):
            Audit(writing, tmp_path / "pipe", now=noon).write("request")
        assert os.read(reading, 1000), "the line itself was taken"
    finally:
        os.close(reading)
        os.close(writing)


def test_a_closed_file_is_an_error(tmp_path: Path) -> None:
    with open_audit(tmp_path / "a", now=noon) as audit:
        pass
    with pytest.raises(AuditError, match="Bad file descriptor"):
        audit.write("request")
