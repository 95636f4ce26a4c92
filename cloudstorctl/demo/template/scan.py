"""Cut a Go template into tokens, and read its constants."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cloudstorctl.demo.template.values import TemplateError, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPACES = " \t\r\n"
_TRIMS = tuple(f"-{space}" for space in _SPACES)
_KEYWORDS = frozenset(
    (
        *("block", "break", "continue", "define", "else", "end"),
        *("if", "nil", "range", "template", "with"),
    )
)
_TOKEN = re.compile(
    r"""(?P<right>(?:[ \t\r\n]-)?\}\})
    | (?P<space>[ \t\r\n]+(?=[ \t\r\n]-\}\})|[ \t\r\n]+)
    | (?P<declare>:=) | (?P<assign>=) | (?P<pipe>\|) | (?P<open>\() | (?P<close>\))
    | (?P<string>"(?:[^"\\\n]|\\[^\n])*")
    | (?P<raw>`[^`]*`)
    | (?P<char>'(?:[^'\\\n]|\\[^\n])*')
    | (?=[+-]|\.?[0-9])(?P<number>(?>[+-]?
        (?: 0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
          | 0[oO][0-7_]*(?:\.[0-7_]*)?
          | 0[bB][01_]*(?:\.[01_]*)?
          | [0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)? )i?))(?!\w)
    | (?P<field>\.(?![0-9])(?>\w*))(?=[ \t\r\n.,|:)(]|\}\}|\Z)
    | (?P<variable>\$(?>\w*))(?=[ \t\r\n.,|:)(]|\}\}|\Z)
    | (?P<word>(?![0-9])(?>\w+))(?=[ \t\r\n.,|:)(]|\}\}|\Z)
    | (?P<mark>[!\#%&*,/;<>?@[\\\]^{}~])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\])",
    re.DOTALL,
)
_SIMPLE_ESCAPES = dict(zip("abfnrtv\\", "\a\b\f\n\r\t\v\\", strict=True))
_SURROGATES = range(0xD800, 0xE000)
_INFINITE = float("inf")


class Token(NamedTuple):
    """A piece of a template; white space inside an action is a token too."""

    kind: str
    """`text`, `left`, `eof`, a group of the pattern, or the keyword itself."""
    text: str
    line: int


def tokens(source: str) -> Iterator[Token]:
    """Cut a template as Go does (text/template/parse/lex.go); comments are left out.

    Raises:
        TemplateError: No token is there.
    """
    at, trimmed = 0, False
    while (left := source.find("{{", at)) >= 0:
        inside = left + 2
        trims = source.startswith(_TRIMS, inside)
        text = source[at:left].lstrip(_SPACES) if trimmed else source[at:left]
        text = text.rstrip(_SPACES) if trims else text
        if text:
            yield Token("text", text, _line(source, at))
        inside += 2 * trims
        if source.startswith("/*", inside):
            at, trimmed = _after_comment(source, inside)
            continue
        yield Token("left", "{{", _line(source, left))
        while (token := _token(source, inside)).kind != "right":
            yield token
            inside += len(token.text)
        yield token
        at, trimmed = inside + len(token.text), len(token.text) > len("}}")
    if text := source[at:].lstrip(_SPACES) if trimmed else source[at:]:
        yield Token("text", text, _line(source, at))
    yield Token("eof", "EOF", _line(source, len(source)))


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _error(source: str, at: int, message: str) -> TemplateError:
    return TemplateError(f"template: expansion:{_line(source, at)}: {message}")


def _after_comment(source: str, at: int) -> tuple[int, bool]:
    """Tell where a comment's action ends, and whether that trims the text behind it."""
    end = source.find("*/", at + 2)
    if end < 0:
        raise _error(source, at, "unclosed comment")
    closing = _TOKEN.match(source, end + 2)
    if closing is None or closing.lastgroup != "right":
        raise _error(source, at, "comment ends before closing delimiter")
    return closing.end(), len(closing[0]) > len("}}")


def _token(source: str, at: int) -> Token:
    if at >= len(source):
        raise _error(source, at, "unclosed action")
    found = _TOKEN.match(source, at)
    if found is None:
        raise _error(source, at, f"bad character U+{ord(source[at]):04X}")
    kind, text = str(found.lastgroup), found[0]
    if kind in {"field", "variable", "word"} and not all(map(_is_alphanumeric, text.lstrip(".$"))):
        raise _error(source, at, f"bad character in {text}")
    if kind == "number" and source[found.end() : found.end() + 1] in {"+", "-"}:
        raise _error(source, at, f'bad number syntax: "{text}"')
    if kind == "word":
        kind = text if text in _KEYWORDS else "bool" if text in {"true", "false"} else kind
    return Token("dot" if text == "." else kind, text, _line(source, at))


def _is_alphanumeric(character: str) -> bool:
    # \w has numbers that are no digits too.
    return character == "_" or character.isalpha() or character.isdecimal()


def string_of(token: Token) -> bytes:
    """Return the value of a `string` or `raw` token (Go's strconv.Unquote).

    Raises:
        TemplateError: An escape in it is none of Go's.
    """
    if token.kind == "raw":
        return encoded(token.text[1:-1].replace("\r", ""))
    return b"".join(
        bytes((code,)) if is_byte else encoded(chr(code))
        for code, is_byte in _unescaped(token, '"')
    )


def number_of(token: Token) -> int | float:
    """Return the value of a `number` or `char` token (text/template/parse/node.go, newNumber).

    Raises:
        TemplateError: It is malformed, too large, or a complex or hexadecimal float, not made here.
    """
    if token.kind == "char":
        codes = list(_unescaped(token, "'"))
        if len(codes) != 1:
            raise _invalid(token, "malformed character constant")
        return codes[0][0]
    text = token.text
    try:
        number = int(re.sub(r"^([+-]?)0(?=[0-7_])", r"\g<1>0o", text), 0)
    except ValueError:
        return _float(token)
    if not -1 << 63 <= number < 1 << 63:
        raise _invalid(token, "integer overflow")
    return number


def _float(token: Token) -> float:
    try:
        number = float(token.text)
    except ValueError:
        number = _INFINITE
    if abs(number) == _INFINITE or not set(token.text) & set(".eE"):
        raise _invalid(token, "illegal number syntax")
    return number


def _invalid(token: Token, what: str) -> TemplateError:
    return TemplateError(f"template: expansion:{token.line}: {what}: {token.text}")


def _unescaped(token: Token, quote: str) -> Iterator[tuple[int, bool]]:
    """Yield the runes between the quotes, and which of them are bytes: hexadecimal and octal."""
    for found in _ESCAPE.finditer(token.text[1:-1]):
        as_hex, as_octal, short, long, simple, plain = found.groups()
        if plain is not None:
            yield ord(plain), False
        elif simple is not None:
            character = quote if simple == quote else _SIMPLE_ESCAPES.get(simple)
            if character is None:
                raise _invalid(token, "invalid syntax")
            yield ord(character), False
        else:
            code = int(as_octal, 8) if as_octal else int(as_hex or short or long, 16)
            is_byte = bool(as_hex or as_octal)
            if code > (0xFF if is_byte else 0x10FFFF) or code in _SURROGATES:
                raise _invalid(token, "invalid syntax")
            yield code, is_byte
