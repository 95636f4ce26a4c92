"""The folder of an embedded swarm: made at the start, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.demo.swarm import Swarm

_LONGEST: Final = 80
"""Bytes: the path of a socket holds 107, and `/NODE/docker.sock` comes behind it (unix(7))."""


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder, and take it away with all that is in it.

    Raises:
        UsageError: the place for temporary files will not do.
    """
    try:
        made = Path(tempfile.mkdtemp(prefix="cloudstorctl-demo-")).resolve()
    except OSError as error:
        raise UsageError(f"The demo has no place for its files: {error}. Set TMPDIR.") from error
    try:
        if len(str(made).encode()) > _LONGEST:
            raise UsageError(
                f"{made} is too long a path for the engines' sockets: set TMPDIR to a shorter one."
            )
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def write_configuration(swarm: Swarm) -> None:
    """Write the configuration that leads cloudstorctl to every engine."""
    place = swarm.place
    manager = next(iter(swarm.engines))
    place.configuration.write_text(
        f"""default_context = "demo"

[contexts.demo]
managers = ["unix://{place.socket(manager)}"]
node_endpoint = "unix://{place.folder}/{{hostname}}/docker.sock"
audit_log = "{place.folder}/audit.jsonl"
"""
    )
