"""Read the body of an engine's answer: JSON, or say what it is instead."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cloudstorctl.errors import PayloadError
from cloudstorctl.swarm.failures import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_BLANKS = re.compile(r"[ \t\n\r]*")  # of JSON (RFC 8259, section 2)
_HALF_CHARACTER = re.compile(r"\\u[dD]")
_DECODER = json.JSONDecoder()
_LOOKED_AT = 64 * 1024  # bytes of what is no JSON


def value_of(body: bytes, *, address: str, path: str) -> object:
    """Decode the JSON that the engine at `address` answered to `path`.

    Raises:
        PayloadError: it is no JSON, or JSON that nothing could be done with.
    """
    try:
        text = body.decode()
        value: object = json.loads(text)
        if _HALF_CHARACTER.search(text):
            # JSON can name half a character, and nothing could print it.
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise PayloadError(address, path, "its JSON is nested too deeply") from None
    except UnicodeError:
        cause = f"its answer of {len(body)} bytes is not valid UTF-8"
        raise PayloadError(address, path, cause) from None
    except ValueError:
        raise PayloadError(address, path, _no_json(body)) from None
    return value


def rows_of(body: bytes, *, address: str, path: str) -> object:
    """Decode the same, but a list as an iterator that decodes each row when it is asked for.

    The rows of a large swarm take ten times the memory of their text while they are all there. What
    is wrong with the JSON is raised, as `value_of` does, where the iterator comes to it.
    """
    try:
        text = body.decode()
    except UnicodeError:
        text = ""
    start = _after_blanks(text, 0)
    if not text.startswith("[", start) or _HALF_CHARACTER.search(text):
        return value_of(body, address=address, path=path)
    return _rows(text, start + 1, address, path)


def _rows(text: str, at: int, address: str, path: str) -> Iterator[object]:
    """Decode the rows of a list whose first is at or after `at`."""
    try:
        at = _after_blanks(text, at)
        more = not text.startswith("]", at)
        while more:
            row, at = _DECODER.raw_decode(text, at)
            yield row
            at = _after_blanks(text, at)
            more = text.startswith(",", at)
            if more:
                at = _after_blanks(text, at + 1)
        whole = text.startswith("]", at) and _after_blanks(text, at + 1) == len(text)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        value_of(text.encode(), address=address, path=path)
        # Rows that are missed would be claims that are missed.
        raise PayloadError(address, path, "its JSON cannot be read row by row")


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return blanks.end() if blanks else at


def message_of(body: bytes) -> str:
    """Give the engine's own words (moby api/swagger.yaml, ErrorResponse), or a proxy's."""
    text = body.decode(errors="replace")
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        payload = None
    if isinstance(payload, dict) and isinstance(payload.get("message"), str):
        return quoted(payload["message"])
    if text.lstrip().startswith("<"):
        title = _TITLE.search(text)
        return quoted(title[1] if title else _TAG.sub(" ", text), 100)
    return quoted(next((line for line in text.splitlines() if line.strip()), ""))


def _no_json(body: bytes) -> str:
    """Say what this is instead of JSON."""
    size = f"{len(body)} bytes"
    start = body[:_LOOKED_AT].decode(errors="replace").lstrip()
    if not start:
        return "its answer is empty"
    if start.startswith("<"):
        title = _TITLE.search(start)
        called = f" titled {quoted(title[1], 60)!r}" if title else ""
        return f"its answer is an HTML page of {size}{called}: does a proxy stand in between?"
    if start[0] in "{[":
        return f"its answer is broken JSON of {size}: it may have been cut off"
    return f"its answer is no JSON but {size} that start with {quoted(start, 40)!r}"
