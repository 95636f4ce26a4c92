from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.guarding import Answer
from cloudstorctl.core.ticket import HEADER
from cloudstorctl.guard.probe import HERE, URL
from tests.guard.calling import Caller, Serving, a_request, serving
from tests.swarm.lab.command import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.guard.judging import Question

ALLOWED = {"Allow": True}


class Judge:
    """Waits for its gate where one is set; allows `old` alone."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.asked: list[Question] = []
        self.policy: int | None = None

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        self.policy = os.sched_getscheduler(0)
        self.waiting.set()
        self.gate.wait(20)
        return Answer(allow=question.volumes == ["old"], reason="it is in-use.")


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def guard(tmp_path: Path, judge: Judge) -> Iterator[Serving]:
    with serving(tmp_path, judge) as guard:
        yield guard
    judge.gate.set()


@pytest.fixture
def caller(guard: Serving) -> Iterator[Caller]:
    with Caller(guard.path) as caller:
        yield caller


def test_what_was_let_go_is_forgotten(caller: Caller, judge: Judge) -> None:
    assert caller.ask("DELETE", "/volumes/old") == ALLOWED
    wait_until(lambda: len(judge.asked) > 1, 20, "the swarm is to forget it")
    assert [(question.volumes, question.gone) for question in judge.asked] == [
        (["old"], False),
        (["old"], True),
    ]


def test_it_says_that_it_authorizes(caller: Caller) -> None:
    assert caller.call("/Plugin.Activate", b"") == (200, {"Implements": ["authz"]})


def test_a_call_that_it_does_not_know_is_not_found(caller: Caller) -> None:
    assert caller.call("/VolumeDriver.Remove", b'{"Name":"x"}')[0] == 404


def test_many_requests_come_over_one_connection(caller: Caller, guard: Serving) -> None:
    for _ in range(50):
        assert caller.ask("GET", "/v1.41/containers/json") == ALLOWED
        assert caller.call("/AuthZPlugin.AuthZRes", a_request("GET", "/x")) == (200, ALLOWED)
    assert guard.lines == []
    value = guard.metrics.registry.get_sample_value("cloudstorctl_guard_requests_passed_total")
    assert value == 50


def test_it_refuses_the_question_whether_it_is_there(caller: Caller, guard: Serving) -> None:
    said = caller.ask("GET", f"/v1.41{URL}")
    assert said == {"Allow": False, "Msg": HERE}
    assert guard.lines == []


def test_a_removal_is_answered_as_it_is_judged_and_written_down(
    caller: Caller, guard: Serving
) -> None:
    said = caller.ask("DELETE", "/v1.41/volumes/data?force=1", user="ann")
    assert said == {"Allow": False, "Msg": "it is in-use."}
    assert caller.ask("DELETE", "/volumes/old") == ALLOWED
    denied, allowed = guard.lines
    assert denied.pop("milliseconds") >= 0
    assert denied == {
        "time": "2026-03-01T12:00:00.000000Z",
        "event": "decision",
        "user": "ann",
        "method": "DELETE",
        "uri": "/v1.41/volumes/data?force=1",
        "kind": "volume",
        "candidates": ["data"],
        "decision": "denied",
        "reason": "it is in-use.",
    }
    assert allowed["decision"] == "allowed"
    count = guard.metrics.registry.get_sample_value
    labels = {"kind": "volume", "result": "denied"}
    assert count("cloudstorctl_guard_decisions_total", labels) == 1
    assert count("cloudstorctl_guard_judgement_seconds_count") == 2


def test_the_ticket_that_a_removal_shows_is_handed_on_and_not_written_down(
    caller: Caller, guard: Serving, judge: Judge
) -> None:
    assert caller.ask("DELETE", "/volumes/old", **{HEADER: "secret"}) == ALLOWED
    assert caller.ask("DELETE", "/volumes/old") == ALLOWED
    judged = [question.ticket for question in judge.asked if not question.gone]
    assert judged == ["secret", ""]
    assert "secret" not in json.dumps(guard.lines)


def test_a_judgement_does_not_go_before_others(caller: Caller, judge: Judge) -> None:
    assert caller.ask("DELETE", "/volumes/old") == ALLOWED
    assert judge.policy == os.SCHED_OTHER


@pytest.mark.parametrize("size", [10, 60_000, 70_000, 9_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_any_size_hides_nothing(caller: Caller, size: int, *, chunked: bool) -> None:
    for method, uri, allow in (
        ("DELETE", "/volumes/data", False),
        ("POST", "/build", True),
        ("DELETE", "/volumes/x,%22RequestBody%22:", False),
    ):
        body = a_request(method, uri, body=b'","RequestUri":"/_ping' * (size // 20 + 1))
        status, said = caller.call("/AuthZPlugin.AuthZReq", body, chunked=chunked)
        assert (status, said["Allow"]) == (200, allow)
    assert caller.ask("GET", "/_ping") == ALLOWED


def test_fields_in_another_order_are_read_too(caller: Caller) -> None:
    fields = {
        "RequestBody": "x" * 200_000,
        "RequestUri": "/volumes/data",
        "RequestMethod": "DELETE",
    }
    for body in (json.dumps(fields), json.dumps(fields, separators=(",", ":"))):
        status, said = caller.call("/AuthZPlugin.AuthZReq", body.encode())
        assert (status, said["Allow"]) == (200, False)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"RequestMethod":"DELETE"}',
        b'{"RequestUri":"/volumes/data"}',
        b'{"RequestMethod":"DELETE","RequestUri":1}',
        b'{"RequestMethod":"GET","RequestMethod":"DELETE","RequestUri":',
        b'{"RequestMethod":"DELETE","RequestUri":"/volumes/dat\xff"}',
        b'{"RequestMethod":"G\\u0045T","RequestUri":',
        b'{"RequestUri":"RequestMethod","RequestMethod":"GET",',
        b'{"RequestMethod":"get","RequestUri":',
    ],
)
def test_what_cannot_be_read_is_denied_where_it_may_be_a_removal(
    caller: Caller, guard: Serving, body: bytes
) -> None:
    status, said = caller.call("/AuthZPlugin.AuthZReq", body)
    assert (status, said["Allow"]) == (200, False)
    told = "What the request would remove cannot be told: the engine's question could not be read."
    assert said["Msg"] == told
    assert guard.lines[0]["kind"] == "unclear"


def test_a_question_that_comes_again_without_its_text_is_denied(caller: Caller) -> None:
    status, said = caller.call("/AuthZPlugin.AuthZReq", b"")
    assert (status, said["Allow"]) == (200, False)
    assert said["Msg"].endswith("the engine repeats its question without the text: try again.")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_cannot_be_read_passes_where_it_removes_nothing(caller: Caller, method: str) -> None:
    body = b'{"RequestMethod": "%s","RequestUri":{"new":"shape"}}' % method.encode()
    assert caller.call("/AuthZPlugin.AuthZReq", body) == (200, ALLOWED)


def test_a_judgement_that_takes_long_holds_up_nobody(
    caller: Caller, guard: Serving, judge: Judge
) -> None:
    judge.gate.clear()
    caller.send("/AuthZPlugin.AuthZReq", a_request("DELETE", "/volumes/old"))
    assert judge.waiting.wait(10)
    for _ in range(20):
        with Caller(guard.path) as other:
            assert other.ask("GET", "/_ping") == ALLOWED
    judge.gate.set()
    assert caller.answer() == (200, ALLOWED)


def test_what_is_under_way_comes_to_its_end_when_it_stops(
    caller: Caller, guard: Serving, judge: Judge
) -> None:
    with Caller(guard.path) as idle:
        assert idle.ask("GET", "/_ping") == ALLOWED
        judge.gate.clear()
        caller.send("/AuthZPlugin.AuthZReq", a_request("DELETE", "/volumes/old"))
        assert judge.waiting.wait(10)
        guard.end_accepting()
        done: list[bool] = []
        stopping = threading.Thread(target=lambda: done.append(guard.server.stop(20)))
        stopping.start()
        assert idle.socket.recv(1) == b""
        judge.gate.set()
        assert caller.answer() == (200, ALLOWED)
        stopping.join()
    assert done == [True]


def test_what_takes_too_long_is_cut_off_when_it_stops(
    caller: Caller, guard: Serving, judge: Judge
) -> None:
    judge.gate.clear()
    caller.send("/AuthZPlugin.AuthZReq", a_request("DELETE", "/volumes/old"))
    assert judge.waiting.wait(10)
    guard.end_accepting()
    assert guard.server.stop(0.05) is False
    with pytest.raises(OSError, match=r"reset|^$"):
        caller.answer()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"x" * 200_000,
        b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 200_000,
    ],
)
def test_what_is_no_http_ends_its_connection_and_no_other(
    caller: Caller, guard: Serving, sent: bytes
) -> None:
    with Caller(guard.path) as other:
        other.socket.sendall(sent)
        with pytest.raises(OSError, match=r"reset|^$"):
            other.answer()
    assert caller.ask("GET", "/_ping") == ALLOWED


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("sent", [b"POST /x HT", b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"])
def test_a_caller_that_goes_away_is_let_go(guard: Serving, caller: Caller, sent: bytes) -> None:
    assert caller.ask("GET", "/_ping") == ALLOWED
    before = open_files()
    with Caller(guard.path) as other:
        other.socket.sendall(sent)
        assert caller.ask("GET", "/_ping") == ALLOWED
        assert open_files() > before
    wait_until(lambda: open_files() == before, 10, "it is let go")
    assert caller.ask("GET", "/_ping") == ALLOWED


def test_a_caller_that_waits_for_leave_to_send_its_body_gets_it(caller: Caller) -> None:
    body = a_request("GET", "/_ping")
    head = "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nExpect: 100-continue\r\n"
    caller.socket.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode())
    assert caller.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    caller.socket.sendall(body)
    assert caller.answer() == (200, ALLOWED)


def test_a_bug_ends_the_connection_so_that_nothing_passes(tmp_path: Path) -> None:
    def broken(_question: Question) -> Answer:
        raise RuntimeError("oh")

    with serving(tmp_path, broken) as guard, Caller(guard.path) as caller:
        caller.send("/AuthZPlugin.AuthZReq", a_request("DELETE", "/volumes/data"))
        with pytest.raises(OSError, match=r"reset|^$"):
            caller.answer()
        assert [line["message"] for line in guard.lines] == ["RuntimeError: oh"]


def test_a_request_for_which_no_thread_can_be_started_keeps_nobody_waiting(guard: Serving) -> None:
    before = threading.stack_size(1 << 46)
    try:
        with Caller(guard.path) as caller:
            caller.send("/AuthZPlugin.AuthZReq", a_request("DELETE", "/volumes/data"))
            assert caller.socket.recv(1) == b""
    finally:
        threading.stack_size(before)
    guard.end_accepting()
    assert guard.server.stop(0)
    assert "can't start new thread" in guard.lines[0]["message"]
