"""Variables in a stack file: filled in from the environment, as Compose does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = r"[_a-z][_a-z0-9]*"
_OF_COMPOSE = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{_NAME})"
    rf"|\{{(?:(?P<braced>{_NAME}(?::?[-?+].*)?)\}}|(?P<invalid>)))",
    re.IGNORECASE | re.ASCII,
)
_PARTS = re.compile(rf"({_NAME})(:?[-?+])?(.*)", re.IGNORECASE | re.ASCII)
_FORM = rf"{_NAME}(?::?[-?][^}}]*)?"
_OF_DOCKER = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{_FORM})|\{{(?P<braced>{_FORM})\}}|(?P<invalid>))",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unset:
    """A variable without a value, where nothing stands in for it."""

    name: str
    required: bool = False
    """Whether the file demands it (`${NAME:?message}`), so that it cannot be deployed."""
    message: str = ""


@dataclass(slots=True)
class Interpolation:
    """Fills in variables, and remembers those that were missing."""

    environ: Mapping[str, str]
    missing: dict[Unset, None] = field(default_factory=dict)
    later: Mapping[str, str] = field(default_factory=dict)
    """Variables that count only where the file has no other text for one that is missing."""
    instead: str = ""
    """What stands for one that is missing."""
    as_docker: bool = False
    """Whether as `docker stack` does, which reads more for a variable than Compose."""

    def filled(self, text: str) -> str:
        """Give `text` with its variables replaced; one that is missing is `instead`.

        `$NAME`, `${NAME}`, with `:-`, `-`, `:?`, `?`, `:+` or `+` and a text that may hold more
        of them, and `$$` for a dollar sign (compose-spec, 12-interpolation.md).

        Raises:
            ValueError: a `${`, or for docker any dollar sign, begins nothing of these.
        """
        if self.as_docker:
            return self._filled_by_docker(text)
        return _OF_COMPOSE.sub(self._of_compose, text)

    def _of_compose(self, found: re.Match[str]) -> str:
        """Fill in one variable, and what stands behind it where that may be a part of it."""
        if found["escaped"]:
            return "$"
        text, rest = _closed(found[0])
        one = _OF_COMPOSE.match(text)
        form = one and (one["named"] or one["braced"])
        if not form:
            raise ValueError(f"{found.string[found.start() :]!r} begins no variable")
        name, operator, other = _PARTS.findall(form)[0]
        if not operator:
            return self._plain(name)
        given = self._given(name, operator)
        noted = dict(self.missing)
        standing_in = self.filled(other)  # it has to be in order, also where it does not count
        if operator[-1] == "?" or (given is None) == (operator[-1] == "+"):
            self.missing = noted
        if operator[-1] == "+":
            value = "" if given is None else standing_in
        elif given is not None:
            value = given
        else:
            value = standing_in if operator[-1] == "-" else self._demanded(name, other)
        return value + self.filled(rest)

    def _filled_by_docker(self, text: str) -> str:
        """Fill in all variables as `docker stack` does (docker/cli cli/compose/template).

        There `$NAME-text` is `${NAME-text}`, and what is wrong with a variable is forgotten when
        there is another one behind it.
        """
        filled, at = "", 0
        wrong: Unset | str = ""
        for found in _OF_DOCKER.finditer(text):
            filled += text[at : found.start()]
            at = found.end()
            form = found["named"] or found["braced"]
            if found["escaped"]:
                filled += "$"
            elif form is None:
                wrong = f"a dollar sign in {text!r} begins no variable"
            else:
                value = self._of_docker(form)
                wrong = value if isinstance(value, Unset) else ""
                filled += value if isinstance(value, str) else ""
        if isinstance(wrong, Unset):
            self.missing[wrong] = None
        elif wrong:
            raise ValueError(wrong)
        return filled + text[at:]

    def _of_docker(self, form: str) -> str | Unset:
        """Fill in one variable; a text that stands in for it holds no others.

        The first of `:-`, `-`, `:?` and `?` that is anywhere in it parts the name from it.
        """
        for operator in (":-", "-", ":?", "?"):
            name, given, other = form.partition(operator)
            if given:
                value = self._given(name, operator)
                if value is not None:
                    return value
                if operator[-1] == "-":
                    return other
                return self.later.get(name, Unset(name=name, required=True, message=other))
        return self._plain(form)

    def _given(self, name: str, operator: str) -> str | None:
        """Give the value of a variable; with a colon, an empty one is as good as none."""
        value = self.environ.get(name)
        return value if value or operator[0] != ":" else None

    def _demanded(self, name: str, message: str) -> str:
        """Give a variable that has to be there, and that the environment lacks."""
        if name not in self.later:
            self.missing[Unset(name=name, required=True, message=message)] = None
        return self.later.get(name, "")

    def _plain(self, name: str) -> str:
        if name in self.environ:
            return self.environ[name]
        if name not in self.later:
            self.missing[Unset(name=name)] = None
        return self.later.get(name, self.instead)


def _closed(text: str) -> tuple[str, str]:
    """Cut a text behind the brace that closes the variable at its start, as compose-go does.

    There what follows an open brace is not looked at (template.go, getFirstBraceClosingIndex): the
    two of a template count as one, and of those that close it one is left behind the variable.
    """
    depth = at = 0
    while at < len(text):
        if text[at] == "}":
            depth -= 1
            if not depth:
                return text[: at + 1], text[at + 1 :]
        elif text[at] == "{":
            depth += 1
            at += 1
        at += 1
    return text, ""
