"""The values of a Go template as Go's reflection sees them, and how they print by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


class TemplateError(Exception):
    """Go, or SwarmKit, refuses the template; or it needs what is not made here."""


class Byte(int):
    """A number of Go's type uint8: what `index` takes out of a string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Struct:
    """A struct, or a pointer to one."""

    type: str
    """As Go's %T writes it, without the star of a pointer."""
    fields: Mapping[str, Value]
    pointer: bool = False


Value: TypeAlias = "bytes | bool | int | float | Mapping[bytes, bytes] | Struct | None"
"""A Go string is its bytes; a map is always a map[string]string; None is nil, or no value."""


_TYPES = {bytes: "string", bool: "bool", Byte: "uint8", int: "int", float: "float64"}


def type_of(value: Value) -> str:
    """Name a value's type as Go's %T does."""
    if isinstance(value, Struct):
        return "*" * value.pointer + value.type
    if isinstance(value, Mapping):
        return "map[string]string"
    return "<nil>" if value is None else _TYPES[type(value)]


def truth(value: Value) -> bool:
    """Whether a value counts as true (text/template/exec.go, isTrue)."""
    return isinstance(value, Struct) or bool(value)


def decoded(text: bytes) -> str:
    """Turn a Go string into runes; each byte that is no UTF-8 becomes a lone surrogate."""
    return text.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """Turn what `decoded` gave back into a Go string."""
    return text.encode("utf-8", "surrogateescape")


def selected(value: Value, name: str) -> Value:
    """Return the field of a struct, or the entry of a map (text/template/exec.go, evalField).

    Raises:
        TemplateError: There is none; SwarmKit's templates have missingkey=error.
    """
    match value:
        case None:
            raise TemplateError(f"nil data; no entry for key {_quoted(name)}")
        case Struct() if name in value.fields:
            return value.fields[name]
        case Mapping():
            if encoded(name) not in value:
                raise TemplateError(f"map has no entry for key {_quoted(name)}")
            return value[encoded(name)]
        case _:
            raise TemplateError(f"can't evaluate field {name} in type {type_of(value)}")


def _quoted(name: str) -> str:
    return f'"{name}"'
