"""Names: one volume a line, for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.judgement import Verdict


def names(verdicts: Iterable[Verdict]) -> str:
    """Give each volume's name a line; one that would not print, or not as one line, is escaped."""
    return "".join(f"{visible(verdict.volume.name)}\n" for verdict in verdicts)
