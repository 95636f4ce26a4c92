"""The record of removals: JSON Lines, on disk before a request is sent and after its answer."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING

from cloudstorctl.errors import CloudstorctlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path


class AuditError(CloudstorctlError):
    """The record cannot be written: no removal is sent without one."""


class Audit:
    """Appends to one file; each line is complete on disk when `write` returns."""

    def __init__(self, descriptor: int, path: Path, *, now: Callable[[], datetime]) -> None:
        """Take an open file; `open_audit` makes one."""
        self._descriptor = descriptor
        self._path = path
        self._now = now
        self._run = secrets.token_hex(8)

    def write(self, event: str, **facts: object) -> None:
        """Append one event with the time, this run's ID and `facts` (JSON types).

        Raises:
            AuditError: the line is not safely on disk.
        """
        at = self._now().astimezone(UTC).isoformat().replace("+00:00", "Z")
        line = json.dumps({"at": at, "run": self._run, "event": event, **facts}) + "\n"
        try:
            # One write, so that the lines of two programs do not mix (O_APPEND, open(2)).
            written = os.write(self._descriptor, line.encode())
            os.fsync(self._descriptor)
        except OSError as error:
            raise AuditError(f"{self._path}: {error.strerror}; the record is incomplete") from error
        if written != len(line.encode()):
            raise AuditError(f"{self._path}: the disk is full; the record is incomplete")


@contextmanager
def open_audit(path: Path, *, now: Callable[[], datetime]) -> Iterator[Audit]:
    """Open the record for appending, readable by its owner alone.

    Raises:
        AuditError: it cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise AuditError(
            f"The record of removals cannot be written to {path}: {error.strerror}. Nothing was "
            "removed; name another file with --audit-log."
        ) from error
    try:
        yield Audit(descriptor, path, now=now)
    finally:
        os.close(descriptor)
