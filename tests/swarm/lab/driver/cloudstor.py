"""Serve the stand-in for Cloudstor over Docker's volume plugin protocol, with faults on demand.

It runs inside the plugin, with `cloudstorctl/demo/node/driver.py` beside it and nothing else of
this project. ``/control/control.json`` is read at each call: what the driver itself takes (see
there), ``delay`` (seconds before each answer), and for each call, by its lower-case name, also
"hang" and a number of seconds. Each call is one line of ``/control/calls.jsonl``, written as it
arrives.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from cloudstorctl.demo.node.driver import Cloudstor, DriverError

SOCKET = Path("/run/docker/plugins/cloudstor.sock")
CONTROL = Path("/control")
# Cloudstor holds one lock across each call, so that one slow call holds up all.
LOCK = threading.Lock()
LOG_LOCK = threading.Lock()
POLL = 0.05


def control() -> dict[str, object]:
    """Read what the test wants now."""
    try:
        read = json.loads((CONTROL / "control.json").read_text())
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


DRIVER = Cloudstor(
    backings={"reg": Path("/mnt/efs/reg"), "max": Path("/mnt/efs/max"), "ebs": Path("/mnt/ebs")},
    entries=CONTROL / "entries",
    wanted=control,
)


def seconds(value: object) -> float:
    """Read a number of seconds; words are none."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def answer(call: str, request: dict[str, object]) -> dict[str, object]:
    """Answer one call, as the faults want it."""
    with LOG_LOCK, (CONTROL / "calls.jsonl").open("a") as log:
        line = {"time": time.time(), "call": call, "name": request.get("Name")}
        log.write(json.dumps(line) + "\n")
    with LOCK:
        wanted = control().get(call.lower())
        time.sleep(seconds(wanted) + seconds(control().get("delay")))
        while wanted == "hang" and control().get(call.lower()) == "hang":
            time.sleep(POLL)
        try:
            return DRIVER.answer(call, request) | {"Err": ""}
        except DriverError as error:
            return {"Err": str(error)}


class Handler(BaseHTTPRequestHandler):
    """One request of the engine."""

    def do_POST(self) -> None:
        """Answer ``/Plugin.Activate`` and ``/VolumeDriver.*``."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = json.loads(raw) if raw else {}
        group, _, call = self.path.lstrip("/").partition(".")
        if group == "VolumeDriver" and DRIVER.knows(call):
            status, payload = 200, answer(call, request)
        elif self.path == "/Plugin.Activate":
            status, payload = 200, {"Implements": ["VolumeDriver"]}
        else:
            status, payload = 404, {"Err": f"unknown call {self.path}"}
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the engine would write each line to its own log, as an error."""

    def address_string(self) -> str:
        """Name the peer, which has no address on a unix socket."""
        return "engine"


class Server(socketserver.ThreadingUnixStreamServer):
    """A thread a connection; a hanging call does not keep the driver from ending."""

    daemon_threads = True


def main() -> None:
    """Serve until told to end."""
    # The first process of a namespace ignores what it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    SOCKET.unlink(missing_ok=True)
    Server(str(SOCKET), Handler).serve_forever()


if __name__ == "__main__":
    main()
