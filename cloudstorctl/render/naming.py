"""Names for people: what a node, a task and any other holder is called on a screen."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import HolderType, NodeRef
from cloudstorctl.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.judgement import Claim
    from cloudstorctl.core.model import Node, NodeId

_NODE_ID_AT_END = re.compile(r"\.[0-9a-z]{25}$")
"""IDs of SwarmKit are 25 digits of base 36 (swarmkit identity/randomid.go)."""

_ENOUGH_OF_AN_ID = 12


class Places:
    """The nodes of a swarm by ID, with the name that tells each apart."""

    def __init__(self, nodes: Iterable[Node | NodeRef]) -> None:
        """Learn `nodes`; one hostname may belong to several, as after a node joins again."""
        self._hostnames = {node.id: node.hostname for node in nodes}
        self._bearers = Counter(self._hostnames.values())

    def hostname(self, node: NodeId) -> str:
        """Give the hostname as it is, for documents; the ID of a node that is not known."""
        return self._hostnames.get(node, node)

    def name(self, node: NodeId) -> str:
        """Name a node on a screen: its hostname, with part of its ID where others bear that too."""
        hostname = self.hostname(node)
        if self._bearers[hostname] > 1:
            hostname = f"{hostname}/{node[:_ENOUGH_OF_AN_ID]}"
        return visible(hostname)

    def order(self, node: NodeId) -> tuple[tuple[int, int, str], ...]:
        """Give a key that sorts nodes by name, w2 before w10."""
        return natural(self.name(node))


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Give a key that sorts text as people do, with its numbers by value."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", text)
        if part
    )


def holder(claim: Claim) -> str:
    """Name who holds a claim: `ping2.1`, `service web`, `container backup`.

    A task of a global service is named after its node's ID, which says nothing beside the node's
    name: `svc` is enough.
    """
    name = claim.holder.name
    if claim.holder.type is HolderType.TASK:
        if claim.node is not None:
            name = name.removesuffix(f".{claim.node}")
        return visible(_NODE_ID_AT_END.sub("", name))
    return f"{claim.holder.type} {visible(name)}"


def holder_at(claim: Claim, places: Places, here: NodeId | None = None) -> str:
    """Name who holds a claim and where, the place left out when it is `here`: `ping2.1 on w3`."""
    if claim.node is None or claim.node == here:
        return holder(claim)
    return f"{holder(claim)} on {places.name(claim.node)}"


def once(names: Iterable[str]) -> tuple[str, ...]:
    """Give each name once, in the order of first sight."""
    return tuple(dict.fromkeys(names))


def count(number: int, noun: str) -> str:
    """Say `1 volume` or `2 volumes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
