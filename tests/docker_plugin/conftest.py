"""A swarm, and a docker command line that has the plugin."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.demo.running import PATIENCE, Runner, a_runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """The real docker, in a home where the plugin is installed."""

    runner: Runner
    config: Path
    """The configuration that leads to every engine of the demo."""

    @property
    def socket(self) -> Path:
        """That of the demo's manager."""
        return self.config.parent / "n1/docker.sock"

    @property
    def major(self) -> int:
        """The first number of this docker's version."""
        return int(self.run("--version").stdout.split()[2].partition(".")[0])

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run docker to the end."""
        return subprocess.run(  # noqa: S603 - docker, with the words of a test
            ["docker", *words],  # noqa: S607 - whichever is installed
            env=self.runner.environ(**environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    with a_runner() as runner, runner.demo() as (_, config):
        installed = runner.run("install-docker-plugin")
        assert installed.returncode == 0, installed.stderr
        yield Docker(runner=runner, config=config)
