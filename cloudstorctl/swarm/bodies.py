"""Read the body of an engine's answer: JSON, or say what it is instead."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import ValidationError

from cloudstorctl.errors import PayloadError, ShapeError
from cloudstorctl.swarm.failures import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
# What msgspec says of a field: "Expected `str | null`, got `int` - at `$.Volumes[0].Driver`".
_WRONG = re.compile(r"Expected `(?P<wanted>.+)`, got `(?P<found>.+?)`( - at `\$(?P<where>.*)`)?")
_ABSENT = re.compile(r"Object missing required field `(?P<name>.+?)`( - at `\$(?P<within>.*)`)?")
_TYPES = {
    "str": "text",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_FOUND = _TYPES | {"int": "a number", "float": "a number", "null": "missing"}
_LOOKED_AT = 64 * 1024  # bytes of what is no JSON


@contextmanager
def blaming(engine: str, path: str, body: bytes) -> Iterator[None]:
    """Turn what is wrong with `body` into an error that names engine, path and field.

    Raises:
        PayloadError: in place of what decode.py raises inside.
    """
    try:
        yield
    except ValidationError as error:
        raise PayloadError(engine, path, f"unexpected answer: {_wrong_field(error)}") from None
    except ShapeError as error:
        raise PayloadError(engine, path, f"unexpected answer: {error}") from None
    except RecursionError:
        raise PayloadError(engine, path, "its JSON is nested too deeply") from None
    except ValueError:  # no JSON, or no UTF-8
        raise PayloadError(engine, path, _no_json(body)) from None


def _wrong_field(error: ValidationError) -> str:
    """Say in our words what msgspec found, or else in its own."""
    told = str(error)
    absent = _ABSENT.fullmatch(told)
    if absent:
        where = ".".join(filter(None, (absent["within"], absent["name"])))
        return f"{where.lstrip('.')} is missing"
    wrong = _WRONG.fullmatch(told)
    if not wrong:
        return quoted(told)
    where = (wrong["where"] or "").lstrip(".") or "it"
    wanted = wrong["wanted"].removesuffix(" | null")
    found = wrong["found"]
    return f"{where} is {_FOUND.get(found, found)}, expected {_TYPES.get(wanted, wanted)}"


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
    try:
        body.decode()
    except UnicodeError:
        return f"its answer of {size} is not valid UTF-8"
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
