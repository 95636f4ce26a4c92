"""`rm`: the safe `docker volume rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.completion import volume_names
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
    carry_out,
    kept_code,
    limits_of,
    show_outcomes,
)
from cloudstorctl.commands.selection import unlisted
from cloudstorctl.commands.session import Marking, open_session
from cloudstorctl.core.advice import advice_on
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.plan import check_limits, plan_removals
from cloudstorctl.errors import ExitCode

if TYPE_CHECKING:
    from cloudstorctl.commands.session import Session
    from cloudstorctl.core.judgement import Plan
    from cloudstorctl.core.verdict import Assessment

EPILOG = examples("cloudstorctl rm old-data", "cloudstorctl rm ci-17-vol ci-18-vol")


@with_options
def rm(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    volumes: Annotated[list[str], typer.Argument(metavar="VOLUME", autocompletion=volume_names)],
    *,
    max_count: MaxCount = None,
    grace: Grace = None,
    confirm_terminated: ConfirmTerminated = False,
    declared_by: DeclaredBy = None,
    max_percent: MaxPercent = None,
    audit_log: AuditLog = None,
    notify: Notify = None,
    metrics_out: MetricsOut = None,
) -> ExitCode:
    """Remove volumes by name, if nothing uses or could use them.

    A volume that something claims is refused with the claims (exit 4), and the others are
    removed.
    """
    course = invocation.world.course
    course.begin_removing("rm", metrics_out)
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
    refuse_unquoted(context, volumes)
    with open_session(invocation, context) as session:
        session.tell_of_grace()
        seen = session.look(marking=Marking.NOW)
        plan = plan_removals(seen, frozenset(VolumeName(name) for name in volumes))
        session.course.planned(plan)
        check_limits(plan, len(seen.verdicts), limits_of(context))
        missing = [name for name in volumes if seen.on(VolumeName(name)) is None]
        told = [unlisted(name, seen) for name in missing]
        for sentence in told:
            session.console.error(sentence)
        _refuse(session, seen, plan)
        told += (f"{kept.volume} is {kept.ruling} and was not removed" for kept in plan.kept)
        session.course.error = "; ".join(told) or None
        unseen = ExitCode.FAILED if seen.complete else ExitCode.INCOMPLETE
        left = kept_code(plan) or (unseen if missing else ExitCode.DONE)
        if plan.removals:
            return carry_out(session, plan, lock=False, left=left)
        if not context.output.for_people:
            show_outcomes(session, left)
        return left


def _refuse(session: Session, seen: Assessment, plan: Plan) -> None:
    for kept in plan.kept:
        session.console.error(f"{kept.volume} is {kept.ruling} and was not removed:")
        for reason in kept.reasons:
            session.console.error(f"  {reason}")
        verdict = seen.on(kept.volume)
        # A grace period that cannot be known ends once the memory is mended, as was told.
        lost = kept.ruling is Ruling.PENDING and seen.memory.trouble
        for line in advice_on(verdict, seen.survey) if verdict and not lost else ():
            session.console.error(f"  {line}")
