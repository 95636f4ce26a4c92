"""Send HTTP requests over docker-py's session, each cut off at its deadline and none sent twice."""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Any, cast

import docker
import requests
import urllib3
from docker.tls import TLSConfig
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning

from cloudstorctl import __version__
from cloudstorctl.swarm.deadlines import Deadlines
from cloudstorctl.swarm.endpoints import Scheme

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3._base_connection import BaseHTTPConnection
    from urllib3.connectionpool import ConnectionPool

    from cloudstorctl.swarm.endpoints import Endpoint, TlsFiles

# Given so that docker-py does not ask the engine for its version first; no path here carries it.
_UNUSED_VERSION = "1.24"
_PORT = 2375
_TLS_PORT = 2376
_DEADLINES = Deadlines()


class Watch:
    """One request's clock: cuts the connection at the deadline, and knows how far it came.

    A time-out of a socket is per read, so an engine that sends a byte now and then, be it in the
    headers, would hold a request for ever.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.sent = False
        """Whether the request may have left: its connection was made within the time."""
        self.expired = False
        self._closed = False
        self._connection: BaseHTTPConnection | None = None
        self._response: requests.Response | None = None

    @contextlib.contextmanager
    def running(self, seconds: float) -> Iterator[None]:
        """Cut whatever is going on when `seconds` have passed."""
        self.sent = self.expired = False
        try:
            with _DEADLINES.after(seconds, self._cut):
                yield
        finally:
            self._connection = self._response = None

    def connecting(self, connection: BaseHTTPConnection) -> None:
        """Cut this connection from now on."""
        self._connection = connection

    def connected(self) -> None:
        """Let the request go, if there is time left.

        Raises:
            ConnectTimeoutError: there is none; the request is not sent.
        """
        if self.expired or self._closed:
            raise ConnectTimeoutError(None, "the deadline passed while connecting")
        self.sent = True

    def answered(self, response: requests.Response) -> None:
        """Cut the body of this response from now on."""
        self._response = response
        if self.expired or self._closed:
            self._cut()

    def close(self) -> None:
        """Cut what is going on, and let no other request go."""
        self._closed = True
        self._cut()

    def _cut(self) -> None:
        self.expired = True
        live: socket.socket | None = getattr(self._connection, "sock", None)
        # Either may have just ended by itself, which urllib3 calls a RuntimeError.
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if live is not None:
                # Not SSLSocket's own, which takes the TLS state from under the reading thread.
                socket.socket.shutdown(live, socket.SHUT_RDWR)
            elif self._response is not None:
                # An answer that ends the connection has taken the socket over.
                self._response.raw.shutdown()


class _WatchedPool(HTTPConnectionPool):
    """Connections that tell the watch, made before a request is put on them, for one request each.

    A connection kept for the next request may be closing just as that goes out, and then nobody
    can say whether it arrived.
    """

    watch: Watch

    def _get_conn(self, timeout: float | None = None) -> BaseHTTPConnection:
        connection = super()._get_conn(timeout)
        self.watch.connecting(connection)
        return connection

    def _validate_conn(self, conn: BaseHTTPConnection) -> None:
        super()._validate_conn(conn)
        if conn.is_closed:
            conn.connect()
        self.watch.connected()

    def _put_conn(self, conn: BaseHTTPConnection | None) -> None:
        if conn is not None:
            conn.close()
        super()._put_conn(None)


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


class _OnePool(HTTPAdapter):
    """An adapter that sends every request through one pool."""

    def __init__(self, pool: HTTPConnectionPool) -> None:
        super().__init__(max_retries=0)
        self._pool = pool

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
        return request.path_url

    def close(self) -> None:
        """Close the connection too."""
        super().close()
        self._pool.close()


def uses_tls(endpoint: Endpoint, tls: TlsFiles | None) -> bool:
    """Whether `endpoint` is spoken to over TLS: as its URL says, else if there are TLS files."""
    if endpoint.scheme is not Scheme.TCP:
        return False
    return tls is not None if endpoint.tls is None else endpoint.tls


def session_to(
    endpoint: Endpoint, *, tls: TlsFiles | None, socket_path: str, watch: Watch
) -> tuple[docker.APIClient, str]:
    """Make a session that sends nothing yet, and the URL that paths are put behind.

    `socket_path` is the socket on this machine for unix:// and ssh://.

    Raises:
        docker.errors.DockerException: docker-py will not have it.
    """
    pool: _WatchedPool
    encrypted = uses_tls(endpoint, tls)
    config: TLSConfig | bool = False
    if endpoint.scheme is not Scheme.TCP:
        base = f"unix://{socket_path}"
        pool = _WatchedUnixPool("http+docker://localhost", socket_path, maxsize=1)
    else:
        port = endpoint.port or (_TLS_PORT if encrypted else _PORT)
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        base = f"{'https' if encrypted else 'http'}://{host}:{port}"
        kind = _WatchedTlsPool if encrypted else _WatchedPool
        pool = kind(endpoint.host, port, maxsize=1)
        if encrypted:
            config = _tls_config(tls)
    pool.watch = watch
    session = docker.APIClient(
        base,
        version=_UNUSED_VERSION,
        tls=config,
        user_agent=f"cloudstorctl/{__version__}",
    )
    # Else HTTP_PROXY, .netrc and the like would decide where a request goes and what it carries.
    session.trust_env = False
    session.headers["Accept-Encoding"] = "identity"
    session.mount(session.base_url, _OnePool(pool))
    return session, session.base_url


def send(
    session: docker.APIClient, method: str, url: str, *, params: dict[str, str], timeout: float
) -> requests.Response:
    """Send one request without a body, and give the response when its headers are there.

    It goes to the session's adapter at once: of what `session.request` does besides (cookies,
    redirects, hooks, the environment) nothing is wanted here, and it is a fifth of the work.
    """
    request = requests.PreparedRequest()
    request.prepare(method=method, url=url, headers=session.headers, params=params)
    return session.get_adapter(url).send(
        request,
        stream=True,
        timeout=timeout,
        verify=True if session.verify is None else session.verify,
        cert=session.cert,
    )


def _tls_config(tls: TlsFiles | None) -> TLSConfig:
    if tls is None:
        return TLSConfig(verify=True)
    if not tls.verify:
        # It was asked for; a line on standard error for each request helps nobody.
        urllib3.disable_warnings(InsecureRequestWarning)
    pair = (tls.cert, tls.key) if tls.cert and tls.key else None
    return TLSConfig(client_cert=pair, ca_cert=tls.ca, verify=tls.verify)
