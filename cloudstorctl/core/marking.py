"""What a look at the swarm adds to the memory of unused volumes, and what it takes away.

A volume is in it from the first look that saw it unused, and leaves it with the first claim, or
once it is gone. A look that could not see all of a volume's use says nothing about it: it neither
begins a grace period nor ends one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cloudstorctl.core.memory_document import name_of
from cloudstorctl.core.times import in_utc

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from cloudstorctl.core.memory import Since
    from cloudstorctl.core.model import VolumeName
    from cloudstorctl.core.verdict import Assessment

_FOR_ONE = 500
"""Volumes that are written again, at most, because one is gone."""
_DRIFT = timedelta(minutes=5)
"""Clocks may differ by so much without a word."""


def after_look(since: Since, seen: Assessment) -> dict[VolumeName, datetime]:
    """Give the memory as it is after a look.

    Volumes that no engine lists any more are forgotten, if every list was read: what is made under
    such a name later is another volume. A time is the later one of the operator's clock and the
    swarm's, so that a wrong clock can make a grace period longer and never shorter.
    """
    judged = {verdict.volume.name: verdict for verdict in seen.verdicts}

    def keeps(name: VolumeName) -> bool:
        if name in judged:
            return not judged[name].claims
        return any(gap.touches(name) for gap in seen.gaps)

    kept = {name: moment for name, moment in since.items() if keeps(name)}
    for name, verdict in judged.items():
        if not verdict.claims and not verdict.gaps:
            kept.setdefault(name, seen.survey.latest)
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What the looks of a run have shown that the swarm does not remember yet."""

    last: Assessment
    earlier: frozenset[VolumeName] = frozenset()
    """What looks before the last saw claimed, or saw that it is gone: it begins anew."""

    def then(self, seen: Assessment) -> Notes:
        """Add the next look."""
        claimed = {verdict.volume.name for verdict in self.last.verdicts if verdict.claims}
        gone = {
            name
            for name in _listed(self.last) - _listed(seen)
            if not any(gap.touches(name) for gap in seen.gaps)
        }
        return Notes(last=seen, earlier=self.earlier | claimed | gone)


def after_looks(since: Since, notes: Notes) -> Since:
    """Give the memory, as it was read for the last of several looks, as it is after all of them."""
    return after_look(without(since, notes.earlier), notes.last)


def after_losing(since: Since, notes: Notes) -> Since:
    """Give the memory that another run has written, as it is after this run's looks.

    It may have seen more lately than they did: nothing is added to it, and only what they saw
    claimed or gone is taken away.
    """
    left = without(since, notes.earlier)
    return {name: left[name] for name in after_look(left, notes.last) if name in left}


def can_wait(notes: Notes) -> bool:
    """Whether looks only show that volumes are gone, too few to write a large memory for.

    Each version of the memory is written as a whole, and the managers keep all of them for a while.
    """
    since = notes.last.memory.since
    wanted = after_looks(since, notes)
    changed = {n for n in since.keys() | wanted.keys() if since.get(n) != wanted.get(n)}
    only_gone = changed.isdisjoint(_listed(notes.last))
    return only_gone and len(changed) * _FOR_ONE < len(since)


def without(since: Since, names: Collection[VolumeName]) -> Since:
    """Give the memory without some volumes."""
    return {name: moment for name, moment in since.items() if name not in names}


def _listed(seen: Assessment) -> set[VolumeName]:
    return {verdict.volume.name for verdict in seen.verdicts}


def ahead_of_time(seen: Assessment) -> str:
    """Say which grace periods begin at a time that is yet to come; an empty text: none does.

    Where the clock is wrong just now, to begin them anew would let what waits go too early.
    """
    soon = seen.survey.latest + _DRIFT
    ahead = sorted(
        (verdict.unused_since, verdict.volume.name)
        for verdict in seen.verdicts
        if verdict.unused_since and verdict.unused_since > soon
    )
    if not ahead:
        return ""
    moment, name = ahead[-1]
    more = len(ahead) - 1
    others = f" ({more} more volume{'s' * (more > 1)} at such a time)" if more else ""
    return (
        f"The swarm remembers that {name} was first seen unused at {in_utc(moment)}{others}, which "
        "is yet to come: a clock was wrong then, or is now. If it was wrong then, "
        f"'docker config rm {name_of(seen.memory.sequence)}' on a manager lets every grace period "
        "begin anew."
    )
