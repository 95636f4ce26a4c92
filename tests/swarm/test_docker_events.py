"""`docker events` on each release and API: what is told and in which order."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.scene import TARGET, mount

if TYPE_CHECKING:
    from tests.swarm.docker import Docker


def test_of_a_volume_and_a_container(docker: Docker) -> None:
    begun = f"{time.time():.6f}"
    script = 'trap "exit 0" TERM; sleep 1000000 & wait'
    for words in (
        ("volume", "create", "--driver", ALIAS, "data"),
        ("run", "--detach", "--name", "db", "--mount", mount("data"), IMAGE, "sh", "-c", script),
        ("stop", "db"),
        ("rm", "db"),
        ("volume", "rm", "data"),
    ):
        assert docker(*words).code == 0
    told = ("events", "--since", begun, "--until", f"{time.time():.6f}")
    kinds = ("--filter", "type=volume", "--filter", "type=container")
    old = docker.on == "n1"
    known_again = ["volume create"] if old else []
    end = ["container die", "volume unmount", "container stop"]
    assert docker(*told, *kinds, "--format", "{{.Type}} {{.Action}}").out.splitlines() == [
        "volume create",
        *known_again,
        "container create",
        "volume mount",
        "container start",
        "container kill",
        *(end if old else ["volume unmount", "container stop", "container die"]),
        "container destroy",
        "volume destroy",
    ]
    actors = docker(*told, "--filter", "type=volume", "--format", "{{json .Actor}}").out
    made, *_, mounted, unmounted, _ = map(json.loads, actors.splitlines())
    assert made == {"ID": "data", "Attributes": {"driver": ALIAS}}
    assert mounted["Attributes"] == {
        "container": "ID",
        "destination": TARGET,
        "driver": ALIAS,
        "propagation": "",
        "read/write": "true",
    }
    assert unmounted["Attributes"] == {"container": "ID", "driver": ALIAS}


def test_of_a_service_and_a_node(docker: Docker) -> None:
    manager = docker.manager
    begun = f"{time.time():.6f}"
    create = ("service", "create", "--detach", "--no-resolve-image", "--name", "web")
    for words in (
        (*create, "--replicas", "0", IMAGE, "true"),
        ("service", "scale", "--detach", "web=1"),
        ("service", "rm", "web"),
        ("node", "update", "--availability", "drain", "n3"),
    ):
        assert manager(*words).code == 0
    kinds = ("--filter", "scope=swarm", "--filter", "type=service", "--filter", "type=node")
    told = ("events", "--since", begun, "--until", f"{time.time() + 0.5:.6f}", *kinds)
    actors = [
        f"{event['Type']} {event['Action']} {sorted(event['Actor']['Attributes'].items())}"
        for event in map(json.loads, manager(*told, "--format", "{{json .}}").out.splitlines())
    ]
    scaled = {"name": "web", "replicas.new": "1", "replicas.old": "0"}
    drained = {"availability.new": "drain", "availability.old": "active", "name": "n3"}
    for about, attributes in (
        ("service create", {"name": "web"}),
        ("service update", scaled),
        ("service remove", {"name": "web"}),
        ("node update", drained),
    ):
        assert f"{about} {sorted(attributes.items())}" in actors
    manager("node", "update", "--availability", "active", "n3")
