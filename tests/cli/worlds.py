"""Builds the world that a command runs in: a home of its own, no variables, and a stopped clock."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cloudstorctl.cli import main
from cloudstorctl.commands.invocation import World
from cloudstorctl.config import Places

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str


def some_places(folder: Path) -> Places:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return Places(
        home=home,
        config=home / ".config/cloudstorctl",
        state=home / ".local/state/cloudstorctl",
        cache=home / ".cache/cloudstorctl",
    )


def a_world(  # noqa: PLR0913 - each is a part of the world that some test is about
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    stdin: io.StringIO | None = None,
    stdout: io.StringIO | None = None,
    stderr: io.StringIO | None = None,
    now: datetime = NOON,
) -> World:
    return World(
        environ=environ or {},
        places=some_places(folder),
        stdin=stdin or io.StringIO(),
        stdout=stdout or io.StringIO(),
        stderr=stderr or io.StringIO(),
        now=lambda: now,
    )


def run_in(world: World, *argv: str) -> Ran:
    """Run the program as a shell would, and read back what it wrote."""
    code = main(argv, world)
    assert isinstance(world.stdout, io.StringIO)
    assert isinstance(world.stderr, io.StringIO)
    return Ran(code=code, out=world.stdout.getvalue(), err=world.stderr.getvalue())
