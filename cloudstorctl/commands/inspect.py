"""`inspect`: all that is known of a volume, and why it may or may not be removed."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudstorctl.commands.completion import volume_names
from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.ls import sight
from cloudstorctl.commands.options import (
    ConfirmTerminated,
    DeclaredBy,
    Grace,
    examples,
    with_options,
)
from cloudstorctl.commands.selection import unlisted
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.config import Output
from cloudstorctl.core.model import VolumeName
from cloudstorctl.errors import ExitCode

EPILOG = examples("cloudstorctl inspect ping2-1-vol", "cloudstorctl inspect ping2-1-vol -o json")


@with_options
def inspect(
    invocation: Invocation,
    volumes: Annotated[list[str], typer.Argument(metavar="VOLUME", autocompletion=volume_names)],
    *,
    grace: Grace = None,
    confirm_terminated: ConfirmTerminated = False,
    declared_by: DeclaredBy = None,
) -> ExitCode:
    """Show one or more volumes in full: entries, claims, ruling with its reasons, warnings.

    Exits 1 when no engine lists a volume, and 5 when something could not be seen.
    """
    context = invocation.context(
        confirm_terminated=confirm_terminated,
        declared_by=tuple(declared_by or ()),
        grace=grace,
    )
    with open_session(invocation, context) as session:
        seen = session.look(restorable=context.output is not Output.NAME)
    found = tuple(v for name in volumes if (v := seen.on(VolumeName(name))) is not None)
    if found or context.output in {Output.JSON, Output.YAML}:
        from cloudstorctl.render import detail, documents, names  # noqa: PLC0415 - rich is slow

        behind = {backing.file_system for verdict in found for backing in verdict.volume.backings}
        restorable = {
            identifier: told
            for identifier, told in seen.restoring.file_systems.items()
            if identifier in behind
        }
        show(
            session.console,
            context.output,
            document=lambda: {
                **documents.volumes_document(seen.survey, found, seen.gaps),
                "recovery": documents.recovery(restorable),
            },
            names=lambda: names.names(found),
            screens=lambda: [
                detail.volume_detail(seen.survey, verdict, seen.gaps, restorable)
                for verdict in found
            ],
        )
    missing = [name for name in volumes if seen.on(VolumeName(name)) is None]
    for name in missing:
        session.console.error(unlisted(name, seen))
    return ExitCode.FAILED if missing and seen.complete else sight(seen, found)
