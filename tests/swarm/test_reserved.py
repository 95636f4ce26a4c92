"""Scenario 4: nothing uses it now, and something will: nothing is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import wait_until
from tests.swarm.lab.records import IMAGE
from tests.swarm.scene import TARGET, container, mount, running_service, service, volume

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

TEMPLATE = "{{.Service.Name}}-{{.Task.Slot}}-vol"


def no_containers(lab: Lab) -> None:
    """Clear away every container that has ended, as a nightly job does."""

    def none_left() -> bool:
        for node in lab.nodes:
            node.docker("container", "prune", "--force")
        return not any(node.ask("/containers/json?all=1") for node in lab.nodes)

    wait_until(none_left, 30, "no container is left")


def scaled_to_zero(lab: Lab) -> tuple[str, str]:
    running_service(lab, "web", "data")
    lab.docker("n1", "service", "scale", "--detach", "web=0")
    no_containers(lab)
    return "data", "declared"


def a_slot_above_the_replicas(lab: Lab) -> tuple[str, str]:
    running_service(lab, "web", TEMPLATE, replicas=2)
    lab.docker("n1", "service", "scale", "--detach", "web=1")
    # The spec before this one has one replica too: no rollback brings the second back.
    lab.docker("n1", "service", "update", "--detach", "--label-add", "seen=yes", "web")
    wait_until(lambda: len(lab.running("web")) == 1, 30, "one task is left")
    (kept,) = lab.running("web")
    gone = 3 - kept
    assert f"reg/web-{gone}-vol/web-{gone}.txt" in lab.contents()
    wait_until(lambda: tidy(lab, f"web-{gone}-vol"), 30, "its container is gone")
    # Which slot goes is the scheduler's choice: slots may be sparse.
    return f"web-{gone}-vol", "dormant" if gone == 2 else "declared"


def tidy(lab: Lab, name: str) -> bool:
    """Prune ended containers; tell whether none on any node has the volume."""
    for node in lab.nodes:
        node.docker("container", "prune", "--force")
    rows = [row for node in lab.nodes for row in node.ask("/containers/json?all=1")]
    return not any(m.get("Name") == name for row in rows for m in row["Mounts"])


def only_the_previous_spec(lab: Lab) -> tuple[str, str]:
    running_service(lab, "web", "data")
    lab.docker("n1", "service", "scale", "--detach", "web=0")
    no_containers(lab)
    words = ("--mount-rm", TARGET, "--mount-add", mount("other"))
    lab.docker("n1", "service", "update", "--detach", "--no-resolve-image", *words, "web")
    return "data", "rollback"


def a_paused_update(lab: Lab) -> tuple[str, str]:
    words = ("--update-failure-action", "pause", "--update-monitor", "1s")
    # How often it would have been tried again by when is a matter of time.
    once = ("--restart-condition", "none")
    running_service(lab, "web", "data", *words, *once)
    update = ("--no-resolve-image", "--image", "nothing:here")
    lab.docker("n1", "service", "update", "--detach", *update, "web")

    def paused() -> bool:
        (row,) = lab.manager.ask("/services")
        return bool(row.get("UpdateStatus", {}).get("State") == "paused")

    wait_until(paused, 60, "the update is paused")
    return "data", "declared"


def a_stopped_container(lab: Lab) -> tuple[str, str]:
    container(lab, "n2", "run", "--detach", "--name", "db", "--mount", mount("data"))
    lab.docker("n2", "stop", "db")
    return "data", "held"


def a_created_container(lab: Lab) -> tuple[str, str]:
    container(lab, "n3", "create", "--name", "db", "--mount", mount("data"))
    return "data", "held"


def a_mount_without_a_driver(lab: Lab) -> tuple[str, str]:
    volume(lab, "data", on="n2")
    container(lab, "n2", "run", "--detach", "--name", "db", "-v", f"data:{TARGET}")
    return "data", "mounted"


def a_task_that_is_preparing(lab: Lab) -> tuple[str, str]:
    image = lab.slow_image()
    words = ("--no-resolve-image", "--name", "slow", "--mount", mount("data"))
    lab.docker("n1", "service", "create", "--detach", *words, image)

    def preparing() -> bool:
        states = [task["Status"]["State"] for task in lab.tasks("slow")]
        return states == ["preparing"] and (lab.shared / "reg" / "data").is_dir()

    wait_until(preparing, 30, "the task is preparing and its volume there")
    return "data", "scheduled"


def a_volume_beside_a_nested_mount(lab: Lab) -> tuple[str, str]:
    running_service(lab, "web", "data/deep")
    return "data", "mounted"


def a_bind_into_the_file_system(lab: Lab) -> tuple[str, str]:
    volume(lab, "data", on="n2")
    (row,) = lab.node("n2").ask("/volumes")["Volumes"]
    words = ("--mount", f"type=bind,source={row['Mountpoint']},destination={TARGET}")
    container(lab, "n2", "run", "--detach", "--name", "backup", *words)
    return "data", "mounted"


def a_job_that_has_run(lab: Lab) -> tuple[str, str]:
    words = ("--mode", "replicated-job", "--no-resolve-image", "--mount", mount("data"))
    writes = ("sh", "-c", f"echo done > {TARGET}/job.txt")
    lab.docker("n1", "service", "create", "--detach", "--name", "job", *words, IMAGE, *writes)
    wait_until(lambda: "reg/data/job.txt" in lab.contents(), 30, "the job has written")
    no_containers(lab)
    return "data", "declared"


def a_global_service_without_a_container(lab: Lab) -> tuple[str, str]:
    source = "{{.Service.Name}}-{{.Node.Hostname}}-vol"
    words = ("--mode", "global", "--no-resolve-image", "--mount", mount(source))
    writes = f'echo here > {TARGET}/agent.txt; trap "exit 0" TERM; sleep 1000000 & wait'
    create = ("service", "create", "--detach", "--name", "agent")
    lab.docker("n1", *create, *words, IMAGE, "sh", "-c", writes)
    wait_until(lambda: len(lab.contents()) == 3, 30, "every node has written")
    only_n1 = ("--constraint-add", "node.hostname==n1")
    lab.docker("n1", "service", "update", "--detach", "--no-resolve-image", *only_n1, "agent")
    wait_until(lambda: tidy(lab, "agent-n2-vol"), 30, "its container is gone")
    return "agent-n2-vol", "declared"


CASES = [
    scaled_to_zero,
    a_slot_above_the_replicas,
    only_the_previous_spec,
    a_paused_update,
    a_stopped_container,
    a_created_container,
    a_mount_without_a_driver,
    a_task_that_is_preparing,
    a_volume_beside_a_nested_mount,
    a_bind_into_the_file_system,
    a_job_that_has_run,
    a_global_service_without_a_container,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_something_will_use_is_kept_beside_an_orphan_that_goes(
    lab: Lab, tool: Tool, case: Callable[[Lab], tuple[str, str]]
) -> None:
    name, kind = case(lab)
    orphan = volume(lab, "orphan")
    if not any(path.startswith(f"reg/{name}/") for path in lab.contents()):
        (lab.shared / "reg" / name / "file.txt").write_text("precious\n")
    before = lab.contents()

    told = tool.volumes()[name]
    assert kind in {claim["kind"] for claim in told["claims"]}
    strong = kind in {"mounted", "scheduled"}
    assert told["ruling"] == ("in-use" if strong else told["ruling"])
    assert told["ruling"] in {"in-use", "reserved"}

    assert tool("rm", name).code == 4
    pruned = tool("safe-prune", "--yes", "-o", "json")
    outcomes = tool.outcomes(pruned)
    assert outcomes["orphan"] == "removed"
    assert outcomes[name] == "kept"
    assert pruned.code == 0
    rest = {path: text for path, text in before.items() if path != orphan}
    assert lab.contents() == rest


def test_a_service_that_only_mounts_it_without_a_driver_reserves_it(lab: Lab, tool: Tool) -> None:
    kept = volume(lab, "data")
    words = ("--mount", f"type=volume,source=data,destination={TARGET}", "--replicas", "0")
    lab.create_service("web", *words)
    assert tool.volumes()["data"]["ruling"] == "reserved"
    assert tool("rm", "data").code == 4
    assert kept in lab.contents()


def test_a_service_of_another_name_does_not_reserve_it(lab: Lab, tool: Tool) -> None:
    volume(lab, "web-7-vol")
    service(lab, "web-7", TEMPLATE, replicas=0)
    assert tool.volumes()["web-7-vol"]["ruling"] == "removable"
    assert tool("rm", "web-7-vol").code == 0
    assert lab.contents() == {}
