"""Run an image registry that never sends an image, so that a task stays preparing."""

from __future__ import annotations

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.swarm.lab.command import run, wait_until
from tests.swarm.lab.network import inside, namespace_of, processes_in

if TYPE_CHECKING:
    from tests.swarm.lab.records import LabSpec

REGISTRY_PORT: Final = 5000
ROOT: Final = Path(__file__).parents[3]


def start(spec: LabSpec) -> str:
    """Start the registry in the lab's network, once; give an image name that it never serves."""
    if not processes_in(namespace_of(spec)):
        words = [sys.executable, "-m", __name__, spec.gateway]
        with (spec.folder / "registry.log").open("w") as log:
            subprocess.run(  # noqa: S603
                ["/usr/bin/setsid", "--fork", *inside(spec), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                check=True,
            )
        listens = [*inside(spec), "ss", "-Hltn", "sport", "=", f":{REGISTRY_PORT}"]
        wait_until(lambda: run(listens), 10, "the slow registry listens")
    return f"{spec.gateway}:{REGISTRY_PORT}/slow:latest"


class Slow(BaseHTTPRequestHandler):
    """Greets, and then keeps the engine waiting."""

    def do_GET(self) -> None:
        """Answer the greeting at once and anything else never."""
        if self.path.rstrip("/") != "/v2":
            threading.Event().wait()
        self.send_response(200)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_HEAD(self) -> None:
        """Treat it as the same."""
        self.do_GET()


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], REGISTRY_PORT), Slow).serve_forever()
