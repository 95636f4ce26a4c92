"""`verify` on whole swarms: what nodes share, what they do not, and that nothing is left."""

from __future__ import annotations

import shutil
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.swarm.lab.command import wait_until
from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.running import running
from tests.swarm.scene import container, mount, running_service, volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.swarm.ports import Plugin
    from tests.swarm.running import Running
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Result, Tool

VERIFY = ("verify", "data", "--image", IMAGE)
STOPPING = "Stopping after what is under way"


def results(ran: Result) -> dict[tuple[str | None, str], tuple[str, str | None]]:
    """Give result and reason of each pair, by the names of writer and reader."""
    pairs: list[dict[str, Any]] = ran.document["pairs"]
    return {
        (pair["writer"] and pair["writer"]["hostname"], pair["reader"]["hostname"]): (
            pair["result"],
            pair["reason"],
        )
        for pair in pairs
    }


def containers(lab: Lab) -> list[str]:
    """Name every container of every engine, in whatever state."""
    return [
        name
        for node in lab.nodes
        for name in node.docker("ps", "--all", "--format", "{{.Names}}").splitlines()
    ]


def test_a_shared_volume_is_the_same_on_every_node_and_nothing_is_left(
    lab: Lab, tool: Tool
) -> None:
    volume(lab, "data")
    before = lab.contents()
    ran = tool(*VERIFY, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert results(ran) == {("n1", "n2"): ("same", None), ("n1", "n3"): ("same", None)}
    assert ran.document["leftovers"] == []
    assert lab.contents() == before
    assert containers(lab) == []
    for node in lab.nodes:
        made = len(node.plugin().calls("Create"))
        assert made == (node.name == "n1"), "only the one that the test has made"
        assert [row["Name"] for row in node.ask("/volumes")["Volumes"]] == ["data"]


def test_volumes_in_use_can_be_tried_and_their_tasks_run_on(lab: Lab, tool: Tool) -> None:
    where = running_service(lab, "web", "data", replicas=3)
    before = lab.contents()
    ran = tool(*VERIFY, "-o", "json", "--nodes", "n3", "--nodes", "n2")
    assert (ran.code, results(ran)) == (0, {("n3", "n2"): ("same", None)})
    assert lab.contents() == before
    assert lab.running("web") == where


@contextmanager
def elsewhere(lab: Lab, node: str) -> Iterator[None]:
    """Let a node's driver have another file system, with a volume of the same name on it."""
    folder = lab.folder / "elsewhere"
    (folder / "reg/data").mkdir(parents=True)
    (folder / "max").mkdir()
    plugin = lab.node(node).plugin()
    plugin.move_to("elsewhere")
    try:
        yield
    finally:
        plugin.move_to("shared")
        shutil.rmtree(folder)


def test_a_node_with_another_file_system_behind_it_is_found_out(lab: Lab, tool: Tool) -> None:
    volume(lab, "data")
    before = lab.contents()
    with elsewhere(lab, "n2"):
        ran = tool(*VERIFY, "-o", "json")
        assert list((lab.folder / "elsewhere/reg/data").iterdir()) == []
    assert ran.code == 1
    assert results(ran) == {("n1", "n2"): ("not-there", None), ("n1", "n3"): ("same", None)}
    assert lab.contents() == before
    assert containers(lab) == []


@contextmanager
def held_mount(lab: Lab, name: str) -> Iterator[Plugin]:
    """Let a node's driver hold every mount until the end of the block."""
    plugin = lab.node(name).plugin()
    plugin.bend(mount="hang")
    try:
        yield plugin
    finally:
        plugin.bend(mount=None)


def interrupted(run: Running, plugin: Plugin, *, times: int) -> None:
    """Wait until a container is being started, and press Ctrl-C."""
    wait_until(lambda: plugin.calls("Mount", "data"), 30, "the driver is to mount data")
    run.signal(signal.SIGINT)
    run.wait_to_hear(STOPPING)
    for _ in range(times - 1):
        run.signal(signal.SIGINT)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("on", ["n1", "n2"])
def test_ctrl_c_in_the_middle_leaves_nothing(lab: Lab, tool: Tool, on: str, times: int) -> None:
    volume(lab, "data")
    before = lab.contents()
    with running(tool, *VERIFY, "-o", "json") as run:
        with held_mount(lab, on) as plugin:
            interrupted(run, plugin, times=times)
        done = run.result()
    assert done.code == 130, done.told
    assert done.document["leftovers"] == [], done.told
    assert set(results(done)) == {("n1", "n2"), ("n1", "n3")}
    if on == "n1":
        assert {result for result, _ in results(done).values()} == {"untried"}
    assert lab.contents() == before
    assert containers(lab) == []


def test_without_the_image_nothing_is_run_or_pulled(lab: Lab, tool: Tool) -> None:
    volume(lab, "data")
    ran = tool("verify", "data", "--image", "nowhere/missing:1")
    assert ran.code == 5
    assert "n1, n2 and n3 do not have the image nowhere/missing:1, and without --pull" in ran.err
    assert f"  docker -H {lab.node('n1').unix} pull nowhere/missing:1\n" in ran.err
    assert containers(lab) == []


def test_a_relocatable_volume_is_left_where_it_is(lab: Lab, tool: Tool) -> None:
    create = ("volume", "create", "--driver", ALIAS, "--opt", "backing=relocatable")
    lab.docker("n1", *create, "data")
    ran = tool(*VERIFY)
    assert ran.code == 4
    assert "data is an EBS volume" in ran.err
    assert not any(node.plugin().calls("Mount") for node in lab.nodes)


def test_a_volume_that_no_engine_lists_is_not_made(lab: Lab, tool: Tool) -> None:
    assert tool(*VERIFY).code == 1
    assert lab.contents() == {}
    assert not (lab.shared / "reg/data").exists()


def test_a_dry_run_runs_nothing(lab: Lab, tool: Tool) -> None:
    volume(lab, "data")
    ran = tool(*VERIFY, "--dry-run")
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.out.splitlines()[1:]] == [
        ["n1", "write"],
        ["n2", "read"],
        ["n3", "read"],
        ["n1", "remove"],
    ]
    assert not any(node.plugin().calls("Mount") for node in lab.nodes)


def test_containers_of_others_stay_as_they_are(lab: Lab, tool: Tool) -> None:
    volume(lab, "data")
    container(lab, "n2", "create", "--name", "holder", "--mount", mount("data"))
    ran = tool(*VERIFY, "-o", "json")
    assert ran.code == 0, ran.told
    assert containers(lab) == ["holder"]
    assert lab.contents() == {"reg/data/file.txt": "precious\n"}
