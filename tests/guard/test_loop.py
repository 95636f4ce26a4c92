from __future__ import annotations

import errno
import socket
import threading
from typing import TYPE_CHECKING

from cloudstorctl.guard.loop import LARGEST, Loop
from cloudstorctl.guard.watchdog import Watchdog
from tests.guard.calling import Caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"


class Listener(socket.socket):
    """Has no descriptor left for the first callers."""

    full = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.full:
            self.full -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


class Running:
    """A loop in a thread, and what it has handed over and said."""

    def __init__(
        self,
        path: Path,
        answer: Callable[[bytes, bytes], bytes | None],
        *,
        full: int = 0,
        threads: int = 99,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.threads = threads
        self.given: list[bytes] = []
        self.said: list[str] = []
        self.came = threading.Event()
        self.listener = Listener(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.full = full
        self.listener.bind(str(path))
        self.listener.listen()
        self._wake, self._waker = socket.socketpair()
        loop = Loop(
            listener=self.listener,
            answer=answer,
            hand_over=self.take,
            say=self.said.append,
            watchdog=watchdog,
        )
        self._thread = threading.Thread(target=loop.run, args=(self._wake,))
        self._thread.start()

    def take(self, connection: socket.socket, begun: bytearray) -> None:
        assert connection.getblocking()
        if len(self.given) >= self.threads:
            raise RuntimeError("can't start new thread")
        self.given.append(bytes(begun))
        connection.close()
        self.came.set()

    def wake(self) -> None:
        self._waker.send(b"!")

    def end(self) -> None:
        self.wake()
        self._thread.join(10)
        for each in (self.listener, self._wake, self._waker):
            each.close()


def test_several_requests_that_come_at_once_are_all_answered(tmp_path: Path) -> None:
    running = Running(tmp_path / "s", lambda path, body: OK if path + body == b"/xy" else None)
    with Caller(tmp_path / "s") as caller:
        caller.socket.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\ny" * 3)
        assert [caller.answer() for _ in range(3)] == [(200, True)] * 3
    running.end()
    assert running.given == []


def test_a_request_that_comes_byte_by_byte_is_answered(tmp_path: Path) -> None:
    running = Running(tmp_path / "s", lambda _path, _body: OK)
    with Caller(tmp_path / "s") as caller, Caller(tmp_path / "s") as other:
        for byte in b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\ny":
            caller.socket.sendall(bytes([byte]))
            other.send("/x", b"")
            assert other.answer() == (200, True)
        assert caller.answer() == (200, True)
    running.end()


def test_what_it_cannot_answer_is_handed_over_with_all_that_came(tmp_path: Path) -> None:
    requests = (
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nyPOST",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LARGEST + 1),
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /x\r\n\r\n",
    )
    running = Running(tmp_path / "s", lambda _path, _body: None)
    for request in requests:
        running.came.clear()
        with Caller(tmp_path / "s") as caller:
            caller.socket.sendall(request)
            assert running.came.wait(10)
    running.end()
    assert running.given == list(requests)


def test_a_request_that_has_begun_to_arrive_is_handed_over_at_the_end(tmp_path: Path) -> None:
    running = Running(tmp_path / "s", lambda _path, _body: OK)
    with Caller(tmp_path / "s") as idle, Caller(tmp_path / "s") as caller:
        caller.socket.sendall(b"POST /x")
        for _ in range(2):  # the second answer comes of a turn after the one with that start
            idle.send("/x", b"")
            assert idle.answer() == (200, True)
        running.end()
        assert idle.socket.recv(1) == b""
    assert running.given == [b"POST /x"]


def test_a_request_that_comes_with_the_end_is_handed_over(tmp_path: Path) -> None:
    asked, ended = threading.Event(), threading.Event()

    def answer(path: bytes, _body: bytes) -> bytes:
        asked.set()
        assert path == b"/x" or ended.wait(10)
        return OK

    running = Running(tmp_path / "s", answer)
    with Caller(tmp_path / "s") as caller, Caller(tmp_path / "s") as other:
        assert caller.call("/x", b"") == (200, True)
        asked.clear()
        other.send("/held", b"")
        assert asked.wait(10)
        running.wake()
        caller.send("/late", b"")
        ended.set()
        running.end()
    assert [each[:10] for each in running.given] == [b"POST /late"]


def test_callers_are_accepted_again_when_there_are_descriptors(tmp_path: Path) -> None:
    running = Running(tmp_path / "s", lambda _path, _body: OK, full=3)
    with Caller(tmp_path / "s") as caller:
        assert caller.call("/x", b"") == (200, True)
    running.end()
    assert running.said == ["no connection could be accepted: [Errno 24] Too many open files"]


def test_a_request_that_cannot_be_handed_over_ends_one_connection_and_is_said(
    tmp_path: Path,
) -> None:
    running = Running(tmp_path / "s", lambda path, _: OK if path == b"/x" else None, threads=0)
    with Caller(tmp_path / "s") as other:
        for request in (b"POST /y HTTP/1.1\r\n\r\n", b"POST /y\r\n\r\n"):
            with Caller(tmp_path / "s") as caller:
                caller.socket.sendall(request)
                assert caller.socket.recv(1) == b""
            assert other.call("/x", b"") == (200, True)
    running.end()
    assert running.said == ["RuntimeError: can't start new thread"] * 2


def test_a_bug_ends_one_connection_and_is_said(tmp_path: Path) -> None:
    def answer(path: bytes, _body: bytes) -> bytes:
        if path == b"/bug":
            raise RuntimeError("oh")
        return OK

    running = Running(tmp_path / "s", answer)
    with Caller(tmp_path / "s") as caller, Caller(tmp_path / "s") as other:
        caller.send("/bug", b"")
        assert caller.socket.recv(1) == b""
        assert other.call("/x", b"") == (200, True)
    running.end()
    assert running.said == ["RuntimeError: oh"]


def test_whoever_waits_for_it_hears_of_it_while_nobody_asks(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(10)
        watchdog = Watchdog(address=str(tmp_path / "notify"), every=0.02)
        running = Running(tmp_path / "s", lambda _path, _body: OK, watchdog=watchdog)
        assert [listener.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        running.end()
