"""Run cloudstorctl as its users do: a process of its own, against the lab."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.swarm.swarm import Lab

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a run ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """Everything printed."""
        return f"{self.out}\n{self.err}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """cloudstorctl with a configuration and a home of its own."""

    lab: Lab
    home: Path
    config: str
    inside: tuple[str, ...] = ()
    """Words that put the process into the lab's network."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        """Give the environment of a run: nothing of this machine's user but the path."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "CLOUDSTORCTL_CONFIG": str(self.home / "config.toml"),
            "CLOUDSTORCTL_GRACE": "0s",
            **self.environment,
        }

    def write(self) -> None:
        """Write the configuration."""
        (self.home / "config.toml").write_text(self.config)

    def command(self, *words: str) -> list[str]:
        """Give the command line of a run, for which the moment has come: it is also looked at."""
        self.lab.watch.look(self.lab)
        self.write()
        return [*self.inside, sys.executable, "-m", "cloudstorctl", *words]

    def __call__(self, *words: str, seconds: float = 90.0) -> Result:
        """Run to the end, without a terminal."""
        done = subprocess.run(  # noqa: S603 - our own program
            self.command(*words),
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Result(code=done.returncode, out=done.stdout, err=done.stderr)

    def volumes(self, *words: str) -> dict[str, dict[str, Any]]:
        """Give what `ls -o json` says, by volume."""
        found = self("ls", "-o", "json", *words)
        return {volume["name"]: volume for volume in found.document["volumes"]}

    def outcomes(self, result: Result) -> dict[str, str]:
        """Give the status of each volume in a document of outcomes."""
        return {each["volume"]: each["status"] for each in result.document["outcomes"]}

    @property
    def audit(self) -> list[dict[str, Any]]:
        """Every line of the record of removals."""
        path = self.home / ".local/state/cloudstorctl/audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def configuration(lab: Lab, *, managers: tuple[str, ...] = ("n1",), more: str = "") -> str:
    """Write a configuration that reaches every engine of the lab by its socket."""
    urls = ", ".join(f'"{lab.node(name).unix}"' for name in managers)
    nodes = "\n".join(f'{node.name} = "{node.unix}"' for node in lab.nodes)
    return (
        f'default_context = "lab"\n[contexts.lab]\nmanagers = [{urls}]\n{more}\n'
        f"[contexts.lab.nodes]\n{nodes}\n"
    )
