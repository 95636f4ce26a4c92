"""What tells systemd that the guard answers."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.guard.watchdog import Watchdog, watchdog_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["path", "abstract"])
def listening(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[str, socket.socket]]:
    """A socket as systemd has it, and its address."""
    name = str(tmp_path / "notify")
    address = f"@{name}" if request.param == "abstract" else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}" if request.param == "abstract" else name)
        listener.setblocking(False)  # noqa: FBT003 - its only parameter
        yield address, listener


def heard(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            assert listener.recv(100) == b"WATCHDOG=1"
        except BlockingIOError:
            return count
        count += 1


def test_it_is_told_no_more_often_than_asked_for(listening: tuple[str, socket.socket]) -> None:
    address, listener = listening
    now = [100.0]
    watchdog = Watchdog(address=address, every=5.0, clock=lambda: now[0])
    watchdog.tell()
    now[0] += 4.9
    watchdog.tell()
    assert heard(listener) == 1
    now[0] += 0.1
    watchdog.tell()
    assert heard(listener) == 1


def test_that_nobody_hears_it_is_no_harm(tmp_path: Path) -> None:
    Watchdog(address=str(tmp_path / "nobody"), every=1.0).tell()


def test_systemd_says_where_and_how_often() -> None:
    environ = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "15000000"}
    found = watchdog_in(environ)
    assert found is not None
    assert (found.address, found.every) == ("/run/n", 5.0)
    assert watchdog_in({**environ, "WATCHDOG_PID": str(os.getpid())}) is not None


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": "/run/n"},
        {"WATCHDOG_USEC": "15000000"},
        {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "often"},
        {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "1"},
    ],
)
def test_who_waits_for_nothing_is_told_nothing(environ: dict[str, str]) -> None:
    assert watchdog_in(environ) is None
