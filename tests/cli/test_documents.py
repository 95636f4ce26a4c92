from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml

from cloudstorctl.core.ending import Ending
from cloudstorctl.core.judgement import EntryStatus, OutcomeStatus, Ruling
from cloudstorctl.core.times import rfc3339
from cloudstorctl.render.documents import (
    as_json,
    as_yaml,
    outcomes_document,
    volumes_document,
)
from tests.cli.scene import (
    NOON,
    a_claim,
    a_gap,
    a_node,
    a_survey,
    a_verdict,
    a_view,
    an_outcome,
    documented_volumes,
)


def volume_in(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (volume for volume in document["volumes"] if volume["name"] == name)
    assert isinstance(found, dict)
    return found


def test_a_volumes_document_tells_all_of_a_volume_under_the_names_that_scripts_know() -> None:
    document = volumes_document(a_survey(), documented_volumes(), ())
    assert volume_in(document, "ping2-1-vol") == {
        "name": "ping2-1-vol",
        "drivers": ["cloudstor:aws"],
        "backing": {
            "kind": "efs",
            "mode": "reg",
            "file_system": "fs-0a1b2c3d",
            "path": "ping2-1-vol",
        },
        "backings": [
            {"kind": "efs", "mode": "reg", "file_system": "fs-0a1b2c3d", "path": "ping2-1-vol"}
        ],
        "ruling": "in-use",
        "unused_since": None,
        "removable_from": None,
        "reasons": ["Task ping2.1 on w3 has it mounted.", "Service ping2 mounts it."],
        "claims": [
            {
                "kind": "mounted",
                "strength": "in use",
                "holder": {"type": "task", "id": "id-ping2.1", "name": "ping2.1"},
                "node": {"id": "id-w3", "hostname": "w3"},
                "detail": "container ping2.1 is running and mounts ping2-1-vol",
                "writes": True,
            },
            {
                "kind": "declared",
                "strength": "reserved",
                "holder": {"type": "service", "id": "id-ping2", "name": "ping2"},
                "node": None,
                "detail": "the service mounts {{.Service.Name}}-{{.Task.Slot}}-vol",
                "writes": True,
            },
        ],
        "entries": [
            {
                "node": {"id": "id-w2", "hostname": "w2"},
                "driver": "cloudstor:aws",
                "status": "stale",
                "options": {},
                "used_by": [{"task": "ping2.1", "node": "w3", "type": "task"}],
            },
            {
                "node": {"id": "id-w3", "hostname": "w3"},
                "driver": "cloudstor:aws",
                "status": "mounted",
                "options": {},
                "used_by": [{"task": "ping2.1", "node": "w3", "type": "task"}],
            },
        ],
        "warnings": [],
    }


def test_a_volumes_document_says_which_swarm_when_and_how_many() -> None:
    document = volumes_document(a_survey(), documented_volumes(), ())
    del document["volumes"]
    assert document == {
        "schema": "cloudstorctl/volumes/v1",
        "cluster_id": "swarm-1",
        "surveyed_at": "2026-03-01T12:00:00Z",
        "complete": True,
        "gaps": [],
        "counts": {
            "volumes": 5,
            "in_use": 3,
            "reserved": 1,
            "unknown": 0,
            "pending": 0,
            "removable": 1,
        },
    }


def test_a_gap_makes_a_document_incomplete_and_names_its_node() -> None:
    document = volumes_document(a_survey(4), (), (a_gap(),))
    assert not document["complete"]
    assert document["gaps"] == [
        {
            "source": "ssh://docker@10.0.0.4 /volumes",
            "node": {"id": "id-w4", "hostname": "w4"},
            "cause": "no answer within 10 s",
            "volumes": None,
        }
    ]


def test_a_gap_about_no_node_has_none_and_lists_what_it_may_hide() -> None:
    document = volumes_document(a_survey(), (), (a_gap("service api", None, "b", "a"),))
    assert document["gaps"][0]["node"] is None
    assert document["gaps"][0]["volumes"] == ["a", "b"]


def test_a_node_that_left_the_swarm_is_named_by_its_id() -> None:
    document = volumes_document(a_survey(3), (), (a_gap(node=9),))
    assert document["gaps"][0]["node"] == {"id": "id-w9", "hostname": "id-w9"}


def test_used_by_names_no_node_for_a_claim_without_a_place() -> None:
    claim = a_claim("web", None)
    view = a_view("data", 1, EntryStatus.IDLE, claim)
    document = volumes_document(a_survey(), (a_verdict("data", Ruling.RESERVED, view),), ())
    assert volume_in(document, "data")["entries"][0]["used_by"] == [
        {"task": "web", "node": None, "type": "task"}
    ]


def test_an_outcomes_document_has_each_volume_with_its_status() -> None:
    outcomes = (an_outcome(), an_outcome("b", OutcomeStatus.NOT_TRIED, "Interrupted."))
    ending = Ending(command="rm", exit_code=5, error="Something was not seen.")
    document = outcomes_document(
        "swarm-1", NOON, outcomes, (a_gap(),), complete=False, ending=ending, nodes=(a_node(4),)
    )
    assert document == {
        "schema": "cloudstorctl/outcomes/v1",
        "cluster_id": "swarm-1",
        "surveyed_at": "2026-03-01T12:00:00Z",
        "complete": False,
        "gaps": [
            {
                "source": "ssh://docker@10.0.0.4 /volumes",
                "node": {"id": "id-w4", "hostname": "w4"},
                "cause": "no answer within 10 s",
                "volumes": None,
            }
        ],
        "command": "rm",
        "exit_code": 5,
        "error": "Something was not seen.",
        "outcomes": [
            {
                "volume": "old-data",
                "status": "removed",
                "detail": "No engine lists it any more.",
            },
            {"volume": "b", "status": "not_tried", "detail": "Interrupted."},
        ],
    }


@pytest.mark.parametrize("write", [as_json, as_yaml])
@pytest.mark.parametrize(
    "name", ["plain", "yes", "1e3", "a\x1b[31m\nb", "\u202eevil", "\udc80", ""]
)
def test_a_document_is_read_back_as_it_was_and_holds_no_control_character(
    write: Any,  # noqa: ANN401 - either of two functions
    name: str,
) -> None:
    verdict = a_verdict(name, warnings=("a warning of many words " * 20,))
    document = volumes_document(a_survey(4), (verdict, *documented_volumes()), (a_gap(),))
    text = write(document)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert text.endswith("\n")
    read = json.loads(text) if write is as_json else yaml.safe_load(text)
    assert read == document


def test_yaml_spells_out_what_is_repeated_rather_than_point_at_it() -> None:
    shared = {"hostname": "w1"}
    assert as_yaml({"a": shared, "b": shared}) == "a:\n  hostname: w1\nb:\n  hostname: w1\n"


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        datetime(2026, 3, 1, 13, 30, 0, 999999, tzinfo=timezone(timedelta(minutes=90))),
        datetime(2026, 3, 1, 12, tzinfo=UTC),
    ],
)
def test_times_are_told_in_utc_to_the_second(at: datetime) -> None:
    assert rfc3339(at) == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("module", ["documents", "names", "console"])
def test_what_scripts_ask_for_does_not_wait_for_rich(module: str) -> None:
    program = f"import sys, cloudstorctl.render.{module}; print('rich' in sys.modules)"
    run = subprocess.run(  # noqa: S603 - this interpreter and a text of this file
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"
