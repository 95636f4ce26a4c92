"""Symbols and colours: how each ruling, status and outcome looks, with a sign beside its colour."""

from __future__ import annotations

from dataclasses import dataclass

from cloudstorctl.core.findings import Severity
from cloudstorctl.core.judgement import EntryStatus, OutcomeStatus, Ruling
from cloudstorctl.core.sharing import Sameness


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of one cell, a style for it, and the word it stands for."""

    sign: str
    style: str
    word: str

    def __str__(self) -> str:
        """`● in-use`."""
        return f"{self.sign} {self.word}"


RULINGS = {
    Ruling.IN_USE: Mark("●", "green", "in-use"),
    Ruling.RESERVED: Mark("◆", "cyan", "reserved"),
    Ruling.UNKNOWN: Mark("?", "bold yellow", "unknown"),
    Ruling.PENDING: Mark("…", "blue", "pending"),
    Ruling.REMOVABLE: Mark("-", "bold red", "removable"),
}

ENTRIES = {
    EntryStatus.MOUNTED: Mark("●", "green", "mounted"),
    EntryStatus.HELD: Mark("◐", "cyan", "held"),
    EntryStatus.STALE: Mark("○", "yellow", "stale"),
    EntryStatus.LISTED: Mark("◦", "dim", "listed"),
    EntryStatus.IDLE: Mark("·", "dim", "idle"),
    EntryStatus.UNUSED: Mark("-", "red", "unused"),
    EntryStatus.UNKNOWN: Mark("?", "yellow", "unknown"),
}

OUTCOMES = {
    OutcomeStatus.REMOVED: Mark("-", "green", "removed"),
    OutcomeStatus.REFUSED: Mark("!", "yellow", "refused"),
    OutcomeStatus.CLAIMED: Mark("◆", "cyan", "claimed"),
    OutcomeStatus.FAILED: Mark("✗", "bold red", "failed"),
    OutcomeStatus.UNCERTAIN: Mark("?", "bold yellow", "uncertain"),
    OutcomeStatus.NOT_TRIED: Mark("·", "dim", "not tried"),
    OutcomeStatus.KEPT: Mark("●", "cyan", "kept"),
}

SEVERITIES = {
    Severity.ERROR: Mark("✗", "bold red", "error"),
    Severity.WARNING: Mark("!", "bold yellow", "warning"),
    Severity.NOTE: Mark("·", "dim", "note"),
}

SAMENESS = {
    Sameness.SAME: Mark("●", "green", "same"),
    Sameness.ABSENT: Mark("✗", "bold red", "not there"),
    Sameness.OTHER: Mark("✗", "bold red", "other content"),
    Sameness.UNTRIED: Mark("?", "bold yellow", "could not be tried"),
}

PROTECTION = {
    True: Mark("●", "green", "protected"),
    False: Mark("✗", "bold red", "not protected"),
    None: Mark("?", "bold yellow", "unknown"),
}

ATTENTION = Mark("!", "bold yellow", "warning")

IN_ASCII = str.maketrans(
    {"●": "*", "◆": "#", "…": "~", "◐": "o", "○": "x", "◦": ",", "·": ".", "✗": "X", "→": ">"}
)
"""What stands in for each sign where the terminal's encoding lacks it; of one cell as well."""
