"""Notes: the lines under a table, which sum it up and tell what could not be seen."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.render.layout import Paragraph, listing, sentence
from cloudstorctl.render.naming import count
from cloudstorctl.render.symbols import ATTENTION, RULINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from cloudstorctl.core.model import Gap
    from cloudstorctl.render.naming import Places


def tally(rulings: Iterable[Ruling]) -> Iterator[Text]:
    """Count rulings in their order, with none that is zero: `5 in use`, `2 removable`."""
    counts = Counter(rulings)
    for ruling in Ruling:
        if counts[ruling]:
            word = RULINGS[ruling].word.replace("-", " ")
            yield Text(f"{counts[ruling]} {word}", RULINGS[ruling].style)


def summary(rulings: Sequence[Ruling]) -> Paragraph:
    """Say how many volumes there are of each ruling."""
    if not rulings:
        return Paragraph(sentence("No volume to show."))
    total = Text(f"{count(len(rulings), 'volume')}: ")
    return Paragraph(listing(tally(rulings)), label=total)


def not_seen(gaps: Sequence[Gap], places: Places) -> Iterator[RenderableType]:
    """Tell each gap and what follows from them; nothing where there are none."""
    if not gaps:
        return
    yield Text()
    yield Paragraph((Text("Not seen:", "bold"),))
    for gap in gaps:
        yield _attention(_told(gap, places))
    whose = (
        "Volumes" if any(gap.volumes is None for gap in gaps) else "Those of the volumes named here"
    )
    yield Paragraph(sentence(f"{whose} without a claim are ruled unknown and stay."))


def warnings(lines: Iterable[str]) -> Iterator[RenderableType]:
    """Give each warning a line, with a sign."""
    for line in lines:
        yield _attention(line)


def _attention(text: str) -> Paragraph:
    return Paragraph(sentence(text), indent=2, label=Text(f"{ATTENTION.sign} ", ATTENTION.style))


def _told(gap: Gap, places: Places) -> str:
    place = "" if gap.node is None else places.name(gap.node)
    source = gap.source if not place or gap.names(place) else f"{place}, {gap.source}"
    hidden = "" if gap.volumes is None else f" (it may hide {', '.join(sorted(gap.volumes))})"
    return f"{source}: {gap.cause}{hidden}"
