"""Write plain values as JSON text, indented as `json.dumps(…, indent=2)` does, and in ASCII.

With an indent the standard library writes in Python what it else writes in C, a generator for each
value: the documents of a large swarm took most of the time of a listing.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STEP = "  "


def pieces_of(document: Mapping[str, object]) -> Iterator[str]:
    """Give the text of a document in pieces, each no longer than one element of its lists."""
    writer = _Writer()
    line = f"\n{_STEP}"
    separator = f"{{{line}"
    for name, value in document.items():
        yield f"{separator}{quoted(name)}: "
        if isinstance(value, list) and value:
            inner = line + _STEP
            yield f"[{inner}{writer.text(value[0], inner)}"
            for item in value[1:]:
                yield f",{inner}{writer.text(item, inner)}"
                writer.lists.clear()
            yield f"{line}]"
        else:
            yield writer.text(value, line)
        separator = f",{line}"
    yield "\n}" if document else "{}"


class _Writer:
    """Writes values, and what many of them share only once."""

    __slots__ = ("flat", "lists")

    def __init__(self) -> None:
        """Begin a document, whose parts stay as they are while it is written."""
        self.flat: dict[tuple[int, str], str] = {}
        """By identity and indent, the text of mappings that hold text alone: such as nodes."""
        self.lists: dict[tuple[int, str], str] = {}
        """The same of the lists of one piece: such as the users of many entries of a volume."""

    def text(self, value: object, line: str) -> str:
        """Give the text of a value; `line` ends a line and begins the next at its indent."""
        if isinstance(value, str):
            return quoted(value)
        if isinstance(value, dict):
            return self._mapping(value, line) if value else "{}"
        if isinstance(value, list):
            return self._list(value, line) if value else "[]"
        return json.dumps(value)

    def _mapping(self, value: dict[str, object], line: str) -> str:
        known = self.flat.get((id(value), line))
        if known is not None:
            return known
        inner = line + _STEP
        fields = []
        flat = True
        for name, each in value.items():
            if isinstance(each, str):
                fields.append(f"{quoted(name)}: {quoted(each)}")
            else:
                fields.append(f"{quoted(name)}: {self.text(each, inner)}")
                flat = False
        text = f"{{{inner}{f',{inner}'.join(fields)}{line}}}"
        if flat:
            self.flat[id(value), line] = text
        return text

    def _list(self, value: list[object], line: str) -> str:
        known = self.lists.get((id(value), line))
        if known is None:
            inner = line + _STEP
            items = f",{inner}".join([self.text(each, inner) for each in value])
            known = self.lists[id(value), line] = f"[{inner}{items}{line}]"
        return known
