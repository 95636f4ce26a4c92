"""What goes over the wire to an engine, and how often."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
import requests

from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineError,
    EngineTimeoutError,
    EngineUnreachableError,
    PayloadError,
    UnsendableError,
)
from cloudstorctl.swarm.endpoints import endpoint_from
from cloudstorctl.swarm.transport import line_to, session_for
from cloudstorctl.swarm.watch import Watch
from tests.edge.asking import LONG, PLENTY, SHORT, cause_of_get, connected, told
from tests.edge.engine_server import EngineServer, Reply, html_reply, json_reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edge.engine_server import Seen


VOLUME = "/volumes/web-1-vol"
GONE = Reply(status=204, measured=False)


# What goes over the wire.


def test_each_question_is_one_request_without_a_version_and_nothing_is_asked_before(
    server: EngineServer,
) -> None:
    server.answer("/containers/json", json_reply([]))
    with connected(server) as connection:
        assert server.connections == 0
        assert told(connection, "/info") == {"ID": "x"}
        assert told(connection, "/containers/json", all="1") == []
    assert [(seen.method, seen.path, seen.query) for seen in server.seen] == [
        ("GET", "/info", ""),
        ("GET", "/containers/json", "all=1"),
    ]
    assert server.connections == 1, "they share it"


def test_questions_share_a_connection_until_a_rest(server: EngineServer) -> None:
    with connected(server) as connection:
        for _ in range(3):
            connection.body("/info")
        connection.rest()
        connection.rest()
        connection.body("/info")
    assert [seen.connection for seen in server.seen] == [1, 1, 1, 2]


def test_a_question_is_put_again_where_the_kept_connection_had_ended(server: EngineServer) -> None:
    server.answer("/last", Reply(body=b"{}", hang_up=True))
    with connected(server) as connection:
        for path in ("/info", "/last") * 20:
            connection.body(path)
    assert server.count("GET", "/info") == server.count("GET", "/last") == 20
    assert server.connections == 20


def test_a_question_that_ends_the_kept_connection_is_put_again_once(server: EngineServer) -> None:
    server.answer("/cursed", Reply(reset=True))
    with connected(server) as connection:
        connection.body("/info")
        with pytest.raises(EngineError):
            connection.body("/cursed")
        with pytest.raises(EngineError):
            connection.body("/cursed")
    assert [(seen.path, seen.connection) for seen in server.seen] == [
        ("/info", 1),
        ("/cursed", 1),
        ("/cursed", 2),
        ("/cursed", 3),
    ]


def test_the_address_is_what_the_user_gave(server: EngineServer) -> None:
    assert connected(server).address == server.url


def test_proxies_and_netrc_of_the_environment_are_left_alone(
    server: EngineServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with connected(server) as connection:
        assert told(connection, "/info") == {"ID": "x"}
    assert "authorization" not in {name.lower() for name, _ in server.seen[0].headers}


def test_a_docker_configuration_of_an_odd_shape_is_named(
    server: EngineServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text("[1]")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    session_for.cache_clear()
    error = cause_of_get(server.url)
    assert isinstance(error, EngineUnreachableError)
    assert "docker's own configuration cannot be used" in error.cause


# Removing.


def test_a_delete_is_one_request_and_carries_no_force(server: EngineServer) -> None:
    server.answer(f"DELETE {VOLUME}", GONE)
    with connected(server) as connection:
        connection.body("/info")
        connection.delete(VOLUME, timeout=LONG)
        assert told(connection, "/info") == {"ID": "x"}
    deletes = [seen for seen in server.seen if seen.method == "DELETE"]
    assert [(seen.path, seen.query) for seen in deletes] == [(VOLUME, "")]
    assert [seen.connection for seen in server.seen] == [1, 2, 3], "it has one of its own"


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_what_changes_an_engine_is_not_put_again_even_on_a_kept_connection(
    server: EngineServer, method: str
) -> None:
    server.answer(VOLUME, Reply(reset=True))
    endpoint = endpoint_from(server.url)
    line = line_to(endpoint, tls=None, socket_path=endpoint.path, watch=Watch())
    with line.send("GET", "/info", params={}, timeout=LONG) as response:
        assert response.json() == {"ID": "x"}
    with pytest.raises(requests.ConnectionError):
        line.send(method, VOLUME, params={}, timeout=LONG)
    line.close()
    assert [(seen.method, seen.connection) for seen in server.seen] == [("GET", 1), (method, 1)]


def test_a_name_arrives_as_it_was_escaped(server: EngineServer) -> None:
    server.answer("DELETE /volumes/a%2Fb%20%3Fc+d", GONE)
    with connected(server) as connection:
        connection.delete("/volumes/a%2Fb%20%3Fc+d", timeout=LONG)


@pytest.mark.parametrize(
    "path",
    [
        "/volumes/x?force=1",
        "/volumes/x#y",
        "/volumes/..",
        "/volumes/%2e%2E",
        "/volumes/a/../b",
        "/volumes/a%2F..%2Fb",
        "/volumes/./b",
        "/volumes/a b",
        "/volumes/é",
    ],
)
def test_a_path_that_would_not_arrive_as_it_is_is_not_sent(server: EngineServer, path: str) -> None:
    with connected(server) as connection, pytest.raises(UnsendableError, match="nothing sent"):
        connection.delete(path, timeout=LONG)
    assert server.seen == ()


def test_what_an_engine_does_to_its_idle_connections_loses_no_request(
    server: EngineServer,
) -> None:
    server.answer("/info", Reply(body=b"{}", hang_up=True))
    server.answer(f"DELETE {VOLUME}", Reply(status=204, measured=False, hang_up=True))
    with connected(server) as connection:
        for _ in range(50):
            connection.body("/info")
            connection.delete(VOLUME, timeout=LONG)
    assert server.count("GET", "/info") == server.count("DELETE", VOLUME) == 50


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(hold=True), EngineTimeoutError),
        (Reply(trickle_headers=True, trickle=0.05), EngineTimeoutError),
        (Reply(reset=True), EngineError),
        (Reply(raw=b""), EngineError),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), EngineUnreachableError),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n"), PayloadError),
        (json_reply({"message": "in use"}, status=409), EngineAnsweredError),
        (html_reply("502 Bad Gateway", status=502), EngineAnsweredError),
        (Reply(status=301, headers=(("Location", "/info"),)), EngineAnsweredError),
        (Reply(status=500, body=b"x" * 100, cut_at=3), EngineAnsweredError),
        (Reply(status=500, body=b"x" * 100, trickle=0.05), EngineAnsweredError),
    ],
)
def test_a_request_that_fails_is_never_sent_again(
    server: EngineServer, method: str, reply: Reply, kind: type[EngineError]
) -> None:
    server.answer(VOLUME, reply)
    timeout = LONG if not reply.hold and not reply.trickle else SHORT
    started = time.monotonic()
    with connected(server, timeout=timeout) as connection:
        ask = (
            partial(connection.body, VOLUME)
            if method == "GET"
            else partial(connection.delete, VOLUME, timeout)
        )
        with pytest.raises(EngineError) as caught:
            ask()
    assert type(caught.value) is kind
    assert server.count(method, VOLUME) == 1
    assert time.monotonic() - started < PLENTY


def test_a_delete_has_a_deadline_of_its_own(server: EngineServer) -> None:
    server.answer(f"DELETE {VOLUME}", Reply(status=204, measured=False, delay=3 * SHORT))
    with connected(server, timeout=SHORT) as connection:
        connection.delete(VOLUME, timeout=LONG)


# After a failure.


def test_a_connection_is_good_again_after_a_failure(server: EngineServer) -> None:
    server.answer("/slow", Reply(hold=True))
    server.answer("/cut", Reply(body=b"{}", cut_at=1))
    with connected(server, timeout=SHORT) as connection:
        for path in ("/slow", "/cut", "/nowhere"):
            with pytest.raises(EngineError):
                connection.body(path)
            assert told(connection, "/info") == {"ID": "x"}


def test_closing_from_another_thread_ends_a_request_that_is_going_on(
    server: EngineServer,
) -> None:
    arrived = threading.Event()

    def hold(_: Seen) -> Reply:
        arrived.set()
        return Reply(hold=True)

    server.answer("/info", hold)
    connection = connected(server, timeout=60)
    errors: list[Exception] = []

    def ask() -> None:
        try:
            connection.body("/info")
        except EngineError as error:
            errors.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    assert arrived.wait(LONG)
    connection.close()
    asking.join(PLENTY)
    assert not asking.is_alive()
    assert isinstance(errors[0], EngineTimeoutError)
    connection.rest()
    with pytest.raises(EngineUnreachableError):
        connection.body("/info")
    assert len(server.seen) == 1
