"""The guard's units, as systemd reads them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.guard.names import SOCKET
from cloudstorctl.guard.units import (
    SERVICE_UNIT,
    SOCKET_TEXT,
    SOCKET_UNIT,
    guard_command,
    service_text,
)

if TYPE_CHECKING:
    from pathlib import Path


def settings(text: str) -> list[tuple[str, str]]:
    lines = (line.partition("=") for line in text.splitlines() if "=" in line and line[0] != "#")
    return [(name, value) for name, _, value in lines]


def test_systemd_holds_a_socket_for_root_alone_which_the_engine_needs() -> None:
    told = settings(SOCKET_TEXT)
    assert ("ListenStream", SOCKET) in told
    assert ("SocketMode", "0600") in told
    assert ("Before", "docker.service") in told
    assert ("WantedBy", "sockets.target docker.service") in told
    assert ("TriggerLimitIntervalSec", "0") in told
    assert ("RemoveOnStop", "yes") in told  # the engine would wait for whom it finds there


def test_a_guard_that_ends_is_started_again_and_never_waits_for_the_engine() -> None:
    text = service_text(("/venv/bin/python", "-m", "x"))
    told = settings(text)
    assert ("ExecStart", "/venv/bin/python -m x") in told
    assert ("Restart", "always") in told
    assert ("StartLimitIntervalSec", "0") in told
    assert {("WatchdogSec", "15"), ("WatchdogSignal", "SIGKILL")} <= set(told)
    assert [value for name, value in told if name in {"After", "Requires"}] == [SOCKET_UNIT] * 2
    names = {name for name, _ in told}
    assert not names & {"ProtectHome", "PrivateNetwork", "PrivateUsers", "User", "DynamicUser"}


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/opt/my venv/python", '"/opt/my venv/python"'),
        ("100%", '"100%%"'),
        ("$HOME", '"$$HOME"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("it's", '"it\'s"'),
        ("", '""'),
        ("ssh://docker@{addr}", "ssh://docker@{addr}"),
    ],
)
def test_words_reach_the_guard_as_they_are(word: str, written: str) -> None:
    assert ("ExecStart", f"/python {written}") in settings(service_text(("/python", word)))


def test_the_guard_is_this_installation_s_with_a_state_of_its_own() -> None:
    assert guard_command("/python", ["--config", "/c"]) == (
        *("/python", "-P", "-m", "cloudstorctl", "guard", "run"),
        *("--state", "/var/lib/cloudstorctl-guard/guard.json", "--config", "/c"),
    )


def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    """Where there is no systemd-analyze, there is no systemd to install them with."""
    analyze = shutil.which("systemd-analyze")
    (tmp_path / SOCKET_UNIT).write_text(SOCKET_TEXT)
    (tmp_path / SERVICE_UNIT).write_text(service_text(("/bin/sh", "-c", "a b", "100%", "$x")))
    if analyze is None:
        return
    ran = subprocess.run(  # noqa: S603 - systemd's own check
        [analyze, "verify", "--man=no", str(tmp_path / SERVICE_UNIT), str(tmp_path / SOCKET_UNIT)],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
        text=True,
    )
    said = [line for line in ran.stderr.splitlines() if "cloudstorctl-guard" in line]
    assert (ran.returncode, said) == (0, [])
