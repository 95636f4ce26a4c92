"""`cloudstorctl verify` over HTTP: what people and scripts are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.marker import Ended
from tests.edge.verifications import BEFORE, REFUSED, fail

if TYPE_CHECKING:
    from tests.cli.stage import Stage


def test_people_see_each_pair(stage: Stage) -> None:
    ran = stage.run("verify", "old")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "WRITTEN ON  READ ON  RESULT",
        "m1          w1       ● same",
        "m1          w2       ● same",
        "",
        "old, 2 pairs of nodes: 2 same",
    ]
    assert not any(engine.host.runs for engine in stage.swarm.engines.values())
    assert stage.swarm.files["shared", "old"] == {}
    assert stage.names("verify", "old") == ["w1", "w2"]


def test_a_node_that_does_not_have_the_marker_exits_1_and_outranks_one_not_tried(
    stage: Stage,
) -> None:
    stage.swarm.engines["w1"].host.file_system = "another"
    fail(stage.swarm, "w2", "start read", when=BEFORE, reply=REFUSED)
    ran = stage.run("verify", "old")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "WRITTEN ON  READ ON  RESULT                WHY",
        "m1          w1       ✗ not there           -",
        "m1          w2       ? could not be tried  HTTP 500: out of order",
        "",
        "old, 2 pairs of nodes: 1 not there, 1 could not be tried",
    ]


def test_the_document_has_it_all(stage: Stage) -> None:
    fail(stage.swarm, "w1", "create read", when=BEFORE, reply=REFUSED)
    fail(stage.swarm, "m1", "delete write", when=BEFORE, reply=REFUSED)
    document = stage.document("verify", "old", code=1)
    assert document["schema"] == "cloudstorctl/verify/v1"
    assert (document["volume"], document["image"]) == ("old", "busybox")
    assert (document["dry_run"], document["steps"]) == (False, [])
    first, second = document["pairs"]
    assert (first["writer"]["hostname"], first["reader"]["hostname"]) == ("m1", "w1")
    assert (first["result"], first["reason"]) == ("untried", "HTTP 500: out of order")
    assert (second["result"], second["reason"]) == ("same", None)
    container, file = document["leftovers"]
    assert container["node"]["hostname"] == "m1"
    assert container["what"].startswith("container cloudstorctl-verify-")
    assert container["command"].startswith(f"docker -H unix://{stage.folder}/m1 rm -f cloudstorctl")
    assert file["reason"] == "the container that writes it is still there"


def test_what_is_left_is_told_even_where_all_is_the_same(stage: Stage) -> None:
    for engine in stage.swarm.engines.values():
        engine.host.ends["remove"] = Ended.KEPT
    ran = stage.run("verify", "old")
    assert ran.code == 1
    first, command = ran.err.splitlines()
    assert first.startswith("The file .cloudstorctl-verify-")
    assert first.endswith("(w2: the marker could not be removed). To remove it:")
    assert command.startswith(f"  docker -H unix://{stage.folder}/m1 run --rm --mount type=volume,")


def test_nodes_without_the_image_are_told_with_the_command_for_each(stage: Stage) -> None:
    for hostname in ("m1", "w2"):
        del stage.swarm.engines[hostname].host.images["busybox"]
    ran = stage.run("verify", "old")
    assert ran.code == 5
    assert ran.err.splitlines() == [
        "m1 and w2 do not have the image busybox, and without --pull none is fetched:",
        f"  docker -H unix://{stage.folder}/m1 pull busybox",
        f"  docker -H unix://{stage.folder}/w2 pull busybox",
    ]
    ran = stage.run("verify", "old", "--nodes", "w1", "--nodes", "w2")
    assert "w2 does not have the image busybox, and without" in ran.err
    stage.swarm.engines["m1"].host.registry["busybox"] = ()
    stage.swarm.engines["w2"].host.registry["busybox"] = ()
    assert stage.run("verify", "old", "--pull").code == 0


def test_a_dry_run_says_what_would_be_run_where(stage: Stage) -> None:
    ran = stage.run("verify", "old", "--dry-run", "--node", "w2", "--node", "m1")
    assert (ran.code, ran.err) == (0, "Nothing was run.\n")
    assert ran.out.splitlines() == [
        "NODE  STEP    CONTAINER",
        "w2    write   busybox, with the volume at /cloudstorctl by cloudstor:aws",
        "m1    read    busybox, with the volume at /cloudstorctl by cloudstor:aws, read only",
        "w2    remove  busybox, with the volume at /cloudstorctl by cloudstor:aws",
    ]
    document = stage.document("verify", "old", "--dry-run")
    assert document["dry_run"] is True
    assert [step["action"] for step in document["steps"]] == ["write", "read", "read", "remove"]
    assert [step["read_only"] for step in document["steps"]] == [False, True, True, False]
    assert stage.names("verify", "old", "--dry-run") == ["m1", "w1", "w2"]
    assert not [seen for _, seen in stage.swarm.seen if seen.method != "GET"]


def test_a_volume_on_one_node_alone_has_nothing_to_be_compared_with(stage: Stage) -> None:
    ran = stage.run("verify", "older")
    assert ran.code == 5
    assert "there is no other node to compare it with" in ran.out
    ran = stage.run("verify", "older", "-n", "--node", "w1", "--node", "w2")
    assert (ran.code, ran.err) == (5, "Nothing would be run.\n")
    assert "its engine does not list the volume" in ran.out
    (pair,) = stage.document("verify", "older", "-n", "--node", "w1", code=5)["pairs"]
    assert (pair["writer"], pair["reader"]["hostname"]) == (None, "w1")
    assert stage.run("verify", "older", "-n").out == ""
    assert not [seen for _, seen in stage.swarm.seen if seen.method != "GET"]


def test_a_volume_that_no_engine_lists_is_not_made(stage: Stage) -> None:
    ran = stage.run("verify", "odl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("did you mean old?\n")
    stage.blind("w1", "/volumes")
    assert stage.run("verify", "odl").code == 5, "it may be out of sight"
    assert not [seen for _, seen in stage.swarm.seen if seen.method != "GET"]


def test_a_volume_on_ebs_is_refused(stage: Stage) -> None:
    for row in stage.swarm.engines["w2"].volumes:
        row["Mountpoint"] = row["Mountpoint"].replace("/efs/reg/", "/ebs/")
    ran = stage.run("verify", "older")
    assert ran.code == 4
    assert ran.err.startswith("cloudstorctl: older is an EBS volume")


@pytest.mark.parametrize("image", ["", "-v", "../x", "a b", "a?force=1", "A"])
def test_what_is_no_image_is_a_usage_error(stage: Stage, image: str) -> None:
    ran = stage.run("verify", "old", f"--image={image}")
    assert ran.code == 2
    assert "is not the name of an image" in ran.err
    assert not stage.swarm.seen


@pytest.mark.parametrize(
    "image", ["alpine:3.20", "ghcr.io/a/b_c:v1", "r:5000/x", f"a@sha256:{'0' * 64}"]
)
def test_images_may_be_named_in_full(stage: Stage, image: str) -> None:
    for engine in stage.swarm.engines.values():
        engine.host.images[image] = ()
    assert stage.run("verify", "old", "--image", image).code == 0
