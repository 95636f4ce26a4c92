"""`guard run`: the authorization plugin that stands between `docker volume rm` and the data."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.config import Context
from cloudstorctl.errors import CloudstorctlError, ExitCode
from cloudstorctl.guard.names import ENGINE, SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudstorctl.guard.records import Log

EPILOG = examples(
    "cloudstorctl guard run",
    "cloudstorctl guard run --metrics-listen 127.0.0.1:9719",
)

_TO_START = 15.0
"""Seconds for a judging process beside the time for a survey: it has to start, and to write."""
_UNCONFIGURED = Context(
    config_file=None, name=None, managers=(), audit_log=Path("/dev/null"), origins=()
)
"""What holds where the configuration cannot be read."""
_TO_END = 10.0
"""Seconds for what is under way when the guard is told to end."""


@with_options
def guard_run(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    *,
    listen: Annotated[
        str, typer.Option("--socket", metavar="FILE", help="Where dockerd finds the plugin.")
    ] = SOCKET,
    engine: Annotated[
        str, typer.Option("--engine", metavar="URL", help="The engine of this node.")
    ] = ENGINE,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="FILE", help="Keeps what is known of the engine."),
    ] = None,
    judge_timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", min=0.1, help="Time for one judgement; then it is a no."),
    ] = None,
    metrics_listen: Annotated[
        str | None,
        typer.Option("--metrics-listen", metavar="HOST:PORT", help="Serve Prometheus metrics."),
    ] = None,
) -> ExitCode:
    """Run the guard of this node: an authorization plugin of its engine.

    It denies the removal of a Cloudstor volume that is not proved unused, and changes of the
    Cloudstor plugin while the node uses it; all else passes at once. dockerd asks it when it is
    named in its 'authorization-plugins': cloudstorctl-guard.
    """
    from cloudstorctl.guard.decision import Decider  # noqa: PLC0415 - with the guard alone
    from cloudstorctl.guard.engine import LocalEngine  # noqa: PLC0415 - as above
    from cloudstorctl.guard.following import Follower  # noqa: PLC0415 - as above
    from cloudstorctl.guard.judging import Judges  # noqa: PLC0415 - as above
    from cloudstorctl.guard.knowledge import Knowledge  # noqa: PLC0415 - as above
    from cloudstorctl.guard.records import Log, Metrics  # noqa: PLC0415 - as above
    from cloudstorctl.guard.server import Server  # noqa: PLC0415 - as above
    from cloudstorctl.guard.watchdog import watchdog_in  # noqa: PLC0415 - as above

    world = invocation.world
    log = Log(stream=world.stderr, now=world.now)
    local = LocalEngine.at(engine)
    context = _context(invocation, log)
    known = context or _UNCONFIGURED
    # A thread that computes hands on after this time, by default 5 ms: requests are not to wait.
    sys.setswitchinterval(0.0002)
    with ExitStack() as stack:
        wake = stack.enter_context(_ended_by_signals())
        file = Path(state) if state else world.places.state / "guard.json"
        knowledge = Knowledge(patterns=known.drivers, configured=context is not None, file=file)
        metrics = Metrics(knowledge)
        if metrics_listen is not None:
            stack.callback(metrics.serve(metrics_listen))
        judges = Judges(
            command=_judge_command(invocation),
            seconds=judge_timeout or known.survey_timeout + _TO_START,
            environ=world.environ,
        )
        listener = stack.enter_context(_listening(world.environ, Path(listen)))
        follower = Follower(
            engine=local, knowledge=knowledge, say=lambda text: log.message("engine", text)
        )
        decider = Decider(
            knowledge=knowledge, judge=judges, engine=local, patterns=lambda: _drivers(invocation)
        )
        server = Server(
            listener=listener,
            decide=decider,
            log=log,
            metrics=metrics,
            watchdog=watchdog_in(world.environ),
        )
        follower.start()
        stack.callback(follower.stop)
        log.message("start", "the guard answers")
        server.serve(wake)
        log.message("stop", "the guard ends what is under way")
        listener.close()
        if not server.stop(_TO_END):
            log.message("stop", "a judgement took too long to wait for: it counts as a no")
        judges.close()
    return ExitCode.DONE


def _context(invocation: Invocation, log: Log) -> Context | None:
    """Give the configuration.

    One that cannot be read must not keep an engine from starting: removals are denied with what is
    wrong with it, as every judging process reads it anew. Until it can be read, any driver but
    `local` may be Cloudstor.
    """
    try:
        return invocation.context()
    except CloudstorctlError as error:
        log.message("configuration", f"every removal of a Cloudstor volume is denied: {error}")
        return None


def _drivers(invocation: Invocation) -> tuple[str, ...] | None:
    """Read which drivers are Cloudstor; None where the configuration cannot be read."""
    try:
        return invocation.context().drivers
    except CloudstorctlError:
        return None


def _judge_command(invocation: Invocation) -> list[str]:
    """Give the words that start a judging process with the same configuration."""
    flags = invocation.flags
    words = [sys.executable, "-m", "cloudstorctl", "guard", "judge", "--quiet"]
    for option, value in (
        ("--config", flags.config),
        ("--context", flags.context),
        ("--node-endpoint", flags.node_endpoint),
        ("--timeout", flags.timeout),
        ("--parallel", flags.parallel),
        *(("--host", url) for url in flags.host),
    ):
        if value is not None:
            words += [f"{option}={value}"]
    return words


@contextmanager
def _listening(environ: Mapping[str, str], path: Path) -> Iterator[socket.socket]:
    """Listen where dockerd calls, and take a socket that was made here away again."""
    from cloudstorctl.guard.listening import handed_over, listen_at  # noqa: PLC0415 - as above

    given = handed_over(environ, os.getpid())
    if given is not None:
        with given:
            yield given
        return
    with listen_at(path) as listener:
        made = path.stat().st_ino
        try:
            yield listener
        finally:
            # Another guard may have come in its place.
            if path.exists() and path.stat().st_ino == made:
                path.unlink()


@contextmanager
def _ended_by_signals() -> Iterator[socket.socket]:
    """Give a socket that can be read from once the process is told to end."""
    wake, waker = socket.socketpair()

    def end(_number: int, _frame: object) -> None:
        waker.send(b"!")

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with wake, waker:
            yield wake
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
