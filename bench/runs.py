"""Time a program as a whole process, several times."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.failure import BenchError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STOPWATCH = Path(__file__).with_name("stopwatch.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process and those it waited for used."""

    seconds: float
    """Wall-clock time."""
    cpu: float
    """Seconds, of user and system."""
    memory: float
    """Most MB at a time, of the largest process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A program to time."""

    name: str
    argv: Sequence[str]


def run(contender: Contender, *, env: Mapping[str, str], cwd: Path, output: Path) -> Usage:
    """Run it once, with what it prints in `output`.

    Raises:
        BenchError: it failed, and what it took says nothing.
    """
    with subprocess.Popen(  # noqa: S603 - this Python, and what the benchmark compares
        [sys.executable, "-I", "-S", _STOPWATCH, output, *contender.argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # All that it starts can then be ended together.
        start_new_session=True,
    ) as watched:
        try:
            told, said = watched.communicate()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(watched.pid, signal.SIGKILL)
            raise
    used = json.loads(told) if told else {"code": watched.returncode}
    if used["code"] != 0:
        last = said.decode(errors="replace").strip()[-2000:]
        raise BenchError(f"{contender.name} ended with {used['code']}: {last}")
    return Usage(seconds=used["seconds"], cpu=used["cpu"], memory=used["kib"] * 1024 / 1e6)


def median_of(usages: Sequence[Usage]) -> Usage:
    """The median of each figure by itself."""
    return Usage(
        seconds=median(usage.seconds for usage in usages),
        cpu=median(usage.cpu for usage in usages),
        memory=median(usage.memory for usage in usages),
    )
