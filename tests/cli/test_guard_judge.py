"""`guard judge`: what the guard's process asks of the one judge."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.core.memory_document import written as in_bytes
from cloudstorctl.core.model import NodeId, VolumeName
from cloudstorctl.core.ticket import LABELS, LIFE, Ticket, name_of, written
from tests.cli.grace import put, refuse, remembered
from tests.cli.worlds import NOON, a_world, run_in
from tests.core.builders import node_id

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.cli.worlds import Ran


def judge(stage: Stage, question: str, *options: str) -> Ran:
    world = a_world(stage.folder, stdin=io.StringIO(question))
    return run_in(world, "guard", "judge", *(options or stage.swarm.options))


def answer(stage: Stage, *options: str, **question: object) -> Any:  # noqa: ANN401 - JSON
    ran = judge(stage, json.dumps(question), *options)
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    return json.loads(ran.out)


def configured(stage: Stage, text: str) -> tuple[str, ...]:
    """Give the options of a configuration that reaches the swarm."""
    file = stage.folder / "c.toml"
    file.write_text(f"[contexts.x]\n{text}\n")
    return (*stage.swarm.options, "--config", str(file), "--context", "x")


def test_a_volume_that_nothing_uses_may_be_removed_after_its_grace_period(stage: Stage) -> None:
    no_grace = configured(stage, 'prune.grace = "0s"')
    assert answer(stage, *no_grace, volumes=["old"])["allow"] is True
    assert answer(stage, volumes=["nothing"]) == {
        "allow": True,
        "reason": "No engine lists nothing, and nothing refers to it.",
    }
    assert answer(stage, volumes=["old"])["reason"].startswith("old is pending: ")


def test_what_was_let_through_is_forgotten(stage: Stage) -> None:
    since = {VolumeName(name): NOON - timedelta(hours=30) for name in ("old", "older")}
    put(stage, in_bytes(since)[0])
    assert answer(stage, volumes=["old", "o%6Cd"], gone=True) == {"allow": True, "reason": ""}
    assert remembered(stage).keys() == {"older"}
    assert answer(stage, volumes=["old"], gone=True)["allow"] is True
    assert list(stage.swarm.configs.named) == ["cloudstorctl.unused.0000000002"]


@pytest.mark.parametrize(("status", "allow"), [(500, False), (404, True)])
def test_that_it_is_not_forgotten_is_said(stage: Stage, status: int, *, allow: bool) -> None:
    """Managers that keep no configs remember nothing."""
    refuse(stage, "GET", "/configs", status)
    said = answer(stage, volumes=["old"], gone=True)
    assert said["allow"] is allow
    assert said["reason"].startswith("" if allow else "What was seen unused or claimed is not")


def test_a_volume_in_use_may_not_and_the_reason_is_one_paragraph(stage: Stage) -> None:
    said = answer(stage, volumes=["web-1-vol"])
    assert said["allow"] is False
    assert said["reason"].startswith("web-1-vol is in-use: Task web.1 on w1 has it mounted (")
    assert said["reason"].endswith(
        "Removing it here deletes its data. If web is no longer needed: 'docker service rm web'."
    )
    assert answer(stage, volumes=["old", "web-1-vol"])["allow"] is False


def test_a_gap_is_a_no(stage: Stage) -> None:
    stage.blind("w1", "/containers/json")
    said = answer(stage, volumes=["old"])
    assert said["allow"] is False
    assert said["reason"].startswith("old is unknown: Nothing seen uses it, but ")


def test_what_the_configuration_protects_is_kept_though_no_engine_lists_it(stage: Stage) -> None:
    options = configured(stage, 'protect.volumes = ["prod-*"]')
    assert answer(stage, *options, volumes=["prod-1"])["allow"] is False
    assert answer(stage, *options, volumes=["test-1"])["allow"] is True


def test_no_manager_is_a_no_that_says_so(stage: Stage) -> None:
    said = answer(stage, "--host", "unix:///nowhere.sock", volumes=["old"])
    assert said["allow"] is False
    assert said["reason"].startswith("It is not known whether anything uses it: ")


def test_a_configuration_that_cannot_be_read_is_a_no_that_says_so(stage: Stage) -> None:
    said = answer(stage, "--config", "/nowhere.toml", volumes=["old"])
    assert said["allow"] is False
    assert "/nowhere.toml" in said["reason"]


def test_a_plugin_is_judged_by_what_the_node_uses(stage: Stage) -> None:
    def on(host: str) -> Any:  # noqa: ANN401 - JSON
        node = stage.swarm.engines[host].node["ID"]
        return answer(stage, plugins=["cloudstor:aws"], change="disabled", node=node)

    assert on("w1")["allow"] is False
    assert on("w1")["reason"].startswith("cloudstor:aws may not be disabled while ")
    unknown = answer(stage, plugins=["cloudstor:aws"], change="disabled", node="nowhere")
    assert unknown["reason"].startswith("Whether Cloudstor volumes are in use on nowhere cannot")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"volumes":1}'])
def test_what_is_no_question_is_an_error(stage: Stage, text: str) -> None:
    ran = judge(stage, text)
    assert (ran.code, ran.out) == (2, "")
    assert "is no question of the guard's" in ran.err


def test_a_question_of_nothing_is_a_no(stage: Stage) -> None:
    assert answer(stage, node="x") == {
        "allow": False,
        "reason": "It is not known whether anything uses it: "
        "It names neither a volume nor a plugin.",
    }


def test_it_is_not_in_the_help(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    ran = run_in(a_world(stage.folder), "guard", "--help")
    assert "judge" not in ran.out + capsys.readouterr().out


SECRET = "shown"  # noqa: S105 - of these tests alone


def issue(stage: Stage, volume: str, *, left: timedelta = LIFE) -> None:
    """Leave a ticket for a removal through w1, as a run that has just proved it does."""
    ticket = Ticket(volume=VolumeName(volume), node=NodeId(node_id("w1")), expires=NOON + left)
    data = b64encode(written(ticket)).decode()
    stage.swarm.configs.create(name_of(SECRET), data, **dict(LABELS))


def test_a_ticket_lets_the_removal_through_once_and_nothing_is_surveyed_for_it(
    stage: Stage,
) -> None:
    issue(stage, "web-1-vol")
    asked = {"volumes": ["web-1-vol"], "node": node_id("w1"), "ticket": SECRET}
    assert answer(stage, **asked) == {
        "allow": True,
        "reason": "cloudstorctl has just proved that nothing uses it.",
    }
    assert {(host, s.path.split("/")[1]) for host, s in stage.swarm.seen} == {
        ("m1", "info"),
        ("m1", "configs"),
    }
    assert not stage.swarm.configs.named
    assert answer(stage, **asked)["allow"] is False, "once"


@pytest.mark.parametrize(
    "other",
    [
        {"ticket": "guessed"},
        {"node": node_id("w2")},
        {"volumes": ["shop-data"]},
        {"volumes": ["web-1-vol", "web-1-vol/x"]},
        {"plugins": ["cloudstor:aws"], "change": "removed"},
    ],
)
def test_a_ticket_is_good_for_nothing_else(stage: Stage, other: dict[str, Any]) -> None:
    issue(stage, "web-1-vol")
    asked = {"volumes": ["web-1-vol"], "node": node_id("w1"), "ticket": SECRET} | other
    assert answer(stage, **asked)["allow"] is False


def test_a_ticket_that_is_too_old_is_worth_nothing(stage: Stage) -> None:
    issue(stage, "web-1-vol", left=timedelta(0))
    asked = {"volumes": ["web-1-vol"], "node": node_id("w1"), "ticket": SECRET}
    assert answer(stage, **asked)["allow"] is False
