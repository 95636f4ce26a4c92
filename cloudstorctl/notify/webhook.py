"""Posts a document to webhooks, each once, and says which of them were not told.

With the standard library's client: one request a run needs no pool, and docker's own transport
stays apart from it.
"""

from __future__ import annotations

import base64
import errno
import time
from http.client import HTTPException, RemoteDisconnected
from socket import gaierror
from ssl import SSLCertVerificationError
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from cloudstorctl import __version__
from cloudstorctl.core.web_address import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PATIENCE = 10.0
"""Seconds for all of it."""

_PAUSE = 0.5
"""Seconds before the one try more, where no connection came about."""

_NOT_CONNECTED = frozenset(
    {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
)


def post_to_all(
    addresses: Sequence[str],
    body: bytes,
    *,
    environ: Mapping[str, str],
    patience: float = PATIENCE,
) -> tuple[str, ...]:
    """Post `body`, a JSON document, to all `addresses` at once; give a sentence for each failure.

    A redirect is not followed: after most of them a client asks without the document
    (RFC 9110, 15.4). `environ` names the proxies (`https_proxy`, `no_proxy`).
    """
    posts = [_Post(address, body, environ, patience) for address in dict.fromkeys(addresses)]
    for post in posts:
        post.start()
    for post in posts:
        post.wait()
    return tuple(
        f"{shown(post.address)} was not told: {post.failure}."
        for post in posts
        if post.failure is not None
    )


class _Post(Thread):
    """One post in a thread of its own: no step of a request is bounded as a whole otherwise."""

    def __init__(
        self, address: str, body: bytes, environ: Mapping[str, str], patience: float
    ) -> None:
        super().__init__(daemon=True, name="notify")
        self.address = address
        self._body = body
        self._environ = environ
        self._patience = patience
        self._ends = time.monotonic() + patience
        self._told: str | None = self._late

    @property
    def failure(self) -> str | None:
        """A clause; None where the document was taken."""
        return self._told

    def wait(self) -> None:
        """Wait until it is over, or its time."""
        self.join(max(0.0, self._ends - time.monotonic()))

    def run(self) -> None:
        again = True
        while True:
            told, connected = self._try()
            if connected or not again or self._ends - time.monotonic() < _PAUSE:
                self._told = told
                return
            again = False
            Event().wait(_PAUSE)

    @property
    def _late(self) -> str:
        return f"no answer within {self._patience:g} s, though it may have arrived"

    def _try(self) -> tuple[str | None, bool]:
        """Post once; give why that failed, and whether a connection came about."""
        left = max(0.001, self._ends - time.monotonic())
        try:
            with _opener(self.address, self._environ).open(
                _request(self.address, self._body), timeout=left
            ):
                return None, True
        except HTTPError as error:
            with error:
                return _refusal(error), True
        except RemoteDisconnected:
            return "it closed the connection without an answer", True
        except (HTTPException, ValueError):
            return "what it answered is not HTTP", True
        except OSError as error:
            reason = error.reason if isinstance(error, URLError) else error
            return self._broken(reason), not _is_refused(reason)

    def _broken(self, reason: object) -> str:
        match reason:
            case TimeoutError():
                return self._late
            case SSLCertVerificationError():
                return f"its certificate is not trusted ({reason.verify_message})"
            case OSError():
                return reason.strerror or str(reason)
            case _:
                return str(reason)


def _is_refused(reason: object) -> bool:
    """Whether no connection came about: then nothing has arrived, and it may be tried again."""
    return isinstance(reason, gaierror) or (
        isinstance(reason, OSError) and reason.errno in _NOT_CONNECTED
    )


def _opener(address: str, environ: Mapping[str, str]) -> OpenerDirector:
    """Make a client that speaks HTTP and nothing else, and takes a redirect for an answer."""
    parts = urlsplit(address)
    name = f"{parts.scheme}_proxy"
    proxy = environ.get(name) or environ.get(name.upper())
    direct = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if proxy and _is_direct(parts.hostname or "", direct):
        proxy = None
    opener = OpenerDirector()
    for handler in (
        ProxyHandler({parts.scheme: proxy} if proxy else {}),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _is_direct(host: str, direct: str) -> bool:
    """Whether `no_proxy` names a host, itself or by its domain."""
    names = [name.strip().lstrip(".").lower() for name in direct.split(",") if name.strip()]
    return any(name in {"*", host} or host.endswith(f".{name}") for name in names)


def _request(address: str, body: bytes) -> Request:
    parts = urlsplit(address)
    user, _, place = parts.netloc.rpartition("@")
    headers = {"Content-Type": "application/json", "User-Agent": f"cloudstorctl/{__version__}"}
    if user:
        name, _, password = user.partition(":")
        pair = f"{unquote(name)}:{unquote(password)}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    bare = parts._replace(netloc=place, fragment="").geturl()
    return Request(bare, data=body, headers=headers, method="POST")  # noqa: S310 - http or https


def _refusal(error: HTTPError) -> str:
    where = error.headers.get("Location") if error.headers else None
    if where is not None and error.code // 100 == 3:  # noqa: PLR2004 - redirects
        return f"it redirects to {shown(where)} (HTTP {error.code}); give that address instead"
    return f"it answered HTTP {error.code}"
