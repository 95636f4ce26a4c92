"""The tree of a Go template (text/template/parse/node.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, number or boolean."""

    value: bytes | int | float
    source: str


@dataclass(frozen=True, slots=True)
class Nil:
    """The untyped nil."""


@dataclass(frozen=True, slots=True)
class Access:
    """The dot, a variable or a pipeline in parentheses, and the fields behind it."""

    base: str | Pipe | Call
    """The name of a variable with its `$`; "." for the dot."""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """The name of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each of which takes the value of the one before, and variables for the last."""

    commands: tuple[tuple[Operand, ...], ...]
    targets: tuple[str, ...] = ()
    assigns: bool = False
    """Whether the targets have been declared before."""


@dataclass(frozen=True, slots=True)
class Branch:
    """An `if`, `with` or `range`."""

    kind: str
    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Include:
    """A `template`, and what its dot is."""

    name: bytes
    pipe: Pipe | None


@dataclass(frozen=True, slots=True)
class Jump:
    """A `break` or `continue`."""

    kind: str


Operand: TypeAlias = Constant | Nil | Access | Call | Pipe
Node: TypeAlias = bytes | Pipe | Branch | Include | Jump
Body: TypeAlias = tuple[Node, ...]
