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
from cloudstorctl.config import NOTHING_GIVEN, Places
from cloudstorctl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, ModuleType

    from cloudstorctl.demo.up import Up
    from cloudstorctl.render.console import Console

EPILOG = examples(
    "cloudstorctl demo",
    "cloudstorctl demo --tour",
    "cloudstorctl demo -- ls --per-node",
    "cloudstorctl demo --nodes 500 --volumes 100000",
)


@with_options
def demo(  # noqa: PLR0913 - one for each option
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
        int | None,
        typer.Option(
            min=1, max=2, help="1: a driver that lists a node's own volumes; 2: one that lists all."
        ),
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=5000, help="Build a fleet of N nodes.")
    ] = None,
    volumes: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=1_000_000, help="Volumes of the fleet: 200 a node."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Another seed makes another fleet.")] = 1,
) -> ExitCode:
    """Start a swarm of three engines inside this process, to try everything on.

    It has the three services of Cloudstor's documentation, an entry that a moved task left behind,
    and an orphan. The real docker command line works on it too. Ctrl-C ends it, and leaves nothing.
    With --nodes it is a fleet instead, whose volumes are in memory.
    """
    if tour and command:
        raise UsageError("--tour plays a story of its own: give it no command.")
    wants_fleet = nodes is not None or volumes is not None
    if wants_fleet and (tour or generation is not None):
        raise UsageError("--nodes and --volumes build a fleet: it has no --tour or --generation.")
    up = _brought()
    with _signals_end_it():
        if not wants_fleet:
            with up.with_story(generation or 2, aws=True) as story:
                if tour:
                    with up.with_story(generation or 2, aws=False) as copy:
                        _play(invocation, story, copy)
                    return ExitCode.DONE
                return _show(invocation, story, command)
        from cloudstorctl.demo.fleet import Size  # noqa: PLC0415 - with the demo alone

        count = 3 if nodes is None else nodes
        size = Size(
            nodes=count, volumes=_VOLUMES_A_NODE * count if volumes is None else volumes, seed=seed
        )
        with up.with_fleet(size) as fleet:
            return _show(invocation, fleet, command)


def _brought() -> ModuleType:
    """Give the module that brings swarms up.

    Raises:
        UsageError: what it is made of is not installed.
    """
    try:
        from cloudstorctl.demo import up  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise UsageError(
            f"The demo needs more than is installed ({error.name}): "
            "pip install 'cloudstorctl[demo]'."
        ) from error
    return up


def _show(invocation: Invocation, up: Up, command: list[str] | None) -> ExitCode:
    """Run one command on a swarm, or leave the swarm up until Ctrl-C."""
    if command:
        return _run(invocation.world, up, tuple(command))
    with suppress(KeyboardInterrupt):
        _introduce(invocation.console(), up)
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


def _run(world: World, up: Up, words: tuple[str, ...]) -> ExitCode:
    """Run a command line of this program on the swarm, with a home and no settings but its own."""
    place = up.served.swarm.place
    own = {
        key: value
        for key, value in world.environ.items()
        if not key.startswith(("CLOUDSTORCTL_", "DOCKER_", "AWS_"))
    }
    home = place.folder / "home"
    inside = replace(
        world,
        environ={**own, **up.environ, "CLOUDSTORCTL_CONFIG": str(place.configuration)},
        docker=NOTHING_GIVEN,
        places=Places(home=home, config=home, state=home, cache=home),
    )
    return ExitCode(world.run(words, inside))


def _play(invocation: Invocation, story: Up, copy: Up) -> None:
    from cloudstorctl.demo.tour import Tour  # noqa: PLC0415 - with the demo alone

    world, console = invocation.world, invocation.console()

    def next_step() -> None:
        if console.interactive:
            console.message("\nEnter goes on, Ctrl-C ends.")
            world.stdin.readline()

    Tour(
        served=story.served,
        copy=copy.served,
        left=story.left,
        tell=console.data,
        run=lambda words: _run(world, story, words),
        next_step=next_step,
    ).play()


def _introduce(console: Console, up: Up) -> None:
    """Say what there is, and the one line that leads another shell to it."""
    swarm = up.served.swarm
    place = swarm.place
    manager = next(iter(swarm.engines))
    count = len(swarm.engines)
    account = "".join(f" {name}={value}" for name, value in up.environ.items())
    console.data(f"export CLOUDSTORCTL_CONFIG={place.configuration}{account}\n")
    console.message(
        f"""
A swarm of {count} engine{"s" * (count > 1)} is up, until Ctrl-C. Put the line above into another
shell, then:

  cloudstorctl ls
  {"cloudstorctl efs" if up.environ else "cloudstorctl ls -o json"}
  docker -H unix://{place.socket(manager)} volume ls"""
    )
    if any(place.shared.glob("*/*")):
        console.message(f"\nEach volume is a folder in {place.shared}")


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_VOLUMES_A_NODE = 200
