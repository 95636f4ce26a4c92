"""Runs the program for one call by docker, with what docker was given."""

from __future__ import annotations

import io
import os
import shlex
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from cloudstorctl.cli import main
from cloudstorctl.cli import run as run_program
from cloudstorctl.commands.completion_script import VARIABLE
from cloudstorctl.commands.invocation import World, world_of_process
from cloudstorctl.config.docker_flags import DockerFlags, docker_flags_in
from cloudstorctl.docker_plugin.parent import listen_to_docker
from cloudstorctl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "cloudstor"
PROGRAM = f"docker {NAME}"
_WORDS_ALONE = "__completeNoDesc"
_COMPLETIONS = frozenset({"__complete", _WORDS_ALONE})
_ONLY_THESE = ":4"
"""Cobra's ShellCompDirectiveNoFileComp: no names of files beside these words."""


def run(words: Sequence[str]) -> NoReturn:
    """Carry out what docker asks with `words`, and end the process."""
    world = replace(world_of_process(os.environ), program=PROGRAM)
    if words and words[0] in _COMPLETIONS:
        _complete(words[0], words[1:], world)
        sys.exit(ExitCode.DONE)
    listen_to_docker(os.environ)
    try:
        flags, argv = arguments_from(words)
    except UsageError as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
        sys.exit(error.exit_code)
    run_program(argv, replace(world, docker=flags))


def arguments_from(words: Sequence[str]) -> tuple[DockerFlags, tuple[str, ...]]:
    """Give what docker was given itself, and this program's own arguments.

    Raises:
        UsageError: they are not what docker calls a plugin with.
    """
    flags, rest = docker_flags_in(words)
    asked_help = flags.help
    if rest[:1] == ("help",):
        asked_help, rest = True, rest[1:]
    if rest[:1] != (NAME,):
        raise UsageError(
            f"docker-{NAME} is a plugin for docker to run, as '{PROGRAM} ls'; "
            "by itself this program is called cloudstorctl"
        )
    own = (*rest[1:], "--help") if asked_help else rest[1:]
    return flags, (*_options_from(flags), *own) if own else ()


def _options_from(flags: DockerFlags) -> list[str]:
    """Give docker's options that this program has too, as its own."""
    options = [f"--host={host}" for host in flags.hosts]
    if flags.debug or flags.log_level in {"debug", "trace"}:
        options.append("--verbose")
    if flags.log_level in {"error", "fatal", "panic"}:
        options.append("--quiet")
    return options


def _complete(asked: str, words: Sequence[str], world: World) -> None:
    """Print the words that may follow, as spf13/cobra does for a shell's script.

    docker gives the name of the plugin first, its older script for bash does not; the last word is
    the one that is not whole yet.
    """
    typed = list(words[1:] if words and words[0] == NAME else words)
    incomplete = typed.pop() if typed else ""
    # Typer reads these from the process's own environment. What it prints for fish is what cobra
    # prints: a word and its explanation, with a tab between.
    line = f"{shlex.join([NAME, *typed])} {shlex.quote(incomplete) if incomplete else ''}"
    asking = {
        VARIABLE: "complete_fish",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": line,
    }
    os.environ.update(asking)
    shown = io.StringIO()
    with redirect_stdout(shown):
        main((), replace(world, environ={**world.environ, **asking}))
    for suggestion in filter(None, shown.getvalue().splitlines()):
        word = suggestion.partition("\t")[0] if asked == _WORDS_ALONE else suggestion
        sys.stdout.write(f"{word}\n")
    sys.stdout.write(f"{_ONLY_THESE}\n")
