"""How a plugin that an engine has used is changed: a command, and what has to be so before."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def changed(plugin: str, command: str, nodes: Sequence[str]) -> str:
    """Give the command that changes a plugin, and that does nothing while a container runs.

    The engine takes a change for a disabled plugin alone. It calls one "in use" while it remembers
    a volume of it, be the node drained, its containers removed or the engine restarted (measured
    on 20.10 and 26.1; moby volume/service/store.go counts a volume that it has got from a driver
    once, and lets go when the volume is gone). So only force disables it.
    """
    where = nodes[0] if len(nodes) == 1 else f"each of {', '.join(nodes)}"
    name = quote(plugin)
    return (
        f'test -z "$(docker ps -q)" && docker plugin disable --force {name} && {command} '
        f"&& docker plugin enable {name}  # on {where}"
    )


def precaution(nodes: Sequence[str]) -> str:
    """Say what has to be done before, and why."""
    drained = " and ".join(
        f"'docker node update --availability drain {quote(node)}'" for node in nodes
    )
    return (
        f"Drain first, with {drained} on a manager, and make active again after it: an engine "
        "disables a plugin that it has used by force alone, which is safe only while nothing uses "
        "its volumes there. The command does nothing while a container runs on the node."
    )
