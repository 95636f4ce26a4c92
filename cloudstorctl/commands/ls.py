"""`ls`: every volume with the nodes that list it and the tasks that use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.completion import node_names, volume_names
from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import (
    ConfirmTerminated,
    DeclaredBy,
    Grace,
    MetricsOut,
    examples,
    with_options,
)
from cloudstorctl.commands.selection import Selection, without_match
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.config import Output
from cloudstorctl.core.judgement import EntryStatus, Ruling
from cloudstorctl.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.judgement import Verdict
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.render.screen import Screen

EPILOG = examples(
    "cloudstorctl ls",
    "cloudstorctl ls --per-node --status stale",
    "cloudstorctl ls 'ping*' --ruling removable -o json",
)


@with_options
def ls(  # noqa: PLR0913 - one for each filter
    invocation: Invocation,
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATTERN",
            help="Names, or patterns such as 'ping*'.",
            autocompletion=volume_names,
        ),
    ] = None,
    *,
    per_node: Annotated[bool, typer.Option("--per-node", help="One row an entry.")] = False,
    node: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NODE",
            help="Listed on this node (name or ID). Repeat for more.",
            autocompletion=node_names,
        ),
    ] = None,
    status: Annotated[
        list[EntryStatus] | None,
        typer.Option(
            metavar="STATUS",
            help="With such an entry: mounted, held, stale, listed, idle, unused, unknown.",
        ),
    ] = None,
    ruling: Annotated[
        list[Ruling] | None,
        typer.Option(
            metavar="RULING",
            help="in-use, reserved, unknown, pending or removable.",
        ),
    ] = None,
    service: Annotated[
        list[str] | None, typer.Option(metavar="SERVICE", help="Claimed by this service.")
    ] = None,
    stack: Annotated[list[str] | None, typer.Option(metavar="STACK", help="Of this stack.")] = None,
    grace: Grace = None,
    confirm_terminated: ConfirmTerminated = False,
    declared_by: DeclaredBy = None,
    metrics_out: MetricsOut = None,
) -> ExitCode:
    """List the Cloudstor volumes of the swarm, with who uses each.

    Reads every node. Exits 5 when something could not be seen that may matter to what is listed.
    """
    course = invocation.world.course
    course.begin("ls", metrics_out)
    context = invocation.context(
        confirm_terminated=confirm_terminated,
        declared_by=tuple(declared_by or ()),
        grace=grace,
    )
    course.context = context
    selection = Selection(
        patterns=tuple(patterns or ()),
        nodes=tuple(node or ()),
        statuses=tuple(status or ()),
        rulings=tuple(ruling or ()),
        services=tuple(service or ()),
        stacks=tuple(stack or ()),
    )
    with open_session(invocation, context) as session:
        seen = session.look()
    verdicts = selection.of(seen.verdicts, seen.survey)
    session.course.was_asked_about(verdict.ruling for verdict in verdicts)
    if per_node:
        verdicts = tuple(selection.entries_of(verdict, seen.survey) for verdict in verdicts)
    for sentence in _nothing(seen, selection, verdicts):
        session.console.message(sentence)
    from cloudstorctl.render import documents, names  # noqa: PLC0415 - when there is something

    wide = context.output is Output.WIDE
    show(
        session.console,
        context.output,
        document=lambda: documents.volumes_document(seen.survey, verdicts, seen.gaps),
        names=lambda: names.names(verdicts),
        screens=lambda: [_screen(seen, verdicts, per_node=per_node, wide=wide)],
    )
    return sight(seen, verdicts)


def _nothing(
    seen: Assessment, selection: Selection, verdicts: tuple[Verdict, ...]
) -> Iterator[str]:
    if not seen.verdicts:
        which = "of the swarm" if seen.complete else "that could be read"
        yield f"No engine {which} lists a Cloudstor volume."
        return
    told = tuple(without_match(selection.patterns, seen))
    yield from told
    if not verdicts and not told:
        yield f"None of the {len(seen.verdicts)} volumes matches."


def _screen(
    seen: Assessment, verdicts: tuple[Verdict, ...], *, per_node: bool, wide: bool
) -> Screen:
    from cloudstorctl.render import tables  # noqa: PLC0415 - rich is slow, and for people alone

    if per_node:
        return tables.entries_table(seen.survey, verdicts, seen.gaps)
    return tables.volumes_table(seen.survey, verdicts, seen.gaps, wide=wide)


def sight(seen: Assessment, verdicts: tuple[Verdict, ...]) -> ExitCode:
    """Say whether a gap touches what was printed; with nothing printed, any gap does."""
    hidden = any(verdict.gaps for verdict in verdicts) if verdicts else not seen.complete
    return ExitCode.INCOMPLETE if hidden else ExitCode.DONE
