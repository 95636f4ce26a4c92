"""The values and functions of SwarmKit's templates, with fields left open where not yet known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias


class Field(Enum):
    """What SwarmKit's context offers to a template; the values are the names of `Known`."""

    SERVICE_ID = "service_id"
    SERVICE_NAME = "service_name"
    SERVICE_LABELS = "service_labels"
    """Text of some label: those of the task's creation, which the API does not show."""
    NODE_ID = "node_id"
    NODE_HOSTNAME = "node_hostname"
    NODE_OS = "node_os"
    NODE_ARCH = "node_arch"
    TASK_ID = "task_id"
    TASK_NAME = "task_name"
    SLOT = "slot"


class Opaque(Enum):
    """What cannot be expanded without running the task: any text, slashes included."""

    ACTION = "action"


class LabelMap(Enum):
    """The one map of the context, whose values the API does not show."""

    SERVICE = "service"


Part: TypeAlias = str | Field | Opaque
Text: TypeAlias = tuple[Part, ...]
Value: TypeAlias = "Text | bool | int | Mapping[str, Value] | LabelMap | None"
"""A value inside an action: a string is a Text; None is a value that cannot be told."""

# swarmkit template/context.go, type Context.
CONTEXT: Mapping[str, Value] = {
    "Service": {
        "ID": (Field.SERVICE_ID,),
        "Name": (Field.SERVICE_NAME,),
        "Labels": LabelMap.SERVICE,
    },
    "Node": {
        "ID": (Field.NODE_ID,),
        "Hostname": (Field.NODE_HOSTNAME,),
        "Platform": {"OS": (Field.NODE_OS,), "Architecture": (Field.NODE_ARCH,)},
    },
    "Task": {"ID": (Field.TASK_ID,), "Name": (Field.TASK_NAME,), "Slot": (Field.SLOT,)},
}

_ESCAPE = re.compile(r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([0-7]{3})|(.))")
_SIMPLE_ESCAPES = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
_SURROGATES = range(0xD800, 0xE000)
_WORD_SIZE = 1 << 63
_NEEDS_NO_ESCAPE = re.compile(r"[ !#-\[\]-~]*")


class RejectedError(Exception):
    """Go would refuse the template, or it is not followed any further: the rest is any text."""


def constant(kind: str, text: str) -> Value:
    """Return the value of a constant: a `string`, `raw` string, `char` or `number` without quotes.

    Raises:
        RejectedError: It is no constant of Go's (strconv.Unquote), or has bytes above ASCII.
    """
    match kind:
        case "string":
            return (_unescaped(text, '"'),)
        case "raw":
            return (text.replace("\r", ""),)  # as strconv.Unquote drops them
        case "char":
            character = _unescaped(text, "'")
            if len(character) != 1:
                raise RejectedError
            return ord(character)
        case _:
            pass
    try:
        number = int(text, 0)
    except ValueError:
        return None  # floats, complex numbers, old octals: not worth Go's formatting
    return number if -_WORD_SIZE <= number < _WORD_SIZE else None


def _unescaped(body: str, quote: str) -> str:
    def resolved(found: re.Match[str]) -> str:
        coded, octal, simple = found.groups()
        if simple is not None:
            character = quote if simple == quote else _SIMPLE_ESCAPES.get(simple)
            if character is None:
                raise RejectedError
            return character
        point = int(octal, 8) if octal else int(coded[1:], 16)
        # Above ASCII, \x and octals are bytes that only together make a character.
        limit = 0x110000 if coded and coded[0] in "uU" else 0x80
        if point >= limit or point in _SURROGATES:
            raise RejectedError
        return chr(point)

    return _ESCAPE.sub(resolved, body)


def selected(value: Value, name: str) -> Value:
    """Return the field `name` of a value.

    Raises:
        RejectedError: There is none; SwarmKit refuses the task (missingkey=error).
    """
    if value is None:
        return None
    if value is LabelMap.SERVICE:
        return (Field.SERVICE_LABELS,)
    if isinstance(value, Mapping) and name in value:
        return value[name]
    raise RejectedError


def printed(value: Value) -> Text | None:
    """Return the text that printing gives, or None where that is not plain (a struct, a map)."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, bool):
        return (str(value).lower(),)
    return (str(value),) if isinstance(value, int) else None


def called(name: str, arguments: tuple[Value, ...]) -> Value:
    """Call a function of Go's text/template (funcs.go) or SwarmKit's own (template.go).

    Raises:
        RejectedError: There is no such function, or it does not take these arguments.
    """
    if name not in _FUNCTIONS:
        raise RejectedError
    return _FUNCTIONS[name](arguments)


def _untold(_arguments: tuple[Value, ...]) -> Value:
    return None


def _join(arguments: tuple[Value, ...]) -> Value:
    """Put the first text between the others."""
    if None in arguments:
        return None
    texts = [each for each in arguments if isinstance(each, tuple)]
    if not texts or len(texts) < len(arguments):
        raise RejectedError
    separator, *rest = texts
    between: list[Part] = []
    for position, text in enumerate(rest):
        between += (*separator, *text) if position else text
    return tuple(between)


def _print(arguments: tuple[Value, ...]) -> Value:
    """Print with a space between two operands of which none is a string (Go's fmt.Sprint)."""
    line: list[Part] = []
    stringless = False
    for argument in arguments:
        text = printed(argument)
        if text is None:
            return None
        if stringless and not isinstance(argument, tuple):
            line.append(" ")
        line += text
        stringless = not isinstance(argument, tuple)
    return tuple(line)


def _println(arguments: tuple[Value, ...]) -> Value:
    """Print with a space between any two operands, and a line end (Go's fmt.Sprintln)."""
    line: list[Part] = []
    for position, argument in enumerate(arguments):
        text = printed(argument)
        if text is None:
            return None
        line += (" ", *text) if position else text
    return (*line, "\n")


def _printf(arguments: tuple[Value, ...]) -> Value:
    """Format with plain verbs; None for flags, widths, other verbs, too few or many operands."""
    if not arguments:
        raise RejectedError
    layout, *operands = arguments
    if not isinstance(layout, tuple) or not all(isinstance(part, str) for part in layout):
        return None
    line: list[Part] = []
    for piece in re.split(r"(%.?)", "".join(map(str, layout)), flags=re.DOTALL):
        if piece == "%%":
            line.append("%")
        elif not piece.startswith("%"):
            line.append(piece)
        elif operands and (text := _formatted(piece[1:], operands.pop(0))) is not None:
            line += text
        else:
            return None
    return None if operands else tuple(line)


def _formatted(verb: str, value: Value) -> Text | None:
    match value:
        case tuple() if verb in {"s", "v"}:
            return value
        case tuple() if verb == "d":
            return ("%!d(string=", *value, ")")
        case tuple() if verb == "q" and all(
            _NEEDS_NO_ESCAPE.fullmatch(part) for part in value if isinstance(part, str)
        ):
            # No field needs one either: they are IDs and the names of services and hosts.
            return ('"', *value, '"')
        case bool() if verb in {"v", "t"}:
            return printed(value)
        case int() if verb in {"v", "d"} and not isinstance(value, bool):
            return printed(value)
        case _:
            return None


def _index(arguments: tuple[Value, ...]) -> Value:
    match arguments:
        case ():
            raise RejectedError
        case (value,):
            return value
        case (LabelMap.SERVICE, tuple()):
            return (Field.SERVICE_LABELS,)
        case _:
            return None


_FUNCTIONS: Mapping[str, Callable[[tuple[Value, ...]], Value]] = {
    "index": _index,
    "join": _join,
    "print": _print,
    "printf": _printf,
    "println": _println,
} | dict.fromkeys(
    (
        *("and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge"),
        *("call", "html", "js", "len", "slice", "urlquery"),
    ),
    _untold,
)
