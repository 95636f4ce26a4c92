"""Turn whatever a request can die of into the error that says so."""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
import urllib3

from cloudstorctl.errors import (
    EngineError,
    EngineTimeoutError,
    EngineUnreachableError,
    PayloadError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.swarm.endpoints import TlsFiles

_LONGEST_QUOTE = 300
_TIMEOUTS = (
    TimeoutError,
    requests.Timeout,
    urllib3.exceptions.TimeoutError,
    urllib3.exceptions.ConnectTimeoutError,
)
# X509_V_ERR_* of OpenSSL's x509_vfy.h, as far as something can be said about them.
_EXPIRED = {9, 10}
_WRONG_NAME = {62, 64}
# How TLS fails when the other side speaks no TLS: OpenSSL's sslerr.h.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
# Alerts that end a handshake (RFC 8446, section 6.2), as OpenSSL names them.
_REJECTION = re.compile(
    "ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|HANDSHAKE_FAILURE)"
)
# The first bytes of a TLS alert, which a TLS server answers to plain HTTP.
_TLS_ALERT = "\x15\x03"

_SOCKET_CAUSES = {
    errno.ENOENT: "there is no socket {path}: is the engine running?",
    errno.EACCES: "permission denied on {path}: is your user in the docker group?",
    errno.EPERM: "permission denied on {path}: is your user in the docker group?",
    errno.ECONNREFUSED: "nothing listens on {path}: is the engine running?",
    errno.EAGAIN: "{path} takes no more connections: the engine hangs",
}
_NETWORK_CAUSES = {
    errno.ECONNREFUSED: "connection refused: does the engine listen there, is the port right?",
    errno.EHOSTUNREACH: "there is no way to it through the network",
    errno.ENETUNREACH: "there is no way to it through the network",
    errno.ECONNRESET: "it closed the connection at once",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known about a request beside the exception that ended it."""

    address: str
    path: str
    timeout: float
    sent: bool
    """Whether the connection was made, so that the request may have arrived."""
    expired: bool
    """Whether the request was cut off at its deadline."""
    encrypted: bool
    tls: TlsFiles | None
    socket_path: str
    """The socket on this machine; empty for TCP."""
    ssh_said: str
    """What ssh said about it, as a clause; empty where nothing or where there is no ssh."""
    ssh_refused: bool
    """Whether it said that it could not connect any further."""


def failure(error: Exception, known: Circumstances) -> EngineError:
    """Give the error to raise for `error`, which a request under `known` circumstances ended in.

    Whether the request may have arrived shows in the type: EngineUnreachableError says that it
    did not.
    """
    causes = tuple(_causes(error))
    where = (known.address, known.path)
    late = known.expired or any(_is_late(cause) for cause in causes)
    if known.sent:
        if late:
            return EngineTimeoutError(*where, f"no answer within {known.timeout:g} s")
        if known.ssh_refused:
            return EngineUnreachableError(*where, known.ssh_said)
        return _answer_failure(causes, known)
    if late:
        cause = f"no connection within {known.timeout:g} s"
    else:
        cause = _tls_cause(causes, known.tls) or known.ssh_said
    return EngineUnreachableError(*where, cause or _connecting_cause(causes, known.socket_path))


def _is_late(cause: BaseException) -> bool:
    # urllib3 counts a refused connection among those that took too long.
    return isinstance(cause, _TIMEOUTS) and not isinstance(
        cause, urllib3.exceptions.NewConnectionError
    )


def _answer_failure(causes: tuple[BaseException, ...], known: Circumstances) -> EngineError:
    """Give the error for an answer that is none, though the request may have arrived."""
    where = (known.address, known.path)
    for cause in causes:
        # With TLS 1.3 the engine rejects our certificate when the request has left already.
        if isinstance(cause, ssl.SSLError) and _REJECTION.search(cause.reason or ""):
            return EngineUnreachableError(*where, _tls_cause((cause,), known.tls))
        if isinstance(cause, http.client.RemoteDisconnected):
            break
        if isinstance(cause, http.client.BadStatusLine):
            return EngineUnreachableError(*where, _no_http(str(cause)))
        if isinstance(cause, (http.client.HTTPException, urllib3.exceptions.InvalidHeader)):
            return PayloadError(*where, f"its answer is not sound HTTP: {quoted(str(cause))}")
    if known.ssh_said:
        return EngineError(*where, known.ssh_said)
    hint = (
        "; it may want a client certificate, which is not given"
        if known.encrypted and (known.tls is None or known.tls.cert is None)
        else ""
    )
    return EngineError(*where, f"it closed the connection without an answer{hint}")


def quoted(text: str, limit: int = _LONGEST_QUOTE) -> str:
    """Give foreign `text` on one line, without anything a terminal would obey, and not too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: limit * 4]).split())
    return line if len(line) <= limit and len(text) <= limit * 4 else line[: limit - 1] + "…"


def wants_tls(status: int, message: str) -> bool:
    """Whether this answer to plain HTTP comes from an engine that speaks TLS (Go's net/http)."""
    bad_request = 400
    return status == bad_request and "HTTP request to an HTTPS server" in message


WANTS_TLS = "it speaks TLS on this port: give the files `ca`, `cert` and `key`, or use https://"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk through `error` and all that it wraps: requests and urllib3 nest theirs in every way."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        nested = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting.extend(inner for inner in nested if isinstance(inner, BaseException))


def _tls_cause(causes: tuple[BaseException, ...], tls: TlsFiles | None) -> str:
    """Say what is wrong between the certificates; empty where TLS is not the reason."""
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _distrust(cause, tls)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return _tls_refusal(cause.reason or "", cause, tls)
        if (
            isinstance(cause, urllib3.exceptions.SSLError)
            and "private key is encrypted" in str(cause).lower()
        ):
            return "the TLS key has a pass phrase: give one without"
    return ""


def _distrust(error: ssl.SSLCertVerificationError, tls: TlsFiles | None) -> str:
    said = quoted(error.verify_message)
    if error.verify_code in _WRONG_NAME:
        return f"the engine's certificate is for another name: {said}"
    if error.verify_code in _EXPIRED:
        return f"the engine's certificate is not valid today: {said}"
    if tls is None or tls.ca is None:
        return f"no public authority has signed the engine's certificate ({said}): give its `ca`"
    return f"the engine's certificate is not signed by the given CA {tls.ca}: {said}"


def _tls_refusal(reason: str, error: ssl.SSLError, tls: TlsFiles | None) -> str:
    if reason in _NO_TLS:
        return "it speaks plain HTTP on this port: leave out the TLS files, or correct the port"
    if "KEY_VALUES_MISMATCH" in reason:
        return f"the TLS key {tls and tls.key} does not belong to the certificate"
    if (
        "PEM lib" in str(error)
        or "NO_CERTIFICATE_OR_CRL_FOUND" in reason
        or "NO_START_LINE" in reason
    ):
        return "a TLS file is no PEM file of the right kind: look at `ca`, `cert` and `key`"
    if "ALERT" in reason:
        alert = reason.partition("ALERT_")[2].replace("_", " ").lower()
        if tls is None or tls.cert is None:
            return f"the engine wants a client certificate ({alert}): give `cert` and `key`"
        return f"the engine rejected our certificate {tls.cert} ({alert})"
    return f"TLS failed: {quoted(reason or str(error))}"


def _connecting_cause(causes: tuple[BaseException, ...], socket_path: str) -> str:
    """Say why no connection was made."""
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"its name cannot be resolved: {quoted(cause.strerror or str(cause))}"
        # requests' own exceptions are OSErrors without a number.
        if isinstance(cause, OSError) and cause.errno is not None:
            known = _SOCKET_CAUSES if socket_path else _NETWORK_CAUSES
            otherwise = quoted(cause.strerror or str(cause))
            return known.get(cause.errno, otherwise).replace("{path}", socket_path)
    return quoted(str(causes[-1]))


def _no_http(line: str) -> str:
    if line.startswith(_TLS_ALERT):
        return WANTS_TLS
    return f"what answers there does not speak HTTP: it says {quoted(line, 60)!r}"
