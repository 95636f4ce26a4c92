"""`cloudstorctl mount` over HTTP: texts to copy, and what is told beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tests.edge import payloads

if TYPE_CHECKING:
    from tests.cli.stage import Stage

VALUE = (
    "'type=volume,source={{.Service.Name}}-{{.Task.Slot}}-logs,target=/logs,"
    "volume-driver=cloudstor:aws'"
)
COMMAND = f"docker service update --mount-add {VALUE} web"


def test_people_get_both_texts_to_copy_and_nothing_else(stage: Stage) -> None:
    ran = stage.run("mount", "web", "--target", "/logs", answer="")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"{COMMAND}\n"
        "\n"
        "services:\n"
        "  web:\n"
        "    volumes:\n"
        "      - type: volume\n"
        "        source: logs\n"
        "        target: /logs\n"
        "volumes:\n"
        "  logs:\n"
        '    name: "{{.Service.Name}}-{{.Task.Slot}}-logs"\n'
        '    driver: "cloudstor:aws"\n'
    )
    assert stage.run("mount", "web", "--target", "/logs", "--per-task").out == ran.out
    ran = stage.run("mount", "new", "--target", "/logs")
    assert ran.out.startswith(f"--mount {VALUE}\n\nservices:\n  new:\n")


def test_a_mount_that_would_be_replaced_is_told(stage: Stage) -> None:
    ran = stage.run("mount", "web", "--target", "/data", "--shared", "assets")
    assert ran.code == 0
    assert ran.err == (
        "web has {{.Service.Name}}-{{.Task.Slot}}-vol at /data already: this takes its place, and "
        "its data is not carried over.\n"
    )


def test_the_document_has_it_all(stage: Stage) -> None:
    document = stage.document("mount", "shop_db", "--target", "/logs", "--shared", "old")
    assert (document["schema"], document["complete"]) == ("cloudstorctl/mount/v1", True)
    mount = "type=volume,source=old,target=/logs,volume-driver=cloudstor:aws"
    assert document["flag"] == f"--mount {mount}"
    assert document["command"] == f"docker service update --mount-add {mount} shop_db"
    read = yaml.safe_load(document["compose"])
    assert list(read["services"]) == ["db"], "as the file of its stack has it"
    assert read["volumes"]["old"] == {"name": "old", "driver": "cloudstor:aws"}
    assert (document["driver"], document["source"]) == ("cloudstor:aws", "old")
    assert document["warnings"] == []
    assert stage.document("mount", "new", "--target", "/d")["command"] is None
    assert stage.names("mount", "new", "--target", "/d", "--shared", "old") == ["old"]


def test_a_name_that_is_taken_or_elsewhere_is_told_on_standard_error(stage: Stage) -> None:
    ran = stage.run("mount", "db", "--target", "/d", "--shared", "web-1-vol", "--perfmode", "maxio")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "web-1-vol is already used by service web: both would write to the same directory.",
        (
            "web-1-vol is in efs/reg already, and this mount asks for perfmode=maxio: the driver "
            "ignores that for a volume that exists."
        ),
    ]
    assert "volume-opt=perfmode=maxio" in ran.out.splitlines()[0]


def test_several_names_of_the_driver_are_listed_to_choose_from(stage: Stage) -> None:
    other = payloads.plugin("w1") | {
        "Name": "sharedlogs:latest",
        "PluginReference": "docker.io/docker4x/cloudstor:17.06.0-ce-aws2",
    }
    stage.swarm.engines["w1"].plugins.append(other)
    ran = stage.run("mount", "web", "--target", "/logs")
    assert (ran.code, ran.out) == (2, "")
    assert "  cloudstor:aws on m1, w1, w2\n  sharedlogs:latest on w1\n" in ran.err
    ran = stage.run("mount", "web", "--target", "/logs", "--volume-driver", "sharedlogs")
    assert ran.code == 0
    assert "volume-driver=sharedlogs:latest'" in ran.out
    assert ran.err.splitlines() == [
        f"{node} does not have sharedlogs:latest: no task with this mount runs there."
        for node in ("m1", "w2")
    ]


def test_a_node_that_cannot_be_read_is_told_and_exits_5(stage: Stage) -> None:
    stage.blind("w2")
    ran = stage.run("mount", "web", "--target", "/logs")
    assert ran.code == 5
    assert ran.out.startswith(COMMAND)
    assert ran.err == "Whether w2 has cloudstor:aws is not known: HTTP 500: out of order.\n"


def test_what_no_engine_could_take_is_a_usage_error_before_any_is_asked(stage: Stage) -> None:
    for words in (
        ("web", "--target", "data"),
        ("-web", "--target", "/data"),
        ("web", "--target", "/logs", "--shared", ".."),
        ("web", "--target", "/logs", "--shared", "a", "--per-task"),
        ("web", "--target", "/logs", "--perfmode", "fast"),
        ("web",),
    ):
        ran = stage.run("mount", *words)
        assert (ran.code, ran.out) == (2, ""), words
    assert not stage.swarm.seen
