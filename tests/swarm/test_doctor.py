"""The doctor finds what is wrong in a swarm, and what it says to type mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import PATH, LabError, run, wait_until
from tests.swarm.lab.documentation import MOVED, deploy
from tests.swarm.lab.records import ALIAS, IMAGE, REAL_NAME
from tests.swarm.scene import TARGET, container, mount, running_service, volume

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

Found = dict[tuple[str, str], dict[str, str]]
"""Findings by code and what they are about."""

ON_ONE_NODE = ("--constraint", "node.hostname==n2")
"""Where an update puts tasks is chance, and two swarms are compared."""
TEMPLATE = "{{.Service.Name}}-{{.Task.Slot}}-vol"


def diagnosis(tool: Tool, *words: str, code: int = 0) -> Found:
    """Run the doctor."""
    ran = tool("doctor", "-o", "json", *words)
    assert ran.code == code, ran.told
    assert ran.document["complete"] is (code != 5)
    return {(each["code"], each["about"]): each for each in ran.document["findings"]}


def obey(lab: Lab, fix: str) -> None:
    """Type what a fix says in a shell: on the node that its comment names, else on a manager."""
    commands, _, comment = fix.partition("  # on ")
    node = lab.node(comment or "n1")
    # What comes of an update is looked at here.
    typed = commands.replace("docker service update", "docker service update --detach")
    environ = {"PATH": PATH, "DOCKER_HOST": node.unix, "DOCKER_CONFIG": str(node.cli_folder)}
    run(["/bin/sh", "-c", typed], env=environ)


def sources(lab: Lab, service: str) -> list[str]:
    """Give the volumes that a service mounts, as its spec names them."""
    spec = lab.manager.ask(f"/services/{service}")["Spec"]["TaskTemplate"]["ContainerSpec"]
    return [mounted["Source"] for mounted in spec.get("Mounts", ())]


def wait_updated(lab: Lab, service: str) -> None:
    """Wait until the managers call the update of a service complete."""

    def is_complete() -> bool:
        status = lab.manager.ask(f"/services/{service}").get("UpdateStatus", {})
        return bool(status.get("State") == "completed")

    wait_until(is_complete, 60, f"{service} is updated")


def test_a_service_by_slot_on_equal_nodes_is_sound(lab: Lab, tool: Tool) -> None:
    running_service(lab, "web", TEMPLATE, replicas=2)
    assert diagnosis(tool, "--fail-on", "note") == {}
    assert tool("doctor").out == "Nothing is wrong with 3 nodes, 1 service and 2 volumes.\n"


@pytest.mark.parametrize("generation", [1, 2])
def test_the_documentation_shares_volumes_and_leaves_an_entry_and_an_orphan(
    lab: Lab, tool: Tool, generation: int
) -> None:
    lab.set_generation(generation)
    deploy(lab)
    for node in lab.nodes:
        node.docker("container", "prune", "--force")
    found = diagnosis(tool, "--fail-on", "warning", code=1)
    assert found["stale-entry", f"volume {MOVED}"]["severity"] == "note"
    assert {
        ("shared-name", "service ping1"),
        ("shared-name", "service ping3"),
        ("stale-entry", f"volume {MOVED}"),
        ("unused-volume", "1 volume"),
    } <= found.keys()
    assert {code for code, _ in found} == {"shared-name", "stale-entry", "unused-volume"}
    stale = found["stale-entry", f"volume {MOVED}"]["reason"]
    assert f"task ping2.1 on {lab.running('ping2')[1]}" in stale
    assert "never remove it there" in stale
    assert tool("doctor", "--fail-on", "error").code == 0


def test_a_name_that_changes_with_the_task_is_mended_by_what_is_typed(lab: Lab, tool: Tool) -> None:
    running_service(lab, "web", "{{.Service.Name}}-{{.Task.ID}}", *ON_ONE_NODE)
    found = diagnosis(tool)
    obey(lab, found["task-in-name", "service web"]["fix"])
    assert sources(lab, "web") == ["{{.Service.Name}}-{{.Task.Slot}}"]
    wait_updated(lab, "web")
    assert "web-1" in tool.volumes()
    assert ("task-in-name", "service web") not in diagnosis(tool)


def test_replicas_that_share_are_parted_by_what_is_typed(lab: Lab, tool: Tool) -> None:
    running_service(lab, "web", "data", *ON_ONE_NODE, replicas=2)
    found = diagnosis(tool)
    assert set(found) == {("shared-name", "service web")}
    obey(lab, found["shared-name", "service web"]["fix"])
    wait_updated(lab, "web")
    assert {"web-1-data", "web-2-data"} <= set(tool.volumes())
    assert ("shared-name", "service web") not in diagnosis(tool)


def test_what_is_typed_keeps_the_labels_and_the_rest_of_a_mount(lab: Lab, tool: Tool) -> None:
    asked = f"{mount('{{.Task.ID}}')},volume-label=cloudstorctl.protect=true,volume-nocopy=true"
    for name in ("tid", "tid2"):
        lab.create_service(name, "--replicas", "0", "--mount", asked)
    found = diagnosis(tool)
    for name in ("tid", "tid2"):
        obey(lab, found["task-in-name", f"service {name}"]["fix"])
        spec = lab.manager.ask(f"/services/{name}")["Spec"]["TaskTemplate"]["ContainerSpec"]
        (mounted,) = spec["Mounts"]
        assert mounted["Source"].startswith("{{.Service.Name}}-{{.Task.Slot}}-")
        assert mounted["VolumeOptions"]["Labels"] == {"cloudstorctl.protect": "true"}
        assert mounted["VolumeOptions"]["NoCopy"] is True
    assert diagnosis(tool, "--fail-on", "note") == {}


def test_a_disabled_plugin_is_enabled_by_what_is_typed(lab: Lab, tool: Tool) -> None:
    lab.node("n2").plugin().disable()
    found = diagnosis(tool, code=5)
    assert tool("doctor", "--fail-on", "error").code == 1
    obey(lab, found["plugin-disabled", "node n2"]["fix"])
    assert diagnosis(tool, "--fail-on", "note") == {}


def test_a_node_without_the_plugin_is_named(lab: Lab, tool: Tool) -> None:
    lab.node("n3").plugin().remove()
    running_service(lab, "web", TEMPLATE)
    found = diagnosis(tool)
    assert set(found) == {("plugin-missing", "node n3")}
    assert "which n1 and n2 have" in found["plugin-missing", "node n3"]["reason"]


def test_a_driver_that_no_node_has_is_renamed_by_what_is_typed(lab: Lab, tool: Tool) -> None:
    wrong = mount(TEMPLATE).replace(ALIAS, "cloudstor:none")
    lab.create_service("web", "--replicas", "0", "--mount", wrong)
    found = diagnosis(tool, "--fail-on", "error", code=1)
    assert set(found) == {("driver-nowhere", "service web")}
    obey(lab, found["driver-nowhere", "service web"]["fix"])
    lab.docker("n1", "service", "scale", "--detach", "web=1")
    lab.wait_running("web", 1)
    assert diagnosis(tool, "--fail-on", "note") == {}


@pytest.mark.parametrize("node", ["n2", "n3"])
def test_a_plugin_with_other_settings_is_set_by_what_is_typed(
    lab: Lab, tool: Tool, node: str
) -> None:
    """Its engine has used it, and gives it up by force alone: not while a container runs."""
    for each in lab.nodes:
        each.plugin(REAL_NAME).install()
    lab.docker(node, "plugin", "disable", REAL_NAME)
    lab.docker(node, "plugin", "set", REAL_NAME, "EFS_ID_REGULAR=fs-other")
    lab.docker(node, "plugin", "enable", REAL_NAME)
    lab.docker(node, "volume", "create", "--driver", REAL_NAME, "data")
    with pytest.raises(LabError, match="in use"):
        lab.docker(node, "plugin", "disable", REAL_NAME)
    container(lab, node, "run", "--detach", "--name", "busy")
    found = diagnosis(tool, "--fail-on", "error", code=1)
    finding = found["plugin-other-settings", f"node {node}"]
    assert "EFS_ID_REGULAR is fs-other" in finding["reason"]
    with pytest.raises(LabError):
        obey(lab, finding["fix"])
    assert diagnosis(tool, "--fail-on", "error", code=1).keys() == found.keys()
    lab.docker(node, "rm", "--force", "busy")
    obey(lab, finding["fix"])
    assert ("plugin-other-settings", f"node {node}") not in diagnosis(tool)


@pytest.mark.real_only("the embedded engines run no container that a command line waits for")
def test_local_data_is_copied_and_shared_by_what_is_typed(lab: Lab, tool: Tool) -> None:
    lab.docker("n2", "volume", "create", "plainvol")
    local = f"type=volume,source=plainvol,destination={TARGET}"
    lab.create_service(
        "web", *ON_ONE_NODE, "--mount", local, command=f"echo kept > {TARGET}/kept.txt"
    )
    lab.wait_running("web", 1)
    found = diagnosis(tool)["local-data", "service web"]
    lab.docker("n1", "service", "scale", "--detach", "web=0")
    obey(lab, found["copy"].replace(" busybox cp", f" {IMAGE} cp"))
    obey(lab, found["fix"])
    assert (lab.shared / "reg/web-1-plainvol/kept.txt").read_text() == "kept\n"
    lab.docker("n1", "service", "scale", "--detach", "web=1")
    lab.wait_running("web", 1)
    assert ("local-data", "service web") not in diagnosis(tool)


@pytest.mark.parametrize("generation", [1, 2])
def test_a_mount_without_a_driver_gets_the_volume_where_its_node_lists_it(
    lab: Lab, tool: Tool, generation: int
) -> None:
    lab.set_generation(generation)
    volume(lab, "data", on="n1")
    create = ("service", "create", "--detach", "--no-resolve-image", "--name", "web")
    words = ("--replicas", "0", "--mount", f"type=volume,source=data,destination={TARGET}")
    lab.docker("n1", *create, *words, IMAGE, "sleep", "1000000")
    found = diagnosis(tool)
    # The old driver lists it on its own node alone, and the new one on every node.
    severity = {1: "warning", 2: "note"}[generation]
    assert found["driver-not-named", "service web"]["severity"] == severity
    obey(lab, found["driver-not-named", "service web"]["fix"])
    assert diagnosis(tool, "--fail-on", "note") == {}
