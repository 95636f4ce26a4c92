"""The socket forward: ssh's command line, its complaints, and that none is ever left behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.errors import EngineError, EngineTimeoutError, EngineUnreachableError
from cloudstorctl.swarm.connection import open_connection
from cloudstorctl.swarm.endpoints import endpoint_from
from cloudstorctl.swarm.forward import open_forward
from tests.edge.asking import told
from tests.edge.engine_server import EngineServer, Reply, json_reply
from tests.edge.fake_ssh import Call, FakeSsh, Plan, eventually, processes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.swarm.connection import Connection
    from cloudstorctl.swarm.forward import Forward
    from tests.edge.engine_server import Seen

LONG = 20.0
SHORT = 0.6
URL = "ssh://docker@w1:2222/run/d.sock"


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSsh:
    home = tmp_path / "bin"
    home.mkdir()
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    return FakeSsh(home)


@pytest.fixture
def engine(tmp_path: Path, ssh: FakeSsh) -> Iterator[EngineServer]:
    with EngineServer({"/info": json_reply({"ID": "x"})}, unix=tmp_path / "e") as server:
        ssh.will(Plan(target=str(tmp_path / "e")))
        yield server


def opened(url: str = URL, *, timeout: float = LONG) -> Forward:
    return open_forward(endpoint_from(url), timeout=timeout, path="/info")


def connected(*, timeout: float = LONG) -> Connection:
    return open_connection(endpoint_from(URL), tls=None, timeout=timeout)


def assert_nothing_is_left(ssh: FakeSsh) -> None:
    for call in ssh.calls():
        eventually(partial(_is_gone, call))


def _is_gone(call: Call) -> bool:
    return not processes_of(call.session) and not call.socket.parent.exists()


# How ssh is called.


def test_one_ssh_carries_every_request_to_an_engine(ssh: FakeSsh, engine: EngineServer) -> None:
    with connected() as connection:
        assert ssh.calls() == [], "nothing is started before it is needed"
        assert told(connection, "/info") == {"ID": "x"}
        assert told(connection, "/info") == {"ID": "x"}
        assert connection.address == URL
        assert len(ssh.calls()) == 1
    assert engine.count("GET", "/info") == 2
    assert_nothing_is_left(ssh)


def test_ssh_gets_what_the_forward_needs_and_nothing_that_overrides_the_users_configuration(
    ssh: FakeSsh,
) -> None:
    with opened():
        argv = ssh.call().argv
    socket = argv[argv.index("-L") + 1].partition(":")[0]
    assert argv == (
        *("-N", "-T", "-S", "none"),
        *("-o", "BatchMode=yes"),
        *("-o", "ExitOnForwardFailure=yes"),
        *("-o", "StreamLocalBindUnlink=yes"),
        *("-o", "ControlMaster=no"),
        *("-o", "LogLevel=INFO"),
        *("-o", "ConnectTimeout=20"),
        *("-o", "ServerAliveInterval=20"),
        *("-o", "ServerAliveCountMax=2"),
        *("-L", f"{socket}:/run/d.sock"),
        *("-p", "2222"),
        *("--", "docker@w1"),
    )


def test_what_the_address_leaves_open_is_left_to_ssh(ssh: FakeSsh) -> None:
    with opened("ssh://w1"):
        argv = ssh.call().argv
    assert "-p" not in argv
    assert argv[-2:] == ("--", "w1")
    assert argv[argv.index("-L") + 1].endswith(":/var/run/docker.sock")


def test_the_socket_is_short_and_in_a_folder_closed_to_others(ssh: FakeSsh) -> None:
    with opened() as forward:
        folder = ssh.call().socket.parent
        assert Path(forward.socket_path).parent == folder
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(forward.socket_path) < 104


@pytest.mark.parametrize("name", ["d" * 100, "per%cent", "co:lon", "$HOME", "a b"])
def test_a_temporary_folder_that_ssh_would_misread_is_not_used(
    ssh: FakeSsh, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / name))
    with opened():
        assert ssh.call().socket.parent.parent == Path("/tmp")  # noqa: S108 - where it goes


def test_ssh_reads_no_terminal_and_gets_no_ctrl_c_from_it(ssh: FakeSsh) -> None:
    with opened():
        call = ssh.call()
        assert call.stdin == "/dev/null"
        assert call.session != os.getsid(0)


def test_ssh_does_not_hold_the_pipe_that_watches_over_it(ssh: FakeSsh) -> None:
    with opened():
        assert ssh.call().pipes == ()


# No forward is left behind.


def test_closing_ends_ssh_and_more_than_once_does_no_harm(ssh: FakeSsh) -> None:
    forward = opened()
    assert forward.running
    assert forward.accepts()
    forward.close()
    forward.close()
    assert not forward.running
    assert forward.said() == ""
    assert_nothing_is_left(ssh)


def test_an_ssh_that_does_not_listen_is_ended_all_the_same(ssh: FakeSsh) -> None:
    ssh.will(Plan(stubborn=True))
    opened().close()
    assert_nothing_is_left(ssh)


DOOMED = """
import os, signal, subprocess, sys, threading
from cloudstorctl.swarm.endpoints import endpoint_from
from cloudstorctl.swarm.forward import open_forward
how = sys.argv[1]
if how == "while connecting":
    opening = threading.Thread(
        target=open_forward, args=(endpoint_from("ssh://w1"),), daemon=True,
        kwargs={"timeout": 60, "path": "/info"})
    opening.start()
else:
    forwards = [open_forward(endpoint_from("ssh://w1"), timeout=60, path="/info") for _ in "ab"]
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
sys.stdin.readline()
if how == "by returning":
    sys.exit(0)
if how == "without cleaning up":
    os._exit(1)
signal.pause()
"""


@pytest.mark.parametrize(
    ("how", "number", "plan"),
    [
        ("killed", signal.SIGKILL, Plan()),
        ("killed", signal.SIGKILL, Plan(stubborn=True)),
        ("killed", signal.SIGTERM, Plan()),
        ("killed", signal.SIGHUP, Plan()),
        ("killed", signal.SIGINT, Plan()),
        ("while connecting", signal.SIGKILL, Plan(hangs=True)),
        ("by returning", None, Plan()),
        ("without cleaning up", None, Plan()),
    ],
)
def test_no_forward_outlives_the_program_however_it_ends(
    ssh: FakeSsh, how: str, number: signal.Signals | None, plan: Plan
) -> None:
    ssh.will(plan)
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", DOOMED, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as doomed:
        assert doomed.stdin is not None
        assert doomed.stdout is not None
        # A child of the program that lives on must not hold the pipe open.
        bystander = int(doomed.stdout.readline())
        try:
            expected = 1 if how == "while connecting" else 2
            eventually(lambda: len(ssh.calls()) == expected)
            assert all(call.pid in processes_of(call.session) for call in ssh.calls())
            if number is None:
                doomed.stdin.write("\n")
                doomed.stdin.flush()
            else:
                doomed.send_signal(number)
            doomed.wait(LONG)
            assert_nothing_is_left(ssh)
            os.kill(bystander, 0)
        finally:
            doomed.kill()
            os.kill(bystander, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_ssh_that_ends_takes_its_watcher_along_and_the_next_request_starts_another(
    ssh: FakeSsh, engine: EngineServer, number: signal.Signals
) -> None:
    with connected() as connection:
        connection.body("/info")
        call = ssh.call()
        os.kill(call.pid, number)
        assert_nothing_is_left(ssh)
        assert told(connection, "/info") == {"ID": "x"}
        assert len(ssh.calls()) == 2
    assert engine.count("GET", "/info") == 2
    assert_nothing_is_left(ssh)


def test_a_watcher_that_is_told_to_end_takes_ssh_along(ssh: FakeSsh) -> None:
    with opened():
        call = ssh.call()
        os.kill(call.session, signal.SIGTERM)
        assert_nothing_is_left(ssh)


def test_a_connection_that_was_closed_starts_no_ssh(ssh: FakeSsh, engine: EngineServer) -> None:
    connection = connected()
    connection.body("/info")
    connection.close()
    with pytest.raises(EngineUnreachableError, match="given up"):
        connection.body("/info")
    assert engine.count("GET", "/info") == 1
    assert_nothing_is_left(ssh)


# What ssh complains of.


def test_an_ssh_that_fails_becomes_a_sentence_that_helps(ssh: FakeSsh) -> None:
    ssh.will(Plan(says="docker@w1: Permission denied (publickey).\r\n", ends=True))
    with connected() as connection, pytest.raises(EngineUnreachableError) as caught:
        connection.body("/info")
    assert caught.value.engine == URL
    assert caught.value.path == "/info"
    assert "ssh was not let in as docker" in caught.value.cause
    assert len(ssh.calls()) == 1
    assert_nothing_is_left(ssh)


def test_a_bad_socket_on_the_other_side_shows_with_the_first_request(ssh: FakeSsh) -> None:
    with connected() as connection, pytest.raises(EngineUnreachableError) as caught:
        connection.body("/info")
    assert "its ssh server could not open /run/d.sock" in caught.value.cause
    assert_nothing_is_left(ssh)


def test_an_ssh_that_does_not_get_ready_is_given_up(ssh: FakeSsh) -> None:
    ssh.will(Plan(hangs=True, says="Warning: something\r\n"))
    with pytest.raises(EngineUnreachableError) as caught:
        opened(timeout=2)
    assert caught.value.cause == "ssh was not ready within 2 s: ssh: Warning: something"
    assert_nothing_is_left(ssh)


def test_without_ssh_in_the_path_the_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnreachableError, match="ssh is not in the PATH"):
        opened()


def test_an_engine_that_hangs_behind_a_forward_is_a_time_out(
    ssh: FakeSsh, engine: EngineServer
) -> None:
    engine.answer("DELETE /volumes/x", Reply(hold=True))
    with connected() as connection:
        connection.body("/info")
        with pytest.raises(EngineTimeoutError):
            connection.delete("/volumes/x", timeout=SHORT)
    assert_nothing_is_left(ssh)


def test_an_ssh_that_dies_under_a_removal_leaves_open_whether_it_arrived(
    ssh: FakeSsh, engine: EngineServer
) -> None:
    def die(_: Seen) -> Reply:
        os.kill(ssh.call().pid, signal.SIGKILL)
        return Reply(hold=True)

    engine.answer("DELETE /volumes/x", die)
    with connected() as connection, pytest.raises(EngineError) as caught:
        connection.delete("/volumes/x", timeout=LONG)
    assert type(caught.value) is EngineError
    assert engine.count("DELETE", "/volumes/x") == 1
    assert_nothing_is_left(ssh)
