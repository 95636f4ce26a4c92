"""One wish of docker's to stop is one signal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.demo.running import PATIENCE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LISTENER = """
import os, signal, sys, threading
from cloudstorctl.docker_plugin.parent import listen_to_docker
seen = []
signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
listen_to_docker(os.environ)
print("ready", flush=True)
waiting = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
for thread in waiting:
    thread.join()
print(len(seen), flush=True)
"""


def started(name: str | None) -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    environ |= {} if name is None else {"DOCKER_CLI_PLUGIN_SOCKET": name}
    return subprocess.Popen(  # noqa: S603 - this very Python, with the text above
        [sys.executable, "-c", LISTENER], env=environ, stdout=subprocess.PIPE, text=True
    )


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


@pytest.mark.parametrize("kind", ["abstract", "file"])
@pytest.mark.parametrize("signalled", [True, False])
def test_a_closed_socket_and_a_signal_are_one_wish(
    tmp_path: Path, kind: str, *, signalled: bool
) -> None:
    name = f"@docker_cli_{tmp_path}" if kind == "abstract" else str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name.replace("@", "\0", 1))
        server.listen()
        process = started(name)
        line, _ = server.accept()
        ready(process)
        if signalled:
            process.send_signal(signal.SIGINT)
        line.close()
        told, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, told) == (0, "1\n")


@pytest.mark.parametrize("name", [None, "@docker_cli_nobody", "/nowhere/s", "x" * 200])
def test_without_a_socket_nothing_is_heard(name: str | None) -> None:
    process = started(name)
    told, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, told) == (0, "ready\n0\n")
