"""Hold the connection to one engine: ask it, and say in our own errors what went wrong."""

from __future__ import annotations

import contextlib
import urllib.parse
from typing import TYPE_CHECKING, Self

import docker

from cloudstorctl.errors import (
    EngineError,
    EngineTimeoutError,
    EngineUnreachableError,
    PayloadError,
    UnsendableError,
)
from cloudstorctl.swarm.endpoints import Scheme
from cloudstorctl.swarm.failures import Circumstances, failure, quoted
from cloudstorctl.swarm.forward import Forward, open_forward
from cloudstorctl.swarm.responses import FAILURES, read_whole, refuse_errors
from cloudstorctl.swarm.ssh_words import SILENCE, channel_refused, ssh_cause
from cloudstorctl.swarm.transport import Line, line_to, unreadable_file, uses_tls
from cloudstorctl.swarm.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from cloudstorctl.core.model import Pairs
    from cloudstorctl.swarm.endpoints import Endpoint, TlsFiles

MAX_BODY = 512 * 1024 * 1024
"""Bytes of one answer: 20,000 tasks are 24 MB, and a slot may have five old ones (measured)."""

# docker-py reads ~/.docker/config.json, which nothing here needs, and trusts its shape.
_CONFIG_FAILURES = (
    docker.errors.DockerException,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)


class Connection:
    """One engine; made by `open_connection`, for one thread at a time.

    Nothing is sent, and no ssh is started, before the first request. Questions that follow each
    other share a connection until `rest`; a removal has one of its own, and is never repeated.
    """

    def __init__(
        self, endpoint: Endpoint, *, tls: TlsFiles | None, timeout: float, max_body: int
    ) -> None:
        """Keep what is needed to connect."""
        self._endpoint = endpoint
        self._tls = tls
        self._timeout = timeout
        self._max_body = max_body
        self._watch = Watch()
        self._line: Line | None = None
        self._forward: Forward | None = None
        self._heard = 0
        self._closed = False

    @property
    def address(self) -> str:
        """The URL as the user gave it; `endpoint_from` lets no secret into one."""
        return self._endpoint.url

    def body(self, path: str, /, **params: str) -> bytes:
        """Ask for the API path `path`, without a version, and give the answer as it is.

        Raises:
            EngineUnreachableError: the engine could not be reached, or did not let us in.
            EngineTimeoutError: no whole answer within the time-out of the connection.
            EngineAnsweredError: the engine answered with an HTTP error.
            PayloadError: the answer was cut off, or is too large.
            EngineError: the engine closed the connection.
        """
        with self._asked("GET", path, params, self._timeout) as response:
            body = self._read(response, path, self._timeout)
        self._refuse_cut(path, self._timeout)
        return body

    def delete(self, path: str, timeout: float, headers: Pairs = ()) -> None:
        """Send one DELETE for the API path `path`, whose segments are escaped already.

        A return says only that the engine claims success.

        Raises:
            EngineUnreachableError: the request did not arrive.
            EngineTimeoutError: no answer within `timeout` seconds; it may still be carried out.
            EngineAnsweredError: the engine answered with an HTTP error.
            UnsendableError: the path would not arrive as it is; nothing was sent.
            EngineError: no usable answer; whether it was carried out is not known.
        """
        self._refuse_unsendable(path)
        self.rest()
        try:
            with self._asked("DELETE", path, {}, timeout, headers=headers) as response:
                self._refuse_errors(response, path)
            self._refuse_cut(path, timeout)
        finally:
            self.rest()

    def post(
        self, path: str, /, *, timeout: float, payload: bytes | None = None, **params: str
    ) -> bytes:
        """Send one POST for the API path `path`, escaped already, and give the answer as it is.

        `payload` is JSON. A return says only that the engine claims success.

        Raises:
            EngineUnreachableError: the request did not arrive.
            EngineTimeoutError: no whole answer within `timeout` seconds; it may be carried out yet.
            EngineAnsweredError: the engine answered with an HTTP error.
            UnsendableError: the path would not arrive as it is; nothing was sent.
            PayloadError: the answer was cut off, or is too large.
            EngineError: no usable answer; whether it was carried out is not known.
        """
        self._refuse_unsendable(path)
        self.rest()
        try:
            with self._asked("POST", path, params, timeout, payload) as response:
                answer = self._read(response, path, timeout)
            self._refuse_cut(path, timeout)
        finally:
            self.rest()
        return answer

    def rest(self) -> None:
        """Keep no connection to the engine; the next request makes one.

        One that lies idle may be closed just as a request goes out on it, and then nobody can say
        whether that arrived.
        """
        line = self._line
        if line is not None:
            line.rest()

    def close(self) -> None:
        """Close for good, with the ssh that carries it; more than once does no harm.

        Another thread may do so: it ends a request that is going on.
        """
        self._closed = True
        self._watch.close()
        self._drop_line()
        self._drop_forward()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @contextlib.contextmanager
    def _asked(  # noqa: PLR0913 - all that one request is
        self,
        method: str,
        path: str,
        params: dict[str, str],
        timeout: float,
        payload: bytes | None = None,
        *,
        headers: Pairs = (),
    ) -> Iterator[requests.Response]:
        """Send one request; what is read from the response is under the same deadline."""
        self._check_tls_files(path)
        line = self._opened_line(self._socket_path(path), path)
        with self._watch.running(timeout), contextlib.ExitStack() as closing:
            try:
                response = closing.enter_context(
                    line.send(
                        method,
                        path,
                        params=params,
                        timeout=timeout,
                        payload=payload,
                        headers=headers,
                    )
                )
            except FAILURES as error:
                raise self._failed(error, path, timeout) from error
            self._watch.answered(response)
            yield response

    def _opened_line(self, socket_path: str, path: str) -> Line:
        line = self._line
        if line is None:
            try:
                line = line_to(
                    self._endpoint, tls=self._tls, socket_path=socket_path, watch=self._watch
                )
            except _CONFIG_FAILURES as error:
                cause = f"docker's own configuration cannot be used: {quoted(str(error))}"
                raise EngineUnreachableError(self.address, path, cause) from error
            self._line = line
        return line

    def _drop_line(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _drop_forward(self) -> None:
        forward, self._forward = self._forward, None
        if forward is not None:
            forward.close()

    def _socket_path(self, path: str) -> str:
        """Give the socket on this machine; for ssh:// start the forward to it if needed."""
        if self._endpoint.scheme is not Scheme.SSH:
            return self._endpoint.path
        forward = self._forward
        if forward is not None and not forward.running:
            self._drop_line()
            self._drop_forward()
            forward = None
        if forward is None:
            forward = open_forward(self._endpoint, timeout=self._timeout, path=path)
            self._forward = forward
        if self._closed:
            # Closed by another thread, which may not have seen this forward.
            self._drop_forward()
            raise EngineUnreachableError(self.address, path, "its connection was given up")
        self._heard = forward.said_length()
        return forward.socket_path

    def _failed(self, error: Exception, path: str, timeout: float) -> EngineError:
        forward = self._forward
        words = forward.said(self._heard) if forward is not None else ""
        silence = "" if forward is None or forward.running else SILENCE
        return failure(
            error,
            Circumstances(
                address=self.address,
                path=path,
                timeout=timeout,
                sent=self._watch.sent,
                expired=self._watch.expired,
                encrypted=uses_tls(self._endpoint, self._tls),
                tls=self._tls,
                socket_path=self._endpoint.path if self._endpoint.scheme is Scheme.UNIX else "",
                ssh_said=ssh_cause(words, self._endpoint, otherwise=silence),
                ssh_refused=channel_refused(words),
            ),
        )

    def _check_tls_files(self, path: str) -> None:
        if self._tls is not None and uses_tls(self._endpoint, self._tls):
            trouble = unreadable_file(self._tls)
            if trouble is not None:
                raise EngineUnreachableError(self.address, path, trouble)

    def _refuse_cut(self, path: str, timeout: float) -> None:
        """Raise if the deadline ended the answer: headers or an unmeasured body may look whole."""
        if self._watch.expired:
            raise EngineTimeoutError(self.address, path, f"no whole answer within {timeout:g} s")

    def _refuse_errors(self, response: requests.Response, path: str) -> None:
        refuse_errors(response, self.address, path, encrypted=uses_tls(self._endpoint, self._tls))

    def _refuse_unsendable(self, path: str) -> None:
        """Raise if a path would be read as something else than it says."""
        segments = urllib.parse.unquote(path).split("/")
        if not path.isascii() or set("?#; ") & set(path) or {".", ".."} & set(segments):
            # `?` would let a name add `force`, and dots name another thing than they say.
            raise UnsendableError(
                self.address, quoted(path), "this name cannot be put into a request; nothing sent"
            )

    def _read(self, response: requests.Response, path: str, timeout: float) -> bytes:
        """Read a whole answer of success."""
        self._refuse_errors(response, path)
        try:
            return read_whole(response, self.address, path, self._max_body)
        except PayloadError:
            self._refuse_cut(path, timeout)
            raise


def open_connection(
    endpoint: Endpoint, *, tls: TlsFiles | None, timeout: float, max_body: int = MAX_BODY
) -> Connection:
    """Give the connection to `endpoint`, on which a GET has `timeout` seconds.

    The start of ssh has that time once more, before the first request. `tls` is for tcp:// and
    https://, and ignored elsewhere.
    """
    return Connection(endpoint, tls=tls, timeout=timeout, max_body=max_body)
