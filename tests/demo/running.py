"""Runs the demo as a person does: a process of its own, with a short place for its files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds: far above what anything here takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """cloudstorctl with a home and a place for temporary files of its own."""

    folder: Path

    def environ(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder),
            "PYTHONPATH": str(ROOT),
            **more,
        }

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run to the end; `more` are variables."""
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "cloudstorctl", *words],
            env=self.environ(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    @property
    def left_behind(self) -> list[str]:
        """What a demo has left in the place for temporary files."""
        return sorted(path.name for path in self.folder.glob("cloudstorctl-demo-*"))

    @contextmanager
    def demo(self, *words: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
        """Keep a demo up; gives it with its configuration."""
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "cloudstorctl", "demo", *words],
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("export CLOUDSTORCTL_CONFIG="), line
            yield process, Path(line.split()[1].partition("=")[2])
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=PATIENCE)


@contextmanager
def a_runner() -> Iterator[Runner]:
    """Give a runner whose folder has a path short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="csd-"))
    try:
        (folder / "home").mkdir()
        yield Runner(folder=folder)
    finally:
        shutil.rmtree(folder)
