"""Whether a volume could be restored, and whether it has to be before it may be removed."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass annotations are resolved at run time
from dataclasses import dataclass, field
from datetime import datetime, timedelta  # noqa: TC003 - as above
from typing import TYPE_CHECKING, assert_never

from cloudstorctl.core.judgement import BackingKind, Claim, ClaimKind, Holder, HolderType
from cloudstorctl.core.storage import Restorable

if TYPE_CHECKING:
    from cloudstorctl.core.judgement import Verdict, Volume

RULE = "require_recovery_point"
"""The setting, and the ID of the claim that it makes."""

_NOT_ASKED = Restorable(unknown="AWS was not asked about its backing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """What AWS says of the backings, and how young a recovery point has to be."""

    file_systems: Mapping[str, Restorable] = field(default_factory=dict)
    """By ID."""
    volumes: Mapping[str, Restorable] = field(default_factory=dict)
    """By name, of those on EBS: their latest snapshot."""
    within: timedelta | None = None
    """None: none is required."""

    def claims_on(self, volume: Volume, now: datetime) -> tuple[Claim, ...]:
        """Claim a volume that has no recovery point as young as required."""
        if self.within is None:
            return ()
        known = self._of(volume)
        point = known.point
        if point is not None and now - point.created <= self.within:
            return ()
        if point is not None:
            found = f"the latest is {_hours(now - point.created)} old"
        else:
            found = f"it is not known: {known.unknown}" if known.unknown else "there is none"
        detail = f"a recovery point younger than {_hours(self.within)} is required, and {found}"
        holder = Holder(type=HolderType.CONFIGURATION, id=RULE, name=RULE)
        return (Claim(kind=ClaimKind.PROTECTED, holder=holder, detail=detail),)

    def told(self, volume: Volume, now: datetime) -> tuple[str, ...]:
        """Say in a sentence whether it could be restored; none where AWS was not asked."""
        if not self.file_systems and not self.volumes:
            return ()
        known = self._of(volume)
        if known.unknown:
            return (f"Whether it could be restored is not known: {known.unknown}.",)
        if known.point is None:
            return ("It could not be restored: its backing has no recovery point.",)
        old = _hours(now - known.point.created)
        return (f"The latest recovery point of its backing is {old} old.",)

    def _of(self, volume: Volume) -> Restorable:
        backing = volume.backing
        match backing.kind:
            case BackingKind.EFS:
                return self.file_systems.get(backing.file_system or "", _NOT_ASKED)
            case BackingKind.EBS:
                return self.volumes.get(volume.name, _NOT_ASKED)
            case BackingKind.UNKNOWN:
                return Restorable(unknown="its backing is not known")
            case _ as never:
                assert_never(never)


NOT_ASKED = Restoring()


def lacks_recovery_point(verdict: Verdict) -> bool:
    """Whether nothing keeps a volume but that it could not be restored."""
    return bool(verdict.claims) and all(claim.holder.id == RULE for claim in verdict.claims)


def _hours(passed: timedelta) -> str:
    hours = passed.total_seconds() / 3600
    return f"{hours:.0f} h" if hours >= 1 else f"{hours * 60:.0f} min"
