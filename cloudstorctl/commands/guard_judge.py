"""`guard judge`: judges one request for the guard, in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.remembering import forgotten
from cloudstorctl.commands.session import open_session
from cloudstorctl.core.guarding import Answer, on_plugin, on_removal
from cloudstorctl.core.model import NodeId, VolumeName
from cloudstorctl.errors import CloudstorctlError, ExitCode, NotRememberedError, UsageError

if TYPE_CHECKING:
    from cloudstorctl.commands.session import Session
    from cloudstorctl.guard.judging import Question

EPILOG = examples("""cloudstorctl guard judge <<< '{"volumes":["old-data"]}'""")


@with_options
def guard_judge(invocation: Invocation) -> ExitCode:
    """Judge one request for the guard: JSON comes in, and one line of JSON goes out.

    Whatever keeps it from being judged is an answer too: no, with the reason.
    """
    import msgspec  # noqa: PLC0415 - with the guard alone

    from cloudstorctl.guard.judging import Judged, Question  # noqa: PLC0415 - as above
    from cloudstorctl.render.visible import visible  # noqa: PLC0415 - as above

    world = invocation.world
    try:
        question = msgspec.json.decode(world.stdin.read().encode(), type=Question)
    except ValueError as error:
        raise UsageError(f"Standard input is no question of the guard's: {error}") from error
    try:
        answer = _judge(invocation, question)
    except CloudstorctlError as error:
        answer = Answer(allow=False, reason=f"It is not known whether anything uses it: {error}")
    judged = Judged(allow=answer.allow, reason=visible(" ".join(answer.reason.split())))
    world.stdout.write(f"{msgspec.json.encode(judged).decode()}\n")
    return ExitCode.DONE


def _judge(invocation: Invocation, question: Question) -> Answer:
    context = invocation.context()
    with open_session(invocation, context) as session:
        return _answer(session, question)


def _answer(session: Session, question: Question) -> Answer:
    if not (question.volumes or question.plugins):
        raise UsageError("It names neither a volume nor a plugin.")
    if question.gone:
        return _forgotten(session, question)
    if _was_just_proved(session, question):
        return Answer(allow=True, reason="cloudstorctl has just proved that nothing uses it.")
    seen = session.look()
    node = None if question.node is None else NodeId(question.node)
    if question.plugins:
        return on_plugin(seen, node or NodeId(""), question.plugins, question.change)
    return on_removal(
        seen,
        question.volumes,
        node=node,
        protect=session.context.protect_volumes,
        declared=session.declared,
    )


def _forgotten(session: Session, question: Question) -> Answer:
    """Let the swarm forget volumes that were let go."""
    gone = frozenset(VolumeName(name) for name in question.volumes)
    try:
        forgotten(session.engines, session.context.cluster_id, gone)
    except NotRememberedError as error:
        return Answer(allow=False, reason=str(error))
    return Answer(allow=True, reason="")


def _was_just_proved(session: Session, question: Question) -> bool:
    """Use up the ticket that the request shows, where it has but one reading."""
    if not question.ticket or question.plugins or len(question.volumes) != 1:
        return False
    from cloudstorctl.swarm.tickets import redeem  # noqa: PLC0415 - docker-py is slow

    return redeem(
        session.engines,
        question.ticket,
        volume=question.volumes[0],
        node=question.node or "",
        now=session.invocation.world.now,
    )
