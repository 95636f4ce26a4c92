"""Tells of a run that has ended: people by webhooks, monitoring by the numbers in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.measures import added_to
from cloudstorctl.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudstorctl.commands.course import Course
    from cloudstorctl.core.measures import Measures


def tell(
    course: Course, code: int, *, environ: Mapping[str, str], say: Callable[[str], None]
) -> int:
    """Tell whom the command line names, and return the exit code of the process.

    What cannot be told is said, and turns a run that went well into an expected failure; it
    changes nothing else.
    """
    try:
        for failure in _notify(course, code, environ):
            say(failure)
            code = code or ExitCode.FAILED
    except KeyboardInterrupt:
        say("interrupted while what happened was told; whether it arrived is not known")
        code = ExitCode.INTERRUPTED
    if course.metrics_out is not None:
        problem = _write_metrics(course.metrics_out, course.measures(code))
        if problem is not None:
            say(problem)
            return code or ExitCode.FAILED
    return code


_READABLE = 0o644
"""node-exporter runs as a user of its own."""


def _notify(course: Course, code: int, environ: Mapping[str, str]) -> tuple[str, ...]:
    context = course.context
    if context is None or not course.removes or not context.notify:
        return ()
    from cloudstorctl.notify.webhook import PATIENCE, post_to_all  # noqa: PLC0415 - slow
    from cloudstorctl.render.documents import as_json  # noqa: PLC0415 - beside it

    return post_to_all(
        context.notify,
        as_json(course.to_post(code)).encode(),
        environ=environ,
        patience=min(PATIENCE, context.timeout),
    )


def _write_metrics(file: Path, now: Measures) -> str | None:
    from cloudstorctl.commands.replacing import refuse_special, replace_file  # noqa: PLC0415 - slow
    from cloudstorctl.render.metrics import measures_in, metrics_text  # noqa: PLC0415 - slow

    try:
        refuse_special(file)
        before = measures_in(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):  # there is none yet, or it is not ours
        before = None
    try:
        replace_file(file, metrics_text(added_to(before, now)), mode=_READABLE)
    except OSError as error:
        return f"The metrics cannot be written to {file}: {error.strerror}."
    return None
