"""`candidates`: what nothing uses, since when, and when it may be removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.ls import sight
from cloudstorctl.commands.options import (
    ConfirmTerminated,
    DeclaredBy,
    Grace,
    examples,
    with_options,
)
from cloudstorctl.commands.selection import Patterns, Selection, without_match
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.judgement import Verdict
    from cloudstorctl.core.verdict import Assessment

EPILOG = examples("cloudstorctl candidates", "cloudstorctl candidates 'ci-*' -o json")

_CANDIDATES = (Ruling.PENDING, Ruling.REMOVABLE)


@with_options
def candidates(
    invocation: Invocation,
    patterns: Patterns = None,
    *,
    grace: Grace = None,
    confirm_terminated: ConfirmTerminated = False,
    declared_by: DeclaredBy = None,
) -> ExitCode:
    """Show the volumes that nothing uses, since when, and when each may be removed.

    It only shows: what is seen unused is remembered by safe-prune (also with --dry-run), apply and
    rm. Exits 5 when something could not be seen, for it may hide more, and when what is remembered
    cannot be read.
    """
    context = invocation.context(
        confirm_terminated=confirm_terminated,
        declared_by=tuple(declared_by or ()),
        grace=grace,
    )
    selection = Selection(patterns=tuple(patterns or ()), rulings=_CANDIDATES)
    with open_session(invocation, context) as session:
        seen = session.look()
    found = selection.of(seen.verdicts, seen.survey)
    for sentence in _nothing(seen, selection, found):
        session.console.message(sentence)
    from cloudstorctl.render import candidates as shown  # noqa: PLC0415 - rich is slow
    from cloudstorctl.render.names import names  # noqa: PLC0415 - beside it

    show(
        session.console,
        context.output,
        document=lambda: shown.candidates_document(seen.survey, found, seen.gaps, context.grace),
        names=lambda: names(found),
        screens=lambda: (
            [shown.candidates_table(seen.survey, found, seen.gaps)] if found or seen.gaps else []
        ),
    )
    if seen.memory.trouble and found:
        return ExitCode.INCOMPLETE
    return ExitCode.DONE if seen.complete else sight(seen, ())


def _nothing(seen: Assessment, selection: Selection, found: tuple[Verdict, ...]) -> Iterator[str]:
    told = tuple(without_match(selection.patterns, seen))
    yield from told
    if not found and not told:
        which = "None of the volumes asked for" if selection.patterns else "No volume"
        yield f"{which}{'' if seen.complete else ' that was seen'} is unused."
