"""Time an engine's API with the guard in front of it beside one without: ``python -m bench.guard``.

Two real engines of one release, on one machine (as root; see tests/swarm/lab), are asked the same
at the same pace, in turn: whatever else the machine does hits both.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.swarm.lab.command import together
from tests.swarm.lab.guard import Guard, name_plugin, permissive, socket_of
from tests.swarm.lab.records import IMAGE, LabSpec, NodeSpec
from tests.swarm.lab.swarm import Lab

if TYPE_CHECKING:
    from tests.swarm.lab.node import Node

REQUESTS: Final = (
    "GET /_ping",
    "GET /v1.41/containers/json",
    "GET /v1.41/volumes/local1",
    "GET /_ping",
    "GET /v1.41/volumes",
    "GET /v1.41/containers/json?all=1",
    "GET /_ping",
    "GET /v1.41/volumes/local2",
)
CONNECTIONS: Final = 4
PROBE: Final = "POST /AuthZPlugin.AuthZReq"


def say(text: str) -> None:
    """Show it now: who reads it may wait for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Client:
    """One kept connection to an engine, and how long its answers took."""

    path: Path
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By request."""
    refused: int = 0
    _socket: socket.socket | None = None

    def ask(self, request: str, body: bytes = b"") -> None:
        """Send one request and read its answer to the end."""
        began = time.perf_counter()
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.connect(str(self.path))
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self._socket.sendall(f"{request} HTTP/1.1\r\nHost: x\r\n{length}\r\n".encode() + body)
        data = b""
        while not _is_whole(data):
            more = self._socket.recv(1 << 16)
            if not more:
                break
            data += more
        self.seconds[request].append(time.perf_counter() - began)
        if data.split(b" ", 2)[1:2] != [b"200"]:
            self.refused += 1

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()


def _is_whole(data: bytes) -> bool:
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
    return body.endswith(b"0\r\n\r\n")


def load(nodes: list[Node], rate: float, seconds: float) -> list[list[Client]]:
    """Ask each engine so many requests a second, every one of them at its own moment."""
    clients = [[Client(node.socket) for _ in range(CONNECTIONS)] for node in nodes]
    begin = time.perf_counter() + 0.1
    count = int(rate * seconds / CONNECTIONS)

    def work(number: int, mine: list[Client]) -> None:
        for turn in range(count):
            position = turn * CONNECTIONS + number
            for place, client in enumerate(mine):
                at = begin + (position + place / len(mine)) / rate
                time.sleep(max(at - time.perf_counter(), 0))
                client.ask(REQUESTS[position % len(REQUESTS)])
        for client in mine:
            client.close()

    threads = [
        threading.Thread(target=work, args=(number, list(mine)))
        for number, mine in enumerate(zip(*clients, strict=True))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients


def quantiles(clients: list[Client], *requests: str) -> dict[str, float]:
    """Give how long the answers to some requests took, in milliseconds."""
    times = [
        1000 * second for client in clients for each in requests for second in client.seconds[each]
    ]
    cuts = statistics.quantiles(times, n=1000)
    return {"p50": cuts[499], "p90": cuts[899], "p99": cuts[989]}


def report(plain: list[Client], guarded: list[Client]) -> None:
    """Show both engines beside each other, by request and together."""
    kinds = tuple(dict.fromkeys(REQUESTS))
    say(f"{'milliseconds':<36} {'without':>24} {'with':>24} {'added':>24}")
    for name, asked in (*((kind, (kind,)) for kind in kinds), ("together", kinds)):
        without, behind = quantiles(plain, *asked), quantiles(guarded, *asked)
        added = {key: behind[key] - without[key] for key in without}
        columns = (
            " ".join(f"{value:7.3f}" for value in each.values())
            for each in (without, behind, added)
        )
        say(f"{name:<36} {' '.join(f'{column:>24}' for column in columns)}")
    for name, clients in (("without", plain), ("with", guarded)):
        count = sum(len(times) for client in clients for times in client.seconds.values())
        refused = sum(client.refused for client in clients)
        say(f"{name}: {count} requests, of which {refused} were not answered 200")


class Probe(threading.Thread):
    """Asks the guard itself, as its engine does, beside the load."""

    def __init__(self, path: Path) -> None:
        """Take the guard's socket."""
        super().__init__(daemon=True)
        self.client = Client(path)
        self._ended = threading.Event()

    def run(self) -> None:
        """Ask fifty times a second."""
        body = b'{"RequestMethod":"GET","RequestUri":"/v1.41/containers/json"}'
        while not self._ended.wait(0.02):
            self.client.ask(PROBE, body)

    def end(self) -> None:
        """Stop asking."""
        self._ended.set()
        self.join()
        self.client.close()


def times_of(pid: int) -> tuple[float, float]:
    """Give the seconds that a process's first thread has run, and those it was kept waiting."""
    ran, waited, _ = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
    return int(ran) / 1e9, int(waited) / 1e9


def prepare(lab: Lab, home: Path) -> Guard:
    """Give both engines the same to list, and the second one a guard."""
    plain, guarded = lab.nodes
    (home / "config.toml").write_text(
        f'[contexts.x]\nmanagers = ["{plain.unix}"]\n[contexts.x.nodes]\n'
        f'{plain.name} = "{plain.unix}"\n{guarded.name} = "{guarded.unix}"\n'
    )
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "CLOUDSTORCTL_CONFIG": str(home / "config.toml"),
    }
    with permissive(socket_of(guarded)):
        name_plugin(guarded)
        guarded.restart(guarded=True)

        def fill(node: Node) -> None:
            for number in range(10):
                node.docker("volume", "create", f"local{number}")
                node.docker("run", "--detach", IMAGE, "sleep", "100000")

        together(fill, lab.nodes)
    guard = Guard(node=guarded, environ=environ)
    guard.start()
    return guard


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.guard", description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--suite", default="trixie", help="bookworm: 20.10; trixie: 26.1")
    parser.add_argument("--name", default="cstg")
    parser.add_argument("--subnet", default="10.86.0")
    words = parser.parse_args()
    sys.setswitchinterval(0.0001)  # or the threads that ask would wait for each other
    nodes = tuple(NodeSpec(name=name, suite=words.suite) for name in ("plain", "guarded"))
    folder = Path(f"/run/cloudstorctl-bench-{words.name}")
    lab = Lab(spec=LabSpec(folder=folder, name=words.name, subnet=words.subnet, nodes=nodes))
    with tempfile.TemporaryDirectory(prefix="cloudstorctl-bench-") as home:
        lab.up()
        try:
            guard = prepare(lab, Path(home))
            load(list(lab.nodes), words.rate, 3)
            probe = Probe(socket_of(lab.nodes[1]))
            probe.start()
            before = times_of(guard.pid)
            plain, guarded = load(list(lab.nodes), words.rate, words.seconds)
            after = times_of(guard.pid)
            probe.end()
            say(f"{words.suite}, {words.rate:g} requests a second: p50 p90 p99")
            report(plain, guarded)
            figures = " ".join(
                f"{value:.3f}" for value in quantiles([probe.client], PROBE).values()
            )
            say(f"one question to the guard itself, of the two a request: {figures}")
            questions = 2 * words.rate * words.seconds + len(probe.client.seconds[PROBE])
            used, waited = (1e6 * (b - a) / questions for a, b in zip(before, after, strict=True))
            say(f"it took {used:.0f} µs of a core for each, and waited {waited:.0f} µs to get one")
            guard.stop()
        finally:
            lab.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
