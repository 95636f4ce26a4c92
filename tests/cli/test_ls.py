"""`ls` against engines over HTTP: what is where, and what could not be seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.core.builders import CLUSTER, node_id
from tests.edge import payloads

if TYPE_CHECKING:
    from tests.cli.stage import Stage

ARCHIVES = [f"archive-{number}" for number in range(6)]
EVERYTHING = [*ARCHIVES, "old", "older", "shop-data", "web-1-vol"]


def test_ls_shows_each_volume_with_its_ruling_and_what_its_nodes_do_with_it(stage: Stage) -> None:
    ran = stage.run("ls", "o*", "w*", "shop*")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "VOLUME     DRIVER         BACKING  RULING       NODES",
        "old        cloudstor:aws  efs/reg  - removable  3 unused",
        "older      cloudstor:aws  efs/reg  - removable  1 unused",
        "shop-data  cloudstor:aws  efs/reg  ◆ reserved   1 idle, for service shop_db",
        "web-1-vol  cloudstor:aws  efs/reg  ● in-use     w1 ● web.1, w2 ○ stale",
        "",
        "4 volumes: 1 in use, 1 reserved, 2 removable",
    ]


def test_per_node_names_the_task_and_the_node_that_use_a_stale_entry(stage: Stage) -> None:
    ran = stage.run("ls", "--per-node", "web*")
    assert ran.out.splitlines()[:3] == [
        "NODE  VOLUME     DRIVER         STATUS     USED BY",
        "w1    web-1-vol  cloudstor:aws  ● mounted  web.1",
        "w2    web-1-vol  cloudstor:aws  ○ stale    web.1 on w1",
    ]


def test_wide_tells_where_the_data_is_and_why(stage: Stage) -> None:
    (row,) = (line for line in stage.run("ls", "-o", "wide").out.splitlines() if "shop" in line)
    assert row.split()[:4] == ["shop-data", "cloudstor:aws", "efs/reg", "fs-reg"]
    assert row.endswith("declared: service shop_db")


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([], EVERYTHING),
        (["old"], ["old"]),
        (["o*", "web-?-vol"], ["old", "older", "web-1-vol"]),
        (["--node", "w1"], ["old", "web-1-vol"]),
        (["--node", node_id("w1")], ["old", "web-1-vol"]),
        (["--node", "w1", "--node", "m1", "o*"], ["old"]),
        (["--status", "stale"], ["web-1-vol"]),
        (["--status", "stale", "--status", "unused"], ["old", "older", "web-1-vol"]),
        (["--node", "w1", "--status", "stale"], []),
        (["--node", "w2", "--status", "stale"], ["web-1-vol"]),
        (["--ruling", "removable"], ["old", "older"]),
        (["--ruling", "in-use", "--ruling", "removable"], ["old", "older", "web-1-vol"]),
        (["--service", "web"], ["web-1-vol"]),
        (["--service", "shop_db", "--service", "web"], ["shop-data", "web-1-vol"]),
        (["--stack", "shop"], ["shop-data"]),
        (["--stack", "none"], []),
        (["--ruling", "removable", "--node", "w2", "older"], ["older"]),
    ],
    ids=" ".join,
)
def test_filters_leave_the_volumes_that_pass_all_of_them(
    stage: Stage, filters: list[str], names: list[str]
) -> None:
    assert stage.names("ls", *filters) == names


def test_a_service_is_no_reason_to_list_what_a_plain_container_uses(stage: Stage) -> None:
    stage.swarm.engines["w1"].containers.append(payloads.container("web", "old"))
    assert stage.names("ls", "--service", "web") == ["web-1-vol"]


def test_a_stack_is_also_told_by_the_label_of_a_volume(stage: Stage) -> None:
    for row in stage.swarm.engines["w2"].volumes:
        if row["Name"] == "older":
            row["Labels"] = {"com.docker.stack.namespace": "shop"}
    assert stage.names("ls", "--stack", "shop") == ["older", "shop-data"]


def test_per_node_shows_only_the_entries_that_pass(stage: Stage) -> None:
    ran = stage.run("ls", "--per-node", "--status", "stale")
    assert [line.split()[:2] for line in ran.out.splitlines()[1:-2]] == [["w2", "web-1-vol"]]
    ran = stage.run("ls", "--per-node", "--node", "w1")
    assert {line.split()[0] for line in ran.out.splitlines()[1:-2]} == {"w1"}


@pytest.mark.parametrize("option", ["--status", "--ruling"])
def test_a_filter_with_a_word_that_does_not_exist_is_a_usage_error(
    stage: Stage, option: str
) -> None:
    ran = stage.run("ls", option, "nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "nonsense" in ran.err


def test_the_document_has_the_fields_that_scripts_depend_on(stage: Stage) -> None:
    stage.blind("w2", "/volumes")
    document = stage.document("ls", code=5)
    assert {"schema", "cluster_id", "surveyed_at", "complete", "gaps", "volumes"} <= set(document)
    assert document["schema"] == "cloudstorctl/volumes/v1"
    assert document["cluster_id"] == CLUSTER
    assert document["surveyed_at"] == "2026-11-23T12:00:00Z"
    assert document["complete"] is False
    (gap,) = document["gaps"]
    assert {"source", "node", "cause"} <= set(gap)
    assert gap["node"] == {"id": node_id("w2"), "hostname": "w2"}
    assert (gap["source"], gap["cause"]) == (
        f"unix://{stage.folder}/w2 /volumes",
        "HTTP 500: out of order",
    )
    (web,) = (volume for volume in document["volumes"] if volume["name"] == "web-1-vol")
    assert {
        "name",
        "drivers",
        "backing",
        "ruling",
        "reasons",
        "claims",
        "entries",
        "warnings",
    } <= set(web)
    assert web["backing"] == {
        "kind": "efs",
        "mode": "reg",
        "file_system": "fs-reg",
        "path": "/web-1-vol",
    }
    claim = web["claims"][0]
    assert {"kind", "strength", "holder", "node", "detail"} <= set(claim)
    assert set(claim["holder"]) == {"type", "id", "name"}
    entry = web["entries"][0]
    assert {"node", "driver", "status", "used_by"} <= set(entry)
    assert entry["node"] == {"id": node_id("w1"), "hostname": "w1"}
    assert {"task", "node"} <= set(entry["used_by"][0])
    assert (entry["used_by"][0]["task"], entry["used_by"][0]["node"]) == ("web.1", "w1")


def test_yaml_tells_the_same_as_json(stage: Stage) -> None:
    assert yaml.safe_load(stage.run("ls", "-o", "yaml").out) == stage.document("ls")


def test_the_table_and_the_document_agree_on_every_ruling(stage: Stage) -> None:
    shown = stage.run("ls").out.splitlines()[1:-2]
    volumes = stage.document("ls")["volumes"]
    assert len(shown) == len(volumes)
    for line, volume in zip(shown, volumes, strict=True):
        assert line.startswith(f"{volume['name']} ")
        assert f" {volume['ruling']} " in line


def test_ls_prints_what_it_has_and_exits_5_when_an_engine_cannot_be_read(stage: Stage) -> None:
    stage.blind("w1")
    ran = stage.run("ls", "old")
    assert ran.code == 5
    assert ran.out.splitlines()[1:] == [
        "old     cloudstor:aws  efs/reg  ? unknown  3 unknown",
        "",
        "1 volume: 1 unknown",
        "",
        "Not seen:",
        f"  ! unix://{stage.folder}/w1 /plugins: HTTP 500: out of order",
        "Volumes without a claim are ruled unknown and stay.",
    ]


def test_with_nothing_to_list_any_gap_counts(stage: Stage) -> None:
    stage.blind("w1")
    assert stage.names("ls", "nothing-of-that-name", code=5) == []


def test_data_is_on_stdout_and_everything_else_on_stderr(stage: Stage) -> None:
    ran = stage.run("ls", "-o", "json", "--verbose", answer="")
    assert json.loads(ran.out)["complete"] is True
    assert stage.run("ls", "--quiet", "-o", "name").err == ""


def test_filters_that_nothing_passes_say_so(stage: Stage) -> None:
    ran = stage.run("ls", "--service", "nothing")
    assert (ran.code, ran.out) == (0, "No volume to show.\n")
    assert ran.err == f"None of the {len(EVERYTHING)} volumes matches.\n"


def test_patterns_that_nothing_matches_are_told_one_by_one(stage: Stage) -> None:
    ran = stage.run("ls", "nothing*", "oldr")
    assert (ran.code, ran.out) == (0, "No volume to show.\n")
    near = "oldr: no engine lists a Cloudstor volume of this name; did you mean older?"
    assert ran.err == f"No volume matches 'nothing*'.\n{near}\n"
    stage.blind("w1")
    assert stage.run("ls", "nothing*").err == "No volume that was seen matches 'nothing*'.\n"


def test_a_verbose_run_says_what_is_read(stage: Stage) -> None:
    ran = stage.run("ls", "--verbose", "-o", "name", "--grace", "24h")
    told = ran.err.splitlines()
    assert told[0] == "Reading the swarm"
    assert "The swarm remembers no unused volume yet." in told
    assert "m1: 7 volumes, 0 containers, 1 volume plugin" in told
    assert f"3 of 3 nodes read, {len(EVERYTHING)} Cloudstor volumes, 0 gaps" == told[-1]
