"""Whatever an engine answers, and however slowly, it ends in a value or a clear error."""

from __future__ import annotations

import time

import pytest

from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineTimeoutError,
    PayloadError,
)
from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.connection import open_connection
from cloudstorctl.swarm.endpoints import endpoint_from
from tests.edge.asking import LONG, PLENTY, SHORT, cause_of_get, connected, told
from tests.edge.engine_server import NONSENSE, EngineServer, Reply, html_reply, json_reply


@pytest.mark.parametrize(
    ("reply", "status", "cause"),
    [
        (json_reply({"message": "no such\nvolume"}, status=404), 404, "no such volume"),
        (json_reply({"message": "\x1b[31mred"}, status=500), 500, "[31mred"),
        (json_reply({"error": 1}, status=500), 500, '{"error": 1}'),
        (html_reply("504 Gateway Time-out", status=504), 504, "504 Gateway Time-out"),
        (Reply(status=502, body=b"<b>Bad</b> <i>luck</i>"), 502, "Bad luck"),
        (Reply(status=503), 503, "Service Unavailable"),
        (Reply(status=500, body=b"first\nsecond"), 500, "first"),
        (Reply(status=500, body=b"\xff" * 10), 500, "\ufffd" * 10),
        (Reply(status=500, body=b"[" * 60_000), 500, "[" * 299 + "…"),
        (Reply(status=500, body=b"y" * 10_000_000), 500, "y" * 299 + "…"),
        (json_reply({"message": "z" * 10_000_000}, status=500), 500, '{"message": "zzz'),
        (Reply(status=302, headers=(("Location", "http://x/"),)), 302, "it points to http://x/"),
    ],
)
def test_an_http_error_carries_the_engines_own_words(
    server: EngineServer, reply: Reply, status: int, cause: str
) -> None:
    server.answer("/info", reply)
    error = cause_of_get(server.url)
    assert isinstance(error, EngineAnsweredError)
    assert error.status == status
    assert error.cause.startswith(f"HTTP {status}: {cause}")
    assert len(error.cause) < 350


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(), "its answer is empty"),
        (Reply(status=204, measured=False), "its answer is empty"),
        (Reply(body=b" \n"), "its answer is empty"),
        (html_reply("Log in"), "an HTML page of 80 bytes titled 'Log in': does a proxy"),
        (Reply(body=b"<p>"), "an HTML page of 3 bytes: does a proxy"),
        (Reply(body=b'{"Volumes": [{"Na', measured=False), "broken JSON of 17 bytes"),
        (Reply(body=b'{"Volumes": []}', cut_at=9), "its answer of 15 bytes was cut off"),
        (Reply(body=b"hello\x07 there"), "no JSON but 12 bytes that start with 'hello there'"),
        (NONSENSE, "its answer of 10000000 bytes is not valid UTF-8"),
        (Reply(body=b"x" * 10_000_000), "no JSON but 10000000 bytes"),
        (Reply(body=b'{"a":' + b"[" * 1_000_000), "nested too deeply"),
        (Reply(body=b'{"a":' * 1_000_000), "nested too deeply"),
        (Reply(body=b'{"Name": "\\uD800"}'), "broken JSON of 18 bytes"),
        (Reply(body=b'{"Name": "\xff"}'), "its answer of 13 bytes is not valid UTF-8"),
        (Reply(body=b"9" * 5000), "unexpected answer: Number out of range"),
        (
            Reply(headers=(("Content-Encoding", "gzip"),), body=b"{}"),
            "its answer of 2 bytes was cut off",
        ),
    ],
)
def test_what_is_no_json_is_described(server: EngineServer, reply: Reply, cause: str) -> None:
    server.answer("/info", reply)
    client = open_client(endpoint_from(server.url), tls=None, timeout=LONG)
    with pytest.raises(PayloadError) as caught:
        client.identity()
    client.close()
    assert type(caught.value) is PayloadError
    assert cause in caught.value.cause


def test_odd_but_sound_json_is_taken(server: EngineServer) -> None:
    server.answer(
        "/info", Reply(body=b' {"Name": "\\ud83d\\ude00", "new": [1e999, {"a": null}]}\n')
    )
    client = open_client(endpoint_from(server.url), tls=None, timeout=LONG)
    assert client.identity().hostname == "\N{GRINNING FACE}"
    client.close()


@pytest.mark.parametrize("measured", [True, False])
def test_an_answer_without_end_is_cut_off_at_its_limit(
    server: EngineServer, *, measured: bool
) -> None:
    server.answer("/info", Reply(body=b" " * 2_000_000, measured=measured))
    connection = open_connection(
        endpoint_from(server.url), tls=None, timeout=LONG, max_body=1_000_000
    )
    with connection, pytest.raises(PayloadError, match="larger than 976 KiB"):
        connection.body("/info")


@pytest.mark.parametrize("measured", [True, False])
def test_an_engine_that_trickles_is_cut_off_at_the_deadline(
    server: EngineServer, *, measured: bool
) -> None:
    # Each byte comes well within the time-out of a read; an end made of blanks is no JSON error.
    server.answer("/info", Reply(body=b"{}" + b" " * 1000, trickle=0.05, measured=measured))
    started = time.monotonic()
    error = cause_of_get(server.url, timeout=SHORT)
    assert isinstance(error, EngineTimeoutError)
    assert "no whole answer within 0.6 s" in error.cause
    assert SHORT <= time.monotonic() - started < PLENTY


def test_a_slow_answer_within_the_deadline_is_taken(server: EngineServer) -> None:
    server.answer("/info", Reply(body=b"{}", trickle=0.05))
    with connected(server, timeout=LONG) as connection:
        assert told(connection, "/info") == {}
