"""Read one HTTP response whole, or say what is wrong with it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

import requests
import urllib3

from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineError,
    EngineUnreachableError,
    PayloadError,
)
from cloudstorctl.swarm.bodies import message_of
from cloudstorctl.swarm.failures import WANTS_TLS, quoted, wants_tls

if TYPE_CHECKING:
    from typing import Final

FAILURES: Final = (OSError, requests.RequestException, urllib3.exceptions.HTTPError, ValueError)
"""All that requests, urllib3, ssl and sockets raise; ValueError: a name that DNS cannot have."""

_MAX_ERROR = 64 * 1024
_CHUNK = 64 * 1024
_FIRST_ERROR = 300  # 3xx too: an engine has nowhere to send us


def refuse_errors(response: requests.Response, address: str, path: str, *, encrypted: bool) -> None:
    """Raise what an HTTP status other than success says.

    Raises:
        EngineUnreachableError: the engine wants TLS, and was not spoken to so.
        EngineAnsweredError: any other error.
    """
    status = response.status_code
    if status < _FIRST_ERROR:
        return
    if response.is_redirect:
        raise EngineAnsweredError(
            address,
            path,
            status,
            f"it points to {quoted(response.headers['location'])}, which is not followed",
        )
    body = b""
    # The status is known: whatever befalls its text is not worth an error of its own.
    with contextlib.suppress(*FAILURES, EngineError):
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > _MAX_ERROR:
                break
    message = message_of(body) or quoted(response.reason or "") or "no reason given"
    if wants_tls(status, message) and not encrypted:
        raise EngineUnreachableError(address, path, WANTS_TLS)
    raise EngineAnsweredError(address, path, status, message)


def read_whole(response: requests.Response, address: str, path: str, limit: int) -> bytes:
    """Read it all, up to `limit` bytes.

    Raises:
        PayloadError: it ended too early, or there is more.
    """
    too_large = PayloadError(address, path, f"its answer is larger than {limit // 1024} KiB")
    promised: int | None = response.raw.length_remaining
    chunks: list[bytes] = []
    size = 0
    try:
        if promised is not None and "content-encoding" not in response.headers:
            if promised > limit:
                raise too_large
            return cast("bytes", response.raw.read())
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise too_large
            chunks.append(chunk)
    except FAILURES as error:
        of = "" if promised is None else f" of {promised} bytes"
        raise PayloadError(address, path, f"its answer{of} was cut off before its end") from error
    return b"".join(chunks)
