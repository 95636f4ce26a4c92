"""Run the docker command line on one engine, and compare what it prints."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.swarm.lab.command import PATH, wait_until

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a command printed, without what differs between two runs."""

    out: str
    err: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """The docker command line on one engine, speaking one version of the API."""

    lab: Lab
    on: str
    api: str

    def __call__(self, *words: str) -> Printed:
        """Run it; identifiers are replaced, and columns parted by two spaces."""
        node = self.lab.node(self.on)
        done = subprocess.run(  # noqa: S603 - the program that is to be tried
            ["docker", "--host", node.unix, *words],  # noqa: S607
            env={
                "PATH": PATH,
                "DOCKER_CONFIG": str(node.cli_folder),
                "DOCKER_API_VERSION": self.api,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Printed(out=plain(done.stdout), err=plain(done.stderr), code=done.returncode)

    @property
    def manager(self) -> Docker:
        """The same, once its node is a manager."""
        if self.on != "n1":
            self.lab.promote(self.on)
        return self

    def wait_for(self, out: str, *words: str) -> None:
        """Wait until a command prints this."""
        wait_until(lambda: self(*words).out == out, 40, f"{words} prints {out!r}")


def plain(text: str) -> str:
    """Replace identifiers and moments."""
    text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-z]{25}\b|^\w{12}(?= )", "ID", text, flags=re.MULTILINE)
    text = re.sub(r"(?:Less than|About|\d+) ?a? (?:second|minute)s?( ago)?", "T", text)
    return "\n".join(re.sub(r" {2,}", "  ", line.rstrip()) for line in text.splitlines()).strip()
