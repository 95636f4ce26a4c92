"""What `rm`, `safe-prune` and `apply` share: carrying out a plan, and what to say after."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from cloudstorctl.commands.interrupt import stopping
from cloudstorctl.commands.session import Marking
from cloudstorctl.commands.showing import show
from cloudstorctl.commands.tickets import Tickets
from cloudstorctl.core.ending import Ending
from cloudstorctl.core.judgement import OutcomeStatus, Ruling
from cloudstorctl.core.plan import Limits
from cloudstorctl.errors import CloudstorctlError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.commands.session import Session
    from cloudstorctl.config import Context
    from cloudstorctl.core.judgement import Outcome, Plan

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

NoLock = Annotated[
    bool,
    typer.Option(
        "--no-lock", help="Do not keep other runs from removing at the same time, in the swarm."
    ),
]

_FAILURES = {OutcomeStatus.REFUSED, OutcomeStatus.FAILED, OutcomeStatus.UNCERTAIN}


def limits_of(context: Context) -> Limits:
    """The limits that a context sets."""
    return Limits(max_count=context.max_count, max_percent=context.max_percent)


def carry_out(
    session: Session, plan: Plan, *, lock: bool, left: ExitCode = ExitCode.DONE
) -> ExitCode:
    """Remove the volumes of a plan, print every outcome, and say how it went.

    With `lock`, no other run that takes the lock of the swarm removes anything meanwhile. `left`
    is the exit code where all of them are removed: what the plan leaves may ask for one.

    Raises:
        CloudstorctlError: what ended the run early, after the outcomes have been printed.
    """
    from cloudstorctl.swarm.audit import open_audit  # noqa: PLC0415 - as in session.py
    from cloudstorctl.swarm.remove import Removal, remove  # noqa: PLC0415 - as in session.py

    console, context = session.console, session.context
    outcomes = session.course.outcomes
    ended: CloudstorctlError | None = None
    with (
        open_audit(context.audit_log, now=session.invocation.world.now) as audit,
        stopping(console.error) as stop,
    ):
        try:
            with _locked(session, plan, wanted=lock) as held:
                session.course.begun = True
                removal = Removal(
                    # Another manager may answer now: one of another swarm must not.
                    look=lambda: session.look(
                        "Looking again", cluster_id=plan.cluster_id, marking=Marking.LATER
                    ),
                    may_go_on=held.keep,
                    in_time=held.check_time,
                    ticket=Tickets(session, plan.cluster_id).ticket,
                    remover_of=session.engines.remover_of,
                    audit=audit,
                    stop=stop,
                )
                for outcome in remove(plan, removal):
                    outcomes.append(outcome)
                    console.detail(f"{outcome.volume}: {outcome.status}")
        except CloudstorctlError as error:
            ended = error
        session.mark()
        interrupted = stop()
    if ended is not None:
        show_outcomes(session, ended.exit_code, str(ended))
        raise ended
    code = ExitCode.INTERRUPTED if interrupted else exit_code_of(outcomes) or left
    show_outcomes(session, code, "interrupted" if interrupted else None)
    return code


class Held(Protocol):
    """What a run asks before and after each look."""

    def keep(self) -> None:
        """Raise a CloudstorctlError where the lock is lost."""

    def check_time(self) -> None:
        """Raise one where it might end before a removal does."""


class Unlocked:
    """What a run without the lock asks: it may always go on."""

    def keep(self) -> None:
        """Let it go on."""

    def check_time(self) -> None:
        """Let it go on."""


@contextmanager
def _locked(session: Session, plan: Plan, *, wanted: bool) -> Iterator[Held]:
    """Hold the lock of the swarm; gives what raises once it is lost."""
    if not wanted:
        yield Unlocked()
        return
    from cloudstorctl.swarm.lock import SwarmLock  # noqa: PLC0415 - as in session.py

    world = session.invocation.world
    lock = SwarmLock(
        session.engines,
        plan.cluster_id,
        holder=world.holder,
        token=secrets.token_hex(16),
        now=world.now,
    )
    lock.take()
    try:
        yield lock
    finally:
        lock.release()


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


def show_outcomes(session: Session, code: ExitCode, error: str | None = None) -> None:
    """Print what happened; a document also tells of what the plan kept, and how the run ended."""
    from cloudstorctl.render import plan as screens  # noqa: PLC0415 - rich is slow
    from cloudstorctl.render.visible import visible  # noqa: PLC0415 - as above

    course = session.course
    error = error or course.error
    told = error and session.invocation.world.worded(error)
    course.ending = ending = Ending(command=course.command, exit_code=code, error=told)
    outcomes = course.outcomes
    planned = course.plan is not None and course.plan.removals
    removed = [o.volume for o in outcomes if o.status is OutcomeStatus.REMOVED]
    show(
        session.console,
        session.context.output,
        document=lambda: course.document(ending),
        names=lambda: "".join(f"{visible(name)}\n" for name in removed),
        screens=lambda: [screens.outcomes_screen(outcomes)] if outcomes or not planned else [],
    )


def kept_code(plan: Plan) -> ExitCode:
    """Say what the volumes that a plan keeps mean for a command that named them."""
    rulings = {kept.ruling for kept in plan.kept}
    if rulings & {Ruling.IN_USE, Ruling.RESERVED, Ruling.PENDING}:
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE if Ruling.UNKNOWN in rulings else ExitCode.DONE
