"""What one run of the program was given: the common options, and the world it runs in."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO, TypedDict, Unpack

from cloudstorctl.config import Context, Flags, Output, Places, load_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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


def world_of_process(environ: Mapping[str, str]) -> World:
    """Return the world that the running process sees."""
    return World(
        environ=environ,
        places=Places.of_user(),
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
    )


class MoreFlags(TypedDict, total=False):
    """Flags that only some commands have."""

    audit_log: str | None
    max_count: int | None
    max_percent: float | None


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
        return load_context(replace(self.flags, **flags), self.world.environ, self.world.places)

    def out(self, text: str) -> None:
        """Write data to stdout, with an end of line."""
        self.world.stdout.write(f"{text}\n")

    def say(self, message: str) -> None:
        """Write a message to stderr, unless --quiet."""
        if not self.quiet:
            self.world.stderr.write(f"{message}\n")

    def explain(self, message: str) -> None:
        """Write a message to stderr that only --verbose asks for."""
        if self.verbose:
            self.world.stderr.write(f"{message}\n")

    @property
    def colored(self) -> bool:
        """Whether stdout takes colour: a terminal, and nobody said no (https://no-color.org)."""
        environ = self.world.environ
        wanted = not (self.no_color or environ.get("NO_COLOR") or environ.get("TERM") == "dumb")
        return wanted and self.world.stdout.isatty()

    @property
    def shows_progress(self) -> bool:
        """Whether progress may be drawn on stderr."""
        return not self.quiet and self.world.stderr.isatty()

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody to answer a question."""
        return self.world.stdin.isatty() and self.world.stderr.isatty()


__all__ = ["Flags", "Invocation", "Output", "World", "world_of_process"]
