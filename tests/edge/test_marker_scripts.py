"""The scripts of `verify` as real shells run them, in a directory that others write to as well."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.marker import READ, REMOVE, WRITE, Ended
from cloudstorctl.demo.node import marker as embedded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONTENT = "f" * 32
SHELLS = {
    name: words
    for name, words in {
        "sh": ["sh", "-c"],
        "bash": ["bash", "-c"],
        "busybox": ["busybox", "sh", "-c"],
    }.items()
    if shutil.which(words[0])
}


@pytest.fixture(params=[*SHELLS, "embedded"])
def run(request: pytest.FixtureRequest) -> Callable[[str, Path], int]:
    """Run a script on a file; the embedded swarm has to end as the shells do."""

    def in_shell(script: str, file: Path) -> int:
        argv = [*SHELLS[request.param], script, "sh", str(file), CONTENT]
        return subprocess.run(argv, check=False, capture_output=True).returncode  # noqa: S603

    def in_process(script: str, file: Path) -> int:
        return embedded.ended(script, file, CONTENT, read_only=False)

    return in_process if request.param == "embedded" else in_shell


def test_there_is_a_shell_to_try() -> None:
    assert "sh" in SHELLS


def test_what_is_written_is_read_and_removed(
    run: Callable[[str, Path], int], tmp_path: Path
) -> None:
    file = tmp_path / ".marker"
    assert run(READ, file) == Ended.ABSENT
    assert run(WRITE, file) == Ended.DONE
    assert file.read_text() == CONTENT
    assert run(READ, file) == Ended.DONE
    assert run(REMOVE, file) == Ended.DONE
    assert list(tmp_path.iterdir()) == []
    assert run(REMOVE, file) == Ended.DONE


def test_no_file_is_ever_written_over(run: Callable[[str, Path], int], tmp_path: Path) -> None:
    file = tmp_path / ".marker"
    file.write_text("precious")
    assert run(WRITE, file) == Ended.TAKEN
    assert file.read_text() == "precious"
    assert run(READ, file) == Ended.OTHER


@pytest.mark.parametrize("dangling", [True, False])
def test_a_link_is_neither_written_through_nor_read(
    run: Callable[[str, Path], int],
    tmp_path: Path,
    dangling: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    file, target = tmp_path / ".marker", tmp_path / "target"
    if not dangling:
        target.write_text(CONTENT)
    file.symlink_to(target)
    assert run(WRITE, file) == Ended.TAKEN
    assert target.exists() is not dangling
    assert run(READ, file) == Ended.OTHER
    assert run(REMOVE, file) == Ended.DONE
    assert not os.path.lexists(file)
    assert target.exists() is not dangling, "the link goes, and what it points to stays"


def test_a_directory_in_its_place_is_not_the_marker(
    run: Callable[[str, Path], int], tmp_path: Path
) -> None:
    file = tmp_path / ".marker"
    file.mkdir()
    assert run(WRITE, file) == Ended.TAKEN
    assert run(READ, file) == Ended.OTHER
    assert run(REMOVE, file) == Ended.KEPT
    assert file.is_dir()


def test_without_the_directory_nothing_can_be_said(
    run: Callable[[str, Path], int], tmp_path: Path
) -> None:
    file = tmp_path / "gone" / ".marker"
    assert [run(script, file) for script in (WRITE, READ, REMOVE)] == [Ended.UNREADABLE] * 3


@pytest.mark.parametrize("shell", SHELLS)
def test_of_many_writers_one_wins_and_the_others_leave_its_file_alone(
    shell: str, tmp_path: Path
) -> None:
    file = tmp_path / ".marker"

    def write(number: int) -> int:
        argv = [*SHELLS[shell], WRITE, "sh", str(file), f"{number:032}"]
        return subprocess.run(argv, check=False, capture_output=True).returncode  # noqa: S603

    with ThreadPoolExecutor(8) as threads:
        ends = list(threads.map(write, range(16)))
    assert sorted(ends) == [Ended.DONE, *[Ended.TAKEN] * 15]
    assert file.read_text() == f"{ends.index(Ended.DONE):032}"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_marker_that_cannot_be_written_whole_is_removed(shell: str, tmp_path: Path) -> None:
    """A limit on the size of files ends the writing as a full disk does."""
    file = tmp_path / ".marker"
    limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh", *SHELLS[shell]]
    argv = [*limited, WRITE, "sh", str(file), CONTENT]
    done = subprocess.run(argv, check=False, capture_output=True)  # noqa: S603
    assert done.returncode == Ended.CUT
    assert list(tmp_path.iterdir()) == []
