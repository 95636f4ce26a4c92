"""Posts to webhooks over real sockets: those that take them, and those that do not."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.notify.webhook import post_to_all
from tests.edge.engine_server import EngineServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

BODY = b'{"schema": "cloudstorctl/outcomes/v1"}\n'
TAKEN = Reply(status=204)
FOUND = "http://example.com/s3cret"


@pytest.fixture
def server() -> Iterator[EngineServer]:
    with EngineServer(otherwise=TAKEN) as made:
        yield made


def url(server: EngineServer, path: str = "/hook/s3cret", scheme: str = "http") -> str:
    return server.url.replace("tcp", scheme) + path


def post(*addresses: str, patience: float = 10, **environ: str) -> tuple[str, ...]:
    told = post_to_all(addresses, BODY, environ=environ, patience=patience)
    assert "s3cret" not in " ".join(told)
    return told


def test_a_webhook_receives_the_document_once_as_json(server: EngineServer) -> None:
    assert post(url(server, "/hook/s3cret?a=1#part")) == ()
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.query) == ("POST", "/hook/s3cret", "a=1")
    assert seen.body == BODY
    headers = dict(seen.headers)
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("cloudstorctl/")
    assert "Authorization" not in headers


def test_one_that_is_named_twice_is_told_once(server: EngineServer) -> None:
    assert post(url(server), url(server), url(server, "/b")) == ()
    assert sorted(seen.path for seen in server.seen) == ["/b", "/hook/s3cret"]


def test_user_and_password_are_sent_as_such(server: EngineServer) -> None:
    assert post(url(server).replace("//", "//me:s3%40cret@")) == ()
    assert dict(server.seen[0].headers)["Authorization"] == "Basic bWU6czNAY3JldA=="


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(status=500, body=b"s3cret"), "it answered HTTP 500"),
        (Reply(status=404), "it answered HTTP 404"),
        (Reply(status=304), "it answered HTTP 304"),
        (Reply(raw=b"s3cret\r\n\r\n"), "what it answered is not HTTP"),
        (Reply(raw=b""), "it closed the connection without an answer"),
        (
            Reply(reset=True),
            "(Connection reset by peer|it closed the connection without an answer)",
        ),
    ],
    ids=["500", "404", "304", "no HTTP", "closed", "reset"],
)
def test_one_that_does_not_take_it_is_named_and_not_told_again(
    server: EngineServer, reply: Reply, told: str
) -> None:
    server.answer("/hook/s3cret", reply)
    host = url(server, "")
    (sentence,) = post(url(server))
    assert re.fullmatch(rf"{host}/… was not told: {told}\.", sentence)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("http://example.com/s3cret", "http://example.com/…"),
        ("file:///etc/s3cret", "an address"),
        ("/s3cret", "an address"),
    ],
)
def test_a_redirect_is_not_followed(
    server: EngineServer, status: int, location: str, named: str
) -> None:
    server.answer("/hook/s3cret", Reply(status=status, headers=(("Location", location),)))
    (told,) = post(url(server))
    assert f"it redirects to {named} (HTTP {status}); give that address instead" in told
    assert len(server.seen) == 1


def test_a_redirect_to_a_webhook_that_is_there_does_not_reach_it(server: EngineServer) -> None:
    with EngineServer(otherwise=TAKEN) as other:
        server.answer("/hook/s3cret", Reply(status=307, headers=(("Location", url(other)),)))
        assert len(post(url(server))) == 1
        assert other.seen == ()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(hold=True),
        Reply(trickle_headers=True, trickle=0.02),
        Reply(raw=b"HTTP/1.1 100 Continue\r\n\r\n", delay=5),
    ],
    ids=["silent", "a byte now and then", "late"],
)
def test_one_that_hangs_is_left_in_time_and_said_to_be_in_doubt(
    server: EngineServer, reply: Reply
) -> None:
    server.answer("/hook/s3cret", reply)
    begun = time.monotonic()
    (told,) = post(url(server), patience=0.4)
    assert time.monotonic() - begun < 3
    assert "was not told: no answer within 0.4 s, though it may have arrived." in told
    assert len(server.seen) == 1


def test_all_are_told_at_once_and_one_that_hangs_keeps_none_of_the_others(
    server: EngineServer,
) -> None:
    server.answer("/slow", Reply(hold=True))
    (told,) = post(url(server, "/slow"), url(server), url(server, "/c"), patience=0.5)
    assert "no answer" in told
    assert {"/hook/s3cret", "/c"} <= {seen.path for seen in server.seen}


class Tries(dict[str, str]):
    """An environment that notes how often it is asked for a proxy: once in each try."""

    def __init__(self, at_the_second: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.count = 0
        self.at_the_second = at_the_second

    def get(self, key: str, default: object = None) -> Any:  # noqa: ANN401 - as its base has it
        if key == "http_proxy":
            self.count += 1
            if self.count == 2:
                self.at_the_second()
        return super().get(key, default)


def test_one_that_is_not_there_is_tried_twice_and_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    tries = Tries()
    told = post_to_all([f"http://127.0.0.1:{port}/s3cret"], BODY, environ=tries)
    assert told == (f"http://127.0.0.1:{port}/… was not told: Connection refused.",)
    assert tries.count == 2


def test_one_that_comes_up_in_a_moment_is_told() -> None:
    with socket.socket() as later, ThreadPoolExecutor(1) as pool:
        later.bind(("127.0.0.1", 0))
        later.settimeout(60)

        def take() -> bytes:
            connection, _ = later.accept()
            with connection:
                got = connection.recv(65536)
                while BODY not in got:
                    got += connection.recv(65536)
                connection.sendall(b"HTTP/1.1 204 Taken\r\n\r\n")
            return got

        def come_up() -> None:
            later.listen()
            takers.append(pool.submit(take))

        takers: list[Future[bytes]] = []
        tries = Tries(come_up)
        address = f"http://127.0.0.1:{later.getsockname()[1]}/s3cret"
        assert post_to_all([address], BODY, environ=tries) == ()
        assert takers[0].result().count(b"POST /s3cret") == 1
        assert tries.count == 2


def test_a_name_that_nobody_has_is_said() -> None:
    (told,) = post("http://nobody.invalid/s3cret")
    assert told.startswith("http://nobody.invalid/… was not told: ")


def test_a_certificate_of_nobody_is_not_trusted(tmp_path: Path) -> None:
    subprocess.run(  # noqa: S603 - made of this file's texts
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with EngineServer(otherwise=TAKEN, tls=tls) as server:
        (told,) = post(url(server, scheme="https"))
        assert "its certificate is not trusted (self-signed certificate)" in told
        assert server.seen == ()


@pytest.mark.parametrize(
    ("direct", "through"),
    [("", True), ("elsewhere,.invalid", False), ("*", False), ("hook.invalid", False)],
)
def test_a_proxy_of_the_environment_is_used_unless_it_says_otherwise(
    server: EngineServer, *, direct: str, through: bool
) -> None:
    told = post("http://hook.invalid/s3cret", http_proxy=url(server, ""), no_proxy=direct)
    assert (told == ()) == through
    assert [seen.path for seen in server.seen] == (["/s3cret"] if through else [])
