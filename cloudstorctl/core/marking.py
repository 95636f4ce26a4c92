"""What a look at the swarm adds to the memory of unused volumes, and what it takes away.

A volume is in it from the first look that saw it unused, and leaves it with the first claim, or
once it is gone. A look that could not see all of a volume's use says nothing about it: it neither
begins a grace period nor ends one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from cloudstorctl.core.memory import Since
    from cloudstorctl.core.model import VolumeName
    from cloudstorctl.core.verdict import Assessment


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


def after_losing(since: Since, seen: Assessment) -> dict[VolumeName, datetime]:
    """Give the memory that another run has written, as it is after this run's look.

    It may have seen more lately than this look did: nothing is added to it, and only what this
    look saw claimed or gone is taken away.
    """
    return {name: since[name] for name in after_look(since, seen) if name in since}
