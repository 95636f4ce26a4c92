"""Look at a swarm as cloudstorctl does, and hold what the embedded one shows against the real."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.errors import NoAccessError
from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.endpoints import NodeEndpoints, endpoint_from
from cloudstorctl.swarm.engines import Engines
from cloudstorctl.swarm.survey import SurveySettings, survey
from tests.swarm.lab.command import LabError
from tests.swarm.placement import Placements
from tests.swarm.rows import Roles, Rows, difference, rows_of

if TYPE_CHECKING:
    from collections import Counter

    from tests.swarm.swarm import Lab

PATIENCE: Final = 2.0
"""Seconds for an engine to answer; a frozen one costs as much at each look."""
SETTLING: Final = 8.0
"""Seconds after which a swarm is taken as it is, and after which two swarms do differ."""
STEP: Final = 0.3


@dataclass(slots=True, kw_only=True)
class Told:
    """What was seen in one run of a scenario on real engines."""

    looks: list[Rows] = field(default_factory=list)
    placements: Placements = field(default_factory=Placements)


def seen_now(lab: Lab) -> Rows:
    """Survey a swarm over the sockets of its engines."""
    addresses = {node.name: node.unix for node in lab.nodes}
    engines = Engines(
        managers=tuple(endpoint_from(url) for url in addresses.values()),
        nodes=NodeEndpoints(template=None, overrides=addresses, tls=None),
        open_engine=lambda endpoint: open_client(endpoint, tls=None, timeout=PATIENCE),
    )
    with engines:
        try:
            seen = survey(engines, SurveySettings(), now=lambda: datetime.now(UTC))
        except NoAccessError as error:
            return {("no access", ""): [Roles(folder=lab.folder).text(error)]}
    return rows_of(seen, lab.folder)


@dataclass(slots=True, kw_only=True)
class RealWitness:
    """Takes down what a scenario shows of real engines."""

    told: Told = field(default_factory=Told)

    def look(self, lab: Lab) -> None:
        """Note what is seen, once it stays as it is."""
        end = time.monotonic() + SETTLING
        before: Rows = {}
        now = seen_now(lab)
        while now != before and time.monotonic() < end:
            time.sleep(STEP)
            before, now = now, seen_now(lab)
        self.told.looks.append(now)
        with suppress(LabError):
            for service in lab.manager.ask("/services"):
                lab.tasks(service["Spec"]["Name"])

    def tasks(self, lab: Lab, service: str, rows: list[dict[str, Any]]) -> None:
        """Note where tasks are."""
        nodes = lab.manager.ask("/nodes")
        hostnames = {node["ID"]: node["Description"].get("Hostname", "") for node in nodes}
        self.told.placements.note(service, rows, hostnames)

    def end(self, lab: Lab) -> None:
        """Look for the last time."""
        self.look(lab)


@dataclass(slots=True, kw_only=True)
class EmbeddedWitness:
    """Holds what a scenario shows of the embedded swarm against what it has shown of real engines.

    Raises:
        AssertionError: from `look` and `end`, where the two differ.
    """

    told: Told
    tally: Counter[str]
    """How many records of each kind were compared so far, in all scenarios."""
    looked: int = 0

    def look(self, lab: Lab) -> None:
        """Compare, and give the swarm time to come to the same."""
        assert self.looked < len(self.told.looks), "the scenario looked less often on real engines"
        real = self.told.looks[self.looked]
        self.looked += 1
        end = time.monotonic() + SETTLING
        while found := difference(real, seen_now(lab)):
            message = f"at look {self.looked} the swarms differ:\n{found}"
            assert time.monotonic() < end, message
            time.sleep(STEP)
        self.tally.update({kind: 0 for kind, _ in real})
        for (kind, _), lines in real.items():
            self.tally[kind] += len(lines)

    def tasks(self, lab: Lab, service: str, rows: list[dict[str, Any]]) -> None:
        """Take no note."""

    def end(self, lab: Lab) -> None:
        """Compare for the last time."""
        self.look(lab)
        assert self.looked == len(self.told.looks), "the scenario looked more on real engines"
