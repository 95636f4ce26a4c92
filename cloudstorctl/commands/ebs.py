"""`ebs`: the relocatable volumes of the swarm, and those that no engine lists any more."""

from __future__ import annotations

from typing import Annotated

import typer

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.ebs import relocatable
from cloudstorctl.errors import ExitCode, NoAccessError

EPILOG = examples("cloudstorctl ebs", "cloudstorctl ebs --unlisted -o json")


@with_options
def ebs(
    invocation: Invocation,
    *,
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Only those that no engine lists.")
    ] = False,
) -> ExitCode:
    """Show the EBS volumes that the driver has made for this swarm: what each is, costs and holds.

    They are found by the tags that the driver puts on them. It only shows: nothing is removed.
    Exits 5 when an engine could not be read, which may list what seems unlisted, and 8 when AWS
    does not answer.
    """
    context = invocation.context()
    with open_session(invocation, context) as session:
        seen = session.look(timeless=True)
    from cloudstorctl.commands.storage import Storage  # noqa: PLC0415 - botocore is slow

    storage = Storage(invocation, context)
    stacks = storage.stacks(seen.survey)
    volumes = [volume for stack in stacks for volume in storage.ebs_volumes(stack)]
    if storage.missing:
        raise NoAccessError("\n".join(storage.missing))
    found = [each for each in relocatable(seen.survey, volumes) if not (unlisted and each.nodes)]
    if not stacks:
        session.console.message(
            "No plugin of this swarm names its stack (AWS_STACK_ID), nor does 'aws.stack' in the "
            "configuration: its EBS volumes cannot be found."
        )
    elif not found:
        what = "unlisted EBS volume" if unlisted else "EBS volume"
        session.console.message(f"The driver has made no {what} for this swarm.")
    from cloudstorctl.render import ebs as shown  # noqa: PLC0415 - rich is slow

    show(
        session.console,
        context.output,
        document=lambda: shown.ebs_document(seen.survey, found, seen.gaps),
        names=lambda: "".join(f"{each.volume.id}\n" for each in found),
        screens=lambda: (
            [shown.ebs_table(seen.survey, found, seen.gaps)] if found or seen.gaps else []
        ),
    )
    return ExitCode.DONE if seen.complete else ExitCode.INCOMPLETE
