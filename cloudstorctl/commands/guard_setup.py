"""What `guard install` and `guard uninstall` share: to read a node, and to carry out steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from cloudstorctl.commands.replacing import replace_file
from cloudstorctl.errors import CloudstorctlError, RefusedError, UsageError
from cloudstorctl.guard import units
from cloudstorctl.guard.daemon_json import hosts_in
from cloudstorctl.guard.names import KEY, PLUGIN
from cloudstorctl.guard.node import Engine, Node
from cloudstorctl.guard.steps import (
    CommandStep,
    EngineAsks,
    EngineState,
    Files,
    FileStep,
    GuardAnswers,
    LinkStep,
    Where,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudstorctl.commands.invocation import World
    from cloudstorctl.guard.steps import Step
    from cloudstorctl.render.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A node or a tree, as it is before anything is changed."""

    node: Node
    engine: Engine
    in_tree: bool
    where: Where
    before: Files

    @property
    def state(self) -> EngineState:
        """The engine before anything is changed."""
        asks = self.node.engine_asks(self.engine) if self.engine.running else None
        return EngineState(running=self.engine.running, asks=asks)


def setup_of(world: World, root: str | None, by_hand: str) -> Setup:
    """Read what is there.

    `by_hand` is what to do where there is no systemd.

    Raises:
        CloudstorctlError: there is no systemd, or no docker.service.
        RefusedError: a unit of that name is not of this program.
        UsageError: `root` is no folder, or dockerd's configuration is not what that would read.
    """
    folder = world.root if root is None else Path(root)
    if not folder.is_dir():
        raise UsageError(f"--root: {folder} is no folder")
    node = Node(root=folder, environ=world.environ, patience=world.patience)
    engine = Engine(running=False, words=()) if root is not None else _engine_of(node, by_hand)
    where = Where(units=folder / units.FOLDER, daemon=folder / str(engine.daemon_json).lstrip("/"))
    before = Files(
        socket=_text_of(where.socket),
        service=_text_of(where.service),
        daemon=_text_of(where.daemon),
    )
    engine = replace(engine, hosts=hosts_in(before.daemon, str(where.daemon)))
    for file, text in ((where.socket, before.socket), (where.service, before.service)):
        if text is not None and not text.startswith(units.WRITTEN):
            raise RefusedError(f"{file} is there and was not written by this program")
    return Setup(node=node, engine=engine, in_tree=root is not None, where=where, before=before)


def _engine_of(node: Node, by_hand: str) -> Engine:
    if not node.has_systemd:
        raise CloudstorctlError(
            f"This machine is not run by systemd, and nothing was changed. {by_hand}"
        )
    engine = node.engine()
    if engine is None:
        raise CloudstorctlError(
            "systemd has no docker.service here, and nothing was changed: the engine is "
            f"started in another way. {by_hand}"
        )
    return engine


def by_hand(command: Sequence[str]) -> str:
    """Say how the guard is brought up without systemd."""
    return (
        f"Keep this running as root, and start it before dockerd: {' '.join(command)}. Then put "
        f'"{KEY}": ["{PLUGIN}"] into /etc/docker/daemon.json, and send dockerd a SIGHUP.'
    )


def carry_out(steps: Sequence[Step], setup: Setup, console: Console, *, dry_run: bool) -> None:
    """Take the steps one after the other, and tell of each; a dry run tells alone.

    Raises:
        CloudstorctlError: one failed; those after it were not taken, and a second run goes on.
    """
    for step in steps:
        if dry_run:
            console.data(step.told)
            continue
        console.message(_short(step))
        match step:
            case FileStep() | LinkStep():
                _change(step)
            case CommandStep():
                setup.node.run(step.words)
            case GuardAnswers():
                setup.node.check_that_the_guard_answers()
            case EngineAsks():
                setup.node.check_that_the_engine(setup.engine, asks=step.asks)
            case _ as never:
                assert_never(never)


def _short(step: Step) -> str:
    match step:
        case FileStep():
            return f"{'Removing' if step.after is None else 'Writing'} {step.path}"
        case LinkStep():
            return f"{'Removing' if step.target is None else 'Linking'} {step.path}"
        case CommandStep():
            return f"Running {' '.join(step.words)}"
        case GuardAnswers():
            return "Asking the guard whether it is there"
        case EngineAsks():
            return "Asking the engine whom it asks"
        case _ as never:
            assert_never(never)


def _change(step: FileStep | LinkStep) -> None:
    try:
        if isinstance(step, FileStep):
            if step.after is None:
                step.path.unlink()
            else:
                replace_file(step.path, step.after, make_folders=True)
        elif step.target is None:
            step.path.unlink()
        else:
            step.path.parent.mkdir(parents=True, exist_ok=True)
            step.path.symlink_to(step.target)
    except OSError as error:
        hint = "; run this as root" if isinstance(error, PermissionError) else ""
        raise CloudstorctlError(
            f"{step.path} could not be changed: {error.strerror or error}{hint}"
        ) from error


def _text_of(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CloudstorctlError(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not a text in UTF-8: {error.reason}") from error
