"""Typed fields out of decoded JSON, with an error that names the field that is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from cloudstorctl.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.model import Pairs


class Fields:
    """One JSON object. A required field must be there; null counts as missing.

    Every method raises ShapeError, with the path of the field, where the shape is wrong.
    """

    __slots__ = ("_fields", "_name", "_within")

    def __init__(self, value: object, name: str = "", within: Fields | None = None) -> None:
        """Wrap a decoded value, which errors call `name`, of what it is `within`."""
        self._name = name
        self._within = within
        if not isinstance(value, dict):
            self._refuse("", value, "an object")
        self._fields: Mapping[str, object] = value

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self._fields.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Text; required where no default is given."""
        value = self._fields.get(key)
        if value is None:
            value = default
        return value if isinstance(value, str) else self._refuse(key, value, "text")

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number; required where no default is given."""
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self._refuse(key, value, "a whole number")
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """True or false; required where no default is given."""
        value = self._value(key, default)
        return value if isinstance(value, bool) else self._refuse(key, value, "true or false")

    def child(self, key: str) -> Fields:
        """An object; an empty one where it is missing."""
        return Fields(self._value(key, {}), key, self)

    def items(self, key: str, *, required: bool = False) -> tuple[Fields, ...]:
        """A list of objects; null is an empty one, and so is a missing one unless required."""
        return tuple(
            [
                Fields(item, f"{key}[{position}]", self)
                for position, item in enumerate(self._list(key, required=required))
            ]
        )

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts; null is an empty one, and so is a missing one unless required."""
        return tuple(
            [
                item if isinstance(item, str) else self._refuse(f"{key}[{position}]", item, "text")
                for position, item in enumerate(self._list(key, required=required))
            ]
        )

    def pairs(self, key: str) -> Pairs:
        """An object of texts, sorted by key; empty where it is missing."""
        if self._fields.get(key) is None:
            return ()
        child = self.child(key)
        return tuple([(name, child.text(name, "")) for name in sorted(child._fields)])

    def path(self, key: str) -> str:
        """Say where a field is; worked out for errors alone, of which most answers have none."""
        here = self._name if self._within is None else self._within.path(self._name)
        return f"{here}.{key}" if here and key else here or key

    def refuse(self, key: str, wanted: str) -> NoReturn:
        """Say that a field is not what it should be."""
        self._refuse(key, self._fields.get(key), wanted)

    def _value(self, key: str, default: object) -> object:
        value = self._fields.get(key)
        return default if value is None else value

    def _list(self, key: str, *, required: bool) -> list[object]:
        if required and key not in self._fields:
            self._refuse(key, None, "a list")
        value = self._value(key, [])
        return value if isinstance(value, list) else self._refuse(key, value, "a list")

    def _refuse(self, key: str, found: object, wanted: str) -> NoReturn:
        raise ShapeError(
            where=self.path(key) or "it",
            wanted=wanted,
            found="missing" if found is None else _NAMES.get(type(found), "a number"),
        )


def document_in(data: bytes, schema: str) -> Fields:
    """Read a JSON document that says of itself that it is of `schema`.

    Raises:
        ShapeError: it is no JSON object, or of another schema.
    """
    try:
        top = Fields(json.loads(data))
    except (ValueError, RecursionError):
        raise ShapeError(where="it", wanted="JSON", found="something else") from None
    found = top.text("schema")
    if found != schema:
        raise ShapeError(where="schema", wanted=schema, found=found)
    return top


_NAMES: dict[type, str] = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
