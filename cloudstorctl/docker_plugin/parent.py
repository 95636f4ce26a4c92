"""Hears from docker that it was told to stop.

Where docker's output is no terminal, it takes a signal for itself and closes a socket that it gave
its plugin (docker/cli, cli-plugins/socket and cmd/docker/docker.go, tryPluginRun). A Ctrl-C at a
terminal reaches both processes, by signal, and the socket is closed as well: that is one wish, and
a second would stop this program at once, in the middle of a removal.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET = "DOCKER_CLI_PLUGIN_SOCKET"
"""Names the socket; a leading @ stands for the NUL of Linux's abstract names, as in Go."""
_TOGETHER = 0.5
"""Seconds within which the signal of the same Ctrl-C arrives."""


def listen_to_docker(environ: Mapping[str, str]) -> None:
    """Raise SIGINT in this process when docker closes its socket, unless it was signalled itself.

    Docker before 25.0 gives no socket. To be called by the main thread, once.
    """
    name = environ.get(SOCKET)
    if not name:
        return
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(f"\0{name[1:]}" if name.startswith("@") else name)
    except (OSError, ValueError):
        line.close()
        return  # docker itself goes on without one, too
    heard, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(line, heard), daemon=True).start()


def _wait(line: socket.socket, heard: int) -> None:
    while True:
        ready, _, _ = select.select([line.fileno(), heard], [], [])
        if heard in ready and _is_end(os.read(heard, 1)):
            return
        if line.fileno() in ready and not _received(line):
            break
    while select.select([heard], [], [], _TOGETHER)[0]:
        if _is_end(os.read(heard, 1)):
            return
    main = threading.main_thread().ident
    if main is not None:
        signal.pthread_kill(main, signal.SIGINT)


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(64)
    except OSError:
        return b""


def _is_end(number: bytes) -> bool:
    return number[:1] in {bytes((signal.SIGINT,)), bytes((signal.SIGTERM,))}
