"""The guard as a process, for an engine of the embedded swarm."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.guard.calling import Caller
from tests.swarm.embedded.lab import embedded_lab
from tests.swarm.lab.command import wait_until
from tests.swarm.scene import database, volume
from tests.swarm.swarm import NOBODY
from tests.swarm.tool import ROOT, Tool, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.swarm.swarm import Lab

ALLOWED = {"Allow": True}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with embedded_lab(NOBODY, None) as lab:
        database(lab, "n3")
        yield lab


class Guard:
    """A guard's process and what it writes."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.tool = Tool(lab=lab, home=folder, config=configuration(lab, more=NO_GRACE))
        self.tool.write()
        self.path = folder / "s"
        self.log = folder / "log"
        self.engine = lab.node("n2").unix
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *words: str, shell: str = 'exec "$@"', given: Any = None) -> None:  # noqa: ANN401
        command = [sys.executable, "-m", "cloudstorctl", "guard", "run", "--engine", self.engine]
        command += ["--socket", str(self.path), *words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                ["/bin/sh", "-c", shell, "sh", *command],
                env=self.tool.environ(),
                stdin=subprocess.DEVNULL if given is None else given,
                stderr=log,
                cwd=ROOT,
            )
        wait_until(lambda: self.said("start") or self.ended, 20, "it answers")

    @property
    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def said(self, event: str) -> list[dict[str, Any]]:
        rows = [json.loads(row) for row in self.log.read_text().splitlines() if row[:1] == "{"]
        return [row for row in rows if row["event"] == event]

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if not self.ended:
            self.process.send_signal(number)
        return self.process.wait(30)


NO_GRACE = 'prune.grace = "0s"'


@pytest.fixture
def guard(lab: Lab, tmp_path: Path) -> Iterator[Guard]:
    guard = Guard(lab, tmp_path)
    yield guard
    if guard.process is not None and not guard.ended:
        guard.process.kill()
        guard.process.wait()


def test_a_removal_is_judged_by_a_survey_of_the_swarm(lab: Lab, guard: Guard) -> None:
    volume(lab, "old", on="n2")
    guard.start()
    with Caller(guard.path) as caller:
        assert caller.call("/Plugin.Activate", b"")[0] == 200
        said = caller.ask("DELETE", "/v1.41/volumes/data?force=1")
        assert said["Allow"] is False
        assert said["Msg"].startswith("data is in-use: Container db on n3 has it mounted (")
        assert caller.ask("DELETE", "/volumes/old") == ALLOWED
        assert caller.ask("GET", "/_ping") == ALLOWED
    assert [row["decision"] for row in guard.said("decision")] == ["denied", "allowed"]
    assert guard.end() == 0
    assert not guard.path.exists()
    state = json.loads((guard.tool.home / ".local/state/cloudstorctl/guard.json").read_text())
    assert state["node_id"] == lab.node_id("n2")


def test_a_second_guard_on_the_socket_is_refused(guard: Guard) -> None:
    guard.start()
    second = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "cloudstorctl", "guard", "run", "--socket", str(guard.path)],
        env=guard.tool.environ(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 4
    assert "a guard runs on this node already" in second.stderr
    with Caller(guard.path) as caller:
        assert caller.ask("GET", "/_ping") == ALLOWED


def test_it_answers_before_there_is_an_engine_or_a_configuration(guard: Guard) -> None:
    guard.engine = "unix:///nowhere.sock"
    guard.start("--config", "/nowhere.toml")
    with Caller(guard.path) as caller:
        assert caller.call("/Plugin.Activate", b"") == (200, {"Implements": ["authz"]})
        assert caller.ask("GET", "/_ping") == ALLOWED
        said = caller.ask("DELETE", "/volumes/old")
        assert said["Allow"] is False
        assert "/nowhere.toml" in said["Msg"]
    assert "/nowhere.toml" in guard.said("configuration")[0]["message"]
    assert guard.end(signal.SIGINT) == 0


def test_a_judgement_that_takes_too_long_is_a_no(guard: Guard) -> None:
    guard.start("--judge-timeout", "0.1")
    with Caller(guard.path) as caller:
        said = caller.ask("DELETE", "/volumes/data")
    assert said["Msg"] == (
        "It is not known whether anything uses it: it could not be judged within 0.1 seconds."
    )


def test_a_socket_that_was_handed_over_outlives_the_guard(guard: Guard) -> None:
    shell = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&0 </dev/null'
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(guard.path))
        listener.listen()
        for _ in range(2):
            guard.start(shell=shell, given=listener)
            with Caller(guard.path) as caller:
                assert caller.ask("GET", "/_ping") == ALLOWED
            assert guard.end() == 0
            guard.log.unlink()
        with Caller(guard.path) as caller:
            # What is asked between two guards waits for the next.
            caller.send("/Plugin.Activate", b"")
            guard.start(shell=shell, given=listener)
            assert caller.answer()[0] == 200


def test_metrics_are_served(guard: Guard) -> None:
    guard.start("--metrics-listen", "127.0.0.1:nowhere")
    assert guard.end() == 2
    assert "expected HOST:PORT" in guard.log.read_text()


def test_it_tells_systemd_that_it_answers(guard: Guard, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(20)
        shell = f'export NOTIFY_SOCKET={tmp_path}/notify WATCHDOG_USEC=60000; exec "$@"'
        guard.start(shell=shell)
        assert [listener.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
