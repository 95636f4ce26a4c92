"""Tickets for the guard: what this run has just proved is not proved again by the node's guard."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cloudstorctl.guard.probe import QUERY, comes_from_the_guard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.commands.session import Session
    from cloudstorctl.core.model import NodeId, VolumeName


class Tickets:
    """Makes a ticket for a removal through a node whose engine asks the guard."""

    def __init__(self, session: Session, cluster_id: str) -> None:
        """Make them in the swarm `cluster_id`, for the nodes that were seen in it last."""
        self._session = session
        self._cluster_id = cluster_id
        last = session.course.last
        self._nodes = {node.id: node for node in (last.survey.nodes if last else ())}
        self._asks: dict[NodeId, bool] = {}

    @contextmanager
    def ticket(self, node: NodeId, volume: VolumeName) -> Iterator[str]:
        """Give the secret that the removal shows, or an empty text; nothing is left of it after."""
        if not self._asks_guard(node):
            yield ""
            return
        from cloudstorctl.swarm.tickets import issue, withdraw  # noqa: PLC0415 - as session.py

        engines = self._session.engines
        secret = secrets.token_urlsafe(32)
        now = self._session.invocation.world.now
        made = issue(engines, self._cluster_id, secret, volume=volume, node=node, now=now)
        try:
            yield secret if made else ""
        finally:
            withdraw(engines, self._cluster_id, secret)

    def _asks_guard(self, node: NodeId) -> bool:
        if node in self._nodes and node not in self._asks:
            from cloudstorctl.swarm.pings import refusals_of_ping  # noqa: PLC0415 - as above

            refusals = refusals_of_ping(
                self._session.engines, [self._nodes[node]], parameter=QUERY, parallel=1
            )
            self._asks[node] = comes_from_the_guard(refusals.get(node))
        return self._asks.get(node, False)
