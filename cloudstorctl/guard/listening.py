"""Comes by the socket that dockerd calls: handed over by systemd, or made here."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING, Final

from cloudstorctl.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FIRST_FD: Final = 3
"""The first that is handed over (systemd, sd_listen_fds(3))."""
_BACKLOG: Final = 512


def handed_over(
    environ: Mapping[str, str], pid: int, descriptor: int = _FIRST_FD
) -> socket.socket | None:
    """Take the socket that systemd has handed to this process; None where there is none.

    Raises:
        UsageError: what was handed over is not one listening unix socket.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return None
    if environ.get("LISTEN_FDS") != "1":
        raise UsageError(
            f"LISTEN_FDS is {environ.get('LISTEN_FDS')}: the guard takes one socket from systemd."
        )
    try:
        listener = socket.socket(fileno=descriptor)
    except OSError as error:
        raise UsageError(f"What systemd handed over is no socket: {error}.") from error
    if listener.family is not socket.AF_UNIX:
        listener.detach()
        raise UsageError("The socket that systemd handed over is no unix socket.")
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - its name in os
    return listener


def listen_at(path: Path) -> socket.socket:
    """Make a socket for root alone, in place of one that nobody listens at any more.

    Raises:
        RefusedError: another process listens there.
        UsageError: it cannot be made there.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_symlink() or path.exists():
            _clear(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(f"The guard cannot listen at {path}: {error}.") from error
    except RefusedError:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise RefusedError(f"{path} is there and is no socket: it is left alone.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise RefusedError(f"Another process listens at {path}: a guard runs on this node already.")
