"""Pings the engine of every node with a parameter, and gathers who refused it and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.at_once import at_once
from cloudstorctl.swarm.endpoints import NoEndpointError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudstorctl.core.model import Node, NodeId
    from cloudstorctl.swarm.engines import Engines


def refusals_of_ping(
    engines: Engines, nodes: Sequence[Node], *, parameter: tuple[str, str], parallel: int
) -> dict[NodeId, str | None]:
    """Give for each node what its engine refused the ping with; None: it answered it.

    A node whose engine could not be asked is left out.
    """

    def ask(node: Node) -> tuple[Node, str | None, bool]:
        try:
            engine = engines.pinger_of(node)
            refusal = engine.refusal_of_ping(parameter)
            engine.rest()
        except (EngineError, NoEndpointError):
            return node, None, False
        return node, refusal, True

    def cut() -> NoReturn:
        raise KeyboardInterrupt

    answers = at_once(nodes, ask, most=parallel, cut=cut)
    return {node.id: refusal for node, refusal, asked in answers if asked}
