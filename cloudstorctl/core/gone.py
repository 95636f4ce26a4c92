"""Nodes that are down for good: what EC2 must say before an unread engine is no gap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudstorctl.core.model import Gone, NodeState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cloudstorctl.core.model import Node, NodeId, Survey

_AT_REST = {"terminated", "stopped"}
"""States of an instance that runs nothing and writes nothing (EC2 API, InstanceState)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An EC2 instance as an answer of EC2 described it."""

    id: str
    state: str
    network: str
    """ID of its VPC; empty where it has none any more."""
    address: str
    """Private IP address; empty as above."""
    hostname: str
    """Private DNS name; empty as above."""


def in_question(survey: Survey) -> tuple[Node, ...]:
    """Give the nodes that the managers call down and whose engines were not read at all."""
    read = {engine.node_id for engine in survey.engines}
    return tuple(
        node for node in survey.nodes if node.state is NodeState.DOWN and node.id not in read
    )


def networks_of(survey: Survey, instances: Iterable[Instance]) -> frozenset[str]:
    """Give the networks that the swarm is in: those of the nodes whose engines answered.

    Private addresses and names mean something within one network alone.
    """
    read = {engine.node_id for engine in survey.engines}
    addresses = {node.address for node in survey.nodes if node.id in read}
    return frozenset(
        each.network for each in instances if each.address in addresses and each.state == "running"
    ) - {""}


def settled(
    node: Node, instances: Iterable[Instance], networks: Collection[str]
) -> tuple[Gone | None, str]:
    """Say whether a node is gone for good, or else why that is not proved.

    An instance whose ID is the node's name is the node, and else every instance of the swarm's
    networks that has its address or name counts: one that still runs may be the node. Not found is
    not terminated; and EC2 forgets addresses and names once an instance is.
    """
    known = list(instances)
    mine = [each for each in known if each.id == _short(node.hostname)] or [
        each for each in known if each.network in networks and _is_of(each, node)
    ]
    busy = [each for each in mine if each.state not in _AT_REST]
    if not mine and not networks:
        return None, "no instance of a node that answers was found, and so not the swarm's network"
    if not mine:
        return None, "EC2 has no instance with its address or name in the swarm's network"
    if busy:
        return None, f"its EC2 instance {busy[0].id} is {busy[0].state}"
    told = ", ".join(f"{each.id} is {each.state}" for each in sorted(mine, key=lambda i: i.id))
    return Gone(node_id=node.id, told=f"{node.hostname} is down, and its EC2 instance {told}"), ""


def without(survey: Survey, gone: Iterable[Gone]) -> Survey:
    """Close the gaps that nodes left which are gone for good."""
    by_node: Mapping[NodeId, Gone] = {each.node_id: each for each in gone}
    if not by_node:
        return survey
    return replace(
        survey,
        gone=tuple(by_node.values()),
        gaps=tuple(gap for gap in survey.gaps if gap.node not in by_node),
    )


def _is_of(instance: Instance, node: Node) -> bool:
    return (bool(node.address) and instance.address == node.address) or (
        bool(instance.hostname) and _short(instance.hostname) == _short(node.hostname)
    )


def _short(hostname: str) -> str:
    return hostname.partition(".")[0]
