"""The functions that SwarmKit's templates can call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus

from cloudstorctl.demo.template.printf import sprint, sprintf, sprintln
from cloudstorctl.demo.template.values import (
    Byte,
    Struct,
    TemplateError,
    Value,
    decoded,
    encoded,
    truth,
    type_of,
)

_HTML = str.maketrans(
    {"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_JS = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"'} | {each: f"\\u{ord(each):04X}" for each in "<>&="}
)
_INTEGERS = {"int", "uint8"}
"""Kinds of which one can be compared with the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function and what it takes."""

    of: Callable[..., Value]
    """Called with all arguments."""
    least: int
    """How many arguments it needs."""
    more: bool = False
    """Whether it takes more than that."""
    texts: int = 0
    """How many of its first arguments have to be strings."""


def _index(item: Value, *indexes: Value) -> Value:
    if item is None:
        raise TemplateError("index of untyped nil")
    for index in indexes:
        match item:
            case bytes():
                at = _position(index, len(item))
                if at == len(item):
                    raise TemplateError(f"reflect: string index out of range: {at}")
                item = Byte(item[at])
            case Struct():
                raise TemplateError(f"can't index item of type {type_of(item)}")
            case Mapping() if isinstance(index, bytes):
                item = item.get(index, b"")
            case Mapping():
                raise TemplateError(f"value has type {type_of(index)}; should be string")
            case _:
                raise TemplateError(f"can't index item of type {type_of(item)}")
    return item


def _position(index: Value, end: int) -> int:
    if not isinstance(index, int) or isinstance(index, bool):
        raise TemplateError(f"cannot index slice/array with type {type_of(index)}")
    if not 0 <= index <= end:
        raise TemplateError(f"index out of range: {index}")
    return int(index)


def _slice(item: Value, *indexes: Value) -> Value:
    if not isinstance(item, bytes):
        raise TemplateError(f"can't slice item of type {type_of(item)}")
    if len(indexes) > len(("from", "to")):
        raise TemplateError("cannot 3-index slice a string")
    places = [_position(index, len(item)) for index in indexes]
    first, last = (*places, *(0, len(item))[len(places) :])
    if first > last:
        raise TemplateError(f"invalid slice index: {first} > {last}")
    return item[first:last]


def _len(item: Value) -> Value:
    if isinstance(item, bytes) or (isinstance(item, Mapping) and not isinstance(item, Struct)):
        return len(item)
    raise TemplateError(f"len of type {type_of(item)}")


def _call(function: Value, *_arguments: Value) -> Value:
    raise TemplateError(f"non-function of type {type_of(function)}")  # the context has none


def _kind(value: Value) -> str:
    """Name the kind that decides what a value can be compared with (funcs.go, basicKind)."""
    return "invalid" if isinstance(value, Struct | Mapping | None) else type_of(value)


def _equal(one: Value, other: Value) -> bool:
    kinds = {_kind(one), _kind(other)}
    if kinds == _INTEGERS or (len(kinds) == 1 and "invalid" not in kinds):
        return one == other
    if len(kinds) > 1:
        if one is None or other is None:
            return False
        raise TemplateError("incompatible types for comparison")
    return _same(one, other)


def _same(one: Value, other: Value) -> bool:
    """Compare structs, maps and nil; an empty map is one that was never made."""
    if None not in (one, other) and _shape(one) != _shape(other):
        raise TemplateError(f"non-comparable types {type_of(one)}, {type_of(other)}")
    if not (truth(one) and truth(other)):
        return truth(one) == truth(other)
    if isinstance(other, Struct) and (other.pointer or not _holds_map(other)):
        return one == other
    raise TemplateError(f"non-comparable type {type_of(other)}")


def _shape(value: Value) -> str:
    return "map" if not isinstance(value, Struct) else "ptr" if value.pointer else "struct"


def _holds_map(struct: Struct) -> bool:
    return any(
        _holds_map(each) if isinstance(each, Struct) else isinstance(each, Mapping)
        for each in struct.fields.values()
    )


def _eq(one: Value, *others: Value) -> bool:
    if not others:
        raise TemplateError("missing argument for comparison")
    return any(_equal(one, other) for other in others)


def _lt(one: Value, other: Value) -> bool:
    kinds = {_kind(one), _kind(other)}
    if "invalid" in kinds or kinds == {"bool"}:
        raise TemplateError("invalid type for comparison")
    if isinstance(one, bytes) and isinstance(other, bytes):
        return one < other
    comparable = len(kinds) == 1 or kinds == _INTEGERS
    if comparable and isinstance(one, int | float) and isinstance(other, int | float):
        return one < other
    raise TemplateError("incompatible types for comparison")


def _le(one: Value, other: Value) -> bool:
    return _lt(one, other) or _equal(one, other)


def _text(values: tuple[Value, ...]) -> bytes:
    """Print as a template's output is printed (text/template/funcs.go, evalArgs)."""
    if len(values) == 1 and isinstance(values[0], bytes):
        return values[0]
    return sprint(tuple(printable(value) for value in values))


def printable(value: Value) -> Value:
    """Follow a pointer, and put a text for no value (text/template/exec.go, printableValue)."""
    if isinstance(value, Struct):
        return Struct(type=value.type, fields=value.fields)
    return b"<no value>" if value is None else value


def _js(*values: Value) -> Value:
    return encoded("".join(map(_js_escaped, decoded(_text(values)))))


def _js_escaped(rune: str) -> str:
    if rune >= " " and (rune.isprintable() or rune == "\x7f" or "\udc80" <= rune <= "\udcff"):
        return rune.translate(_JS)
    return f"\\u{ord(rune):04X}"


FUNCTIONS: Mapping[str, Function] = {
    # Those two evaluate only what they need: the interpreter does it.
    "and": Function(of=_call, least=1, more=True),
    "or": Function(of=_call, least=1, more=True),
    "call": Function(of=_call, least=1, more=True),
    "eq": Function(of=_eq, least=1, more=True),
    "ge": Function(of=lambda one, other: not _lt(one, other), least=2),
    "gt": Function(of=lambda one, other: not _le(one, other), least=2),
    "html": Function(
        of=lambda *values: encoded(decoded(_text(values)).translate(_HTML)), least=0, more=True
    ),
    "index": Function(of=_index, least=1, more=True),
    "join": Function(
        of=lambda between, *texts: between.join(texts), least=1, more=True, texts=1 << 30
    ),
    "js": Function(of=_js, least=0, more=True),
    "le": Function(of=_le, least=2),
    "len": Function(of=_len, least=1),
    "lt": Function(of=_lt, least=2),
    "ne": Function(of=lambda one, other: not _equal(one, other), least=2),
    "not": Function(of=lambda value: not truth(value), least=1),
    "print": Function(of=lambda *values: sprint(values), least=0, more=True),
    "printf": Function(
        of=lambda layout, *values: sprintf(layout, values), least=1, more=True, texts=1
    ),
    "println": Function(of=lambda *values: sprintln(values), least=0, more=True),
    "slice": Function(of=_slice, least=1, more=True),
    "urlquery": Function(of=lambda *values: quote_plus(_text(values)).encode(), least=0, more=True),
}
"""Go's own (text/template/funcs.go), and SwarmKit's `join` (swarmkit template/template.go)."""
