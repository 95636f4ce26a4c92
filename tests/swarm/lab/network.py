"""Lay the lab's wires: a bridge in a namespace of its own, and one namespace a node."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.swarm.lab.command import LabError, run, wait_until

if TYPE_CHECKING:
    from tests.swarm.lab.records import LabSpec

NAMESPACES: Final = Path("/run/netns")
BRIDGE: Final = "br"


def namespace_of(spec: LabSpec, node: str = BRIDGE) -> str:
    """Name the network namespace of a node, or of the bridge."""
    return f"{spec.name}-{node}"


def inside(spec: LabSpec, node: str = BRIDGE) -> list[str]:
    """Give the words that put a command into a node's network, by default into the bridge's.

    Not ``ip netns exec``: that one remounts /sys, and the cgroups are gone.
    """
    return ["nsenter", f"--net={NAMESPACES / namespace_of(spec, node)}", "--"]


def lay(spec: LabSpec) -> None:
    """Make the namespaces and wire each node to the bridge."""
    bridge = namespace_of(spec)
    run(["ip", "netns", "add", bridge])
    commands = [
        "link set lo up",
        "link add br0 type bridge",
        f"address add {spec.gateway}/24 dev br0",
        "link set br0 up",
    ]
    for node in spec.nodes:
        name = namespace_of(spec, node.name)
        run(["ip", "netns", "add", name])
        commands += [
            f"link add {node.name} type veth peer name eth0 netns {name}",
            f"link set {node.name} master br0 up",
        ]
    run(["ip", "-n", bridge, "-batch", "-"], stdin="\n".join(commands).encode())
    for node in spec.nodes:
        commands = [
            "link set lo up",
            f"address add {spec.address(node.name)}/24 dev eth0",
            "link set eth0 up",
            # dockerd wants a default route, though nothing leads anywhere.
            f"route add default via {spec.gateway}",
        ]
        name = namespace_of(spec, node.name)
        run(["ip", "-n", name, "-batch", "-"], stdin="\n".join(commands).encode())


def namespaces_named(lab: str) -> list[str]:
    """Give the namespaces on this machine that bear the name of a lab."""
    if not NAMESPACES.is_dir():
        return []
    found = (entry.name for entry in NAMESPACES.iterdir())
    return sorted(name for name in found if name.rpartition("-")[0] == lab)


def processes_in(namespace: str) -> list[int]:
    """Give the machine's ids of the processes in a network namespace."""
    return [int(word) for word in run(["ip", "netns", "pids", namespace]).split()]


def clear(lab: str) -> None:
    """End every process in the namespaces of a lab, by id, and delete the namespaces."""
    names = namespaces_named(lab)

    def all_ended() -> bool:
        alive = [pid for name in names for pid in processes_in(name)]
        for pid in alive:
            end(pid)
        return not alive

    wait_until(all_ended, 30, f"the processes of lab {lab} are gone")
    for name in names:
        run(["ip", "netns", "delete", name])


def end(pid: int) -> None:
    """Kill one process, which may have ended just now."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    except OSError as error:
        message = f"kill {pid}: {error}"
        raise LabError(message) from error
