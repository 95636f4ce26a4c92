"""`doctor`: what is wrong with a swarm's plugins, services and volumes, or with a stack file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.config import Output
from cloudstorctl.core.findings import Severity, parted
from cloudstorctl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cloudstorctl.commands.invocation import World
    from cloudstorctl.core.doctor import Stack
    from cloudstorctl.core.findings import Finding

EPILOG = examples(
    "cloudstorctl doctor",
    "cloudstorctl doctor --fail-on warning",
    "cloudstorctl doctor --compose stacks/*.yml --fail-on error",
    "docker stack config -c a.yml -c b.yml | cloudstorctl doctor --compose -",
)

_STANDARD_INPUT = "-"
_GAP = "gap"


@with_options
def doctor(
    invocation: Invocation,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="More files, after --compose.", show_default=False),
    ] = None,
    *,
    fail_on: Annotated[
        Severity | None,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="Exit 1 at such a finding or a worse one: error, warning or note.",
        ),
    ] = None,
    compose: Annotated[
        list[str] | None,
        typer.Option(
            "--compose",
            metavar="FILE",
            help="Check these stack files instead, each by itself; - is standard input.",
        ),
    ] = None,
) -> ExitCode:
    """Find what is wrong with plugins, services and volumes, with the command that mends each.

    With --compose no swarm is asked: what is checked is what the files would deploy. Exits 0
    whatever is found, unless --fail-on says otherwise, and 5 when something could not be seen. What
    'doctor.accept' in the configuration names is counted only.
    """
    if files and not compose:
        raise UsageError(f"{files[0]}: files are checked with --compose {files[0]}")
    if compose:
        return _check_files(invocation, (*compose, *(files or ())), fail_on)
    return _check_swarm(invocation, fail_on)


def _check_swarm(invocation: Invocation, fail_on: Severity | None) -> ExitCode:
    from cloudstorctl.core.doctor import diagnose  # noqa: PLC0415 - only this command needs it

    context = invocation.context()
    with open_session(invocation, context) as session:
        seen = session.look(timeless=True)
    findings, accepted = parted(_worded(diagnose(seen), invocation.world), context.doctor_accept)
    from cloudstorctl.render import doctor as shown  # noqa: PLC0415 - rich is slow

    show(
        session.console,
        context.output,
        document=lambda: shown.swarm_document(seen, findings, accepted),
        names=lambda: shown.codes(findings),
        screens=lambda: [
            shown.findings_screen(
                findings,
                shown.swarm_looked_at(seen),
                wide=context.output is Output.WIDE,
                accepted=len(accepted),
            )
        ],
    )
    # What was found is certain, whatever was not seen.
    if _fails([finding for finding in findings if finding.code != _GAP], fail_on):
        return ExitCode.FAILED
    return ExitCode.DONE if seen.complete else ExitCode.INCOMPLETE


def _check_files(
    invocation: Invocation, files: Sequence[str], fail_on: Severity | None
) -> ExitCode:
    from cloudstorctl.core.doctor import diagnose_stack  # noqa: PLC0415 - as above
    from cloudstorctl.core.family import Family  # noqa: PLC0415 - as above
    from cloudstorctl.core.findings import by_severity  # noqa: PLC0415 - as above

    context = invocation.context()
    family = Family(patterns=context.drivers)
    stacks = [_stack(invocation, file) for file in dict.fromkeys(files)]
    findings, accepted = parted(
        by_severity(finding for stack in stacks for finding in diagnose_stack(stack, family)),
        context.doctor_accept,
    )
    from cloudstorctl.render import doctor as shown  # noqa: PLC0415 - rich is slow

    show(
        invocation.console(),
        context.output,
        document=lambda: shown.stacks_document(stacks, findings, accepted, invocation.world.now()),
        names=lambda: shown.codes(findings),
        screens=lambda: [
            shown.findings_screen(
                findings,
                shown.stacks_looked_at(stacks),
                wide=context.output is Output.WIDE,
                accepted=len(accepted),
            )
        ],
    )
    return ExitCode.FAILED if _fails(findings, fail_on) else ExitCode.DONE


def _stack(invocation: Invocation, file: str) -> Stack:
    from cloudstorctl.compose import stack_from  # noqa: PLC0415 - yaml is slow to import

    world = invocation.world
    if file == _STANDARD_INPUT:
        text = world.stdin.read().encode("utf-8", "surrogateescape")
        return stack_from(text, "standard input", world.environ)
    try:
        text = Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: it cannot be read: {error.strerror}") from error
    return stack_from(text, file, world.environ)


def _worded(findings: Iterable[Finding], world: World) -> tuple[Finding, ...]:
    """Give findings with this program called as the user calls it."""
    return tuple(replace(finding, fix=world.worded(finding.fix)) for finding in findings)


def _fails(findings: Sequence[Finding], fail_on: Severity | None) -> bool:
    return fail_on is not None and any(each.severity.reaches(fail_on) for each in findings)
