"""Variables in a stack file: filled in from the environment, as Compose does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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

    def filled(self, text: str) -> str:
        """Give `text` with its variables replaced; one that is missing is empty.

        `$NAME`, `${NAME}`, with `:-`, `-`, `:?`, `?`, `:+` or `+` and a text that may hold more
        of them, and `$$` for a dollar sign (compose-spec, 12-interpolation.md).

        Raises:
            ValueError: a dollar sign begins nothing of these.
        """
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

    def _plain(self, name: str) -> str:
        if name not in self.environ:
            self.missing[Unset(name=name)] = None
        return self.environ.get(name, "")

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
                if given is None:
                    self.missing[Unset(name=name[0], required=True, message=other)] = None
                return given or ""


def _closing(text: str, at: int) -> int:
    """Find the brace that closes a variable; those of templates and of variables in it count."""
    depth = 1
    for position in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if not depth:
            return position
    raise ValueError(f"a ${{ in {text!r} is not closed")
