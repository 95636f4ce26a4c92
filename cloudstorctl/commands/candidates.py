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
from cloudstorctl.commands.selection import Patterns, Selection
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.errors import ExitCode

if TYPE_CHECKING:
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
    rm. Exits 5 when something could not be seen, for it may hide more.
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
    if not found:
        session.console.message(_none(seen))
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
    return ExitCode.DONE if seen.complete else sight(seen, ())


def _none(seen: Assessment) -> str:
    hidden = "" if seen.complete else " that was seen"
    return f"No volume{hidden} is unused."
