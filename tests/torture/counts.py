"""What all runs of the torture together came to."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar


class Counts:
    """Numbers, added up over the runs of a process."""

    seed = ""
    of: ClassVar[Counter[str]] = Counter()

    @classmethod
    def add(cls, what: str, number: int = 1) -> None:
        """Count."""
        cls.of[what] += number

    @classmethod
    def told(cls) -> list[str]:
        """Say the numbers; nothing where there were no runs."""
        of = cls.of
        if not of["runs"]:
            return []
        ended = ", ".join(
            f"{of[f'code {code}']} with {code}" for code in range(131) if of[f"code {code}"]
        )
        outcomes = ", ".join(
            f"{number} {key.removeprefix('outcome ')}"
            for key, number in sorted(of.items())
            if key.startswith("outcome ")
        )
        happened = (
            f"Torture: {of['runs']} runs of {of['deeds']} deeds ({of['done']} of them possible), "
            f"{of['between']} more between two requests of the program."
        )
        lost = (
            f"Lost with a claim on it: {of['raced']} to a claim that came after the last look could"
            f" see it, {of['outside']} to one that only an engine outside the swarm could tell of, "
            f"{of['late']} to a removal that came after its answer had been given up."
        )
        return [
            *([f"The seed is {cls.seed}."] if cls.seed else []),
            happened,
            f"Of {of['commands']} commands with {of['requests']} requests ended {ended}.",
            f"Of {of['deletes']} DELETEs {of['spoiled']} came to a bad end. Outcomes: {outcomes}.",
            lost,
        ]
