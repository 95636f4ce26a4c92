"""Write plain values as JSON text, indented as `json.dumps(…, indent=2)` does, and in ASCII."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STEP = "  "
_DELETE = "\x7f"
"""The one control character that JSON may hold as it is."""


def pieces_of(document: Mapping[str, object]) -> Iterator[str]:
    """Give the text of a document in pieces, each no longer than one element of its lists."""
    line = f"\n{_STEP}"
    separator = f"{{{line}"
    for name, value in document.items():
        yield f"{separator}{json.dumps(name)}: "
        if isinstance(value, list) and value:
            inner = line + _STEP
            opening = "["
            for item in value:
                yield f"{opening}{inner}{_text(item, inner)}"
                opening = ","
            yield f"{line}]"
        else:
            yield _text(value, line)
        separator = f",{line}"
    yield "\n}" if document else "{}"


def _text(value: object, line: str) -> str:
    """Give the text of a value; `line` ends a line and begins the next at its indent."""
    try:
        # With an indent the standard library writes in Python, and takes seven times as long.
        text = msgspec.json.format(msgspec.json.encode(value), indent=len(_STEP)).decode()
    except UnicodeEncodeError:  # half a character, such as a byte of the command line
        text = ""
    if not text or not text.isascii() or _DELETE in text:
        text = json.dumps(value, indent=len(_STEP))
    return text.replace("\n", line)
