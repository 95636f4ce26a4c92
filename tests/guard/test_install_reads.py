"""What `guard install` reads of the engine's configuration and of its own, beside the plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.guard.names import PLUGIN

if TYPE_CHECKING:
    from tests.guard.machine import Machine


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_the_socket_may_stand_in_the_configuration(machine: Machine, verb: str) -> None:
    named = f'"authorization-plugins": ["{PLUGIN}"]'
    machine.configure(f'{{"hosts": ["tcp://127.0.0.1:2375", "unix:///srv/d.sock"], {named}}}')
    machine.patience = 0.2
    machine.show("dockerd", "--debug")
    ran = machine.run("guard", verb)
    assert ran.code == 1
    assert "The engine does not answer on /srv/d.sock: " in ran.err
    unit = machine.files.get(f"etc/systemd/system/{PLUGIN}.service")
    assert unit is None or " --engine unix:///srv/d.sock\n" in unit


def test_a_configuration_that_takes_any_swarm_is_told_and_no_hindrance(machine: Machine) -> None:
    told = "The configuration has no cluster_id: a manager that begins another swarm is read in the"
    ran = machine.run("guard", "install")
    assert ran.code == 0
    assert told in ran.err
    file = machine.root / "c.toml"
    file.write_text('[contexts.any]\n[contexts.one]\ncluster_id = "o7brjiqubrrj3gfjl6qwueydj"\n')
    for context, said in (("any", True), ("one", False)):
        ran = machine.run("guard", "install", "--config", str(file), "--context", context)
        assert ran.code == 0, ran.err
        assert (told in ran.err) is said
