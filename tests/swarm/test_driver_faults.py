"""Scenario 6: the driver is disabled, absent, failing, empty, hanging, or has lost references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.records import ALIAS
from tests.swarm.running import removals_asked, running, wait_for_removal
from tests.swarm.scene import PRUNE, container, database, mount, volume

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Result, Tool

PATIENCE = ("--timeout", "3")
IN_TIME = 60.0
"""Seconds: far above the time-outs given, far below the minutes that a driver may hang."""

ON_EACH_ENGINE = pytest.mark.parametrize("name", ["n2", "n3"], ids=["26.1", "20.10"])
WITH_EACH_DRIVER = pytest.mark.parametrize("generation", [1, 2])


def causes(result: Result) -> dict[str, str]:
    """Give all that a document says it could not see, by node."""
    told: dict[str, str] = {}
    for gap in result.document["gaps"]:
        name = gap["node"]["hostname"]
        told[name] = f"{told.get(name, '')}{gap['cause']}\n"
    return told


def check_nothing_goes(lab: Lab, tool: Tool, cause: str, *, on: str) -> None:
    """See that an orphan stays because of a gap on one node, and that use is seen all the same."""
    before = lab.contents()
    listed = tool("ls", "-o", "json", *PATIENCE, seconds=IN_TIME)
    assert listed.code == 5
    rulings = {volume["name"]: volume["ruling"] for volume in listed.document["volumes"]}
    assert rulings == {"old-data": "unknown", "data": "in-use"}
    assert set(causes(listed)) == {on}
    assert cause in causes(listed)[on]
    pruned = tool(*PRUNE, *PATIENCE, seconds=IN_TIME)
    assert pruned.code == 5
    assert tool.outcomes(pruned) == {"old-data": "kept", "data": "kept"}
    assert removals_asked(lab) == []
    assert tool.audit == []
    assert lab.contents() == before


def check_orphan_goes(lab: Lab, tool: Tool) -> None:
    """See that the orphan goes, and that nothing else changes."""
    rest = {path: text for path, text in lab.contents().items() if "old-data" not in path}
    pruned = tool(*PRUNE)
    assert pruned.code == 0
    assert pruned.document["complete"]
    assert tool.outcomes(pruned)["old-data"] == "removed"
    assert removals_asked(lab) == ["old-data"]
    assert lab.contents() == rest
    assert rest


@ON_EACH_ENGINE
def test_a_disabled_driver_is_a_gap_that_names_the_command_to_enable_it(
    lab: Lab, tool: Tool, name: str
) -> None:
    volume(lab, "old-data")
    database(lab, name)
    lab.node(name).plugin().disable()
    check_nothing_goes(lab, tool, f"'docker plugin enable {ALIAS}'", on=name)
    lab.docker(name, "plugin", "enable", ALIAS)
    check_orphan_goes(lab, tool)


def test_a_node_that_never_had_the_driver_is_no_gap(lab: Lab, tool: Tool) -> None:
    lab.node("n3").plugin().remove()
    volume(lab, "old-data")
    database(lab, "n2")
    listed = tool.volumes()
    assert {name: volume["ruling"] for name, volume in listed.items()} == {
        "old-data": "removable",
        "data": "in-use",
    }
    nodes = {entry["node"]["hostname"] for entry in listed["old-data"]["entries"]}
    assert nodes == {"n1", "n2"}
    check_orphan_goes(lab, tool)


@pytest.mark.parametrize(
    ("where", "fault", "cause"),
    [
        (("n2", 2), "error", f"list {ALIAS}: List: backend failure"),
        (("n3", 1), "error", f"list {ALIAS}: List: backend failure"),
        (("n2", 2), "empty", "the driver's storage may have failed"),
        (("n3", 1), "empty", "the driver's storage may have failed"),
        (("n2", 2), "hang", "no answer within 3 s"),
    ],
    ids=["fails-26.1", "fails-20.10", "is-empty-26.1", "is-empty-20.10", "hangs-26.1"],
)
def test_a_driver_that_does_not_list_what_is_mounted_keeps_every_volume(
    lab: Lab, tool: Tool, where: tuple[str, int], fault: str, cause: str
) -> None:
    name, generation = where
    lab.set_generation(generation)
    volume(lab, "old-data")
    # Another engine lists it too, so that it is known whatever this one says.
    volume(lab, "data")
    database(lab, name)
    driver = lab.node(name).plugin()
    driver.bend(list=fault)
    check_nothing_goes(lab, tool, cause, on=name)
    driver.bend(list=None)
    check_orphan_goes(lab, tool)


def test_an_empty_list_where_nothing_is_mounted_harms_nothing(lab: Lab, tool: Tool) -> None:
    volume(lab, "old-data")
    database(lab, "n2")
    lab.node("n3").plugin().bend(list="empty")
    assert tool.volumes()["data"]["ruling"] == "in-use"
    check_orphan_goes(lab, tool)


def test_a_storage_that_fails_on_every_node_is_not_taken_for_empty(lab: Lab, tool: Tool) -> None:
    volume(lab, "old-data")
    database(lab, "n2")
    before = lab.contents()
    for node in lab.nodes:
        node.plugin().bend(list="empty")
    for words in (("ls", "-o", "json"), PRUNE):
        told = tool(*words)
        assert told.code == 5
        assert not told.document["complete"]
        assert set(causes(told)) == {"n2"}
    assert tool("rm", "old-data").code == 5
    assert removals_asked(lab) == []
    assert lab.contents() == before


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("error", {"a/1.txt", "a/2.txt", "b/1.txt", "b/2.txt"}),
        ("half", {"a/2.txt", "b/2.txt"}),
    ],
    ids=["fails", "fails-half-way"],
)
@pytest.mark.parametrize("where", [("n1", 2), ("n2", 1)], ids=["20.10", "26.1"])
def test_a_removal_that_the_driver_fails_is_told_and_asked_once(
    lab: Lab, tool: Tool, where: tuple[str, int], fault: str, left: set[str]
) -> None:
    name, generation = where
    lab.set_generation(generation)
    for orphan in ("a", "b"):
        (lab.shared / volume(lab, orphan, on=name)).rename(lab.shared / f"reg/{orphan}/1.txt")
        (lab.shared / f"reg/{orphan}/2.txt").write_text("more\n")
    for node in lab.nodes:
        node.plugin().bend(remove=fault)

    pruned = tool(*PRUNE)
    assert pruned.code == 7
    assert tool.outcomes(pruned) == {"a": "failed", "b": "failed"}
    for outcome in pruned.document["outcomes"]:
        assert f"{name} failed" in outcome["detail"]
        assert "part of its data may be gone" in outcome["detail"]
    assert removals_asked(lab) == ["a", "b"]
    assert {call.name for call in lab.node(name).plugin().calls("Remove")} == {"a", "b"}
    assert set(lab.contents()) == {f"reg/{path}" for path in left}
    assert [line["event"] for line in tool.audit] == [
        "plan",
        *("request", "answer", "outcome"),
        *("request", "answer", "outcome"),
    ]

    for node in lab.nodes:
        node.plugin().bend(remove=None)
    assert tool(*PRUNE).code == 0
    assert lab.contents() == {}


def test_a_failed_removal_is_not_called_done_when_the_list_is_empty_after(
    lab: Lab, tool: Tool
) -> None:
    volume(lab, "old-data")
    (lab.shared / "reg/old-data/second.txt").write_text("more\n")
    volume(lab, "other")
    driver = lab.node("n1").plugin()
    driver.bend(remove="hang")
    with running(tool, "rm", "old-data", "-o", "json") as run:
        wait_for_removal(driver, "old-data")
        for node in lab.nodes:
            node.plugin().bend(list="empty")
        # The hanging removal goes on, and breaks off when half is gone.
        driver.bend(remove="half")
        ended = run.result()
    assert ended.code == 7
    assert tool.outcomes(ended) == {"old-data": "uncertain"}
    assert removals_asked(lab) == ["old-data"]
    assert lab.contents() == {
        "reg/old-data/second.txt": "more\n",
        "reg/other/file.txt": "precious\n",
    }


def test_a_slow_driver_is_waited_for(lab: Lab, tool: Tool) -> None:
    """The time-out is that of a reading; a removal may take longer."""
    volume(lab, "old-data")
    database(lab, "n2")
    lab.node("n2").plugin().bend(list=0.5)
    lab.node("n1").plugin().bend(remove=4.0)
    rest = {path: text for path, text in lab.contents().items() if "old-data" not in path}
    pruned = tool(*PRUNE, *PATIENCE, seconds=IN_TIME)
    assert pruned.code == 0
    assert tool.outcomes(pruned) == {"old-data": "removed", "data": "kept"}
    assert removals_asked(lab) == ["old-data"]
    assert lab.contents() == rest


def lose_references(lab: Lab, name: str, generation: int) -> str:
    """Let one of two containers stop while the driver fails: the engine then forgets the other.

    Gives the path of the file that the container left uses.
    """
    lab.set_generation(generation)
    path = database(lab, name)
    container(lab, name, "run", "--detach", "--name", "reader", "--mount", mount("data"))
    driver = lab.node(name).plugin()
    driver.bend(get="error")
    lab.docker(name, "stop", "reader")
    driver.bend(get=None)
    lab.docker(name, "rm", "reader")
    assert lab.docker(name, "ps", "--format", "{{.Names}}") == "db"
    assert lab.docker(name, "volume", "ls", "-qf", "dangling=true") == "data"
    assert lab.contents() == {path: "precious\n"}
    return path


@ON_EACH_ENGINE
@WITH_EACH_DRIVER
def test_plain_docker_deletes_under_a_running_container_once_references_are_lost(
    lab: Lab, name: str, generation: int
) -> None:
    """The control: the engine calls the volume unused, and is wrong."""
    lose_references(lab, name, generation)
    lab.docker(name, "volume", "rm", "data")
    assert lab.docker(name, "ps", "--format", "{{.Names}}") == "db"
    assert lab.contents() == {}


@ON_EACH_ENGINE
@WITH_EACH_DRIVER
def test_lost_references_do_not_hide_a_running_container(
    lab: Lab, tool: Tool, name: str, generation: int
) -> None:
    path = lose_references(lab, name, generation)
    refused = tool("rm", "data")
    assert refused.code == 4
    assert f"Container db on {name} has it mounted" in refused.err
    assert removals_asked(lab) == []
    assert lab.contents() == {path: "precious\n"}
