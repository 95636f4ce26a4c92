"""`install-docker-plugin`: make `docker cloudstor …` run this program."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.replacing import replace_file
from cloudstorctl.config import docker_folder
from cloudstorctl.errors import CloudstorctlError, ExitCode, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudstorctl.commands.invocation import World

EPILOG = examples(
    "cloudstorctl install-docker-plugin",
    "cloudstorctl install-docker-plugin --system",
    "cloudstorctl install-docker-plugin --remove",
)

FILE = "docker-cloudstor"
SYSTEM = "usr/local/lib/docker/cli-plugins"
"""The first of the folders for everybody (docker/cli, cli-plugins/manager/manager_unix.go)."""
_HEAD = "#!/bin/sh\n# Written by `cloudstorctl install-docker-plugin`; --remove takes it away.\n"
_OURS = re.compile(re.escape(_HEAD) + r'exec .+ -P -m cloudstorctl\.docker_plugin "\$@"\n')
_PATIENCE = 30.0
"""Seconds in which the plugin has to have told what it is; it takes a tenth of one."""


@with_options
def install_docker_plugin(
    invocation: Invocation,
    *,
    system: Annotated[
        bool, typer.Option("--system", help=f"For every user: in /{SYSTEM}, as root.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace or remove a file that is not of this program.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the plugin away again.")] = False,
) -> ExitCode:
    """Let `docker cloudstor ls` and the like run this program.

    A small script is put where docker looks for its plugins: in ~/.docker/cli-plugins, or in the
    folder that DOCKER_CONFIG names. It runs this very installation.
    """
    world, console = invocation.world, invocation.console()
    own = docker_folder(world.environ, world.places.home, world.docker) / "cli-plugins"
    file = (world.root / SYSTEM if system else own) / FILE
    there = _what_is_at(file)
    if remove:
        if there is None:
            console.message(f"There is no {file}: nothing to remove.")
            return ExitCode.DONE
        _refuse_foreign(file, there, force=force)
        _done(file, "removed", file.unlink)
        console.message(f"Removed {file}.")
        return ExitCode.DONE
    if there is not None:
        _refuse_foreign(file, there, force=force)
    text = _script(world)
    if there == text and os.access(file, os.X_OK):
        console.message(f"{file} is there already. Try it: docker cloudstor ls")
        return ExitCode.DONE
    if file.is_symlink():
        _done(file, "replaced", file.unlink)  # what it leads to is not ours to overwrite
    _done(file, "written", lambda: replace_file(file, text, mode=0o755, make_folders=True))
    _check_that_it_answers(file, world)
    console.message(f"Wrote {file}, which runs {world.python}. Try it: docker cloudstor ls")
    if system and (own / FILE).exists():
        console.message(f"Your own {own / FILE} goes before it.")
    return ExitCode.DONE


def _script(world: World) -> str:
    # -P: `-m` would look for modules in whatever folder docker is called in, first of all.
    return f'{_HEAD}exec {shlex.quote(world.python)} -P -m cloudstorctl.docker_plugin "$@"\n'


def _what_is_at(file: Path) -> str | None:
    """Give the text of a file; a link or what is no file is text that is not of this program."""
    try:
        if file.is_symlink() or not file.is_file():
            return "" if file.is_symlink() or file.exists() else None
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CloudstorctlError(f"{file} cannot be read: {error.strerror or error}") from error


def _refuse_foreign(file: Path, text: str, *, force: bool) -> None:
    if not force and _OURS.fullmatch(text) is None:
        raise RefusedError(
            f"{file} is there and is not as this program writes it: it may be another program's. "
            "Look at it, and say --force if it may go."
        )


def _done(file: Path, what: str, act: Callable[[], None]) -> None:
    try:
        act()
    except OSError as error:
        raise CloudstorctlError(f"{file} could not be {what}: {error.strerror or error}") from error


def _check_that_it_answers(file: Path, world: World) -> None:
    """Ask the plugin what docker will ask it.

    Raises:
        CloudstorctlError: it does not answer; it is left there to look at.
    """
    try:
        asked = subprocess.run(  # noqa: S603 - the script that was just written
            [str(file), "docker-cli-plugin-metadata"],
            env=dict(world.environ),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        said = asked.stderr.strip().rpartition("\n")[2] or f"exit code {asked.returncode}"
        if asked.returncode == 0:
            return
    except (OSError, subprocess.TimeoutExpired) as error:
        said = str(error)
    raise CloudstorctlError(f"{file} is written, and does not work: {said}")
