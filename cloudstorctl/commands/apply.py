"""`apply`: carry out a saved plan, or refuse it as stale."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    carry_out,
    limits_of,
    show_outcomes,
)
from cloudstorctl.commands.session import Marking, open_session
from cloudstorctl.core.plan import changes_since, check_limits, plan_removals
from cloudstorctl.core.plan_document import plan_from
from cloudstorctl.errors import ExitCode, IncompleteError, StalePlanError, UsageError

if TYPE_CHECKING:
    from cloudstorctl.core.judgement import Plan

EPILOG = examples(
    "cloudstorctl safe-prune --dry-run --plan-out plan.json", "cloudstorctl apply plan.json"
)

_LARGEST = 64 * 1024 * 1024


@with_options
def apply(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan of 'safe-prune'.")],
    *,
    max_count: MaxCount = None,
    grace: Grace = None,
    confirm_terminated: ConfirmTerminated = False,
    declared_by: DeclaredBy = None,
    max_percent: MaxPercent = None,
    audit_log: AuditLog = None,
    no_lock: NoLock = False,
    notify: Notify = None,
    metrics_out: MetricsOut = None,
) -> ExitCode:
    """Carry out a saved plan, if all that it rests on still holds.

    Exits 6, and removes nothing, when anything has changed since: the message names what.
    """
    course = invocation.world.course
    course.begin_removing("apply", metrics_out)
    context = invocation.context(
        max_count=max_count,
        max_percent=max_percent,
        confirm_terminated=confirm_terminated,
        grace=grace,
        declared_by=tuple(declared_by or ()),
        audit_log=audit_log,
        notify=tuple(notify) if notify else None,
    )
    course.context = context
    saved = _read(file)
    course.plan = saved
    if saved.recovery_within is not None:
        context = replace(context, require_recovery_point=saved.recovery_within)
    with open_session(invocation, context) as session:
        session.tell_of_grace()
        seen = session.look(marking=Marking.NOW)
        changes = changes_since(saved, seen)
        if changes:
            told = "\n".join(f"  {change}" for change in changes)
            raise StalePlanError(
                f"The plan is stale, and nothing was removed:\n{told}\n"
                "Make a new one with 'cloudstorctl safe-prune --dry-run --plan-out FILE'."
            )
        plan = plan_removals(seen, frozenset(removal.volume for removal in saved.removals))
        course.planned(plan)
        if plan.kept:
            told = "\n".join(f"  {kept.volume}: {' '.join(kept.reasons)}" for kept in plan.kept)
            raise IncompleteError(
                f"Not all of the plan can be proved now, and nothing was removed:\n{told}"
            )
        check_limits(plan, len(seen.verdicts), limits_of(context))
        if not plan.removals:
            show_outcomes(session, ExitCode.DONE)
            return ExitCode.DONE
        return carry_out(session, plan, lock=not no_lock)


def _read(file: Path) -> Plan:
    try:
        with file.open("rb") as stream:
            text = stream.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"The plan {file} cannot be read: {error.strerror}.") from error
    try:
        return plan_from(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not a plan: it is no JSON document ({error}).") from error
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
