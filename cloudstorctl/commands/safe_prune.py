"""`safe-prune`: remove what is proved unused, and nothing else."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.declared import refuse_unquoted
from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import (
    ConfirmTerminated,
    DeclaredBy,
    Grace,
    MetricsOut,
    Notify,
    examples,
    with_options,
)
from cloudstorctl.commands.removal import (
    AuditLog,
    MaxCount,
    MaxPercent,
    NoLock,
    RequireRecoveryPoint,
    carry_out,
    limits_of,
    show_outcomes,
)
from cloudstorctl.commands.replacing import replace_file
from cloudstorctl.commands.selection import Patterns, Selection, without_match
from cloudstorctl.commands.session import Marking, open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.plan import check_limits, plan_removals
from cloudstorctl.core.plan_document import plan_document
from cloudstorctl.core.restoring import lacks_recovery_point
from cloudstorctl.errors import CloudstorctlError, ExitCode, RefusedError

if TYPE_CHECKING:
    from cloudstorctl.commands.session import Session
    from cloudstorctl.core.judgement import Plan, Verdict
    from cloudstorctl.core.verdict import Assessment

EPILOG = examples(
    "cloudstorctl safe-prune --dry-run",
    "cloudstorctl safe-prune 'ci-*' --yes",
    "cloudstorctl safe-prune --dry-run --plan-out plan.json",
)


@with_options
def safe_prune(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    patterns: Patterns = None,
    *,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Not these. Repeat for more."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show the plan and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    plan_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the plan here, for 'cloudstorctl apply'."),
    ] = None,
    max_count: MaxCount = None,
    max_percent: MaxPercent = None,
    require_recovery_point: RequireRecoveryPoint = None,
    grace: Grace = None,
    confirm_terminated: ConfirmTerminated = False,
    declared_by: DeclaredBy = None,
    audit_log: AuditLog = None,
    no_lock: NoLock = False,
    notify: Notify = None,
    metrics_out: MetricsOut = None,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="With --dry-run: exit 3 if there are candidates."),
    ] = False,
) -> ExitCode:
    """Remove the volumes that nothing uses or could use again.

    Shows the plan, asks, and looks at the whole swarm again before each removal. Without a
    terminal it removes only with --yes.
    """
    course = invocation.world.course
    course.begin_removing("safe-prune", metrics_out, dry_run=dry_run)
    context = invocation.context(
        max_count=max_count,
        max_percent=max_percent,
        require_recovery_point=require_recovery_point,
        confirm_terminated=confirm_terminated,
        grace=grace,
        declared_by=tuple(declared_by or ()),
        audit_log=audit_log,
        notify=tuple(notify) if notify else None,
    )
    course.context = context
    refuse_unquoted(context, patterns)
    selection = Selection(patterns=tuple(patterns or ()), exclude=tuple(exclude or ()))
    with open_session(invocation, context) as session:
        session.tell_of_grace()
        seen = session.look(restorable=True, marking=Marking.NOW)
        for sentence in without_match(selection.patterns, seen):
            session.console.message(sentence)
        chosen = selection.of(seen.verdicts, seen.survey)
        plan = plan_removals(seen, frozenset(verdict.volume.name for verdict in chosen))
        session.course.planned(plan)
        left = _left(session, seen, plan, chosen)
        if plan_out is not None:
            _write(plan_out, plan)
            command = shlex.join(
                [
                    *("cloudstorctl", "apply", str(plan_out)),
                    *(("--grace", grace) if grace else ()),
                    *(("--max-count", str(max_count)) if max_count is not None else ()),
                    *(("--max-percent", f"{max_percent:g}") if max_percent is not None else ()),
                    *(("--confirm-terminated",) if confirm_terminated else ()),
                    *(word for files in declared_by or () for word in ("--declared-by", files)),
                ]
            )
            session.console.message(f"The plan is in {plan_out}. This carries it out: {command}")
        in_words = context.output.for_people
        if dry_run or (plan.removals and (in_words or not yes)):
            _show(session, plan)
        check_limits(plan, len(seen.verdicts), limits_of(context))
        if dry_run:
            return ExitCode.CANDIDATES if plan.removals and detailed_exitcode else left
        if not plan.removals:
            _show(session, plan) if in_words else show_outcomes(session, left)
            return left
        if not yes:
            _confirm(session, plan)
        return carry_out(session, plan, lock=not no_lock, left=left)


def _left(session: Session, seen: Assessment, plan: Plan, chosen: tuple[Verdict, ...]) -> ExitCode:
    """Say what stays that was asked for: what could not be restored, or a gap hides."""
    lacking = [verdict for verdict in chosen if lacks_recovery_point(verdict)]
    for verdict in lacking:
        session.console.error(f"{verdict.volume.name} is refused: {' '.join(verdict.reasons)}")
    if lacking:
        return ExitCode.REFUSED
    # A gap may hide candidates: what was asked, all that is unused, was not proved.
    unknown = any(kept.ruling is Ruling.UNKNOWN for kept in plan.kept)
    unseen = any(gap.volumes is None for gap in plan.gaps)
    # What cannot be remembered can never become removable.
    lost = bool(seen.memory.trouble) and any(k.ruling is Ruling.PENDING for k in plan.kept)
    forgetful = lost or (session.course.forgetful and bool(session.context.grace))
    return ExitCode.INCOMPLETE if unknown or unseen or forgetful else ExitCode.DONE


def _confirm(session: Session, plan: Plan) -> None:
    count = len(plan.removals)
    if not session.console.interactive:
        raise RefusedError(
            f"Not confirmed, nothing was removed: to remove {'it' if count == 1 else 'these'}, "
            "pass --yes."
        )
    noun = "this volume" if count == 1 else f"these {count} volumes"
    if not session.console.ask(f"Remove {noun} and the data for good?"):
        raise RefusedError("Not confirmed, nothing was removed.")


def _show(session: Session, plan: Plan) -> None:
    from cloudstorctl.render import plan as screens  # noqa: PLC0415 - rich is slow
    from cloudstorctl.render.visible import visible  # noqa: PLC0415 - beside it

    show(
        session.console,
        session.context.output,
        document=lambda: plan_document(plan),
        names=lambda: "".join(f"{visible(r.volume)}\n" for r in plan.removals),
        screens=lambda: [screens.plan_screen(plan, session.invocation.world.program)],
    )


def _write(path: Path, plan: Plan) -> None:
    text = json.dumps(plan_document(plan), indent=2) + "\n"
    try:
        replace_file(path, text)
    except OSError as error:
        raise CloudstorctlError(
            f"The plan cannot be written to {path}: {error.strerror}. Nothing was removed."
        ) from error
