"""A removal through a node with a guard: a ticket is made, shown once, and then gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.ticket import HEADER, name_of
from cloudstorctl.guard.names import PLUGIN
from cloudstorctl.guard.probe import HERE
from tests.edge.engine_server import json_reply

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.edge.engine_server import Reply


def guard(stage: Stage, hostname: str) -> None:
    """Let an engine ask the guard."""
    told = {"message": f"authorization denied by plugin {PLUGIN}: {HERE}"}
    stage.swarm.answer(hostname, "/_ping", json_reply(told, status=403))


def shown(stage: Stage) -> list[str]:
    return [
        dict(seen.headers).get(HEADER, "")
        for _, seen in stage.swarm.seen
        if seen.method == "DELETE" and seen.path.startswith("/volumes/")
    ]


def test_a_ticket_is_made_for_a_node_with_a_guard_and_shown_to_it(stage: Stage) -> None:
    guard(stage, "m1")
    there: list[list[str]] = []

    def look() -> Reply | None:
        there.append([n for n in stage.swarm.configs.named if "ticket" in n])
        return None

    stage.on_delete("old", look)
    assert stage.run("rm", "old").code == 0
    (secret,) = shown(stage)
    assert there == [[name_of(secret)]]
    assert len(secret) >= 43, "256 bits"
    assert not stage.swarm.configs.named


def test_a_node_without_a_guard_is_shown_nothing(stage: Stage) -> None:
    guard(stage, "w2")
    assert stage.run("rm", "old").code == 0
    assert shown(stage) == [""]


def test_each_removal_has_its_own(stage: Stage) -> None:
    for hostname in ("m1", "w2"):
        guard(stage, hostname)
    assert stage.run("safe-prune", "--yes").code == 0
    secrets = shown(stage)
    assert len(secrets) == len(set(secrets)) == 2
    assert stage.swarm.destroyed == ["old", "older"]


def test_without_a_ticket_the_removal_is_sent_all_the_same(stage: Stage) -> None:
    guard(stage, "m1")
    refused = json_reply({"message": "no"}, status=403)
    stage.swarm.before("POST", "/configs/create", lambda: refused)
    assert stage.run("rm", "old").code == 0
    assert shown(stage) == [""]
