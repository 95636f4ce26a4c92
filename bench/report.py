"""What was measured, as lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.runs import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The medians for one size of the swarm."""

    nodes: int
    program: Usage
    floor: Usage
    loop: Usage


@dataclass(frozen=True, slots=True)
class _Goal:
    what: str
    value: float
    limit: float

    def __str__(self) -> str:
        met = "met" if self.value <= self.limit else "MISSED"
        return f"  {self.what:<45} {self.value:>7.2f}   at most {self.limit:<6g} {met}"


def table(measured: Measured, names: Iterable[str]) -> str:
    """Lay out the three contenders at one size, and the ratios of the first to the others."""
    rows = [f"{'':<18}{'time':>10}{'CPU':>10}{'memory':>10}"]
    usages = (measured.program, measured.floor, measured.loop)
    rows += (
        f"{name:<18}{used.seconds:>8.2f} s{used.cpu:>8.2f} s{used.memory:>7.0f} MB"
        for name, used in zip(names, usages, strict=True)
    )
    for name, other in (("curl", measured.floor), ("the loop", measured.loop)):
        ours = measured.program
        ratios = (ours.seconds / other.seconds, ours.cpu / other.cpu, ours.memory / other.memory)
        rows.append(f"{f'to {name}':<18}" + "".join(f"{ratio:>10.2f}" for ratio in ratios))
    return "\n".join(rows)


def goals(small: Measured, large: Measured) -> str:
    """Say which goals are met; they are set for 50 and 500 nodes."""
    program = large.program
    growth = f"CPU, of that on {small.nodes} nodes"
    lines = (
        _Goal("time, of the shell loop's", program.seconds / large.loop.seconds, 0.25),
        _Goal("time, of curl's", program.seconds / large.floor.seconds, 20),
        _Goal("most memory in MB", program.memory, 250),
        _Goal(growth, program.cpu / small.program.cpu, 11),
    )
    return "\n".join((f"cloudstorctl on {large.nodes} nodes:", *map(str, lines)))
