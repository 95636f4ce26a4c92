from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.errors import RefusedError, UsageError
from cloudstorctl.guard.listening import handed_over, listen_at

if TYPE_CHECKING:
    from pathlib import Path


def test_a_socket_is_made_for_root_alone(tmp_path: Path) -> None:
    path = tmp_path / "docker/plugins/s"
    with listen_at(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with listen_at(path):
        pass
    with listen_at(path):
        with pytest.raises(RefusedError, match="Another process listens at"):
            listen_at(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.connect(str(path))


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("precious")
    with pytest.raises(RefusedError, match="is no socket"):
        listen_at(tmp_path / "s")
    assert (tmp_path / "s").read_text() == "precious"


def test_where_no_socket_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot listen at"):
        listen_at(tmp_path / "file/s")


def test_nothing_is_taken_that_was_handed_to_another_process() -> None:
    assert handed_over({}, 1) is None
    assert handed_over({"LISTEN_PID": "2", "LISTEN_FDS": "1"}, 1) is None


@pytest.mark.parametrize("count", ["0", "2", ""])
def test_more_than_one_socket_is_an_error(count: str) -> None:
    with pytest.raises(UsageError, match="takes one socket"):
        handed_over({"LISTEN_PID": "1", "LISTEN_FDS": count}, 1)


ONE = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}


def test_a_socket_that_was_handed_over_is_taken_and_not_handed_on(tmp_path: Path) -> None:
    descriptor = listen_at(tmp_path / "s").detach()
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - its name in os
    given = handed_over(ONE, 1, descriptor)
    assert given is not None
    with given:
        assert given.getsockname() == str(tmp_path / "s")
        assert not os.get_inheritable(descriptor)


def test_what_was_handed_over_has_to_be_a_unix_socket() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, pytest.raises(UsageError, match="is no unix socket"):
        handed_over(ONE, 1, server.fileno())
    with open(os.devnull) as file, pytest.raises(UsageError, match="is no socket"):  # noqa: PTH123
        handed_over(ONE, 1, file.fileno())
