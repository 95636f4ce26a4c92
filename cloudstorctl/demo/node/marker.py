"""What the scripts of `cloudstorctl verify` do to the files of a volume here."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

from cloudstorctl.core.marker import READ, REMOVE, WRITE, Ended

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS: Final = frozenset({WRITE, READ, REMOVE})


def ended(script: str, place: Path | None, content: str, *, read_only: bool) -> Ended:
    """Do what one of the scripts does, to the file at `place`, and say how it ends."""
    if place is None or not place.parent.is_dir():
        return Ended.UNREADABLE
    if script == WRITE:
        return _written(place, content, read_only=read_only)
    if script == READ:
        return _found(place, content)
    if not read_only:
        with contextlib.suppress(OSError):
            place.unlink()
    return Ended.KEPT if os.path.lexists(place) else Ended.DONE


def _written(place: Path, content: str, *, read_only: bool) -> Ended:
    if os.path.lexists(place):
        return Ended.TAKEN
    if read_only:
        return Ended.READ_ONLY
    with place.open("x") as file:
        file.write(content)
    return Ended.DONE


def _found(place: Path, content: str) -> Ended:
    if not os.path.lexists(place):
        return Ended.ABSENT
    if place.is_symlink() or not place.is_file():
        return Ended.OTHER
    return Ended.DONE if place.read_text() == content else Ended.OTHER
