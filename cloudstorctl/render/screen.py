"""Screens: a renderable to a string of a given width, in colour or plain."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

    Screen = RenderableType
    """What the other modules of this folder give: for whoever must not know rich."""


def screen(renderable: RenderableType, *, width: int, colour: bool) -> str:
    """Turn a renderable into text, each line without blanks at its end."""
    paper = StringIO()
    Console(
        file=paper,
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=False,
        force_jupyter=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
        _environ={},  # the caller has decided; nothing here may decide again
    ).print(renderable, end="", crop=False)
    lines = (line.rstrip(" ") for line in paper.getvalue().split("\n"))
    return "\n".join(lines).rstrip("\n") + "\n"
