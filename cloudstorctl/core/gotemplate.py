"""Read a Go template as SwarmKit fills it: literal text, fields, and what cannot be told.

The syntax is that of Go's text/template (text/template/parse/lex.go and parse.go, exec.go). What is
read differently from Go is read wider: as any text where Go would have known the text or refused
the template, never as a text that Go would not make.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cloudstorctl.core.gofunctions import (
    CONTEXT,
    Field,
    Opaque,
    Part,
    RejectedError,
    Text,
    Value,
    called,
    constant,
    printed,
    selected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Field", "Opaque", "Part", "Text", "joined", "parts_of"]

_ANY_TEXT = frozenset({Opaque.ACTION, Field.SERVICE_LABELS})
_OPENERS = frozenset({"if", "with", "range", "define", "block"})
_CONTROLS = _OPENERS | {"else", "end", "template", "break", "continue"}
_CONTROL_TOKENS = frozenset(("word", word) for word in _CONTROLS)
_CONSTANTS: Mapping[str, Value] = {"true": True, "false": False, "nil": None}
_SPACES = " \t\r\n"
_OPEN = re.compile(r"\{\{(?P<trim>-[ \t\r\n])?")
_COMMENT = re.compile(r"/\*(?:(?!\*/).)*\*/(?P<trim>[ \t\r\n]-)?\}\}", re.DOTALL)
_CLOSE = re.compile(r"(?P<trim>[ \t\r\n]+-)?\}\}")
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    | "(?P<string>(?:[^"\\\n]|\\[^\n])*)"
    | `(?P<raw>[^`]*)`
    | '(?P<char>(?:[^'\\\n]|\\[^\n])+)'
    | (?P<number>[+-]?\.?[0-9](?:[eEpP][+-]|[\w.])*)
    | \.(?P<field>\w+)
    | (?P<variable>\$\w*)
    | (?P<word>\w+)
    | (?P<mark>:=|[=|().,])""",
    re.VERBOSE,
)
_MAX_PARENTHESES = 50
"""Deeper nesting is not worth a deep recursion: it counts as unexpandable."""


class _Token(NamedTuple):
    kind: str
    text: str
    spaced: bool
    """Whether white space comes before it, which Go wants between operands."""


_Action: TypeAlias = tuple[_Token, ...]


@lru_cache(maxsize=4096)
def parts_of(source: str) -> Text:
    """Split a mount source into literal text, fields, and any text where that is all to be said.

    From the first control action to the last one all is any text; so is all that follows an error,
    for which SwarmKit refuses the task (swarmkit template/expand.go).
    """
    segments = _segments(source)
    first, last = _controlled(segments)
    outside = segments[:first] + segments[last + 1 :]
    if first <= last and all(isinstance(each, str) and not each.strip() for each in outside):
        return (Opaque.ACTION,)  # a {{define "expansion"}} would replace such a template
    variables: dict[str, Value] = {"$": CONTEXT}
    parts: list[Part] = []
    for position, segment in enumerate(segments):
        if first <= position <= last:
            parts.append(Opaque.ACTION)
            variables.update(dict.fromkeys(_assigned(segment)))
        elif isinstance(segment, tuple):
            try:
                parts += _Evaluation(segment, variables).output()
            except RejectedError:
                parts.append(Opaque.ACTION)
                break
        else:
            parts.append(segment)
    return joined(parts)


def joined(parts: list[Part]) -> Text:
    """Merge neighbouring literals, and neighbours that are any text; drop empty literals."""
    merged: list[Part] = []
    for part in parts:
        before = merged[-1] if merged else ""
        if isinstance(part, str) and isinstance(before, str):
            merged[-1:] = [before + part] if before + part else []
        elif not (part is before and part in _ANY_TEXT):
            merged.append(part)
    return tuple(part for part in merged if part != "")


def _segments(source: str) -> list[str | _Action | Opaque]:
    """Cut a template into literals (trimmed) and actions; an opaque end where lexing fails."""
    segments: list[str | _Action | Opaque] = []
    at, trim = 0, False
    while opening := _OPEN.search(source, at):
        segments.append(_trimmed(source[at : opening.start()], left=trim, right=bool(opening[1])))
        try:
            action, closing = _lexed(source, opening.end())
        except RejectedError:
            return [*segments, Opaque.ACTION]
        if action is not None:
            segments.append(action)
        at, trim = closing.end(), bool(closing["trim"])
    return [*segments, _trimmed(source[at:], left=trim, right=False)]


def _trimmed(text: str, *, left: bool, right: bool) -> str:
    text = text.lstrip(_SPACES) if left else text
    return text.rstrip(_SPACES) if right else text


def _lexed(source: str, at: int) -> tuple[_Action | None, re.Match[str]]:
    """Cut one action into tokens, from behind its opening mark; None for a comment."""
    if source.startswith("/*", at):
        comment = _COMMENT.match(source, at)
        if comment is None:
            raise RejectedError
        return None, comment
    tokens: list[_Token] = []
    spaced = False
    while (closing := _CLOSE.match(source, at)) is None:
        found = _TOKEN.match(source, at)
        if found is None or found.lastgroup is None:
            raise RejectedError
        if found.lastgroup != "space":
            tokens.append(_Token(found.lastgroup, found[found.lastgroup], spaced))
        spaced = found.lastgroup == "space"
        at = found.end()
    return tuple(tokens), closing


def _controlled(segments: list[str | _Action | Opaque]) -> tuple[int, int]:
    """Find the first and the last segment that control structures put in doubt; (0, -1): none."""
    keywords = [
        (position, segment[0].text)
        for position, segment in enumerate(segments)
        if isinstance(segment, tuple) and segment and segment[0][:2] in _CONTROL_TOKENS
    ]
    if not keywords:
        return 0, -1
    depth = sum((word in _OPENERS) - (word == "end") for _, word in keywords)
    return keywords[0][0], keywords[-1][0] if depth == 0 else len(segments) - 1


def _assigned(segment: str | _Action | Opaque) -> Iterator[str]:
    """Name each variable that an action might set; its value cannot be told afterwards."""
    if isinstance(segment, tuple) and any(
        token.kind == "mark" and token.text in {":=", "="} for token in segment
    ):
        yield from (token.text for token in segment if token.kind == "variable")


class _Evaluation:
    """One action, read from left to right and evaluated on the way."""

    def __init__(self, tokens: _Action, variables: dict[str, Value]) -> None:
        self._tokens = tokens
        self._at = 0
        self._variables = variables

    def output(self) -> Text:
        """Evaluate the action and return what it prints."""
        if sum(token.text == "(" for token in self._tokens) > _MAX_PARENTHESES:
            raise RejectedError
        name = self._target()
        value = self._pipeline()
        if self._next() is not None:
            raise RejectedError
        if name is None:
            text = printed(value)
            return (Opaque.ACTION,) if text is None else text
        self._variables[name] = value
        return ()

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, mark: str) -> bool:
        token = self._next()
        taken = token is not None and (token.kind, token.text) == ("mark", mark)
        self._at += taken
        return taken

    def _target(self) -> str | None:
        name = self._next()
        if name is None or name.kind != "variable":
            return None
        self._at += 1
        if self._take(":=") or (name.text in self._variables and self._take("=")):
            return name.text
        self._at -= 1
        return None

    def _pipeline(self) -> Value:
        value = self._command(())
        while self._take("|"):
            value = self._command((value,))
        return value

    def _command(self, piped: tuple[Value, ...]) -> Value:
        head = self._next()
        if head is None or head.kind != "word" or head.text in _CONSTANTS:
            if piped:  # only a function can take what is piped to it
                raise RejectedError
            return self._operand()
        self._at += 1
        arguments: list[Value] = []
        while (token := self._next()) and not (token.kind == "mark" and token.text in "|)"):
            if not token.spaced:
                raise RejectedError
            arguments.append(self._operand())
        return called(head.text, (*arguments, *piped))

    def _operand(self) -> Value:
        token = self._next()
        if token is None:
            raise RejectedError
        self._at += 1
        value = self._term(token)
        while (field := self._next()) and field.kind == "field" and not field.spaced:
            self._at += 1
            value = selected(value, field.text)
        return value

    def _term(self, token: _Token) -> Value:
        match token.kind, token.text:
            case "string" | "raw" | "char" | "number", _:
                return constant(token.kind, token.text)
            case "field", name:
                return selected(CONTEXT, name)
            case "variable", name if name in self._variables:
                return self._variables[name]
            case "word", name:
                return _CONSTANTS[name] if name in _CONSTANTS else called(name, ())
            case "mark", ".":
                return CONTEXT
            case "mark", "(":
                value = self._pipeline()
                if not self._take(")"):
                    raise RejectedError
                return value
            case _:
                pass
        raise RejectedError
