"""`rm` against engines over HTTP: the safe `docker volume rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.stage import statuses
from tests.edge.engine_server import json_reply

if TYPE_CHECKING:
    from tests.cli.stage import Stage


def test_rm_removes_what_nothing_uses(stage: Stage) -> None:
    ran = stage.run("rm", "old", "older")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "2 volumes: 2 removed"
    assert stage.swarm.destroyed == ["old", "older"]


def test_rm_refuses_a_volume_in_use_with_the_claims_and_what_would_settle_them(
    stage: Stage,
) -> None:
    ran = stage.run("rm", "web-1-vol")
    assert (ran.code, ran.out) == (4, "")
    lines = ran.err.splitlines()
    assert lines[0] == "web-1-vol is in-use and was not removed:"
    assert lines[1].startswith("  Task web.1 on w1 has it mounted")
    assert lines[-1] == "  If web is no longer needed: 'docker service rm web'."
    assert stage.swarm.deletes == []


def test_rm_refuses_a_volume_of_a_service_scaled_to_zero(stage: Stage) -> None:
    ran = stage.run("rm", "shop-data")
    assert ran.code == 4
    assert "shop-data is reserved and was not removed:" in ran.err
    assert stage.swarm.deletes == []


def test_rm_of_a_volume_that_no_engine_lists_fails_with_a_near_name(stage: Stage) -> None:
    ran = stage.run("rm", "odl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("did you mean old?\n")


def test_rm_removes_what_it_may_beside_what_it_may_not(stage: Stage) -> None:
    ran = stage.run("rm", "web-1-vol", "old", "zzzzzz")
    assert ran.code == 4
    assert "zzzzzz: no engine lists" in ran.err
    assert "web-1-vol is in-use" in ran.err
    assert stage.swarm.deletes == [("m1", "old")]
    assert stage.run("rm", "older", "zzzzzz").code == 1
    assert stage.swarm.destroyed == ["old", "older"]


def test_a_removal_that_the_engine_refuses_outranks_a_refusal_of_ours(stage: Stage) -> None:
    stage.on_delete("old", lambda: json_reply({"message": "in use"}, status=409))
    assert stage.run("rm", "web-1-vol", "old").code == 7


def test_the_document_tells_what_was_kept_too(stage: Stage) -> None:
    document = stage.document("rm", "web-1-vol", "old", code=4)
    assert statuses(document) == {"old": "removed", "web-1-vol": "kept"}
    document = stage.document("rm", "web-1-vol", code=4)
    assert statuses(document) == {"web-1-vol": "kept"}


def test_what_cannot_be_proved_is_not_removed_and_exits_5(stage: Stage) -> None:
    stage.blind("w1")
    ran = stage.run("rm", "old")
    assert ran.code == 5
    assert "old is unknown and was not removed:" in ran.err
    assert "HTTP 500: out of order" in ran.err
    assert stage.run("rm", "zzzzzz").code == 5, "it may be out of sight"
    assert stage.swarm.deletes == []


def test_rm_has_limits_too(stage: Stage) -> None:
    assert stage.run("rm", "old", "older", "--max-count", "1").code == 4
    assert stage.run("rm", "old", "older", "--max-percent", "10").code == 4
    assert stage.swarm.deletes == []


def test_names_are_no_patterns(stage: Stage) -> None:
    assert stage.run("rm", "old*").code == 1
    assert stage.swarm.deletes == []


def test_rm_without_a_name_is_a_usage_error(stage: Stage) -> None:
    assert stage.run("rm").code == 2


def test_a_document_tells_what_was_asked_for_and_is_not_there_or_was_kept(stage: Stage) -> None:
    assert stage.document("rm", "nosuch", code=1)["error"].startswith("nosuch: no engine lists")
    refused = stage.document("rm", "web-1-vol", code=4)
    assert refused["error"] == "web-1-vol is in-use and was not removed"
    assert stage.document("rm", "old")["error"] is None
