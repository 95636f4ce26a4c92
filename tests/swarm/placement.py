"""Where real managers have put tasks, so that the embedded ones decide alike between equals."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudstorctl.demo.managers.chance import InOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudstorctl.demo.managers.records import Member, Service, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A task that was seen on a node."""

    slot: int
    created: str
    hostname: str


@dataclass(slots=True, kw_only=True)
class Placements:
    """All tasks that were seen on real engines during a scenario, by service and ID."""

    seen: dict[str, dict[str, Sighting]] = field(default_factory=lambda: defaultdict(dict))
    current: dict[str, set[int]] = field(default_factory=dict)
    """The slots that each service had when it was last looked at."""

    def note(self, service: str, rows: list[dict[str, Any]], hostnames: dict[str, str]) -> None:
        """Note tasks of a service as the API has them; `hostnames` are by node ID."""
        for row in rows:
            if row.get("NodeID") in hostnames:
                self.seen[service][row["ID"]] = Sighting(
                    slot=row.get("Slot", 0),
                    created=row["CreatedAt"],
                    hostname=hostnames[row["NodeID"]],
                )
        self.current[service] = {
            row.get("Slot", 0) for row in rows if row["DesiredState"] == "running"
        }

    def of(self, service: str, slot: int) -> list[str]:
        """Give the nodes of all tasks of a slot, the oldest task first."""
        tasks = [task for task in self.seen[service].values() if task.slot == slot]
        return [task.hostname for task in sorted(tasks, key=lambda task: task.created)]


@dataclass(slots=True, kw_only=True)
class LikeBefore:
    """Decides between equals as real managers did in the same scenario."""

    before: Placements
    asked: dict[tuple[str, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    """IDs of the tasks of each slot, in the order in which they were put somewhere."""
    otherwise: InOrder = field(default_factory=InOrder)

    def node(self, task: Task, equal: Sequence[Member]) -> Member:
        """Take the node that the task of the same slot and number was on."""
        number = self.asked[task.service_name, task.slot]
        if task.id not in number:
            number.append(task.id)
        hostnames = self.before.of(task.service_name, task.slot)
        if hostnames:
            wanted = hostnames[min(number.index(task.id), len(hostnames) - 1)]
            for member in equal:
                if member.hostname == wanted:
                    return member
        return self.otherwise.node(task, equal)

    def slot_rank(self, service: Service, slot: int) -> int:
        """Keep the slots that were kept."""
        kept = self.before.current.get(service.name, set())
        return slot if slot in kept or not kept else slot + 1_000_000
