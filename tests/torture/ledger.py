"""The truth about the grace period: since when looks of the program have shown volumes unused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SHOWED: Final = "showed"
"""Between a question and the claim that its answer showed."""
UNABLE: Final = re.compile("(is|are) not remembered|cannot be read")
"""How a run says that the swarm does not remember what it saw."""
_ROUNDED: Final = 1.0
"""Seconds that a time may lose where it is written down."""


@dataclass(slots=True)
class Ledger:
    """What all runs together have seen; times are those of the swarm."""

    grace: float
    """Seconds; 0: there is no grace period, and nothing is kept."""
    since: dict[str, float] = field(default_factory=dict)
    """When each volume was first seen unused, by a look that saw everything, and left so since."""

    def unused(self, name: str, now: float) -> None:
        """Note that a look of a run that remembers saw it unused."""
        if self.grace:
            self.since.setdefault(name, now)

    def begin_anew(self, names: Iterable[str]) -> dict[str, float]:
        """Note that they were claimed, or are gone; give what was known, in case that fails."""
        return {name: self.since.pop(name) for name in names if name in self.since}

    def against(self, name: str, known: Mapping[str, float], now: float) -> list[str]:
        """Say what speaks against removing a volume now, by what was `known` before the look."""
        if not self.grace:
            return []
        if name not in known:
            return ["no look saw it unused before, or it was claimed or gone since"]
        waited = now - known[name]
        if waited + _ROUNDED < self.grace:
            return [f"it was seen unused for {waited:g} s only, and not for {self.grace:g}"]
        return []


@dataclass(slots=True, kw_only=True)
class Marks:
    """What one run of the program has to remember, and may rest on."""

    ledger: Ledger
    now: Callable[[], float]
    remembers: bool
    """Whether the command does: some only read."""
    problems: list[str] = field(default_factory=list)
    _known: dict[str, float] = field(default_factory=dict)
    """What the swarm remembered when the run asked it last."""
    _begun_anew: dict[str, float] = field(default_factory=dict)
    _gone: dict[str, float | None] = field(default_factory=dict)
    """What a look did not list any more, and when a later one saw such a one unused again.

    The run may let the swarm forget it only at its end.
    """
    _ended: object = None
    """The end of the last look that is noted."""
    _ended_at: float = 0.0

    @property
    def names(self) -> set[str]:
        """What is remembered now."""
        return set(self.ledger.since)

    def recall(self, path: str) -> None:
        """Note what the run could read now."""
        if path == "/configs":
            self._known = dict(self.ledger.since)

    def end_look(
        self, end: object, spoken: Mapping[str, list[str]], listed: set[str], *, whole: bool
    ) -> None:
        """Note what a look has shown, by volume what spoke against its removal.

        `whole` is a look whose every question was answered: what it did not list is gone.
        """
        if end is self._ended:
            return
        self._ended, self._ended_at = end, self.now()
        if not self.remembers:
            return
        for name in {n for n in listed if not spoken[n]}:
            if name in self._gone:
                self._gone[name] = self._gone[name] or self._ended_at
            else:
                self.ledger.unused(name, self._ended_at)
        if whole:
            used = {n for n, said in spoken.items() if any(f" {SHOWED} " in each for each in said)}
            self._gone |= dict.fromkeys(used & self._gone.keys())
            self._begun_anew |= self.ledger.begin_anew(used)
            self._gone |= dict.fromkeys({n for n, said in spoken.items() if not said} - listed)

    def removes(self, name: str) -> None:
        """Judge a request to remove a volume."""
        for each in self.ledger.against(name, self._known, self._ended_at):
            self.problems.append(f"it asked for {name} to be removed, but {each}")

    def end_run(self, removed: Iterable[str], told: str) -> list[str]:
        """Give what was wrong; what the run said that it could not remember is as it was."""
        gone = dict.fromkeys(removed) | self._gone
        self._begun_anew |= self.ledger.begin_anew(gone)
        self.ledger.since |= {name: again for name, again in gone.items() if again is not None}
        if UNABLE.search(told):
            self.ledger.since |= self._begun_anew
            return []
        return self.problems
