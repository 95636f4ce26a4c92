"""Print values as Go's package fmt does: Sprint, Sprintln and Sprintf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from cloudstorctl.demo.template.values import (
    Byte,
    Struct,
    TemplateError,
    Value,
    decoded,
    encoded,
    type_of,
)

_DIRECTIVE = re.compile(
    r"%(?P<flags>[#0+\- ]*)(?P<width>[0-9]*)(?P<precision>\.[0-9]*)?(?P<verb>.?)", re.DOTALL
)
_MOST = 1_000_000
"""No width or precision is larger (fmt/print.go, tooLarge)."""
_SURROGATES = range(0xD800, 0xE000)
_LAST_RUNE = 0x10FFFF
_ESCAPES = dict(zip("\a\b\f\n\r\t\v\\", "abfnrtv\\", strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What stands between the percent sign and the verb."""

    flags: str = ""
    width: int = 0
    precision: int | None = None
    named: bool = False
    """%+v: a struct's fields come with their names."""
    literal: bool = False
    """%#v: as Go would write it in source."""

    @property
    def zero(self) -> bool:
        """Whether zeros fill on the left."""
        return "0" in self.flags and "-" not in self.flags

    def padded(self, text: str, *, zero: bool | None = None) -> str:
        """Fill up to the width."""
        if "-" in self.flags:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if (self.zero if zero is None else zero) else " ")

    def cut(self, text: str) -> str:
        """Take as many runes as the precision says."""
        return text if self.precision is None else text[: self.precision]


def sprint(values: tuple[Value, ...]) -> bytes:
    """Print with a space between two operands of which none is a string."""
    line = ""
    for position, value in enumerate(values):
        neighbours = values[max(position - 1, 0) : position + 1]
        if position and not any(isinstance(each, bytes) for each in neighbours):
            line += " "
        line += _formatted(value, "v", _Form())
    return encoded(line)


def sprintln(values: tuple[Value, ...]) -> bytes:
    """Print with a space between any two operands, and a line end."""
    return encoded(" ".join(_formatted(value, "v", _Form()) for value in values) + "\n")


def sprintf(layout: bytes, values: tuple[Value, ...]) -> bytes:
    """Format; what does not fit is told in the text, as %!d(string=x) (fmt/print.go, doPrintf).

    Raises:
        TemplateError: It has an argument index, a `*` or a form that is not made here.
    """
    text = decoded(layout)
    line, at, used = "", 0, 0
    while (start := text.find("%", at)) >= 0:
        line += text[at:start]
        found = _DIRECTIVE.match(text, start)
        if found is None:  # pragma: no cover - a percent sign always matches
            break
        at, verb = found.end(), found["verb"]
        width, precision = found["width"], (found["precision"] or "")[1:]
        if verb in {"[", "*"}:
            raise TemplateError(f"printf: %{verb} is not supported")
        if not verb or max(int(width or 0), int(precision or 0)) // 10 > _MOST:
            return encoded(line + "%!(NOVERB)" + _extra(values[used:]))
        form = _Form(
            flags=found["flags"],
            width=int(width or 0),
            precision=None if found["precision"] is None else int(precision or 0),
        )
        if verb == "v":
            plain = form.flags.translate({ord("+"): None, ord("#"): None})
            named, literal = "+" in form.flags, "#" in form.flags
            form = replace(form, flags=plain, named=named, literal=literal)
        if verb == "%":
            line += "%"
        elif used >= len(values):
            line += f"%!{_rune(verb)}(MISSING)"
        else:
            line += _formatted(values[used], _rune(verb), form)
            used += 1
    return encoded(line + text[at:] + _extra(values[used:]))


def _extra(values: tuple[Value, ...]) -> str:
    told = [
        "<nil>" if value is None else f"{type_of(value)}={_formatted(value, 'v', _Form())}"
        for value in values
    ]
    return f"%!(EXTRA {', '.join(told)})" if told else ""


def _rune(character: str) -> str:
    return "\ufffd" if ord(character) in _SURROGATES else character


def _formatted(value: Value, verb: str, form: _Form, *, inner: bool = False) -> str:
    """Format one value; `inner` is what a struct or map holds."""
    if verb == "T" and not inner:
        return form.padded(form.cut(type_of(value)))
    if verb == "p":
        raise TemplateError("printf: %p is not supported")
    if isinstance(value, Struct | Mapping) and verb != "w":  # that one refuses them as a whole
        return _composite(value, verb, form, inner=inner)
    text = None if isinstance(value, Struct | Mapping) else _simple(value, verb, form)
    if text is None and value is None:
        return f"%!{verb}(<nil>)"
    if text is None:
        return f"%!{verb}({type_of(value)}={_formatted(value, 'v', form)})"
    return text


def _simple(value: bytes | float | None, verb: str, form: _Form) -> str | None:
    """Format a value, or give None where the verb is not for it."""
    match value:
        case None:
            return form.padded("<nil>") if verb == "v" else None
        case bytes():
            return _string(value, verb, form)
        case bool():
            return form.padded(str(value).lower()) if verb in "tv" else None
        case int():
            return _integer(value, verb, form)
        case float():
            return _float(value, verb, form)


def _composite(
    value: Struct | Mapping[bytes, bytes], verb: str, form: _Form, *, inner: bool
) -> str:
    if form.literal:
        raise TemplateError(f"printf: %#v of {type_of(value)} is not supported")
    if isinstance(value, Struct):
        told = [
            f"{name}:" * form.named + _formatted(each, verb, form, inner=True)
            for name, each in value.fields.items()
        ]
        return "&" * (value.pointer and not inner) + f"{{{' '.join(told)}}}"
    told = [
        f"{_formatted(key, verb, form, inner=True)}:{_formatted(each, verb, form, inner=True)}"
        for key, each in sorted(value.items())
    ]
    return f"map[{' '.join(told)}]"


def _string(value: bytes, verb: str, form: _Form) -> str | None:
    text = decoded(value)
    if verb == "q" or form.literal:
        text = form.cut(text)
        raw = "#" in form.flags and not re.search(r"[\0-\x08\n-\x1f\x7f`\ufeff\ud800-\udfff]", text)
        quoted = _quoted(text, '"', ascii_only="+" in form.flags)
        return form.padded(f"`{text}`" if raw else quoted)
    if verb in "sv":
        return form.padded(form.cut(text))
    return _hexadecimal(value[: form.precision], verb, form) if verb in "xX" else None


def _quoted(text: str, quote: str, *, ascii_only: bool) -> str:
    return quote + "".join(_escaped(rune, quote, ascii_only=ascii_only) for rune in text) + quote


def _escaped(rune: str, quote: str, *, ascii_only: bool) -> str:
    """Escape one rune as in a Go literal (strconv/quote.go)."""
    code = ord(rune)
    if rune in {quote, "\\"}:
        return "\\" + rune
    if rune.isprintable() and (rune.isascii() or not ascii_only):
        return rune
    if rune in _ESCAPES:
        return "\\" + _ESCAPES[rune]
    if code in _SURROGATES:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < ord(" ") or code == 0x7F:  # noqa: PLR2004 - delete
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 1 << 16 else f"\\U{code:08x}"


def _hexadecimal(value: bytes, verb: str, form: _Form) -> str:
    spaced, mark = " " in form.flags, f"0{verb}" if "#" in form.flags else ""
    text = value.hex(" ") if spaced and value else value.hex()
    text = text.upper() if verb == "X" else text
    if value:
        text = mark + (text.replace(" ", f" {mark}") if spaced else text)
    return form.padded(text)


def _integer(value: int, verb: str, form: _Form) -> str | None:
    if form.literal and isinstance(value, Byte):
        verb, form = "x", replace(form, flags=form.flags + "#")
    if verb in "cqU":
        code = value if 0 <= value <= _LAST_RUNE else 0xFFFD
        rune = "\ufffd" if code in _SURROGATES else chr(code)
        if verb == "c":
            return form.padded(rune)
        if verb == "q":
            return form.padded(_quoted(rune, "'", ascii_only="+" in form.flags))
        told = f"U+{value % (1 << 64):0{max(form.precision or 0, 4)}X}"
        shown = "#" in form.flags and code == value and chr(code).isprintable()
        return form.padded(f"{told} '{rune}'" if shown else told, zero=False)
    if verb not in _BASES:
        return None
    if form.precision == 0 and value == 0:
        return " " * form.width
    digits = format(abs(value), _BASES[verb])
    sign = "-" if value < 0 else "+" if "+" in form.flags else " " if " " in form.flags else ""
    least = form.precision or 0
    if form.precision is None and form.zero:
        least = form.width - len(sign)
    return form.padded(sign + _based(digits.rjust(least, "0"), verb, form), zero=False)


_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


def _based(digits: str, verb: str, form: _Form) -> str:
    if verb == "O":
        digits = "0" + digits if "#" in form.flags and digits[0] != "0" else digits
        return "0o" + digits
    if "#" not in form.flags or verb in "vd":
        return digits
    if verb == "o":
        return digits if digits[0] == "0" else "0" + digits
    return f"0{verb}{digits}"


def _float(value: float, verb: str, form: _Form) -> str | None:
    if verb in "bxX" or (verb in "veEfFgG" and (form.literal or "#" in form.flags)):
        raise TemplateError(f"printf: %{form.flags}{verb} of a float64 is not supported")
    if verb not in "veEfFgG":
        return None
    kind = "g" if verb == "v" else "f" if verb == "F" else verb
    if kind in "gG" and form.precision is None:
        text = _shortest(abs(value), "E" if kind == "G" else "e")
    else:
        text = format(abs(value), f".{6 if form.precision is None else form.precision}{kind}")
    negative = str(value).startswith("-")
    sign = "-" if negative else "+" if "+" in form.flags else " " if " " in form.flags else ""
    if form.zero:
        return sign + text.rjust(form.width - len(sign), "0")
    return form.padded(sign + text)


def _shortest(value: float, mark: str) -> str:
    """Write the fewest digits that tell a number from all others (strconv/ftoa.go, %e and %f)."""
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    scale = len(digits) - 1 + int(exponent)
    if value and not -4 <= scale < 6:  # noqa: PLR2004 - ftoa.go's own
        first, rest = digits[0], "".join(map(str, digits[1:]))
        return f"{first}{'.' * bool(rest)}{rest}{mark}{'-' if scale < 0 else '+'}{abs(scale):02}"
    return format(Decimal(repr(value)).normalize(), "f")
