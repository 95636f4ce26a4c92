"""The command line: which commands there are, and which exit code an error becomes."""

from __future__ import annotations

import gc
import io
import os
import sys
import traceback
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import typer.main
from typer.completion import completion_init  # type: ignore[attr-defined] # not in an __all__

from cloudstorctl import __version__
from cloudstorctl.commands import (
    apply,
    candidates,
    completion_script,
    config_show,
    demo,
    doctor,
    ebs,
    efs,
    guard_install,
    guard_judge,
    guard_run,
    guard_status,
    guard_uninstall,
    inspect,
    install_docker_plugin,
    ls,
    mount,
    rm,
    safe_prune,
    verify,
)
from cloudstorctl.commands.completion_script import PROGRAM, VARIABLE
from cloudstorctl.commands.course import Course
from cloudstorctl.commands.invocation import Invocation, World, world_of_process
from cloudstorctl.commands.options import examples, with_options, world_in
from cloudstorctl.commands.telling import tell
from cloudstorctl.errors import CloudstorctlError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FEW_COLLECTIONS = 1_000_000
"""Objects made before the first look for cycles; Python's own 700 is for other programs."""

app = typer.Typer(
    name=PROGRAM,
    add_completion=False,  # `completion` prints the scripts, and writes to nobody's .bashrc
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help as plain text: it is piped, and shown in the README
    context_settings={"help_option_names": ["--help", "-h"]},
)
config_app = typer.Typer(no_args_is_help=True)
guard_app = typer.Typer(no_args_is_help=True)


def _print_version(ctx: typer.Context, *, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        world = world_in(ctx)
        world.stdout.write(f"{world.program} {__version__}\n")
        raise typer.Exit


@app.callback(epilog=examples("cloudstorctl ls", "cloudstorctl safe-prune --dry-run"))
@with_options
def _program(
    _invocation: Invocation,
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """See who uses each Cloudstor volume of a Docker swarm, and remove only what nothing uses.

    Options may stand before or after the command; those after it win.
    """


@config_app.callback()
@with_options
def _config(_invocation: Invocation) -> None:
    """Look at the configuration."""


@guard_app.callback()
@with_options
def _guard(_invocation: Invocation) -> None:
    """Keep engines from removing what is in use."""


app.command("ls", epilog=ls.EPILOG)(ls.ls)
app.command("inspect", epilog=inspect.EPILOG)(inspect.inspect)
app.command("candidates", epilog=candidates.EPILOG)(candidates.candidates)
app.command("safe-prune", epilog=safe_prune.EPILOG)(safe_prune.safe_prune)
app.command("apply", epilog=apply.EPILOG)(apply.apply)
app.command("rm", epilog=rm.EPILOG)(rm.rm)
app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)
app.command("efs", epilog=efs.EPILOG)(efs.efs)
app.command("ebs", epilog=ebs.EPILOG)(ebs.ebs)
app.command("mount", epilog=mount.EPILOG)(mount.mount)
app.command("verify", epilog=verify.EPILOG)(verify.verify)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("install-docker-plugin", epilog=install_docker_plugin.EPILOG)(
    install_docker_plugin.install_docker_plugin
)
app.command("completion", epilog=completion_script.EPILOG)(completion_script.completion)
app.add_typer(config_app, name="config")
config_app.command("show", epilog=config_show.EPILOG)(config_show.show)
app.add_typer(guard_app, name="guard")
guard_app.command("install", epilog=guard_install.EPILOG)(guard_install.guard_install)
guard_app.command("uninstall", epilog=guard_uninstall.EPILOG)(guard_uninstall.guard_uninstall)
guard_app.command("status", epilog=guard_status.EPILOG)(guard_status.guard_status)
guard_app.command("run", epilog=guard_run.EPILOG)(guard_run.guard_run)
guard_app.command("judge", epilog=guard_judge.EPILOG, hidden=True)(guard_judge.guard_judge)


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run the program, tell of it whom it was to tell, and return its exit code."""
    given = sys.argv[1:] if argv is None else argv
    world = replace(world or world_of_process(os.environ), run=main, course=Course())
    code = _ended(world, lambda: _run_command(given, world))
    course, environ = world.course, world.environ
    return _ended(
        world, lambda: tell(course, code, environ=environ, say=lambda text: _say(world, text))
    )


def _ended(world: World, work: Callable[[], int]) -> int:
    """Work, and return the exit code: the only map from an error to a code."""
    try:
        code = work()
        world.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough, as in `cloudstorctl ls | head`.
        world.course.error = "what read its output is gone"
        return ExitCode.FAILED
    except (KeyboardInterrupt, typer.Abort):
        _fail(world, "interrupted")
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        return _usage_error(world, error)
    except CloudstorctlError as error:
        _fail(world, str(error))
        return error.exit_code
    except Exception:  # noqa: BLE001 - the last resort, which tells everything
        world.stderr.write(traceback.format_exc())
        _fail(world, f"a bug in version {__version__}: please report it with the lines above")
        return ExitCode.BUG
    return code


def run(argv: Sequence[str] | None = None, world: World | None = None) -> NoReturn:
    """Run the program, on the process's own arguments where none are given, and end the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that has no ● shows a question mark; that is no reason to stop.
            stream.reconfigure(errors="replace")
    # Records come by the hundred thousand, and none in a cycle: looking for those among them all
    # again and again took a quarter of the time.
    gc.set_threshold(_FEW_COLLECTIONS)
    code = main(argv, world)
    for stream in (sys.stdout, sys.stderr):
        # Nobody may be there any more who reads it; main() has flushed it, and said what failed.
        with suppress(OSError):
            stream.flush()
    # Every command has ended what it began. Taking the records apart one by one would be a tenth
    # of the time of `ls` on a large swarm.
    os._exit(code)


def _run_command(argv: Sequence[str], world: World) -> int:
    command = typer.main.get_command(app)
    _rename(command, world)
    if world.environ.get(VARIABLE):
        completion_init()
        try:
            command.main([], prog_name=PROGRAM, complete_var=VARIABLE, obj=world)
        except SystemExit as answered:
            return int(answered.code or 0)
    try:
        with command.make_context(world.program, list(argv), obj=world) as ctx:
            return int(command.invoke(ctx) or ExitCode.DONE)
    except typer.Exit as stop:
        return stop.exit_code


def _usage_error(world: World, error: typer.TyperException) -> int:
    # Typer checks values with pydantic, which puts this before every sentence.
    message = error.format_message().replace("Value error, ", "")
    if message.startswith("Usage:"):  # a group without a command: the message is its help page
        world.stderr.write(f"{message}\n")
        return ExitCode.USAGE
    _say(world, message)
    ctx = getattr(error, "ctx", None)
    world.stderr.write(f"Try '{ctx.command_path if ctx else world.program} --help'.\n")
    return ExitCode.USAGE


def _fail(world: World, message: str) -> None:
    world.course.error = world.worded(message)
    _say(world, message)


def _say(world: World, message: str) -> None:
    # What an engine answered is in it: control characters are not for the terminal.
    Invocation(world=world).console().error(f"{world.program}: {message}")


def _rename(command: Any, world: World) -> None:  # noqa: ANN401 - typer has no name for its tree
    """Let the help pages of a command, and of those in it, call the program by another name."""
    for part in (command, *command.params):
        for text in ("help", "epilog"):
            if written := getattr(part, text, None):
                setattr(part, text, world.worded(written))
    for inner in getattr(command, "commands", {}).values():
        _rename(inner, world)
