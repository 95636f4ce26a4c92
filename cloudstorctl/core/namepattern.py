"""Turn text with open fields into the pattern of the directories that it can name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from cloudstorctl.core.gotemplate import Field, Opaque, Part, joined

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Mark(Enum):
    END = "/"
    """The end of a directory's name."""


_Piece: TypeAlias = Part | _Mark
_Directory: TypeAlias = tuple[Part, ...]
_Path: TypeAlias = tuple[_Piece, ...]

_MAX_DIRECTORIES = 32
"""Deeper ones are not compared, so a little more matches: this bounds the pattern's nesting."""
_MAX_ANY = 3
"""Of more stretches of any text one is made, so a little more matches: this bounds the search."""

ID = "[0-9a-z]{25}"
"""The form of an ID: 25 digits to the base of 36 (swarmkit identity/randomid.go)."""
NUMBER = "[1-9][0-9]{0,19}"
"""The form of a slot."""
_WORD = "[^/]+"
_FORMS = {
    Field.SERVICE_ID: ID,
    Field.SERVICE_NAME: _WORD,
    Field.NODE_ID: ID,
    Field.NODE_HOSTNAME: _WORD,
    Field.NODE_OS: _WORD,
    Field.NODE_ARCH: _WORD,
    Field.TASK_ID: ID,
    Field.TASK_NAME: _WORD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePattern:
    """The form of every directory that some text with open fields can name."""

    prefix: str
    """What each of them starts with."""
    after_word: str
    """What each of them has behind a first word that is not known; empty: this is not its form."""
    anything: bool
    """Whether any directory fits, or the root."""
    expression: re.Pattern[str]

    def match(self, place: str) -> dict[Field, str] | None:
        """Fit a canonical name: a directory of this form, one in it or one around it.

        Return the text of each open field that the name reaches, or None where it does not fit.
        """
        if not place:
            return {}
        found = self.expression.match(place + "/")
        if found is None:
            return None
        values = found.groupdict().items()
        return {Field(name): text for name, text in values if text is not None}


@lru_cache(maxsize=16384)
def pattern_of(
    pieces: _Directory, *, slot: str = NUMBER, slashes: bool = False, climbs: bool = False
) -> NamePattern:
    """Make the pattern of `pieces`, once: the same are asked again before each removal.

    `slot` is the form of an open slot. Label text may end a name only where it can have slashes
    (`slashes`); where any text can have a `..` (`climbs`) every name fits.
    """
    path = () if climbs else _bounded(_directories(pieces)[:_MAX_DIRECTORIES])
    return NamePattern(
        prefix=_prefix(path),
        after_word=_after_word(path),
        anything=all(is_any(piece) or piece is _Mark.END for piece in path),
        expression=re.compile(_expression(path, slot=slot, slashes=slashes), re.DOTALL),
    )


def is_any(piece: _Piece) -> bool:
    """Whether a piece may be any text."""
    return piece is Opaque.ACTION or piece is Field.SERVICE_LABELS


def _directories(pieces: _Directory) -> tuple[_Directory, ...]:
    """Cut what a template yields at its own slashes, canonically; empty: it may be the root."""
    cut: list[list[Part]] = [[]]
    for piece in pieces:
        if isinstance(piece, str):
            first, *others = piece.split("/")
            cut[-1].append(first)
            cut.extend([other] for other in others)
        else:
            cut[-1].append(piece)
    path: list[_Directory] = []
    for directory in map(joined, cut):
        if directory == ("..",):
            if not path or any(map(is_any, path[-1])):
                return ()
            path.pop()
        elif directory not in {(), (".",)}:
            if _may_be_parent(directory):
                return ()
            path.append(_without_lone_dots(directory))
    return tuple(path)


def _lone(directory: _Directory) -> list[str]:
    """List the literals that are a directory's whole name if any text beside them is `/`."""
    around = ("", *directory, "")
    return [
        piece
        for before, piece, after in zip(around, around[1:], around[2:], strict=False)
        if isinstance(piece, str) and all(each == "" or is_any(each) for each in (before, after))
    ]


def _may_be_parent(directory: _Directory) -> bool:
    """Whether dots beside any text can make a `..` of it."""
    lone = _lone(directory)
    return ".." in lone or lone.count(".") > 1


def _without_lone_dots(directory: _Directory) -> _Directory:
    """Take a dot that can vanish as a directory's `.` for a part of the text beside it."""
    if "." not in _lone(directory):
        return directory
    return joined([Field.SERVICE_LABELS if piece == "." else piece for piece in directory])


def _bounded(directories: Iterable[_Directory]) -> _Path:
    """Line up all pieces with the ends between them, and bound what matching can cost."""
    path: list[_Piece] = []
    for directory in directories:
        path += (*directory, _Mark.END)
    stretches = [position for position, piece in enumerate(path) if is_any(piece)]
    if len(stretches) > _MAX_ANY:
        within = slice(stretches[0], stretches[-1] + 1)
        open_ended = Opaque.ACTION in path[within] or _Mark.END in path[within]
        path[within] = [Opaque.ACTION if open_ended else Field.SERVICE_LABELS]
    return tuple(path)


def _prefix(path: _Path) -> str:
    prefix = ""
    for piece in path:
        if is_any(piece):
            return prefix.removesuffix("/")
        if isinstance(piece, Field):
            return prefix
        prefix += piece.value if isinstance(piece, Enum) else piece
    return prefix.removesuffix("/")


def _after_word(path: _Path) -> str:
    match path[:2]:
        case (Field() as word, str() as text) if _FORMS.get(word) == _WORD:
            return text
    return ""


def _expression(path: _Path, *, slot: str, slashes: bool) -> str:
    """Write the regular expression for a canonical name that ends in a slash.

    It need not reach the end of the name (which then lies in a yielded directory), and the name may
    end at any `END` (it then holds one), or within text that may have slashes. So text that is
    empty, and takes its slash with it, needs no form of its own: it can be the rest of the name.
    """
    forms = _FORMS | {Field.SLOT: slot}
    written = ""
    for position, piece in reversed(tuple(enumerate(path))):
        if piece is _Mark.END:
            written = f"/(?:\\Z|{written})" if written else "/"
        elif piece is Opaque.ACTION or (piece is Field.SERVICE_LABELS and slashes):
            written = f"(?:.*{written})?"
        elif piece is Field.SERVICE_LABELS:
            written = f".*{written}"
        elif isinstance(piece, Field):
            first = path.index(piece) == position
            group = f"(?P<{piece.value}>{forms[piece]})" if first else f"(?P={piece.value})"
            written = group + written
        else:
            written = re.escape(str(piece)) + written
    return written
