"""nginx in the place of every engine of a fleet: one port a node, on the loopback alone."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.failure import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"
_PORTS = range(20000, 32000)  # below those that a system hands out by itself
_PATIENCE = 20.0  # seconds

_CONFIGURATION = """\
daemon off;
master_process off;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    sendfile on;
    tcp_nopush on;
    types {{ }}
    default_type application/json;
    open_file_cache max={open} inactive=10m;
    map $server_port $node {{
{nodes}
    }}
    server {{
{listens}
        root {answers}/$node;
        add_header Api-Version 1.45;
        add_header Ostype linux;
        location = /_ping {{ default_type text/plain; return 200 "OK"; }}
        location / {{ rewrite "^/v1\\.[0-9]+(/.*)$" $1; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the engines are."""

    ports: range

    @property
    def addresses(self) -> list[str]:
        """HOST:PORT of each, the manager first."""
        return [f"{HOST}:{port}" for port in self.ports]


@contextlib.contextmanager
def serving(answers: Path, count: int, nginx: str, folder: Path) -> Iterator[Engines]:
    """Serve the answers of `count` engines, and end the server whatever happens.

    Raises:
        BenchError: it does not start.
    """
    ports = _free_ports(count)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder,
            answers=answers,
            files=count + 2048,
            connections=count + 1024,
            open=count * 8,
            nodes="\n".join(f"        {port} {place};" for place, port in enumerate(ports)),
            listens="\n".join(f"        listen {HOST}:{port};" for port in ports),
        )
    )
    with subprocess.Popen(  # noqa: S603 - nginx, with the file above
        [nginx, "-p", folder, "-c", configuration],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C is for us, who then end it.
        start_new_session=True,
    ) as server:
        try:
            _wait_for(server, ports[-1], folder / "nginx.log")
            yield Engines(ports=ports)
        finally:
            server.terminate()
            try:
                server.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.02)
    said = log.read_text().strip() if log.exists() else ""
    raise BenchError(f"nginx does not serve: {said or 'it does not say why'}")


def _free_ports(count: int) -> range:
    """Find as many ports in a row that nobody listens on."""
    start = _PORTS.start + os.getpid() % 4096
    while start + count <= _PORTS.stop:
        taken = next((port for port in range(start, start + count) if not _is_free(port)), None)
        if taken is None:
            return range(start, start + count)
        start = taken + 1
    raise BenchError(f"no {count} free ports in a row on {HOST}")


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True
