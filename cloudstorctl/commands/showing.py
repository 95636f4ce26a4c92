"""Print what a command found in the format that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.config import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.render.console import Console
    from cloudstorctl.render.documents import Document
    from cloudstorctl.render.screen import Screen


def show(
    console: Console,
    output: Output,
    *,
    document: Callable[[], Document],
    names: Callable[[], str],
    screens: Callable[[], list[Screen]],
) -> None:
    """Write one of the three to standard output; only that one is made."""
    from cloudstorctl.render.documents import as_yaml, json_pieces  # noqa: PLC0415 - asked for once

    match output:
        case Output.JSON:
            console.data_in_pieces(json_pieces(document()))
        case Output.YAML:
            console.data(as_yaml(document()))
        case Output.NAME:
            console.data(names())
        case Output.TABLE | Output.WIDE:
            for position, screen in enumerate(screens()):
                if position:
                    console.data("\n")
                console.show(screen)
