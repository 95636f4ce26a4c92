"""Bring a lab back to how up left it, whatever a test has done to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.swarm.lab import network, plugin
from tests.swarm.lab.command import LabError, together, wait_until

if TYPE_CHECKING:
    from tests.swarm.lab.node import Node
    from tests.swarm.lab.swarm import Lab


def reset(lab: Lab) -> bool:
    """Take away what tests have left, in place if that is quick, else by building the lab anew.

    Gives True where the lab was built anew: then the ids of the swarm and its nodes are new ones.

    Raises:
        LabError: the lab could not be built either.
    """
    try:
        rebuild = not is_whole(lab)
        if not rebuild:
            tidy(lab)
    except LabError:
        rebuild = True
    if rebuild:
        # A few seconds; engines and managers that come back by themselves take many more.
        lab.up()
    return rebuild


def is_whole(lab: Lab) -> bool:
    """Tell whether every engine runs, in the role and with the listeners it had at first.

    Faults are taken away for that, and what is frozen is thawed.
    """
    for node in lab.nodes:
        for name in node.machine.spec.drivers:
            node.plugin(name).straighten()
        node.thaw()
    first, *others = lab.nodes
    return (
        all(node.machine.pids("dockerd") and node.is_up() for node in lab.nodes)
        and all(node.serves_tls == node.machine.spec.tls for node in lab.nodes)
        and lab.is_manager(first.name)
        and all(lab.is_worker(node.name) for node in others)
    )


def tidy(lab: Lab) -> None:
    """Take away services, containers, volumes and faults, and enable the drivers.

    Raises:
        LabError: something does not go within seconds.
    """
    for pid in network.processes_in(network.namespace_of(lab.spec)):
        network.end(pid)
    together(restore_drivers, lab.nodes)
    first = lab.nodes[0]
    for node in first.ask("/nodes"):
        if node["Spec"]["Availability"] != "active":
            first.docker("node", "update", "--availability", "active", node["ID"])
    for kind in ("service", "config", "secret"):
        found = first.docker(kind, "ls", "--quiet").split()
        if found:
            first.docker(kind, "rm", *found)
    known = set().union(*(names_seen(node) for node in lab.nodes))
    together(remove_containers, lab.nodes)
    wait_until(lambda: not first.ask("/tasks"), 30, "the tasks of removed services are gone")
    known |= set().union(*(names_listed(node) for node in lab.nodes))
    plugin.clear_shared(lab.spec)
    together(lambda node: forget(node, known), lab.nodes)
    wait_until(lab.complete, 8, "every node is ready and names its drivers")


def restore_drivers(node: Node) -> None:
    """Leave the drivers that the node should have, enabled, and no others."""
    for name in node.machine.spec.drivers:
        plugin.ensure(node.plugin(name))
    installed = node.docker("plugin", "ls", "--format", "{{.Name}}").split()
    for name in set(installed) - set(node.machine.spec.drivers):
        node.plugin(name).remove()


def names_seen(node: Node) -> set[str]:
    """Give the volume names that the driver was asked about since the last reset."""
    names = node.machine.spec.drivers
    calls = [call for name in names for call in node.plugin(name).calls()]
    return {call.name for call in calls if call.name}


def names_listed(node: Node) -> set[str]:
    """Give the names of all volumes that the engine lists."""
    return {row["Name"] for row in node.ask("/volumes")["Volumes"] or ()}


def remove_containers(node: Node) -> None:
    """Remove every container of the node, until swarm starts no more of them."""

    def none_left() -> bool:
        found = [row["Id"] for row in node.ask("/containers/json?all=1")]
        if found:
            node.docker("container", "rm", "--force", *found)
        return not found

    wait_until(none_left, 20, f"the containers of {node.name} are gone")


def forget(node: Node, names: set[str]) -> None:
    """Make the engine forget every volume name, now that the shared folder is empty.

    An engine keeps labels and options of a name until it asks the driver and hears of no such
    volume; local volumes are removed.
    """
    for name in node.machine.spec.drivers:
        node.plugin(name).forget()
    local = node.docker("volume", "ls", "--quiet", "--filter", "driver=local").split()
    if local:
        node.docker("volume", "rm", *local)
    for name in sorted(names):
        try:
            node.ask(f"/volumes/{name}")
        except LabError as error:
            # 20.10 answers 500 and later ones 404 where the driver knows no such volume.
            if "no such volume" not in str(error):
                raise
    for name in node.machine.spec.drivers:
        node.plugin(name).forget()
