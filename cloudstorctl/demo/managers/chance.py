"""What real managers leave to chance: which of equal nodes gets a task, which slot goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudstorctl.demo.managers.records import Member, Service, Task


class Chance(Protocol):
    """Decides between equals."""

    def node(self, task: Task, equal: Sequence[Member]) -> Member:
        """Choose one of the nodes that have the fewest tasks of the service, the least busy first.

        The real scheduler takes the least busy one; which that is depends on what came first.
        """

    def slot_rank(self, service: Service, slot: int) -> int:
        """Give the place of a slot where a service has too many: the first ones stay."""


class InOrder:
    """Takes the first."""

    def node(self, task: Task, equal: Sequence[Member]) -> Member:
        """Take the least busy node."""
        del task
        return equal[0]

    def slot_rank(self, service: Service, slot: int) -> int:
        """Keep the lowest slots."""
        del service
        return slot
