"""Stands between the program and the swarm: lets things happen, and judges every DELETE."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

from tests.torture.doubts import MANAGER_PATHS, NODE_PATHS, doubts_after, left_behind
from tests.torture.lab import ImpossibleError, Lab
from tests.torture.ledger import SHOWED
from tests.torture.oracle import OUTSIDE, Claim, claims_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.torture.ledger import Marks
    from tests.torture.wire import Exchange

CONFIGURATION: Final = "the configuration"


class Deed(Protocol):
    """Something that is done to the swarm, and told in its story."""

    def do(self, lab: Lab) -> None:
        """Do it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A deed between two requests of the program."""

    before: str
    """Part of a method and path: it happens right before such a request; empty: before any."""
    skipped: int
    """How many such requests go by first."""
    deed: Deed


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of the program, with the truth at that moment."""

    exchange: Exchange
    claims: frozenset[Claim]
    """All that there were while it was answered."""
    doubts: tuple[str, ...]
    left: dict[str, str] = field(default_factory=dict)
    """What an answer about tasks leaves open, by the node that has to be read to settle it."""

    @property
    def shown(self) -> Iterator[Claim]:
        """Give the claims that this answer showed."""
        path, hostname = self.exchange.path, self.exchange.hostname
        questions = {path, f"{hostname} {path}", CONFIGURATION}
        found = (claim for claim in self.claims if claim.shown_by in questions)
        if path != "/volumes":
            return found
        # A label is shown with a row, and the driver may have left that out.
        labelled = {row["Name"] for row in self.rows if row["Labels"]}
        return (c for c in found if c.shown_by == CONFIGURATION or c.place in labelled)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Give the rows of a volume list."""
        if self.exchange.path != "/volumes" or not _usable(self):
            return []
        rows: list[dict[str, Any]] = json.loads(self.exchange.answer)["Volumes"]
        return rows

    def places_of(self, name: str) -> Iterator[str]:
        """Name the file systems in which the volume is listed here."""
        for row in self.rows:
            if row["Name"] == name and row["Driver"] != "local":
                yield row["Mountpoint"].removesuffix(f"/{name}").rpartition("propagated-mount")[2]


@dataclass(slots=True, kw_only=True)
class Witness:
    """What one run of the program asked, and what was wrong with it."""

    lab: Lab
    marks: Marks
    happenings: list[Happening]
    seen: list[Seen] = field(default_factory=list)
    deletes: list[Exchange] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    raced: int = 0
    """Volumes removed though something claimed them that no answer could have shown in time."""
    requests: int = 0
    happened: int = 0
    quiet: bool = True
    """Whether the swarm stood still while the program ran."""
    outside: int = 0
    """The same, where only engines that are not in the swarm could have shown it."""
    _went_by: Counter[int] = field(default_factory=Counter)
    """By happening, how many of the requests that it may come before have gone by."""

    def carry(self, exchange: Exchange, timeout: float) -> None:
        """Carry a request of the program out, after whatever happens before it."""
        if exchange.path.startswith(("/configs", "/volumes/")):
            self.end_look()
            self.marks.recall(exchange.path)
        self._let_happen(exchange)
        self.requests += 1
        if exchange.path == "/_ping" or exchange.path.startswith("/configs"):
            # Whether an engine asks a guard, and who has the lock: nothing is judged by it.
            self.lab.wire.carry(exchange, timeout)
            return
        if exchange.method == "DELETE":
            self._carry_delete(exchange, timeout)
            return
        before = claims_in(self.lab.swarm)
        began = self.lab.swarm.runtime.now()
        self.lab.wire.carry(exchange, timeout)
        passed = self.lab.swarm.runtime.now() != began
        claims = before & claims_in(self.lab.swarm) if passed else before
        self.quiet &= not passed
        left = left_behind(self.lab.swarm) if exchange.path == "/tasks" else {}
        self.seen.append(Seen(exchange, claims, doubts_after(self.lab.swarm, exchange), left))
        if exchange.fault or not exchange.good:
            why = exchange.fault or (exchange.refused and "refused") or exchange.status or "late"
            self.lab.tell(f"… GET {exchange.path} of {exchange.hostname}: {why}.")
        if exchange.path not in {*NODE_PATHS, *MANAGER_PATHS}:
            self.problems.append(f"it asked for {exchange.path}")

    def end_look(self) -> None:
        """Note what a look that has ended shows of each volume, once."""
        look, _ = self._last_look()
        if not any(seen.exchange.path in NODE_PATHS[1:] for seen in look):
            return  # it is the end of one and the beginning of another
        spoken = {name: self._spoken(look, name) for name in self._listed(look) | self.marks.names}
        whole = all(_usable(seen) for seen in self._answered(look))
        self.marks.end_look(look[-1], spoken, self._listed(look), whole=whole)

    def against(self, name: str) -> list[str]:
        """Say what spoke against removing a volume in the last look since the last DELETE."""
        look, rest = self._last_look()
        if not look:
            return ["there was no whole look at the swarm since the last removal"]
        return self._spoken([*look, *rest], name)

    def _spoken(self, look: Sequence[Seen], name: str) -> list[str]:
        now = claims_in(self.lab.swarm)
        found = [doubt for seen in self._answered(look) for doubt in seen.doubts]
        for seen in look:
            question = f"{seen.exchange.path} of {seen.exchange.hostname}"
            found += [f"{question} {SHOWED} {c.who}" for c in seen.shown if c.holds(name)]
            if seen.exchange.path in NODE_PATHS:
                found += [
                    f"the managers could still have shown {claim.who}"
                    for claim in seen.claims & now
                    if claim.shown_by in {"/services", "/tasks"} and claim.holds(name)
                ]
        members = {m.hostname for m in self.lab.swarm.cluster.members.values()}
        found += [f"{path} of {host} was not read" for host, path in _unread(look, members)]
        # A node that left during the look has been read in it, or leaves open what it runs.
        left = {host: told for seen in look for host, told in seen.left.items()}
        found += [left[host] for host, _ in _unread(look, left)]
        if len({place for seen in look for place in seen.places_of(name)}) > 1:
            found.append("it is in two file systems")
        return sorted(set(found))

    @staticmethod
    def _listed(look: Sequence[Seen]) -> set[str]:
        return {row["Name"] for seen in look for row in seen.rows if row["Driver"] != "local"}

    @staticmethod
    def _answered(look: Sequence[Seen]) -> Iterator[Seen]:
        """Leave out what was asked once more at once, over a new connection, and then answered."""
        for number, seen in enumerate(look):
            later = [s.exchange for s in look[number + 1 :] if _same_engine(s, seen)]
            if _usable(seen) or not (later and later[0].path == seen.exchange.path):
                yield seen

    def _let_happen(self, exchange: Exchange) -> None:
        for number, happening in enumerate(self.happenings):
            if happening.before not in f"{exchange.method} {exchange.path}":
                continue
            self._went_by[number] += 1
            if self._went_by[number] != happening.skipped + 1:
                continue
            asked = f"{exchange.method} {exchange.path} of {exchange.hostname}"
            length = len(self.lab.story)
            with contextlib.suppress(ImpossibleError):
                happening.deed.do(self.lab)
                self.quiet = False
                self.happened += 1
                self.lab.story.insert(length, f"{self.lab.indent}… right before {asked}:")

    def _carry_delete(self, exchange: Exchange, timeout: float) -> None:
        lab = self.lab
        name = unquote(exchange.path).removeprefix("/volumes/")
        self.marks.removes(name)
        problems = [f"it asked for {name} to be removed, but {each}" for each in self.against(name)]
        if any((d.hostname, d.path) == (exchange.hostname, exchange.path) for d in self.deletes):
            problems.append(f"it asked {exchange.hostname} for {name} a second time")
        if any(d.path == exchange.path and not d.good for d in self.deletes):
            problems.append(f"it asked for {name} once more after that had come to a bad end")
        if exchange.query or not exchange.path.startswith("/volumes/"):
            problems.append(f"it sent DELETE {exchange.path}?{exchange.query}")
        claims = [claim for claim in claims_in(lab.swarm) if claim.holds(name)]
        there = bool(_places(lab, name))
        lab.wire.carry(exchange, timeout)
        self.seen.clear()
        if not exchange.refused:
            self.deletes.append(exchange)
            self.problems += problems
        if exchange.late:
            lab.late_removals.add(name)
        answer = "late" if exchange.late else exchange.status or exchange.fault or "nothing"
        lab.tell(f"… DELETE {name} of {exchange.hostname}: {answer}.")
        if there and not _places(lab, name) and claims:
            if all(claim.shown_by == OUTSIDE for claim in claims):
                self.outside += 1
            else:
                self.raced += 1

    def _last_look(self) -> tuple[Sequence[Seen], Sequence[Seen]]:
        """Give what was asked from the last reading but one of a manager to the end of the last.

        Beside it what was asked since; two times nothing where there was no such look.
        """
        ends = [
            number
            for number in range(3, len(self.seen))
            if tuple(s.exchange.path for s in self.seen[number - 3 : number + 1]) == MANAGER_PATHS
            and len({s.exchange.hostname for s in self.seen[number - 3 : number + 1]}) == 1
            and all(_usable(s) for s in self.seen[number - 3 : number + 1])
        ]
        if len(ends) < 2:
            return (), ()
        asked = range(ends[-2] + 1, ends[-1] - 3)
        nodes = [
            self.seen[number]
            for number in asked
            if not (self._is_manager_s(number) and self.seen[number].doubts)
        ]
        first = self.seen[ends[-2] - 3 : ends[-2] + 1]
        look = [*first, *nodes, *self.seen[ends[-1] - 3 : ends[-1] + 1]]
        return look, self.seen[ends[-1] + 1 :]

    def _is_manager_s(self, number: int) -> bool:
        """Whether a request is part of a reading of a manager, or asks one who it is."""
        exchange = self.seen[number].exchange
        after = [s.exchange.path for s in self.seen[number + 1 : number + 2]]
        return exchange.path in MANAGER_PATHS[1:] or (
            exchange.path == "/info" and after != ["/containers/json"]
        )


def _unread(look: Sequence[Seen], hostnames: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give those of these nodes of which not everything was read, with what was not."""
    good = {(s.exchange.hostname, s.exchange.path) for s in look if not s.doubts}
    for hostname in sorted(hostnames):
        for path in NODE_PATHS:
            if (hostname, path) not in good:
                yield hostname, path


def _same_engine(one: Seen, other: Seen) -> bool:
    return one.exchange.hostname == other.exchange.hostname


def _usable(seen: Seen) -> bool:
    return seen.exchange.good and not seen.exchange.fault


def _places(lab: Lab, name: str) -> list[str]:
    roots = lab.swarm.place.shared
    return [kind for kind in ("reg", "max", "ebs") if (roots / kind / name).is_dir()]
