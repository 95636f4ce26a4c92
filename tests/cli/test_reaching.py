"""Which swarm a command reaches, what it asks of it, and what it says where it cannot."""

from __future__ import annotations

import json
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import Stage, statuses
from tests.core.builders import CLUSTER
from tests.edge import payloads
from tests.edge.engine_server import NONSENSE, Reply, html_reply, json_reply
from tests.edge.scripted_swarm import ScriptedSwarm

if TYPE_CHECKING:
    from pathlib import Path

    from tests.edge.engine_server import Seen
    from tests.edge.scripted_swarm import ScriptedEngine

PLENTY = 10.0  # seconds that a loaded machine may take
ON_A_NODE = {"/info": 1, "/volumes": 1, "/containers/json": 1, "/plugins": 1}


def asked_of(stage: Stage, hostname: str) -> Counter[str]:
    return Counter(seen.path for seen in stage.swarm.engines[hostname].server.seen)


@pytest.mark.parametrize("volumes", [0, 60])
def test_a_node_is_asked_four_questions_however_much_it_holds(stage: Stage, volumes: int) -> None:
    for number in range(volumes):
        stage.swarm.list_volume(f"v{number}")
        stage.swarm.engines["w1"].containers.append(payloads.container(f"c{number}", f"v{number}"))
    assert stage.run("ls").code == 0
    assert asked_of(stage, "w1") == ON_A_NODE
    assert asked_of(stage, "w2") == ON_A_NODE
    assert asked_of(stage, "m1") == Counter(ON_A_NODE) + Counter(
        {"/info": 2, "/nodes": 2, "/services": 2, "/tasks": 2}
    )


# The wrong swarm, and no manager.


@pytest.mark.parametrize(
    "command", [["ls"], ["inspect", "old"], ["rm", "old"], ["safe-prune", "--yes"]], ids=" ".join
)
def test_the_wrong_swarm_is_an_error_before_anything_else_is_read(
    stage: Stage, command: list[str]
) -> None:
    file = stage.folder / "config.toml"
    file.write_text('[contexts.prod]\ncluster_id = "expected-one"\n')
    ran = stage.run(*command, "--config", str(file), "--context", "prod")
    assert (ran.code, ran.out) == (2, "")
    assert f"swarm {CLUSTER}, and the one expected is expected-one" in ran.err
    assert [(name, seen.path) for name, seen in stage.swarm.seen] == [("m1", "/info")]


def test_a_swarm_that_becomes_another_between_plan_and_removal_is_left_alone(
    stage: Stage,
) -> None:
    file = stage.folder / "plan.json"
    stage.run("safe-prune", "--dry-run", "--plan-out", str(file))
    first: list[str] = []

    def swap(engine: ScriptedEngine, seen: Seen) -> None:
        if (engine.hostname, seen.path) == ("m1", "/info"):
            first.append("asked")
            if len(first) > 3:  # twice as a manager and once as a node: the first look is over
                stage.swarm.set_cluster("another")

    stage.swarm.hooks.append(swap)
    document = stage.document("safe-prune", "--yes", code=2)
    assert set(statuses(document).values()) == {"kept", "not_tried"}
    assert stage.swarm.deletes == []


def test_without_a_manager_it_exits_8_and_says_why_and_what_to_set(tmp_path: Path) -> None:
    with ScriptedSwarm(tmp_path, "w1", managers=()) as swarm:
        stage = Stage(swarm)
        ran = stage.run("ls", "--host", f"unix://{tmp_path}/w1", "--host", f"unix://{tmp_path}/no")
    assert (ran.code, ran.out) == (8, "")
    assert ran.err.splitlines()[0] == "cloudstorctl: No manager of the swarm could be read:"
    assert f"unix://{tmp_path}/w1 /info: w1 is a worker, not a manager" in ran.err
    assert f"unix://{tmp_path}/no /info: there is no socket {tmp_path}/no" in ran.err
    assert "Name a manager with --host" in ran.err


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/info", html_reply("Please log in")),
        ("/nodes", json_reply({"message": "This node is not a swarm manager."}, status=503)),
        ("/services", json_reply({"message": "rpc error: no leader"}, status=500)),
        ("/tasks", Reply(reset=True)),
        ("/tasks", Reply(body=b"[" + b" " * 1000, cut_at=10)),
        ("/tasks", json_reply({"not": "a list"})),
        ("/tasks", NONSENSE),
    ],
)
def test_the_next_manager_is_asked_when_one_is_of_no_use(
    tmp_path: Path, path: str, reply: Reply
) -> None:
    with ScriptedSwarm(tmp_path, "m1", "m2", managers=("m1", "m2")) as swarm:
        swarm.list_volume("old")
        swarm.answer("m1", path, reply)
        stage = Stage(swarm)
        both = ("--host", f"unix://{tmp_path}/m1", "--host", f"unix://{tmp_path}/m2")
        endpoint = ("--node-endpoint", f"unix://{tmp_path}/{{hostname}}")
        ran = stage.run("ls", "-o", "name", *both, *endpoint, reach=False)
        # Its /info is also how its own node is known: that one is a gap then.
        assert (ran.code, ran.out) == (5 if path == "/info" else 0, "old\n")
        assert swarm.engines["m2"].server.count("GET", "/tasks") == 2


def test_a_manager_that_dies_during_removals_is_replaced(tmp_path: Path) -> None:
    with ScriptedSwarm(tmp_path, "m1", "m2", managers=("m1", "m2")) as swarm:
        swarm.list_volume("old", "m2")
        for number in range(3):
            swarm.deploy(f"s{number}", f"kept-{number}")
            swarm.list_volume(f"kept-{number}")
        stage = Stage(swarm)
        stage.on_delete(
            "old", lambda: swarm.answer("m1", "/nodes", json_reply({"message": "x"}, status=500))
        )
        more = ("--host", f"unix://{tmp_path}/m2")
        assert statuses(stage.document("rm", "old", *more)) == {"old": "removed"}


# What cannot be read.


def test_the_managers_own_engine_is_read_where_no_node_has_an_address(stage: Stage) -> None:
    ran = stage.run("ls", "-o", "json", "--host", f"unix://{stage.folder}/m1", reach=False)
    assert ran.code == 5
    gaps = json.loads(ran.out)["gaps"]
    assert [gap["node"]["hostname"] for gap in gaps] == ["w1", "w2"]
    for gap in gaps:
        assert "set 'node_endpoint' in the configuration, or pass --node-endpoint" in gap["cause"]
    assert asked_of(stage, "w1") == {}
    assert asked_of(stage, "m1")["/volumes"] == 1


@pytest.mark.parametrize("path", ["/info", "/volumes", "/containers/json", "/plugins"])
@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (json_reply({"message": "out of order"}, status=500), "HTTP 500: out of order"),
        (html_reply("Please log in"), "titled 'Please log in': does a proxy stand in between?"),
        (Reply(reset=True), "it closed the connection without an answer"),
        (Reply(body=b"[" * 100, cut_at=10), "its answer of 100 bytes was cut off before its end"),
        (NONSENSE, "is not valid UTF-8"),
        (json_reply("text"), "unexpected answer: it is "),
    ],
    ids=["500", "proxy", "reset", "cut", "nonsense", "shape"],
)
def test_whatever_an_engine_answers_is_a_gap_with_its_cause_and_nothing_goes(
    stage: Stage, path: str, reply: Reply, cause: str
) -> None:
    stage.swarm.answer("w1", path, reply)
    document = stage.document("safe-prune", "--yes", code=5)
    (gap,) = document["gaps"]
    assert gap["source"] == f"unix://{stage.folder}/w1 {path}"
    assert gap["node"]["hostname"] == "w1"
    assert cause in gap["cause"]
    assert set(statuses(document).values()) == {"kept"}
    assert stage.swarm.deletes == []


@pytest.mark.parametrize("path", ["/info", "/containers/json", "/volumes"])
def test_an_engine_that_does_not_answer_costs_one_time_out(stage: Stage, path: str) -> None:
    stage.swarm.answer("w1", path, Reply(hold=True))
    began = monotonic()
    document = stage.document("ls", "--timeout", "0.7", code=5)
    assert monotonic() - began < PLENTY
    assert [(gap["node"]["hostname"], gap["cause"]) for gap in document["gaps"]] == [
        ("w1", "no answer within 0.7 s")
    ]
    assert {"web-1-vol", "shop-data", "old"} <= {volume["name"] for volume in document["volumes"]}


def test_a_survey_has_a_deadline_of_its_own(stage: Stage) -> None:
    stage.swarm.answer("w1", "/volumes", Reply(hold=True))
    file = stage.folder / "config.toml"
    file.write_text("[contexts.prod]\nsurvey_timeout = 0.5\ntimeout = 60\n")
    began = monotonic()
    document = stage.document("ls", "--config", str(file), "--context", "prod", code=5)
    assert monotonic() - began < PLENTY
    (gap,) = document["gaps"]
    assert gap["cause"] == "not read within the 0.5 s allowed for the survey"


def test_an_engine_of_another_node_is_a_gap(stage: Stage) -> None:
    stage.swarm.engines["w1"].info = payloads.info("w2")
    document = stage.document("ls", code=5)
    (gap,) = document["gaps"]
    assert f"unix://{stage.folder}/w1 is node " in gap["cause"]


def test_a_warning_of_a_volume_list_is_a_gap(stage: Stage) -> None:
    stage.swarm.engines["w1"].warnings = ["list cloudstor:aws: timed out"]
    document = stage.document("safe-prune", "--yes", code=5)
    assert [gap["cause"] for gap in document["gaps"]] == ["warning: list cloudstor:aws: timed out"]
    assert stage.swarm.deletes == []


def test_a_disabled_plugin_is_a_gap(stage: Stage) -> None:
    stage.swarm.engines["w1"].plugins = [payloads.plugin("w1", enabled=False)]
    document = stage.document("safe-prune", "--yes", code=5)
    assert "it is installed but disabled" in document["gaps"][0]["cause"]
    assert stage.swarm.deletes == []
