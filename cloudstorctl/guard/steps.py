"""What installing the guard comes to: files, commands and checks, in an order that is safe to stop.

Nothing is read or changed here: the same steps are printed by a dry run and carried out by another.
"""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudstorctl.guard import units
from cloudstorctl.guard.names import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RELOAD: Final = ("systemctl", "reload", "docker.service")
"""SIGHUP, at which dockerd reads its `authorization-plugins` anew (moby cmd/dockerd/daemon.go)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStep:
    """A file that gets another text; None: it is not there."""

    path: Path
    before: str | None
    after: str | None

    @property
    def told(self) -> str:
        """The change as a unified diff."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            "/dev/null" if self.before is None else str(self.path),
            "/dev/null" if self.after is None else str(self.path),
        )
        ended = (line if line.endswith("\n") else f"{line}\n" for line in lines)
        return "".join(ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStep:
    """A link as `systemctl enable` makes it, in a tree where no systemd runs."""

    path: Path
    target: str | None
    """None: it goes."""

    @property
    def told(self) -> str:
        """The command that does the same."""
        if self.target is None:
            return f"$ rm {shlex.quote(str(self.path))}\n"
        return f"$ ln -s {shlex.quote(self.target)} {shlex.quote(str(self.path))}\n"


@dataclass(frozen=True, slots=True)
class CommandStep:
    """A command to run, which has to succeed."""

    words: tuple[str, ...]

    @property
    def told(self) -> str:
        """The command line."""
        return f"$ {shlex.join(self.words)}\n"


@dataclass(frozen=True, slots=True)
class GuardAnswers:
    """The check that the guard answers on its socket; nothing goes on without."""

    @property
    def told(self) -> str:
        """What is checked."""
        return f"# {PLUGIN} has to answer /Plugin.Activate on its socket\n"


@dataclass(frozen=True, slots=True)
class EngineAsks:
    """The check that the engine asks the guard, or does not any more; nothing goes on without."""

    asks: bool

    @property
    def told(self) -> str:
        """What is checked."""
        return f"# the engine has to ask {PLUGIN}{'' if self.asks else ' no more'}\n"


Step = FileStep | LinkStep | CommandStep | GuardAnswers | EngineAsks


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The texts of the files that matter, as they are; None: not there."""

    socket: str | None
    service: str | None
    daemon: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The places of those files."""

    units: Path
    """The folder of the units."""
    daemon: Path

    @property
    def socket(self) -> Path:
        """The unit that holds the socket."""
        return self.units / units.SOCKET_UNIT

    @property
    def service(self) -> Path:
        """The unit that runs the guard."""
        return self.units / units.SERVICE_UNIT

    def links(self) -> Sequence[Path]:
        """Give the links that enable the socket."""
        return [self.units / f"{each}.wants" / units.SOCKET_UNIT for each in units.WANTED_BY]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """The engine, as it is before anything is changed."""

    running: bool
    asks: bool | None = None
    """Whether it asks the guard; None: it did not tell."""


def install_steps(
    where: Where, before: Files, after: Files, engine: EngineState
) -> tuple[Step, ...]:
    """Give the steps by which a node's guard is brought up, and its engine asks it; in that order.

    An engine that is told to ask a plugin that does not answer ends (moby cmd/dockerd/daemon.go,
    reloadConfig), so it is told last.
    """
    steps: list[Step] = []
    if before.socket != after.socket:
        steps.append(FileStep(path=where.socket, before=before.socket, after=after.socket))
    if before.service != after.service:
        steps.append(FileStep(path=where.service, before=before.service, after=after.service))
    if steps:
        steps.append(CommandStep(("systemctl", "daemon-reload")))
    if before.socket not in {None, after.socket}:
        # A socket whose service is active cannot be started anew.
        steps.append(CommandStep(("systemctl", "stop", units.SERVICE_UNIT)))
        steps.append(CommandStep(("systemctl", "restart", units.SOCKET_UNIT)))
    elif before.service not in {None, after.service}:
        steps.append(CommandStep(("systemctl", "try-restart", units.SERVICE_UNIT)))
    steps.append(CommandStep(("systemctl", "enable", "--now", units.SOCKET_UNIT)))
    steps.append(GuardAnswers())
    return (*steps, *_engine_steps(where, before, after, engine, asks=True))


def uninstall_steps(
    where: Where, before: Files, after: Files, engine: EngineState
) -> tuple[Step, ...]:
    """Give the steps by which the engine asks the guard no more, and that goes; in that order.

    An engine whose plugin is gone answers nothing any more.
    """
    steps: list[Step] = _engine_steps(where, before, after, engine, asks=False)
    if before.socket is not None:
        steps.append(CommandStep(("systemctl", "disable", "--now", units.SOCKET_UNIT)))
    if before.service is not None:
        steps.append(CommandStep(("systemctl", "stop", units.SERVICE_UNIT)))
    there = ((where.socket, before.socket), (where.service, before.service))
    gone = [FileStep(path=path, before=text, after=None) for path, text in there if text]
    return (*steps, *gone, *([CommandStep(("systemctl", "daemon-reload"))] if gone else []))


def _engine_steps(
    where: Where, before: Files, after: Files, engine: EngineState, *, asks: bool
) -> list[Step]:
    """Give the steps by which the engine learns whether to ask the guard, where it has to."""
    steps: list[Step] = []
    if before.daemon != after.daemon:
        steps.append(FileStep(path=where.daemon, before=before.daemon, after=after.daemon))
    if engine.running and (steps or engine.asks is not asks):
        steps += [CommandStep(RELOAD), EngineAsks(asks=asks)]
    return steps


def in_tree(steps: Sequence[Step], where: Where, *, enabled: bool) -> tuple[Step, ...]:
    """Give what can be done of the steps in a tree that no systemd runs on.

    `enabled` says whether the socket is to come up where that tree is booted.
    """
    files = [step for step in steps if isinstance(step, FileStep)]
    target = f"../{units.SOCKET_UNIT}" if enabled else None
    links = [
        LinkStep(path=path, target=target)
        for path in where.links()
        if path.is_symlink() is not enabled
    ]
    return (*files, *links) if enabled else (*files[:1], *links, *files[1:])
