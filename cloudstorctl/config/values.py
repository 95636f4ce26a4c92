"""What each kind of setting may hold, wherever it was written.

Every function takes a raw value and returns the checked one, or raises ValueError with a clause
that says what is expected and what was found; the caller knows the place and adds it.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import TypeGuard

from cloudstorctl.core.web_address import EXPECTED, web_address

_DURATION = re.compile(
    r"(?:(?P<days>[0-9]{1,6})d)?(?:(?P<hours>[0-9]{1,6})h)?"
    r"(?:(?P<minutes>[0-9]{1,6})m)?(?:(?P<seconds>[0-9]{1,6})s)?"
)
_STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""What services can be named after (swarmkit manager/controlapi/service.go)."""
_DURATION_EXPECTED = 'a duration such as "24h", "90m", "1d12h" or "0s"'


def text(value: object) -> str:
    """Return `value`, a text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    raise _wrong("a text that is not empty", value)


def texts(value: object) -> tuple[str, ...]:
    """Return `value`, a list of texts of which there is at least one."""
    expected = "a list of texts"
    if not isinstance(value, list | tuple):
        raise _wrong(expected, value)
    if not value:
        raise ValueError(f"expected {expected}, found an empty list")
    for item in value:
        if not isinstance(item, str) or not item.strip():
            raise ValueError(f"expected {expected}, found {_described(item)} in the list")
    return tuple(value)


def web_addresses(value: object) -> tuple[str, ...]:
    """Return `value`, a list of addresses that can be posted to.

    What is wrong is told without the address: it may hold a secret.
    """
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected a list of which each is {EXPECTED}")
    for item in value:
        if not isinstance(item, str):
            raise _wrong(EXPECTED, item)
        web_address(item)
    return tuple(dict.fromkeys(value))


def stack_and_glob(value: object) -> tuple[str, str]:
    """Return the stack (empty: none is named) and the pattern of files in `[STACK=]GLOB`.

    A path with an equals sign is told by a slash before it: `./a=b.yml`.
    """
    written = text(value)
    stack, equals, pattern = written.partition("=")
    if not equals or "/" in stack:
        return "", written
    if _STACK.fullmatch(stack) and pattern:
        return stack, pattern
    raise _wrong("[STACK=]FILES, such as shop=deploy/*.yml", value)


def stacks_and_globs(value: object) -> tuple[str, ...]:
    """Return `value`, a list of `[STACK=]GLOB`; a text holds those of each line."""
    given = texts(value.splitlines() if isinstance(value, str) else value)
    for each in given:
        stack_and_glob(each)
    return given


def count(value: object) -> int:
    """Return `value`, a whole number that is 0 or more."""
    return _whole(value, least=0)


def positive_count(value: object) -> int:
    """Return `value`, a whole number that is 1 or more."""
    return _whole(value, least=1)


def percent(value: object) -> float:
    """Return `value`, a number from 0 to 100."""
    if _is_number(value) and 0 <= value <= 100:  # noqa: PLR2004 - a per cent
        return float(value)
    raise _wrong("a number from 0 to 100", value)


def seconds(value: object) -> float:
    """Return seconds from `value`, a number or a duration, above 0."""
    if isinstance(value, str) and value and (parts := _DURATION.fullmatch(value)):
        value = _timedelta(parts).total_seconds()
    if _is_number(value) and value > 0 and math.isfinite(value):
        return float(value)
    raise _wrong('a number of seconds above 0, or a duration such as "30s"', value)


def duration(value: object) -> timedelta:
    """Return the length of time that `value` tells, with units."""
    if isinstance(value, str) and value:
        if parts := _DURATION.fullmatch(value):
            return _timedelta(parts)
        if value.isdigit():
            raise ValueError(f'expected {_DURATION_EXPECTED}, found "{value}", which has no unit')
    raise _wrong(_DURATION_EXPECTED, value)


def number_in(written: str) -> object:
    """Return the number that an environment variable or a flag spells, or the text as it is."""
    for kind in (int, float):
        try:
            return kind(written)
        except ValueError:
            continue
    return written


def _timedelta(parts: re.Match[str]) -> timedelta:
    return timedelta(**{unit: int(digits) for unit, digits in parts.groupdict("0").items()})


def _whole(value: object, *, least: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    raise _wrong(f"a whole number that is {least} or more", value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(expected: str, value: object) -> ValueError:
    return ValueError(f"expected {expected}, found {_described(value)}")


def _described(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'the text "{value}"' if value.strip() else "an empty text"
        case int() | float():
            return f"the number {value}"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"a {type(value).__name__}"
