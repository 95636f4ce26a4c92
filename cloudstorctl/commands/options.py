"""The options that every command takes, before or after its name, defined once."""

from __future__ import annotations

import inspect
from collections.abc import Callable  # noqa: TC003 - inspected at run time
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cloudstorctl.commands.invocation import Invocation, World
from cloudstorctl.config import Flags, Output

R = TypeVar("R")

ConfirmTerminated = Annotated[
    bool,
    typer.Option(
        "--confirm-terminated",
        help="Ask EC2 of nodes that are down; one that is terminated or stopped is no gap.",
    ),
]

DeclaredBy = Annotated[
    list[str] | None,
    typer.Option(
        "--declared-by",
        metavar="[STACK=]FILES",
        help="Keep what stack files would mount: 'shop=deploy/*.yml'. Repeat for more.",
    ),
]

Grace = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Only what has been seen unused for this long; 24h where nothing else is set.",
    ),
]

MetricsOut = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write metrics here, as node-exporter reads them."),
]

Notify = Annotated[
    list[str] | None,
    typer.Option(metavar="URL", help="Post what happened here, as JSON. Repeat for more."),
]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print every file and command, and change nothing.")
]
Root = Annotated[
    str | None,
    typer.Option("--root", metavar="DIR", help="Write into this tree, and run no command."),
]


def _merged(  # noqa: PLR0913 - its parameters are the definition of the options
    before: Invocation,
    *,
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="Configuration file.")
    ] = None,
    context: Annotated[
        str | None,
        typer.Option("--context", metavar="NAME", help="Context of the file to use."),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host",
            "-H",
            metavar="URL",
            help="A manager: unix://, tcp:// or ssh://. Repeat for more.",
        ),
    ] = None,
    node_endpoint: Annotated[
        str | None,
        typer.Option(
            "--node-endpoint",
            metavar="TEMPLATE",
            help="Where each engine is, such as ssh://docker@{addr}.",
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option("--timeout", metavar="SECONDS", help="Patience for one request."),
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", metavar="N", help="Engines read at a time.")
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option(
            "--output", "-o", metavar="FORMAT", help=f"{', '.join(Output)}: how data is printed."
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print data and errors only.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what is being done.")
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="Print without colour, as NO_COLOR asks too.")
    ] = False,
) -> Invocation:
    flags = Flags(
        config=config,
        context=context,
        host=tuple(host or ()),
        node_endpoint=node_endpoint,
        timeout=timeout,
        parallel=parallel,
        output=output,
    )
    return before.with_options(flags, quiet=quiet, verbose=verbose, no_color=no_color)


_COMMON = tuple(inspect.signature(_merged, eval_str=True).parameters.values())[1:]
_CONTEXT = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)


def with_options(function: Callable[..., R]) -> Callable[..., R]:
    """Add the common options to a command whose first parameter is the Invocation.

    The command's own parameters keep their order and come first in its help. The options of a
    group are seen by the commands in it; those given further to the right win.
    """
    own = tuple(inspect.signature(function, eval_str=True).parameters.values())[1:]

    def command(ctx: typer.Context, **arguments: Any) -> R:  # noqa: ANN401 - typer's to check
        common = {option.name: arguments.pop(option.name) for option in _COMMON}
        before = ctx.obj if isinstance(ctx.obj, Invocation) else Invocation(world=world_in(ctx))
        invocation = _merged(before, **common)
        ctx.obj = invocation
        return function(invocation, **arguments)

    command.__name__ = function.__name__
    command.__doc__ = function.__doc__
    command.__module__ = function.__module__
    # Typer reads a function's signature, not its code.
    parameters = (
        *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
        *_COMMON,
        _CONTEXT,
    )
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def world_in(ctx: typer.Context) -> World:
    """Return the world that main() put in, also while a shell completes a word."""
    if isinstance(ctx.obj, Invocation):
        return ctx.obj.world
    if isinstance(ctx.obj, World):
        return ctx.obj
    raise TypeError("the program runs through cloudstorctl.cli.main, which passes a World")


def examples(*lines: str) -> str:
    """Return the foot of a command's help page, with these command lines as they stand."""
    # \b keeps typer from filling the paragraph.
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))
