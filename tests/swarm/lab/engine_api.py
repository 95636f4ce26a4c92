"""Ask an engine over its unix socket, without the docker CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudstorctl.demo.ask import AskError
from cloudstorctl.demo.ask import ask as ask_engine
from tests.swarm.lab.command import LabError

if TYPE_CHECKING:
    from pathlib import Path


def ask(
    engine: Path, path: str, *, method: str = "GET", seconds: float = 10.0, body: object = None
) -> Any:  # noqa: ANN401
    """Send one request and give the decoded answer, or its text where it is not JSON.

    Raises:
        LabError: no answer, or one with a status of 400 and more.
    """
    try:
        return ask_engine(engine, path, method=method, seconds=seconds, body=body)
    except AskError as error:
        raise LabError(str(error)) from error
