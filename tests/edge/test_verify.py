"""A verification over real HTTP: what is asked for, and what keeps a node from being tried."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.marker import READ, REMOVE, WRITE, Ended
from tests.edge.engine_server import json_reply
from tests.edge.verifications import (
    BEFORE,
    MARKER,
    NOTHING_WRITTEN,
    SAME,
    fail,
    on,
    outcomes,
    results,
    step_of,
    steps,
    verified,
)

if TYPE_CHECKING:
    from tests.edge.scripted_swarm import ScriptedSwarm


def test_a_shared_volume_is_the_same_everywhere(swarm: ScriptedSwarm) -> None:
    found = verified(swarm)
    assert results(found) == SAME
    assert found.left == ()
    assert steps(swarm, "m1") == [
        *("volumes", "image", "volumes"),
        *("create write", "start write", "wait write", "delete write", "volumes"),
        *("create remove", "start remove", "wait remove", "delete remove"),
    ]
    assert steps(swarm, "w1") == [
        *("volumes", "image", "volumes"),
        *("create read", "start read", "wait read", "delete read"),
    ]


def test_the_container_mounts_this_volume_by_its_driver_and_can_do_nothing_else(
    swarm: ScriptedSwarm,
) -> None:
    verified(swarm, "w2", "w1")
    scripts = {}
    for hostname in ("w1", "w2"):
        for seen in swarm.engines[hostname].server.seen:
            if not step_of(seen).startswith("create"):
                continue
            payload = json.loads(seen.body)
            scripts[step_of(seen)] = payload["Cmd"][1]
            (mount,) = payload["HostConfig"]["Mounts"]
            assert mount == {
                "Type": "volume",
                "Source": "data",
                "Target": "/cloudstorctl",
                "ReadOnly": step_of(seen) == "create read",
                "VolumeOptions": {"NoCopy": True, "DriverConfig": {"Name": "cloudstor:aws"}},
            }
            assert payload["Entrypoint"] + payload["Cmd"][:1] == ["sh", "-c"]
            assert payload["Cmd"][3:] == [MARKER.path, MARKER.content]
            assert payload["Labels"] == {"cloudstorctl.verify": MARKER.token}
            assert payload["HostConfig"]["NetworkMode"] == "none"
            assert payload["HostConfig"]["ReadonlyRootfs"] is True
            assert dict(seen.headers)["Content-Type"] == "application/json"
    assert scripts == {"create write": WRITE, "create read": READ, "create remove": REMOVE}


def test_nodes_may_be_chosen_and_the_first_of_them_writes(swarm: ScriptedSwarm) -> None:
    assert results(verified(swarm, "w2", "m1")) == {("w2", "m1"): ("same", "")}
    assert "image" not in [step_of(seen) for seen in swarm.engines["w1"].server.seen]


def test_a_node_on_another_file_system_does_not_have_the_marker(swarm: ScriptedSwarm) -> None:
    swarm.engines["w1"].host.file_system = "another"
    found = verified(swarm)
    assert results(found) == SAME | {("m1", "w1"): ("not-there", "")}


def test_other_content_is_not_taken_for_the_marker(swarm: ScriptedSwarm) -> None:
    swarm.engines["w1"].host.file_system = "another"
    swarm.files["another", "data"] = {MARKER.name: "something else"}

    def forget() -> None:
        swarm.files["another", "data"].clear()

    on(swarm, "w1", "delete read", forget)
    assert results(verified(swarm)) == SAME | {("m1", "w1"): ("other-content", "")}


# What keeps a node from being tried.


def test_a_volume_that_a_list_has_lost_meanwhile_is_not_made(swarm: ScriptedSwarm) -> None:
    on(swarm, "w1", "image", swarm.engines["w1"].volumes.clear)
    found = verified(swarm)
    assert results(found) == SAME | {
        ("m1", "w1"): ("untried", "its engine does not list the volume any more")
    }
    assert "create read" not in steps(swarm, "w1")


def test_a_list_with_warnings_is_not_believed(swarm: ScriptedSwarm) -> None:
    def warn() -> None:
        swarm.engines["w1"].warnings = ["list cloudstor:aws: backend failure"]

    on(swarm, "w1", "image", warn)
    found = verified(swarm)
    assert results(found)["m1", "w1"] == (
        "untried",
        "its engine's list cannot be trusted: list cloudstor:aws: backend failure",
    )


def test_without_the_image_a_node_is_not_tried_and_nothing_is_pulled(swarm: ScriptedSwarm) -> None:
    del swarm.engines["m1"].host.images["busybox"]
    found = verified(swarm)
    assert results(found) == {
        ("w1", "m1"): ("untried", "the node does not have the image busybox"),
        ("w1", "w2"): ("same", ""),
    }
    assert [(node.hostname, address) for node, address in found.without_image] == [
        ("m1", f"unix://{swarm.folder}/m1")
    ]


def test_an_image_is_pulled_on_demand(swarm: ScriptedSwarm) -> None:
    swarm.engines["w1"].host.registry["alpine"] = ()
    for hostname in ("m1", "w2"):
        swarm.engines[hostname].host.images["alpine"] = ()
    found = verified(swarm, image="alpine", pull=True)
    assert results(found) == SAME
    assert steps(swarm, "w1")[:4] == ["volumes", "image", "pull", "image"]
    assert "pull" not in steps(swarm, "m1")


def test_an_image_that_no_registry_has_is_told(swarm: ScriptedSwarm) -> None:
    found = verified(swarm, image="alpine", pull=True)
    assert results(found) == {("-", n): ("untried", "manifest unknown") for n in ("m1", "w1", "w2")}


def test_an_image_that_brings_volumes_is_not_run(swarm: ScriptedSwarm) -> None:
    found = verified(swarm, image="postgres")
    assert set(results(found).values()) == {
        (
            "untried",
            "the image postgres wants volumes (/var/lib/postgresql/data): choose another one",
        )
    }


def test_with_one_node_ready_nothing_is_written(swarm: ScriptedSwarm) -> None:
    for hostname in ("w1", "w2"):
        del swarm.engines[hostname].host.images["busybox"]
    found = verified(swarm)
    missing = ("untried", "the node does not have the image busybox")
    assert results(found) == {
        ("-", "m1"): ("untried", "there is no other node to compare it with"),
        ("-", "w1"): missing,
        ("-", "w2"): missing,
    }
    assert steps(swarm, "m1") == ["volumes", "image"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (Ended.READ_ONLY, "the volume cannot be written to there"),
        (Ended.TAKEN, "there is a file of the marker's name already, which was left alone"),
        (Ended.CUT, "the marker could not be written whole"),
        (Ended.UNREADABLE, "the volume cannot be read there"),
    ],
)
def test_a_writer_that_fails_by_itself_leaves_nothing_to_remove(
    swarm: ScriptedSwarm, code: int, why: str
) -> None:
    swarm.engines["m1"].host.ends["write"] = code
    found = verified(swarm)
    assert outcomes(results(found)) == NOTHING_WRITTEN
    for _, reason in results(found).values():
        assert reason.startswith(f"nothing was written on m1: {why}")
    assert "create remove" not in steps(swarm, "m1")


@pytest.mark.parametrize("code", [Ended.CUT_AND_LEFT, 127, 137])
def test_after_a_writer_that_may_have_left_it_the_marker_is_removed(
    swarm: ScriptedSwarm, code: int
) -> None:
    swarm.engines["m1"].host.ends["write"] = code
    assert outcomes(results(verified(swarm))) == NOTHING_WRITTEN
    assert "create remove" in steps(swarm, "m1")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (Ended.UNREADABLE, "the volume cannot be read there"),
        (127, "its container ended with exit code 127"),
    ],
)
def test_a_reader_that_cannot_read_is_no_proof_of_anything(
    swarm: ScriptedSwarm, code: int, why: str
) -> None:
    swarm.engines["w2"].host.ends["read"] = code
    assert results(verified(swarm)) == SAME | {("m1", "w2"): ("untried", why)}


def test_an_engine_without_a_word_for_the_end_is_no_proof(swarm: ScriptedSwarm) -> None:
    end = json_reply({"StatusCode": 0, "Error": {"Message": "driver failed"}})
    fail(swarm, "w1", "wait read", when=BEFORE, reply=end)
    assert results(verified(swarm)) == SAME | {
        ("m1", "w1"): ("untried", "unexpected answer: Error is driver failed, expected none")
    }
