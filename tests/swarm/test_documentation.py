"""Scenario 1: the three services of Cloudstor's documentation, told as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.swarm.lab.documentation import ORPHAN, deploy
from tests.swarm.lab.records import ALIAS, REAL_NAME
from tests.swarm.scene import container, mount, volume

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

VOLUMES = {"sharedvol1", "ping2-1-vol", "ping2-2-vol", "ping2-3-vol", "maxvol", ORPHAN}


def mounted_by(volume: dict[str, Any]) -> set[tuple[str, str]]:
    """Give task and node of every entry that is mounted."""
    return {
        (use["task"], use["node"])
        for entry in volume["entries"]
        if entry["status"] == "mounted"
        for use in entry["used_by"]
    }


@pytest.mark.parametrize("generation", [1, 2])
def test_ls_and_inspect_tell_what_the_engines_hold(lab: Lab, tool: Tool, generation: int) -> None:
    lab.set_generation(generation)
    deploy(lab)
    volumes = tool.volumes()
    assert set(volumes) == VOLUMES
    rulings = {name: volume["ruling"] for name, volume in volumes.items()}
    assert rulings == {**dict.fromkeys(VOLUMES, "in-use"), ORPHAN: "removable"}

    shared = {(f"ping1.{slot}", node) for slot, node in lab.running("ping1").items()}
    assert mounted_by(volumes["sharedvol1"]) == shared
    for slot, node in lab.running("ping2").items():
        assert mounted_by(volumes[f"ping2-{slot}-vol"]) == {(f"ping2.{slot}", node)}
    assert volumes["maxvol"]["backing"] == {
        "kind": "efs",
        "mode": "max",
        "file_system": "fs-0a1b2c3d4e5f60002",
        "path": "/maxvol",
    }
    assert volumes["sharedvol1"]["backing"]["mode"] == "reg"
    assert all(volume["drivers"] == ["cloudstor:aws"] for volume in volumes.values())

    inspected = tool("inspect", "sharedvol1", "-o", "json")
    assert inspected.code == 0
    (shared_volume,) = inspected.document["volumes"]
    kinds = {(claim["kind"], claim["holder"]["name"]) for claim in shared_volume["claims"]}
    assert ("declared", "ping1") in kinds
    assert {("mounted", f"ping1.{slot}") for slot in (1, 2, 3)} <= kinds
    assert any("3 writers share it" in warning for warning in shared_volume["warnings"])


def test_the_table_names_every_volume_its_node_and_task(lab: Lab, tool: Tool) -> None:
    deploy(lab)
    found = tool("ls")
    assert (found.code, found.err) == (0, "")
    lines = {line.split()[0]: line for line in found.out.splitlines() if line}
    for slot, node in lab.running("ping2").items():
        assert f"{node} ● ping2.{slot}" in lines[f"ping2-{slot}-vol"]
    assert "efs/max" in lines["maxvol"]
    assert "removable" in lines[ORPHAN]
    assert found.out.splitlines()[-1] == "6 volumes: 5 in use, 1 removable"


def test_filters_find_a_service_a_node_a_status_and_a_ruling(lab: Lab, tool: Tool) -> None:
    deploy(lab)
    assert set(tool.volumes("--service", "ping2")) == {f"ping2-{slot}-vol" for slot in (1, 2, 3)}
    assert set(tool.volumes("--ruling", "removable")) == {ORPHAN}
    assert set(tool.volumes("ping2-*", "--status", "mounted", "--node", "n1")) == {
        f"ping2-{slot}-vol" for slot, node in lab.running("ping2").items() if node == "n1"
    }
    names = tool("ls", "-o", "name", "ping?-*")
    assert names.out.split() == ["ping2-1-vol", "ping2-2-vol", "ping2-3-vol"]


def test_the_documented_name_and_the_alias_are_one_driver(lab: Lab, tool: Tool) -> None:
    lab.node("n2").plugin(REAL_NAME).install()
    kept = volume(lab, "data", on="n1")
    by_its_name = mount("data").replace(ALIAS, REAL_NAME)
    container(lab, "n2", "run", "--detach", "--name", "db", "--mount", by_its_name)
    told = tool.volumes()["data"]
    assert told["drivers"] == [ALIAS, REAL_NAME]
    assert mounted_by(told) == {("db", "n2")}
    assert any("several drivers" in warning for warning in told["warnings"])
    # Asked of the other node, under the other name, the engine would remove it.
    assert tool("rm", "data").code == 4
    assert kept in lab.contents()
