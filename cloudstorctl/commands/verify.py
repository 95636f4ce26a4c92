"""`verify`: try whether the nodes really share a volume's data."""

from __future__ import annotations

import re
import secrets
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.completion import node_names, volume_names
from cloudstorctl.commands.interrupt import stopping
from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.selection import unlisted
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.core.marker import Marker
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.sharing import Sameness, in_words, steps_of, trial_of
from cloudstorctl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from cloudstorctl.commands.session import Session
    from cloudstorctl.core.sharing import Trial
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.swarm.verify import Verified

EPILOG = examples(
    "cloudstorctl verify sharedvol1",
    "cloudstorctl verify sharedvol1 --node n1 --node n3 --image alpine --pull",
)

_IMAGE = re.compile(r"[a-z0-9]+(?:[._:/@-]+[A-Za-z0-9_]+)*")


@with_options
def verify(  # noqa: PLR0913 - one for each option
    invocation: Invocation,
    volume: Annotated[str, typer.Argument(metavar="VOLUME", autocompletion=volume_names)],
    *,
    image: Annotated[
        str, typer.Option(metavar="IMAGE", help="Any with sh, cat and rm.")
    ] = "busybox",
    nodes: Annotated[
        list[str] | None,
        typer.Option(
            "--nodes",
            "--node",
            metavar="NODE",
            help="Only these (name or ID), the first writes. Repeat for more.",
            autocompletion=node_names,
        ),
    ] = None,
    pull: Annotated[
        bool, typer.Option("--pull", help="Fetch the image on nodes that do not have it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would be run where, and run nothing.")
    ] = False,
) -> ExitCode:
    """Write a file on one node, and look for it on every other that lists the volume.

    In containers that are removed again, as the file is; nothing else in the volume is touched.
    Exits 1 when a node does not see the same, and 5 when one could not be tried.
    """
    context = invocation.context()
    if not _IMAGE.fullmatch(image):
        raise UsageError(f"--image {image!r} is not the name of an image.")
    with open_session(invocation, context) as session:
        seen = session.look(timeless=True)
        verdict = seen.on(VolumeName(volume))
        if verdict is None:
            session.console.error(unlisted(volume, seen))
            return ExitCode.FAILED if seen.complete else ExitCode.INCOMPLETE
        trial = trial_of(verdict.volume, seen, nodes or ())
        if dry_run:
            return _show_steps(session, seen, trial, image)
        return _carry_out(session, seen, trial, image, pull=pull)


def _carry_out(
    session: Session, seen: Assessment, trial: Trial, image: str, *, pull: bool
) -> ExitCode:
    from cloudstorctl.swarm import verify as trying  # noqa: PLC0415 - as in session.py

    console, engines = session.console, session.engines
    marker = Marker(token=secrets.token_hex(16), content=secrets.token_hex(16))
    with stopping(console.error) as stop, console.progress("Trying") as progress:
        verified = trying.verify(
            trial,
            trying.Verification(
                reader_of=engines.reader_of,
                runner_of=engines.runner_of,
                abandon=engines.abandon,
                marker=marker,
                image=image,
                pull=pull,
                parallel=session.context.parallel,
                stop=stop,
                progress=progress.update,
            ),
        )
        interrupted = stop()
    _tell(session, verified, image, pull=pull)
    _show(session, seen, trial, verified, image)
    return ExitCode.INTERRUPTED if interrupted else _code(verified)


def _code(verified: Verified) -> ExitCode:
    results = {pair.result for pair in verified.pairs}
    if verified.left or results & {Sameness.ABSENT, Sameness.OTHER}:
        return ExitCode.FAILED
    return ExitCode.DONE if results == {Sameness.SAME} else ExitCode.INCOMPLETE


def _tell(session: Session, verified: Verified, image: str, *, pull: bool) -> None:
    """Say what the user has to do something about."""
    if verified.without_image:
        missing = sorted(verified.without_image, key=lambda each: each[0].hostname)
        names = in_words(node.hostname for node, _ in missing)
        verb = "does" if len(missing) == 1 else "do"
        told = "it was not found when pulled" if pull else "without --pull none is fetched"
        session.console.error(f"{names} {verb} not have the image {image}, and {told}:")
        for _, address in missing:
            session.console.error(f"  docker -H {shlex.quote(address)} pull {shlex.quote(image)}")
    for each in verified.left:
        session.console.error(
            f"The {each.what} is, or may be, left on {each.node.hostname} ({each.reason}). To "
            f"remove it:\n  {each.command}"
        )


def _show(session: Session, seen: Assessment, trial: Trial, verified: Verified, image: str) -> None:
    from cloudstorctl.render import verify as screens  # noqa: PLC0415 - rich is slow
    from cloudstorctl.render.visible import visible  # noqa: PLC0415 - beside it

    pairs = verified.pairs
    same = [pair.reader.hostname for pair in pairs if pair.result is Sameness.SAME]
    show(
        session.console,
        session.context.output,
        document=lambda: screens.verify_document(seen, trial.volume, image, pairs, verified.left),
        names=lambda: "".join(f"{visible(name)}\n" for name in same),
        screens=lambda: [screens.pairs_table(seen, trial.volume, pairs)],
    )


def _show_steps(session: Session, seen: Assessment, trial: Trial, image: str) -> ExitCode:
    from cloudstorctl.render import verify as screens  # noqa: PLC0415 - rich is slow
    from cloudstorctl.render.visible import visible  # noqa: PLC0415 - beside it

    steps = steps_of(trial)
    show(
        session.console,
        session.context.output,
        document=lambda: screens.steps_document(seen, trial.volume, image, steps, trial.excluded),
        names=lambda: "".join(f"{visible(each.node.hostname)}\n" for each in trial.places),
        screens=lambda: (
            [screens.steps_table(seen, image, steps, trial.excluded)]
            if steps or trial.excluded
            else []
        ),
    )
    session.console.message("Nothing was run." if steps else "Nothing would be run.")
    return ExitCode.DONE if steps and not trial.excluded else ExitCode.INCOMPLETE
