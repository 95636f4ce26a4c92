"""What a look at the swarm adds to the memory of unused volumes, and what it takes away.

A volume is in it from the first look that saw it unused, and leaves it with the first claim, or
once it is gone. A look that could not see all of a volume's use says nothing about it: it neither
begins a grace period nor ends one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cloudstorctl.core.memory_document import name_of
from cloudstorctl.core.times import in_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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


def after_looks(since: Since, looks: Sequence[Assessment]) -> Since:
    """Give the memory, which the last of several looks was taken with, as it is after all of them.

    Other runs may have written it after the first ones: those add nothing.
    """
    return after_look(after_losing(since, looks[:-1]), looks[-1])


def after_losing(since: Since, looks: Iterable[Assessment]) -> Since:
    """Give the memory that another run has written, as it is after this run's looks.

    It may have seen more lately than they did: nothing is added to it, and only what they saw
    claimed or gone is taken away.
    """
    for seen in looks:
        since = {name: since[name] for name in after_look(since, seen) if name in since}
    return since


def can_wait(looks: Sequence[Assessment]) -> bool:
    """Whether looks only show that volumes are gone, too few to write a large memory for.

    Each version of the memory is written as a whole, and the managers keep all of them for a while.
    """
    since, last = looks[-1].memory.since, looks[-1]
    wanted = after_look(since, last)
    gone = since.keys() - {verdict.volume.name for verdict in last.verdicts}
    changed = wanted.keys() ^ since.keys()
    return changed <= gone and len(looks) * _FOR_ONE < len(since)


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
