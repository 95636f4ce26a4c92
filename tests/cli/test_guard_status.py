"""`guard status`: who is protected, who is not, and who could not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.protection import Protection
from cloudstorctl.guard.names import PLUGIN
from cloudstorctl.guard.probe import HERE
from cloudstorctl.render.guard import guard_table
from cloudstorctl.render.screen import screen
from tests.cli.scene import HOSTILE, HOSTILE_SHOWN, a_node
from tests.edge.engine_server import Reply, json_reply

if TYPE_CHECKING:
    from tests.cli.stage import Stage


def ping(stage: Stage, hostname: str, reply: Reply) -> None:
    """Let one engine answer the guard's question so from now on."""
    stage.swarm.hooks.insert(
        0,
        lambda engine, seen: (
            reply if (engine.hostname, seen.path) == (hostname, "/_ping") else None
        ),
    )


def protect(stage: Stage, *hostnames: str) -> None:
    """Let the guard answer on some engines, which had it when they began, too."""
    refused = {"message": f"authorization denied by plugin {PLUGIN}: {HERE}"}
    for hostname in hostnames:
        stage.swarm.engines[hostname].info["Plugins"]["Authorization"] = ["opa", PLUGIN]
        ping(stage, hostname, json_reply(refused, status=403))


def test_every_node_is_listed_with_what_its_engine_asks(stage: Stage) -> None:
    protect(stage, "m1", "w2")
    ran = stage.run("guard", "status")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines() == [
        "NODE  GUARD            AUTHORIZATION PLUGINS",
        "m1    ● protected      opa, cloudstorctl-guard",
        "w1    ✗ not protected  -",
        "w2    ● protected      opa, cloudstorctl-guard",
        "",
        "3 nodes: 2 protected, 1 not protected",
    ]


def test_the_document_says_the_same(stage: Stage) -> None:
    protect(stage, "m1", "w2")
    stage.blind("w2", "/info")
    document = stage.document("guard", "status", code=1)
    nodes = {each["node"]["hostname"]: each for each in document["nodes"]}
    assert document["schema"] == "cloudstorctl/guard/v1"
    assert document["complete"] is False
    assert [gap["node"]["hostname"] for gap in document["gaps"]] == ["w2"]
    assert nodes["m1"]["protected"] is True
    assert nodes["m1"]["authorization_plugins"] == ["opa", "cloudstorctl-guard"]
    assert nodes["w1"]["protected"] is False
    assert nodes["w1"]["authorization_plugins"] == []
    assert nodes["w2"]["protected"] is None
    assert nodes["w2"]["authorization_plugins"] == []
    assert set(nodes["w2"]["node"]) == {"id", "hostname"}


def test_all_protected_is_exit_0_whatever_is_wrong_elsewhere(stage: Stage) -> None:
    protect(stage, "m1", "w1", "w2")
    stage.blind("w1", "/volumes")
    ran = stage.run("guard", "status", "-o", "name")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_node_that_was_not_read_is_unknown_and_not_unprotected(stage: Stage) -> None:
    protect(stage, "m1", "w1")
    stage.blind("w2", "/info")
    ran = stage.run("guard", "status")
    assert ran.code == 5
    assert "w2    ? unknown    -" in ran.out
    assert ran.out.endswith("3 nodes: 2 protected, 1 unknown\n")
    assert "/info: HTTP 500: out of order." in ran.err


def test_what_an_engine_names_is_not_whom_it_asks_by_now(stage: Stage) -> None:
    protect(stage, "m1", "w1", "w2")
    stage.swarm.engines["m1"].info["Plugins"]["Authorization"] = None
    ping(stage, "w1", Reply(body=b"OK"))
    ran = stage.run("guard", "status")
    assert ran.code == 1
    assert ran.out.splitlines()[1:3] == [
        "m1    ● protected      -",
        "w1    ✗ not protected  opa, cloudstorctl-guard",
    ]


def test_another_plugin_s_refusal_is_not_the_guard_s(stage: Stage) -> None:
    protect(stage, "m1", "w1", "w2")
    refused = {"message": "authorization denied by plugin opa: not you"}
    ping(stage, "w1", json_reply(refused, status=403))
    assert stage.names("guard", "status", code=1) == ["w1"]


def test_a_node_that_does_not_answer_that_question_is_unknown(stage: Stage) -> None:
    protect(stage, "m1", "w1", "w2")
    ping(stage, "w1", json_reply({"message": "out of order"}, status=500))
    assert stage.names("guard", "status", code=5) == []


def test_names_are_those_of_nodes_that_are_not_protected(stage: Stage) -> None:
    protect(stage, "m1")
    stage.blind("w2", "/info")
    assert stage.names("guard", "status", code=1) == ["w1"]


@pytest.mark.parametrize("protected", [True, False, None])
def test_names_from_outside_are_shown_escaped(*, protected: bool | None) -> None:
    node = a_node(1, HOSTILE)
    table = guard_table([Protection(node=node, protected=protected, plugins=(HOSTILE,))])
    shown = screen(table, width=160, colour=False)
    assert shown.count(HOSTILE_SHOWN) == 2
