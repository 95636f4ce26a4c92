"""What is wrong, or will be: each with the reason, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(Enum):
    """How bad it is; members are ordered from the worst."""

    ERROR = "error"
    """Something fails or loses data now."""
    WARNING = "warning"
    """Something will, when a task moves or somebody cleans up."""
    NOTE = "note"
    """Worth knowing."""

    def reaches(self, other: Severity) -> bool:
        """Whether it is as bad as another, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    code: str
    """Words with hyphens that stay the same for scripts, such as `plugin-disabled`."""
    severity: Severity
    about: str
    """What it is about, as the user would name it: `service web`, `node w2`, `volume data`."""
    reason: str
    """Whole sentences."""
    fix: str = ""
    """The command that mends or settles it; empty where there is none."""
    copy: str = ""
    """The command to type before the fix, which leaves the data behind; empty: there is none."""
    volume: str = ""
    """The volume, as the mount of a service that it is about names it; empty: there is none."""

    def is_accepted(self, accepted: Iterable[str]) -> bool:
        """Whether it is one of those: `CODE`, or `CODE:PATTERN` of what it is about.

        The pattern is one of shell wildcards, for the name of the service, volume or node, or for
        the volume that a service mounts.
        """
        names = {self.volume, self.about, self.about.partition(" ")[2].partition(" in ")[0]} - {""}
        return any(
            code == self.code and (not pattern or any(fnmatchcase(each, pattern) for each in names))
            for code, _, pattern in (each.partition(":") for each in accepted)
        )


def parted(
    findings: Iterable[Finding], accepted: tuple[str, ...]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Part findings into those to look at, and those that the configuration accepts."""
    told = tuple(findings)
    return (
        tuple(each for each in told if not each.is_accepted(accepted)),
        tuple(each for each in told if each.is_accepted(accepted)),
    )


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings, the worst first, and then by what they are about; each once."""
    order = list(Severity)
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda each: (order.index(each.severity), each.about, each.code),
        )
    )
