"""Send HTTP requests over docker-py's session, each cut off at its deadline."""

from __future__ import annotations

import contextlib
import socket
import ssl
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import docker
import requests
import urllib3
from docker.tls import TLSConfig
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ClosedPoolError, InsecureRequestWarning

from cloudstorctl import __version__
from cloudstorctl.swarm.endpoints import Scheme, TlsFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3._base_connection import BaseHTTPConnection
    from urllib3.connectionpool import ConnectionPool

    from cloudstorctl.core.model import Pairs
    from cloudstorctl.swarm.endpoints import Endpoint
    from cloudstorctl.swarm.watch import Watch

# Given so that docker-py does not ask the engine for its version first; no path here carries it.
_UNUSED_VERSION = "1.24"
_PORT = 2375
_TLS_PORT = 2376


class _WatchedPool(HTTPConnectionPool):
    """One connection at most, which tells the watch before a request is put on it.

    It is kept for the questions that follow at once: `rest` ends that. One that the engine has
    closed meanwhile is made anew.
    """

    watch: Watch
    kept = False
    """Whether the last request went out on a connection that had carried another."""

    def rest(self) -> None:
        """Close the connection that is kept."""
        with contextlib.suppress(ClosedPoolError):
            super()._get_conn().close()
            super()._put_conn(None)

    def _get_conn(self, timeout: float | None = None) -> BaseHTTPConnection:
        connection = super()._get_conn(timeout)
        self.watch.connecting(connection)
        return connection

    def _validate_conn(self, conn: BaseHTTPConnection) -> None:
        self.kept = not conn.is_closed
        super()._validate_conn(conn)
        if conn.is_closed:
            conn.connect()
        self.watch.connected()


class _TlsConnection(HTTPSConnection):
    """A connection that reads why the engine hung up, where that keeps us from writing.

    With TLS 1.3 it rejects our certificate while the request is on its way to it.
    """

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client's, which takes six types
        try:
            super().send(data)
        except ssl.SSLEOFError as error:
            # This one urllib3 takes as a reason to look for an answer.
            raise BrokenPipeError from error


class _WatchedTlsPool(_WatchedPool, HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TlsConnection


class _UnixConnection(UnixHTTPConnection):
    """docker-py's connection to a unix socket, without losing the socket where that fails."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self.unix_socket)
        except OSError:
            self.close()
            raise


class _WatchedUnixPool(_WatchedPool, UnixHTTPConnectionPool):
    """The same over a unix socket."""

    def _new_conn(self) -> BaseHTTPConnection:
        return cast("BaseHTTPConnection", _UnixConnection(self.base_url, self.socket_path))


def uses_tls(endpoint: Endpoint, tls: TlsFiles | None) -> bool:
    """Whether `endpoint` is spoken to over TLS: as its URL says, else if there are TLS files."""
    if endpoint.scheme is not Scheme.TCP:
        return False
    return tls is not None if endpoint.tls is None else endpoint.tls


def unreadable_file(tls: TlsFiles) -> str | None:
    """Say which file cannot be read, before OpenSSL fails on it, who does not say which."""
    for what, name in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key)):
        try:
            if name is not None:
                Path(name).open("rb").close()
        except OSError as error:
            return f"the TLS file `{what}` {name}: {error.strerror}"
    return None


class _OnePool(HTTPAdapter):
    """An adapter that sends every request below one URL through one pool."""

    def __init__(self, pool: HTTPConnectionPool, base: str) -> None:
        super().__init__(max_retries=0)
        self._pool = pool
        self._base = base

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,  # noqa: FBT001 - requests calls it so
        proxies: Mapping[str, str] | None = None,
        cert: tuple[str, str] | str | None = None,
    ) -> ConnectionPool:
        """Give the pool, whatever the URL."""
        del request, verify, proxies, cert
        return self._pool

    def request_url(
        self, request: requests.PreparedRequest, proxies: Mapping[str, str] | None
    ) -> str:
        """Give path and query: there is never a proxy."""
        del proxies
        return str(request.url).removeprefix(self._base)

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:  # noqa: ANN401 - as in requests
        """Give what is read of a response: cookies and encoding are not."""
        response = requests.Response()
        response.request = req
        response.status_code = resp.status
        response.reason = resp.reason
        response.headers = resp.headers
        response.raw = resp
        return response

    def close(self) -> None:
        """Close the connection too."""
        super().close()
        self._pool.close()


class Line:
    """The way to one engine as docker-py's session would go it, over one connection at a time."""

    def __init__(self, session: docker.APIClient, pool: _WatchedPool) -> None:
        """Send through `pool`, with what `session` says of headers and certificates."""
        self._session = session
        self._pool = pool
        self._adapter = _OnePool(pool, session.base_url)
        self._headers = CaseInsensitiveDict(cast("Mapping[str, str]", session.headers))

    def send(  # noqa: PLR0913 - all that one request is
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str],
        timeout: float,
        payload: bytes | None = None,
        headers: Pairs = (),
    ) -> requests.Response:
        """Send one request, and give the response when its headers are there.

        `payload` is JSON, and `headers` go with it besides the usual ones.

        A question alone is put again, and once, where a kept connection ended before the answer
        began (RFC 9112, section 9.3.1): the engine may have closed it just then.
        """
        url = f"{self._session.base_url}{path}{'?' if params else ''}{urlencode(params)}"
        try:
            return self._send(method, url, timeout, payload, headers)
        except requests.ConnectionError:
            if method != "GET" or not self._pool.kept:
                raise
        self.rest()
        return self._send(method, url, timeout, None, headers)

    def _send(
        self, method: str, url: str, timeout: float, payload: bytes | None, headers: Pairs
    ) -> requests.Response:
        """Hand it to the adapter at once, as it is.

        Of what `session.request` does besides (cookies, redirects, hooks, the environment, another
        way to write the path) nothing is wanted here, and it is a third of the work.
        """
        session = self._session
        request = requests.PreparedRequest()
        request.method = method
        request.url = url
        request.headers = self._headers
        if headers:
            request.headers = CaseInsensitiveDict({**self._headers, **dict(headers)})
        if payload is not None:
            request.body = payload
            request.headers = CaseInsensitiveDict(
                {
                    **request.headers,
                    "Content-Type": "application/json",
                    "Content-Length": str(len(payload)),
                }
            )
        return self._adapter.send(
            request,
            stream=True,
            timeout=timeout,
            verify=True if session.verify is None else session.verify,
            cert=session.cert,
        )

    def rest(self) -> None:
        """Keep no connection for the next request, which makes one of its own."""
        self._pool.rest()

    def close(self) -> None:
        """Close the connection for good."""
        self._adapter.close()


def line_to(endpoint: Endpoint, *, tls: TlsFiles | None, socket_path: str, watch: Watch) -> Line:
    """Make a line that sends nothing yet.

    `socket_path` is the socket on this machine for unix:// and ssh://.

    Raises:
        docker.errors.DockerException: docker-py will not have it.
    """
    encrypted = uses_tls(endpoint, tls)
    pool: _WatchedPool
    if endpoint.scheme is not Scheme.TCP:
        pool = _WatchedUnixPool("http+docker://localhost", socket_path, maxsize=1)
    else:
        kind = _WatchedTlsPool if encrypted else _WatchedPool
        port = endpoint.port or (_TLS_PORT if encrypted else _PORT)
        pool = kind(endpoint.host, port, maxsize=1)
    pool.watch = watch
    return Line(session_for(tls or TlsFiles() if encrypted else None), pool)


@cache
def session_for(tls: TlsFiles | None) -> docker.APIClient:
    """Make a session, which costs a third of a node's requests, once for all engines of a kind.

    It is read alone, for what it makes of the environment and of `tls`: threads may share it.
    """
    session = docker.APIClient(
        f"https://engine:{_TLS_PORT}" if tls else f"http://engine:{_PORT}",
        version=_UNUSED_VERSION,
        tls=_tls_config(tls) if tls else False,
        user_agent=f"cloudstorctl/{__version__}",
    )
    session.headers = {"User-Agent": session.headers["User-Agent"], "Accept-Encoding": "identity"}
    return session


def _tls_config(tls: TlsFiles) -> TLSConfig:
    if not tls.verify:
        # It was asked for; a line on standard error for each request helps nobody.
        urllib3.disable_warnings(InsecureRequestWarning)
    pair = (tls.cert, tls.key) if tls.cert and tls.key else None
    return TLSConfig(client_cert=pair, ca_cert=tls.ca, verify=tls.verify)
