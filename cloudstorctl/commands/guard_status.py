"""`guard status`: which nodes are protected by the guard, and which are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.protection import protections_in
from cloudstorctl.errors import ExitCode
from cloudstorctl.guard.probe import QUERY, comes_from_the_guard

if TYPE_CHECKING:
    from cloudstorctl.render.screen import Screen

EPILOG = examples("cloudstorctl guard status", "cloudstorctl guard status -o json")


@with_options
def guard_status(invocation: Invocation) -> ExitCode:
    """Ask every node whether its engine asks the guard before it removes a volume.

    Exits 0 if all do, 1 if one does not, and 5 if one could not be asked. -o name prints those that
    do not.
    """
    from cloudstorctl.swarm.pings import refusals_of_ping  # noqa: PLC0415 - docker-py is slow

    context = invocation.context()
    with open_session(invocation, context) as session:
        seen = session.look(timeless=True)
        refusals = refusals_of_ping(
            session.engines, seen.survey.nodes, parameter=QUERY, parallel=context.parallel
        )
    asks = {node: comes_from_the_guard(refusal) for node, refusal in refusals.items()}
    protections = protections_in(seen.survey, asks)
    from cloudstorctl.render import guard as shown  # noqa: PLC0415 - rich is slow

    def screens() -> list[Screen]:
        return [shown.guard_table(protections)]

    show(
        session.console,
        context.output,
        document=lambda: shown.guard_document(seen, protections),
        names=lambda: shown.unprotected(protections),
        screens=screens,
    )
    states = {each.protected for each in protections}
    unseen = {each.node.id for each in protections if each.protected is None}
    for gap in seen.gaps:
        if gap.node in unseen:
            session.console.message(f"{gap.source}: {gap.cause}.")
    if False in states:
        return ExitCode.FAILED
    return ExitCode.INCOMPLETE if None in states else ExitCode.DONE
