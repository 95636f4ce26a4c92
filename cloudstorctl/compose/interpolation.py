"""Variables in a stack file: filled in from the environment, as Compose does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORM = r"[_a-z][_a-z0-9]*(?::?[-?][^}]*)?"
_OF_DOCKER = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<named>{_FORM})|\{{(?P<braced>{_FORM})\}}|(?P<invalid>))",
    re.IGNORECASE | re.ASCII,
)
_OPERATOR = re.compile(r":?[-?+]")


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
            ValueError: a dollar sign begins nothing of these.
        """
        if self.as_docker:
            return _OF_DOCKER.sub(self._of_docker, text)
        filled, at = "", 0
        while (dollar := text.find("$", at)) >= 0:
            filled += text[at:dollar]
            at = dollar + 1
            if text.startswith("$", at):
                filled, at = f"{filled}$", at + 1
            elif text.startswith("{", at):
                end = _closing(text, at + 1)
                filled, at = filled + self._braced(text[at + 1 : end]), end + 1
            elif name := _NAME.match(text, at):
                filled, at = filled + self._plain(name[0]), name.end()
            else:
                raise ValueError(f"a dollar sign in {text!r} is neither $NAME nor doubled")
        return filled + text[at:]

    def _of_docker(self, found: re.Match[str]) -> str:
        """Fill in one variable as `docker stack` does (docker/cli cli/compose/template).

        There `$NAME-text` is `${NAME-text}`, a text that stands in holds no variables, and the
        first of `:-`, `-`, `:?` and `?` that is anywhere in it parts the name from it.
        """
        if found["escaped"]:
            return "$"
        form = found["named"] or found["braced"]
        if form is None:
            raise ValueError(f"a dollar sign in {found.string!r} begins no variable")
        for operator in (":-", "-", ":?", "?"):
            name, given, other = form.partition(operator)
            if not given:
                continue
            value = self.environ.get(name)
            if value or (value is not None and operator[0] != ":"):
                return value
            return other if operator[-1] == "-" else self._demanded(name, other)
        return self._plain(form)

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

    def _braced(self, inner: str) -> str:
        name = _NAME.match(inner)
        if name is None:
            raise ValueError(f"${{{inner}}} names no variable")
        rest = inner[name.end() :]
        if not rest:
            return self._plain(name[0])
        operator = _OPERATOR.match(rest)
        if operator is None:
            raise ValueError(f"${{{inner}}} is no form of a variable that Compose knows")
        value = self.environ.get(name[0])
        # With a colon, an empty value is as good as none.
        given = value if value or (value is not None and operator[0][0] != ":") else None
        other = rest[operator.end() :]
        match operator[0][-1]:
            case "+":
                return "" if given is None else self.filled(other)
            case "-":
                return self.filled(other) if given is None else given
            case _:
                return self._demanded(name[0], other) if given is None else given


def _closing(text: str, at: int) -> int:
    """Find the brace that closes a variable; those of templates and of variables in it count."""
    depth = 1
    for position in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
    raise ValueError(f"a ${{ in {text!r} is not closed")
