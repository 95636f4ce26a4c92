"""Certificates, right and wrong, and what each side says of them."""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.errors import (
    EngineTimeoutError,
    EngineUnreachableError,
)
from cloudstorctl.swarm.connection import open_connection
from cloudstorctl.swarm.endpoints import TlsFiles, endpoint_from
from tests.edge.asking import LONG, PLENTY, SHORT, cause_of_get, told
from tests.edge.engine_server import EngineServer, Reply, json_reply

if TYPE_CHECKING:
    from tests.edge.certificates import Certificates


INFO = {"/info": json_reply({"ID": "x"})}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_mutual_tls_lets_the_right_client_in(
    certificates: Certificates, version: ssl.TLSVersion
) -> None:
    with EngineServer(INFO, tls=certificates.server(version=version)) as server:
        for url in (server.url, server.url.replace("tcp:", "https:")):
            with open_connection(
                endpoint_from(url), tls=certificates.client(), timeout=LONG
            ) as connection:
                assert told(connection, "/info") == {"ID": "x"}
                assert told(connection, "/info") == {"ID": "x"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("name", "said"),
    [("stranger", "the engine rejected our certificate"), ("", "wants a client certificate")],
)
def test_an_engine_that_rejects_our_certificate_says_so(
    certificates: Certificates, version: ssl.TLSVersion, name: str, said: str
) -> None:
    tls = certificates.client(name) if name else TlsFiles(ca=certificates.path("ca.pem"))
    with EngineServer(INFO, tls=certificates.server(version=version)) as server:
        error = cause_of_get(server.url, tls=tls)
    assert isinstance(error, EngineUnreachableError)
    assert said in error.cause
    assert server.seen == ()


@pytest.mark.parametrize(
    ("name", "tls_of", "said"),
    [
        ("engine", lambda c: c.client(ca="other"), "is not signed by the given CA"),
        ("misnamed", lambda c: c.client(), "is for another name"),
        ("expired", lambda c: c.client(), "is not valid today"),
        ("engine", lambda _: TlsFiles(), "no public authority has signed"),
        ("engine", lambda c: c.client("locked"), "has a pass phrase"),
        ("engine", lambda c: c.client("junk"), "is no PEM file of the right kind"),
        ("engine", lambda c: c.client(ca="junk"), "is no PEM file of the right kind"),
        (
            "engine",
            lambda c: TlsFiles(cert=c.path("client.pem"), key=c.path("stranger-key.pem")),
            "does not belong to the certificate",
        ),
        ("engine", lambda c: c.client("none"), "the TLS file `cert`"),
        ("engine", lambda c: c.client(ca="none"), "the TLS file `ca`"),
        (
            "engine",
            lambda c: TlsFiles(cert=c.path("client.pem"), key=c.path("none.pem")),
            "the TLS file `key`",
        ),
    ],
)
def test_what_is_wrong_with_the_certificates_is_named(
    certificates: Certificates, name: str, tls_of: object, said: str
) -> None:
    assert callable(tls_of)
    with EngineServer(INFO, tls=certificates.server(name)) as server:
        error = cause_of_get(server.url, tls=tls_of(certificates))
    assert isinstance(error, EngineUnreachableError)
    assert said in error.cause
    assert server.seen == ()


def test_an_engine_is_taken_unchecked_only_when_that_was_asked_for(
    certificates: Certificates,
) -> None:
    with (
        EngineServer(INFO, tls=certificates.server("misnamed", mutual=False)) as server,
        open_connection(
            endpoint_from(server.url), tls=TlsFiles(verify=False), timeout=LONG
        ) as connection,
    ):
        assert told(connection, "/info") == {"ID": "x"}


def test_tls_spoken_to_a_plain_engine_is_told(certificates: Certificates) -> None:
    with EngineServer(INFO) as server:
        error = cause_of_get(server.url, tls=certificates.client())
    assert isinstance(error, EngineUnreachableError)
    assert "speaks plain HTTP on this port" in error.cause


def test_a_plain_url_is_spoken_to_plainly_whatever_files_there_are(
    certificates: Certificates,
) -> None:
    with EngineServer(INFO) as server:
        url = server.url.replace("tcp:", "http:")
        with open_connection(
            endpoint_from(url), tls=certificates.client(), timeout=LONG
        ) as connection:
            assert told(connection, "/info") == {"ID": "x"}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(
            raw=b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
        ),
        Reply(raw=b"\x15\x03\x01\x00\x02\x02\x46"),
    ],
    ids=["Go", "a TLS alert"],
)
def test_plain_http_spoken_to_a_tls_engine_is_told(server: EngineServer, reply: Reply) -> None:
    server.answer("/info", reply)
    error = cause_of_get(server.url)
    assert isinstance(error, EngineUnreachableError)
    assert "it speaks TLS on this port" in error.cause


def test_a_tls_handshake_that_never_ends_is_unreachable(certificates: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        started = time.monotonic()
        error = cause_of_get(f"tcp://127.0.0.1:{port}", tls=certificates.client(), timeout=SHORT)
    assert isinstance(error, EngineUnreachableError)
    assert error.cause == "no connection within 0.6 s"
    assert time.monotonic() - started < PLENTY


@pytest.mark.parametrize("measured", [True, False])
def test_the_deadline_holds_over_tls(certificates: Certificates, *, measured: bool) -> None:
    slow = Reply(body=b"{}" + b" " * 1000, trickle=0.05, measured=measured)
    with EngineServer({"/info": slow}, tls=certificates.server()) as server:
        error = cause_of_get(server.url, tls=certificates.client(), timeout=SHORT)
    assert isinstance(error, EngineTimeoutError)
