"""What is said of images and containers, and how a client takes an engine's answers to it."""

from __future__ import annotations

import pytest

from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineError,
    EngineTimeoutError,
    EngineUnreachableError,
    PayloadError,
    UnsendableError,
)
from cloudstorctl.swarm.client import Client, Patience
from cloudstorctl.swarm.container_request import reference_parts
from tests.edge.asking import LONG, SHORT, connected
from tests.edge.engine_server import NOT_FOUND, EngineServer, Reply, json_reply

WAIT = "POST /containers/x/wait"
PULL = "POST /images/create"


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("busybox", ("busybox", "latest")),
        ("busybox:1.36", ("busybox", "1.36")),
        ("r:5000/a/b", ("r:5000/a/b", "latest")),
        ("r:5000/a/b:v1", ("r:5000/a/b", "v1")),
        ("a/b@sha256:00", ("a/b", "sha256:00")),
    ],
)
def test_an_image_is_never_pulled_without_a_tag(image: str, parts: tuple[str, str]) -> None:
    assert reference_parts(image) == parts


def test_an_image_may_be_missing_or_want_volumes_or_none(server: EngineServer) -> None:
    client = Client(connected(server))
    assert client.volumes_of_image("r:5000/a:1") is None
    assert server.seen[-1].path == "/images/r:5000/a:1/json"
    server.answer("/images/a/json", json_reply({"Id": "x"}))
    assert client.volumes_of_image("a") == ()
    server.answer("/images/a/json", json_reply({"Config": {"Volumes": {"/b": {}, "/a": {}}}}))
    assert client.volumes_of_image("a") == ("/a", "/b")
    server.answer("/images/a/json", json_reply({"message": "out of order"}, status=500))
    with pytest.raises(EngineAnsweredError, match="out of order"):
        client.volumes_of_image("a")


def test_a_pull_that_fails_under_a_status_of_success_is_an_error(server: EngineServer) -> None:
    client = Client(connected(server))
    server.answer(PULL, Reply(body=b'{"status":"Pulling"}\n\n{"error":"denied"}\n'))
    with pytest.raises(PayloadError, match="denied"):
        client.pull_image("a")
    assert server.seen[-1].query == "fromImage=a&tag=latest"
    server.answer(PULL, Reply(body=b"<html>"))
    with pytest.raises(PayloadError, match="HTML page"):
        client.pull_image("a")
    server.answer(PULL, Reply(body=b'{"status":"Done"}\n'))
    client.pull_image("a")


def test_the_exit_code_is_read_from_the_answer(server: EngineServer) -> None:
    client = Client(connected(server))
    server.answer(WAIT, json_reply({"StatusCode": 31, "Error": None}))
    assert client.wait_for_container("x") == 31
    server.answer(WAIT, json_reply({"StatusCode": 0, "Error": {"Message": "lost"}}))
    with pytest.raises(PayloadError, match="Error is lost"):
        client.wait_for_container("x")
    server.answer(WAIT, json_reply({}))
    with pytest.raises(PayloadError, match="StatusCode is missing"):
        client.wait_for_container("x")


def test_each_request_has_a_time_of_its_own(server: EngineServer) -> None:
    client = Client(connected(server), Patience(driver=SHORT, run=SHORT, clean_up=SHORT))
    for path in ("start", "wait", "kill"):
        server.answer(f"POST /containers/x/{path}", Reply(hold=True))
    server.answer("DELETE /containers/x", Reply(hold=True))
    for deed in (
        client.start_container,
        client.wait_for_container,
        client.kill_container,
        client.remove_container,
    ):
        with pytest.raises(EngineTimeoutError, match=r"no answer within 0\.6 s"):
            deed("x")


# POST, on the connection itself.


def test_a_post_is_sent_once_on_a_connection_of_its_own_whatever_befalls_it(
    server: EngineServer,
) -> None:
    with connected(server) as connection:
        connection.body("/info")
        server.answer("POST /x", Reply(status=201, body=b"{}"))
        assert connection.post("/x", timeout=LONG, payload=b'{"a": 1}', name="n") == b"{}"
        connection.body("/info")
        server.answer("POST /x", Reply(reset=True))
        with pytest.raises(EngineError, match=r"closed the connection|reset"):
            connection.post("/x", timeout=LONG)
    posts = [seen for seen in server.seen if seen.method == "POST"]
    assert [(seen.query, seen.body) for seen in posts] == [("name=n", b'{"a": 1}'), ("", b"")]
    assert dict(posts[0].headers)["Content-Type"] == "application/json"
    assert "Content-Type" not in dict(posts[1].headers)
    assert [seen.connection for seen in server.seen] == [1, 2, 3, 4]


def test_an_answer_to_a_post_that_is_cut_or_slow_is_no_answer(server: EngineServer) -> None:
    with connected(server) as connection:
        server.answer("POST /x", Reply(body=b"12345678", cut_at=4))
        with pytest.raises(PayloadError, match="cut off before its end"):
            connection.post("/x", timeout=LONG)
        server.answer("POST /x", Reply(body=b"12345678" * 8, trickle=0.1))
        with pytest.raises(EngineTimeoutError, match=r"no whole answer within 0\.6 s"):
            connection.post("/x", timeout=SHORT)
        assert server.count("POST", "/x") == 2


@pytest.mark.parametrize("path", ["/x?force=1", "/a/../b", "/a b", "/ä", "/%2e%2e/x"])
def test_a_path_that_would_say_something_else_is_not_sent(server: EngineServer, path: str) -> None:
    with connected(server) as connection, pytest.raises(UnsendableError):
        connection.post(path, timeout=LONG)
    assert server.seen == ()


def test_a_post_to_nobody_has_not_arrived(server: EngineServer) -> None:
    server.answer("POST /x", NOT_FOUND)
    with connected(server) as connection:
        with pytest.raises(EngineAnsweredError):
            connection.post("/x", timeout=LONG)
        server.stop()
        with pytest.raises(EngineUnreachableError):
            connection.post("/x", timeout=LONG)
