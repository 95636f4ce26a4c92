"""Run programs of the machine, and wait for what they bring about."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A user's PATH may lack sbin, where debootstrap and ip are; the docker CLI may be anywhere.
PATH: Final = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"


class LabError(Exception):
    """The lab could not do what was asked; the message says what came back."""


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    seconds: float = 120.0,
    stdin: bytes | None = None,
) -> str:
    """Run a program to its end and give its standard output.

    Raises:
        LabError: it failed, or did not end within ``seconds``.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(  # noqa: S603
            words,
            env=dict(os.environ | {"PATH": PATH} if env is None else env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"{' '.join(words)}: no end after {seconds:g} s"
        raise LabError(message) from error
    except OSError as error:
        message = f"{' '.join(words)}: {error}"
        raise LabError(message) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        message = f"{' '.join(words)}: exit {done.returncode}: {said}"
        raise LabError(message)
    return done.stdout.decode(errors="replace")


def wait_until(
    condition: Callable[[], Outcome], seconds: float, what: str, *, every: float = 0.05
) -> Outcome:
    """Ask ``condition`` until its answer is true, and give that answer.

    A ``LabError`` in the condition counts as "not yet": engines refuse calls while they start.

    Raises:
        LabError: it did not become true within ``seconds``.
    """
    end = time.monotonic() + seconds
    seen = "never true"
    while True:
        try:
            outcome = condition()
        except LabError as error:
            seen = str(error)
        else:
            if outcome:
                return outcome
            seen = f"last answer {outcome!r}"
        if time.monotonic() >= end:
            message = f"waited {seconds:g} s for: {what} ({seen})"
            raise LabError(message)
        time.sleep(every)


def together(work: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Do the same work on several at once; the first error is raised when all have ended."""
    with ThreadPoolExecutor() as pool:
        for future in [pool.submit(work, item) for item in items]:
            future.result()
