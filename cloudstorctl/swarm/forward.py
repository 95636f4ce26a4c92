"""Bring an engine's socket from another machine to this one, with the system's ssh client."""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess  # the user's own ssh, with its agent, configuration and known_hosts
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from cloudstorctl.errors import EngineUnreachableError
from cloudstorctl.swarm.ssh_words import ssh_cause

if TYPE_CHECKING:
    from types import TracebackType

    from cloudstorctl.swarm.endpoints import Endpoint

# The watcher owns ssh and the folder. Its input is a pipe whose other end only this process
# holds: when that closes, by `close()` or because the process is gone for whatever reason, `read`
# ends and ssh with it. The folder is made and removed here too, so that no moment exists in which
# it could be left behind. `kill 0` takes along what ssh has started (a ProxyCommand).
_WATCHER = """
folder=$1
shift
exec 3<&0 </dev/null
mkdir -m 700 "$folder" || exit 1
"$@" 3<&- &
ssh=$!
{ read -r _ <&3; kill "$ssh"; sleep 2; kill -9 "$ssh"; } 2>/dev/null &
exec 3<&-
trap 'kill "$ssh"' HUP INT TERM
wait "$ssh"
code=$?
trap '' HUP INT TERM
kill 0
rm -rf "$folder"
exit "$code"
"""

_POLL = 0.02  # seconds between two looks at whether ssh is ready
_PATIENCE = 5.0  # seconds that the watcher has to end ssh; it takes two at most
_LAST_WORDS = 16 * 1024  # bytes of what ssh said that are read back
# ssh gives `:`, `%`, `$` and blanks in a forward's path a meaning (ssh_config(5), TOKENS), and
# sun_path ends the path at 104 bytes where it is shortest.
_PLAIN_FOLDER = re.compile(r"/[A-Za-z0-9_./+-]{1,70}")


class Forward:
    """A running ssh that carries connections from `socket_path` to an engine's socket."""

    def __init__(self, watcher: subprocess.Popen[bytes], folder: Path, said: IO[bytes]) -> None:
        """Keep the processes; `open_forward` makes them."""
        self._watcher = watcher
        self._folder = folder
        self._said = said

    @property
    def socket_path(self) -> str:
        """The socket on this machine."""
        return str(self._folder / "s")

    @property
    def running(self) -> bool:
        """Whether ssh is still there."""
        return self._watcher.poll() is None

    def said_length(self) -> int:
        """How much ssh has said so far, in bytes: a mark for `said`."""
        return 0 if self._said.closed else os.fstat(self._said.fileno()).st_size

    def said(self, since: int = 0) -> str:
        """What ssh has said on its standard error since the mark `since`."""
        if self._said.closed:
            return ""
        start = max(since, self.said_length() - _LAST_WORDS)
        # The position of the file is ssh's: it writes there.
        return os.pread(self._said.fileno(), _LAST_WORDS, start).decode(errors="replace")

    def accepts(self) -> bool:
        """Whether the socket is there and takes a connection."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(self.socket_path)
            except OSError:
                return False
        return True

    def close(self) -> None:
        """End ssh and wait until it is gone; more than once does no harm."""
        if self._said.closed:
            return
        if self._watcher.stdin is not None:
            self._watcher.stdin.close()
        try:
            self._watcher.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._watcher.pid, signal.SIGKILL)
            self._watcher.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._said.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def open_forward(endpoint: Endpoint, *, timeout: float, path: str) -> Forward:
    """Start ssh to `endpoint` and wait, `timeout` seconds at most, until its socket answers.

    `path` is the API path that is about to be asked, for the error.

    Raises:
        EngineUnreachableError: ssh is not installed, could not log in, or was not ready in time.
    """
    ssh = shutil.which("ssh")
    if ssh is None:
        raise EngineUnreachableError(
            endpoint.url,
            path,
            "the program ssh is not in the PATH: install an OpenSSH client, or use another address",
        )
    deadline = time.monotonic() + timeout
    with contextlib.ExitStack() as undo:
        try:
            forward = undo.enter_context(_started(ssh, endpoint, timeout))
        except OSError as error:
            raise EngineUnreachableError(
                endpoint.url, path, f"ssh could not be started: {error}"
            ) from error
        while not forward.accepts():
            if not forward.running:
                raise EngineUnreachableError(
                    endpoint.url, path, ssh_cause(forward.said(), endpoint)
                )
            if time.monotonic() >= deadline:
                last = ssh_cause(forward.said(), endpoint, otherwise="")
                cause = f"ssh was not ready within {timeout:g} s" + (f": {last}" if last else "")
                raise EngineUnreachableError(endpoint.url, path, cause)
            time.sleep(_POLL)
        undo.pop_all()
    return forward


def _started(ssh: str, endpoint: Endpoint, timeout: float) -> Forward:
    """Start the watcher, and it ssh."""
    folder = _new_folder()
    with contextlib.ExitStack() as undo:
        said = undo.enter_context(tempfile.TemporaryFile(prefix="cloudstorctl-"))
        watcher = subprocess.Popen(  # noqa: S603 - no shell reads any part of the address
            [
                *("/bin/sh", "-c", _WATCHER, "cloudstorctl-ssh", str(folder)),
                *_ssh_command(ssh, endpoint, folder, timeout),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            # Ctrl-C in the terminal is for this program, which still needs ssh to finish.
            start_new_session=True,
        )
        undo.pop_all()
    return Forward(watcher, folder, said)


def _ssh_command(ssh: str, endpoint: Endpoint, folder: Path, timeout: float) -> list[str]:
    """The command line; what is not on it is as the user has set it."""
    seconds = max(1, math.ceil(timeout))
    options = [
        "BatchMode=yes",  # nobody is there to answer a question
        "ExitOnForwardFailure=yes",
        "StreamLocalBindUnlink=yes",
        "ControlMaster=no",  # a shared master would outlive this program and keep the forward
        "LogLevel=INFO",  # below this, ssh does not say why a connection failed
        f"ConnectTimeout={seconds}",
        f"ServerAliveInterval={seconds}",
        "ServerAliveCountMax=2",
    ]
    return [
        ssh,
        *("-N", "-T", "-S", "none"),
        *(part for option in options for part in ("-o", option)),
        *("-L", f"{folder}/s:{endpoint.path}"),
        *(("-p", str(endpoint.port)) if endpoint.port is not None else ()),
        "--",
        endpoint.destination,
    ]


def _new_folder() -> Path:
    """A name for a folder that does not exist yet, short enough for a socket in it."""
    parent = tempfile.gettempdir()
    if not _PLAIN_FOLDER.fullmatch(parent):
        parent = "/tmp"  # noqa: S108 - the folder in it is new, random and closed to others
    return Path(parent) / f"cst-{secrets.token_hex(8)}"
