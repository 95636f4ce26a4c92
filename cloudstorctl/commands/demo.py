"""`demo`: a swarm to try everything on, inside this process."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.invocation import Invocation, World
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.config import Places
from cloudstorctl.errors import CloudstorctlError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from cloudstorctl.demo.runtime import Runtime
    from cloudstorctl.demo.serve import Served
    from cloudstorctl.render.console import Console

EPILOG = examples(
    "cloudstorctl demo",
    "cloudstorctl demo --tour",
    "cloudstorctl demo -- ls --per-node",
)


@with_options
def demo(
    invocation: Invocation,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND...]", help="Run this command on a demo and end."),
    ] = None,
    *,
    tour: Annotated[
        bool, typer.Option("--tour", help="Play the story step by step, and end.")
    ] = False,
    generation: Annotated[
        int,
        typer.Option(
            min=1, max=2, help="1: a driver that lists a node's own volumes; 2: one that lists all."
        ),
    ] = 2,
) -> ExitCode:
    """Start a swarm of three engines inside this process, to try everything on.

    It has the three services of Cloudstor's documentation, an entry that a moved task left behind,
    and an orphan. The real docker command line works on it too. Ctrl-C ends it, and leaves nothing.
    """
    if tour and command:
        raise UsageError("--tour plays a story of its own: give it no command.")
    console = invocation.console()
    with _signals_end_it(), _swarm(generation) as (served, left):
        if command:
            return _run(invocation.world, served, tuple(command))
        if tour:
            with _swarm(generation) as (copy, _):
                _play(invocation.world, console, (served, copy), left)
            return ExitCode.DONE
        _introduce(console, served)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    return ExitCode.DONE


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let the terminal's and the system's signals end the block as Ctrl-C does, once.

    Those that follow would only keep it from clearing up.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _swarm(generation: int) -> Iterator[tuple[Served, str]]:
    """Bring up a swarm with the story's services; the second is the node that ping2.1 has left.

    Raises:
        UsageError: what the demo is made of is not installed.
        CloudstorctlError: it does not come up.
    """
    try:
        from cloudstorctl.demo.serve import Served  # noqa: PLC0415 - an extra, and slow
    except ImportError as error:
        raise UsageError(
            f"The demo needs more than is installed ({error.name}): "
            "pip install 'cloudstorctl[demo]'."
        ) from error
    from cloudstorctl.demo import home, story  # noqa: PLC0415 - as above
    from cloudstorctl.demo.ask import AskError  # noqa: PLC0415 - as above
    from cloudstorctl.demo.swarm import Swarm  # noqa: PLC0415 - as above

    def make(runtime: Runtime) -> Swarm:
        return Swarm(place, runtime, seed=_SEED, generation=generation)

    with home.folder() as place, Served(make) as served:
        home.write_configuration(served.swarm)
        try:
            yield served, story.deploy(served)
        except AskError as error:
            raise CloudstorctlError(f"The demo did not come up: {error}") from error


def _run(world: World, served: Served, words: tuple[str, ...]) -> ExitCode:
    """Run a command line of this program on the swarm, with a home and no settings but its own."""
    place = served.swarm.place
    own = {
        key: value
        for key, value in world.environ.items()
        if not key.startswith(("CLOUDSTORCTL_", "DOCKER_"))
    }
    home = place.folder / "home"
    inside = replace(
        world,
        environ={**own, "CLOUDSTORCTL_CONFIG": str(place.configuration)},
        places=Places(home=home, config=home, state=home, cache=home),
    )
    return ExitCode(world.run(words, inside))


def _play(world: World, console: Console, swarms: tuple[Served, Served], left: str) -> None:
    from cloudstorctl.demo.tour import Tour  # noqa: PLC0415 - with the demo alone

    def next_step() -> None:
        if console.interactive:
            console.message("\nEnter goes on, Ctrl-C ends.")
            world.stdin.readline()

    served, copy = swarms
    Tour(
        served=served,
        copy=copy,
        left=left,
        tell=console.data,
        run=lambda words: _run(world, served, words),
        next_step=next_step,
    ).play()


def _introduce(console: Console, served: Served) -> None:
    """Say what there is, and the one line that leads another shell to it."""
    place = served.swarm.place
    sockets = [f"unix://{place.socket(name)}" for name in served.swarm.engines]
    console.data(f"export CLOUDSTORCTL_CONFIG={place.configuration}\n")
    console.message(
        f"""
A swarm of {len(sockets)} engines is up, until Ctrl-C. Put the line above into another shell, then:

  cloudstorctl ls
  cloudstorctl inspect ping2-1-vol
  docker -H {sockets[0]} volume ls

Each volume is a folder in {place.shared}"""
    )


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SEED = 1
