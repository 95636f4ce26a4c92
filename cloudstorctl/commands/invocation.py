"""What one run of the program was given: the common options, and the world it runs in."""

from __future__ import annotations

import os
import re
import socket
import sys
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypedDict, Unpack

from cloudstorctl.commands.course import Course
from cloudstorctl.config import (
    NOTHING_GIVEN,
    Context,
    DockerFlags,
    Flags,
    Output,
    Places,
    load_context,
)
from cloudstorctl.render.console import Console, Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudstorctl.swarm.ports import Connects

    RunProgram = Callable[[Sequence[str], "World"], int]


_COMMAND_LINE = re.compile(r"(?<![\w./-])cloudstorctl(?= [a-z-])")


def _not_within(_argv: Sequence[str], _world: World) -> int:
    raise TypeError("the program runs through cloudstorctl.cli.main, which sets World.run")


def _now() -> datetime:
    return datetime.now(tz=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a run sees of the machine, passed in so that tests need no patching."""

    environ: Mapping[str, str]
    places: Places
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    now: Callable[[], datetime] = _now
    run: RunProgram = _not_within
    """Runs a command line as the whole program does, and returns its exit code; main() sets it."""
    python: str = sys.executable
    """The interpreter that runs this very installation; what is installed is to run it, too."""
    root: Path = Path("/")
    """Where the folders of the whole machine begin."""
    patience: float = 30.0
    """Seconds in which what was started has to be there."""
    program: str = "cloudstorctl"
    """What the user calls it: `docker cloudstor` where docker runs it."""
    docker: DockerFlags = NOTHING_GIVEN
    """What docker was given before the name of this program, as its plugin."""
    connect: Connects | None = None
    """How engines are reached; None: over the network, as their addresses say."""
    holder: str = "somebody"
    """Who runs it, and where, for others who have to wait: `deploy@ci-runner-7`."""
    course: Course = field(default_factory=Course)
    """What has happened in this run; main() begins a new one."""

    def worded(self, text: str) -> str:
        """Give `text` with this program called in its command lines as the user calls it."""
        return _COMMAND_LINE.sub(self.program, text)


def world_of_process(environ: Mapping[str, str]) -> World:
    """Return the world that the running process sees."""
    return World(
        environ=environ,
        places=Places.of_user(),
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        holder=_user_and_host(environ),
    )


def _user_and_host(environ: Mapping[str, str]) -> str:
    user = environ.get("USER") or environ.get("LOGNAME") or f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"


class MoreFlags(TypedDict, total=False):
    """Flags that only some commands have."""

    audit_log: str | None
    max_count: int | None
    max_percent: float | None
    require_recovery_point: str | None
    confirm_terminated: bool | None
    grace: str | None
    notify: tuple[str, ...] | None
    declared_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The common options of one run, merged, in the world it runs in."""

    world: World
    flags: Flags = field(default_factory=Flags)
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    def with_options(
        self, flags: Flags, *, quiet: bool, verbose: bool, no_color: bool
    ) -> Invocation:
        """Return this invocation with options given further to the right, which win."""
        given = {f.name: getattr(flags, f.name) for f in fields(flags)}
        return replace(
            self,
            flags=replace(self.flags, **{k: v for k, v in given.items() if v not in (None, ())}),
            quiet=self.quiet or quiet,
            verbose=self.verbose or verbose,
            no_color=self.no_color or no_color,
        )

    def context(self, **flags: Unpack[MoreFlags]) -> Context:
        """Return the effective configuration, with the flags that only this command has.

        Raises:
            UsageError: a flag, a variable or a file that cannot be used.
        """
        given = replace(self.flags, docker=self.world.docker, **flags)
        return load_context(given, self.world.environ, self.world.places)

    def console(self) -> Console:
        """Return a writer to the streams of this run, as its options want it."""
        world = self.world
        streams = Streams(
            stdin=world.stdin, stdout=world.stdout, stderr=world.stderr, environment=world.environ
        )
        return Console(
            streams,
            no_color=self.no_color,
            quiet=self.quiet,
            verbose=self.verbose,
            worded=world.worded,
        )


__all__ = ["Flags", "Invocation", "Output", "World", "world_of_process"]
