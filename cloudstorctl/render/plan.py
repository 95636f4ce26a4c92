"""Plan: what would be removed and why that is safe, what is kept, and what then happened."""

from __future__ import annotations

from collections import Counter
from shlex import quote
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.judgement import OutcomeStatus, Ruling
from cloudstorctl.core.times import rfc3339
from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing, sentence
from cloudstorctl.render.naming import Places, count, once
from cloudstorctl.render.notes import not_seen, tally
from cloudstorctl.render.symbols import OUTCOMES, RULINGS
from cloudstorctl.render.tables import drivers_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from cloudstorctl.core.judgement import KeptVolume, Outcome, Plan, PlannedRemoval

_FEW = 5
"""Up to so many kept volumes have their reason told; of more, only names."""

_LABEL = 13
"""Cells that a ruling takes, so that the names stand under each other."""

_EXPLAINED = (Ruling.UNKNOWN, Ruling.PENDING, Ruling.REMOVABLE)
"""Rulings a person may want to act upon: always told with their reason."""


def plan_screen(plan: Plan, program: str = "cloudstorctl") -> RenderableType:
    """Tell what a plan would remove and why, what it keeps, and what was not seen.

    `program` is what the user calls this one.
    """
    return Group(*_plan_parts(plan, program))


def outcomes_screen(outcomes: Sequence[Outcome]) -> RenderableType:
    """Tell what happened to each volume, and how many came to the same end."""
    if not outcomes:
        return Paragraph(sentence("Nothing was to be removed."))
    rows = [
        (
            cell(outcome.volume),
            cell(str(OUTCOMES[outcome.status]), OUTCOMES[outcome.status].style),
            sentence(outcome.detail),
        )
        for outcome in outcomes
    ]
    columns = [Column(head="VOLUME", whole=True), Column(head="OUTCOME"), Column(head="DETAIL")]
    counts = Counter(outcome.status for outcome in outcomes)
    told = [
        Text(f"{counts[status]} {OUTCOMES[status].word}", OUTCOMES[status].style)
        for status in OutcomeStatus
        if counts[status]
    ]
    total = Text(f"{count(len(outcomes), 'volume')}: ")
    return Group(Columns(columns, rows), Text(), Paragraph(listing(told), label=total))


def _plan_parts(plan: Plan, program: str) -> Iterator[RenderableType]:
    places = Places(plan.nodes)
    when = f"Plan for swarm {plan.cluster_id}, from what was seen at {rfc3339(plan.made_at)}."
    yield Paragraph(sentence(when, "dim"))
    yield Text()
    total = count(len(plan.removals) + len(plan.kept), "volume")
    if plan.removals:
        yield Paragraph((Text(f"To be removed: {len(plan.removals)} of {total}", "bold"),))
        for removal in plan.removals:
            yield from _removal(removal, places)
    else:
        yield Paragraph((Text(f"Nothing to remove among {total}.", "bold"),))
    if plan.kept:
        yield Text()
        kept = tally(each.ruling for each in plan.kept)
        yield Paragraph(listing(kept), label=Text("Kept: ", "bold"))
        for ruling in Ruling:
            volumes = [each for each in plan.kept if each.ruling is ruling]
            yield from _kept(ruling, volumes, program, few=len(plan.kept) <= _FEW)
    yield from not_seen(plan.gaps, places)


def _removal(removal: PlannedRemoval, places: Places) -> Iterator[RenderableType]:
    mark = RULINGS[removal.ruling]
    sign = Text(f"{mark.sign} ", mark.style)
    yield Paragraph(cell(removal.volume, "bold"), indent=2, label=sign)
    nodes = once(places.name(entry.node.id) for entry in removal.entries)
    drivers = drivers_cell(once(entry.driver for entry in removal.entries))
    if nodes:
        listed = (*listing(nodes), Text(" by "), *drivers)
        yield Paragraph(listed, indent=4, label=Text("listed on "))
    for reason in removal.reasons:
        yield Paragraph(sentence(reason), indent=4)


def _kept(
    ruling: Ruling, volumes: Sequence[KeptVolume], program: str, *, few: bool
) -> Iterator[RenderableType]:
    if not volumes:
        return
    mark = RULINGS[ruling]
    label = Text(f"{mark!s:{_LABEL}}", mark.style)
    if not few and ruling not in _EXPLAINED:
        yield Paragraph(listing(each.volume for each in volumes), indent=2, label=label)
        return
    for each in volumes:
        yield Paragraph(cell(each.volume), indent=2, label=label)
        told = each.reasons if ruling in _EXPLAINED else each.reasons[:1]
        for reason in told:
            yield Paragraph(sentence(reason), indent=2 + _LABEL)
        if len(told) < len(each.reasons):
            more = count(len(each.reasons) - len(told), "more reason")
            hint = f"({more}: '{program} inspect {quote(each.volume)}')"
            yield Paragraph(sentence(hint, "dim"), indent=2 + _LABEL)
