"""`mount`: the flag and the compose snippet that mount a Cloudstor volume in this swarm."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.alias import alias_for, nodes_without
from cloudstorctl.core.mounting import Wanted, check, compose, flag_of, mount_of, update_of
from cloudstorctl.core.taken import service_of, warnings_about
from cloudstorctl.errors import ExitCode, UsageError

SCHEMA = "cloudstorctl/mount/v1"
EPILOG = examples(
    "cloudstorctl mount web --target /data",
    "cloudstorctl mount web --target /data --shared assets --perfmode maxio",
)


class PerformanceMode(StrEnum):
    """What the driver's option may be; without it a volume is regular."""

    MAXIO = "maxio"


@with_options
def mount(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    service: Annotated[str, typer.Argument(metavar="SERVICE_NAME", help="The service.")],
    *,
    target: Annotated[
        str, typer.Option(metavar="PATH", help="Where its containers have the volume.")
    ],
    shared: Annotated[
        str | None, typer.Option(metavar="NAME", help="One volume of this name for all tasks.")
    ] = None,
    per_task: Annotated[
        bool, typer.Option("--per-task", help="A volume for each task, as without --shared.")
    ] = False,
    perfmode: Annotated[
        PerformanceMode | None, typer.Option(metavar="MODE", help="maxio, or leave it out.")
    ] = None,
    volume_driver: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The driver, where this swarm has it by several names."),
    ] = None,
) -> ExitCode:
    """Print what mounts a volume in a service: a flag or command, and a compose snippet.

    For a service that is there, the whole `docker service update`; else the flag for `docker
    service create`. With the driver's name as the engines of this swarm have it. Nothing is
    changed; what the mount would meet is told on standard error. Exits 5 when something could not
    be seen.
    """
    context = invocation.context()
    if shared is not None and per_task:
        raise UsageError("--shared is one volume for all tasks, and --per-task one for each.")
    wanted = Wanted(service=service, target=target, shared=shared, maxio=perfmode is not None)
    check(wanted)
    with open_session(invocation, context) as session:
        seen = session.look(timeless=True)
    alias = alias_for(seen.survey, volume_driver)
    warnings = (*nodes_without(seen.survey, alias), *warnings_about(wanted, seen))
    for warning in warnings:
        session.console.error(warning)
    known = service_of(wanted, seen)
    asked = mount_of(wanted, alias.name)
    command = update_of(asked, known.name) if known else None
    snippet = compose(wanted, alias.name, stack=known.stack if known else "")
    from cloudstorctl.render.documents import head_of  # noqa: PLC0415 - when there is something
    from cloudstorctl.render.visible import visible_lines  # noqa: PLC0415 - as above

    if context.output.for_people:
        # As it is, however narrow the terminal: it is there to be copied.
        session.console.data(visible_lines(f"{command or flag_of(asked)}\n\n{snippet}"))
    else:
        show(
            session.console,
            context.output,
            document=lambda: {
                **head_of(SCHEMA, seen.survey, seen.gaps),
                "flag": flag_of(asked),
                "command": command,
                "compose": snippet,
                "driver": alias.name,
                "source": wanted.source,
                "warnings": list(warnings),
            },
            names=lambda: f"{visible_lines(wanted.source)}\n",
            screens=list,
        )
    return ExitCode.DONE if seen.complete else ExitCode.INCOMPLETE
