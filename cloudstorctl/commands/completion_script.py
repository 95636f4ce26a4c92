"""`completion`: print the script that teaches a shell to complete the program's words."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined] # not in an __all__

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.errors import ExitCode

PROGRAM = "cloudstorctl"
VARIABLE = "_CLOUDSTORCTL_COMPLETE"
"""The environment variable through which a script asks the program for words."""
EPILOG = examples(
    "cloudstorctl completion bash > /etc/bash_completion.d/cloudstorctl",
    "cloudstorctl completion zsh > ~/.zfunc/_cloudstorctl",
    "cloudstorctl completion fish > ~/.config/fish/completions/cloudstorctl.fish",
)


class Shell(StrEnum):
    """A shell whose completion is supported."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def script_for(shell: Shell) -> str:
    """Return the completion script of `shell`."""
    script: str = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell.value)
    return script


@with_options
def completion(
    invocation: Invocation, shell: Annotated[Shell, typer.Argument(help="The shell.")]
) -> ExitCode:
    """Print the completion script of a shell.

    It completes commands, options, and the volume and node names of the last ten minutes.
    """
    invocation.console().data(f"{script_for(shell)}\n")
    return ExitCode.DONE
