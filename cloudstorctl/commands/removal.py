"""What `rm`, `safe-prune` and `apply` share: carrying out a plan, and what to say after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.interrupt import stopping
from cloudstorctl.commands.showing import show
from cloudstorctl.core.judgement import Outcome, OutcomeStatus, Ruling
from cloudstorctl.core.plan import Limits
from cloudstorctl.errors import CloudstorctlError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.commands.session import Session
    from cloudstorctl.config import Context
    from cloudstorctl.core.judgement import Plan

MaxCount = Annotated[
    int | None, typer.Option(metavar="N", help="Refuse to remove more than N volumes.")
]
MaxPercent = Annotated[
    float | None,
    typer.Option(metavar="P", help="Refuse to remove more than P per cent of all volumes."),
]
AuditLog = Annotated[
    str | None, typer.Option(metavar="FILE", help="Record of every removal (JSON Lines).")
]
RequireRecoveryPoint = Annotated[
    str | None,
    typer.Option(
        metavar="AGE",
        help="Only what AWS could restore from a recovery point younger than this, such as 24h.",
    ),
]

_FAILURES = {OutcomeStatus.REFUSED, OutcomeStatus.FAILED, OutcomeStatus.UNCERTAIN}


def limits_of(context: Context) -> Limits:
    """The limits that a context sets."""
    return Limits(max_count=context.max_count, max_percent=context.max_percent)


def carry_out(session: Session, plan: Plan) -> ExitCode:
    """Remove the volumes of a plan, print every outcome, and say how it went.

    Raises:
        CloudstorctlError: what ended the run early, after the outcomes have been printed.
    """
    from cloudstorctl.swarm.audit import open_audit  # noqa: PLC0415 - as in session.py
    from cloudstorctl.swarm.remove import Removal, remove  # noqa: PLC0415 - as in session.py

    console, context = session.console, session.context
    outcomes: list[Outcome] = []
    ended: CloudstorctlError | None = None
    with (
        open_audit(context.audit_log, now=session.invocation.world.now) as audit,
        stopping(console.error) as stop,
    ):
        removal = Removal(
            # Another manager may answer now: one of another swarm must not.
            look=lambda: session.look("Looking again", cluster_id=plan.cluster_id),
            remover_of=session.engines.remover_of,
            audit=audit,
            stop=stop,
        )
        try:
            for outcome in remove(plan, removal):
                outcomes.append(outcome)
                console.detail(f"{outcome.volume}: {outcome.status}")
        except CloudstorctlError as error:
            ended = error
        interrupted = stop()
    show_outcomes(session, plan, outcomes)
    if ended is not None:
        raise ended
    return ExitCode.INTERRUPTED if interrupted else exit_code_of(outcomes)


def exit_code_of(outcomes: Iterable[Outcome]) -> ExitCode:
    """Say how removals went: a failure outranks a refusal, and a refusal a gap."""
    statuses = {outcome.status for outcome in outcomes}
    if statuses & _FAILURES:
        return ExitCode.REMOVALS_FAILED
    if OutcomeStatus.CLAIMED in statuses:
        return ExitCode.REFUSED
    if OutcomeStatus.NOT_TRIED in statuses:
        return ExitCode.INCOMPLETE
    return ExitCode.DONE


def show_outcomes(session: Session, plan: Plan, outcomes: list[Outcome]) -> None:
    """Print what happened; a document also tells of what the plan kept."""
    from cloudstorctl.render import documents  # noqa: PLC0415 - rich is slow
    from cloudstorctl.render import plan as screens  # noqa: PLC0415 - as above
    from cloudstorctl.render.visible import visible  # noqa: PLC0415 - as above

    kept = [
        Outcome(volume=k.volume, status=OutcomeStatus.KEPT, detail=" ".join(k.reasons))
        for k in plan.kept
    ]
    removed = [o.volume for o in outcomes if o.status is OutcomeStatus.REMOVED]
    show(
        session.console,
        session.context.output,
        document=lambda: documents.outcomes_document(
            plan.cluster_id,
            plan.made_at,
            [*outcomes, *kept],
            plan.gaps,
            not plan.gaps,
            nodes=plan.nodes,
        ),
        names=lambda: "".join(f"{visible(name)}\n" for name in removed),
        screens=lambda: [screens.outcomes_screen(outcomes)],
    )


def kept_code(plan: Plan) -> ExitCode:
    """Say what the volumes that a plan keeps mean for a command that named them."""
    rulings = {kept.ruling for kept in plan.kept}
    if rulings & {Ruling.IN_USE, Ruling.RESERVED, Ruling.PENDING}:
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if Ruling.UNKNOWN in rulings else ExitCode.DONE
