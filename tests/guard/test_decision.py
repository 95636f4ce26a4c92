from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.guarding import Answer
from cloudstorctl.core.model import Plugin
from cloudstorctl.guard.decision import Decider
from cloudstorctl.guard.engine import EngineFailure, Row
from cloudstorctl.guard.judging import Question
from cloudstorctl.guard.knowledge import Knowledge

if TYPE_CHECKING:
    from pathlib import Path

OURS = Plugin(id="ab12" + "0" * 60, name="shared:logs", reference="docker4x/cloudstor:aws")
OTHER = Plugin(id="ab34" + "0" * 60, name="vieux/sshfs:latest")


class Judge:
    """Says yes to what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.allow = False
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(allow=self.allow, reason="because")


class Engine:
    """Tells which node it is, and removes what it was told to from another driver."""

    def __init__(self, *taken: tuple[str, str], node: str = "w1") -> None:
        self.taken = taken
        self.node = node

    def node_id(self) -> str:
        if not self.node:
            raise EngineFailure("/info: HTTP 500")
        return self.node

    def takes_from(self, driver: str, name: str, *, used: bool) -> bool:
        assert not used
        if not self.taken:
            raise EngineFailure("/volumes: HTTP 500")
        return (driver, name) in self.taken


FAR = (OTHER.name, "far")


def a_decider(
    knowledge: Knowledge,
    judge: Judge,
    engine: Engine | None = None,
    patterns: tuple[str, ...] | None = ("*cloudstor*",),
) -> Decider:
    return Decider(knowledge, judge, engine or Engine(FAR), lambda: patterns)


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    (tmp_path / "volumes/mine").mkdir(parents=True)
    (tmp_path / "volumes/twice").mkdir()
    (tmp_path / "volumes/file").touch()
    known = Knowledge(patterns=("*cloudstor*",), root=str(tmp_path), node_id="w1")
    known.told_plugins((OURS, OTHER))
    rows = [Row("far", "vieux/sshfs:latest"), Row("twice", "shared:logs"), Row("data", OURS.name)]
    known.told_volumes(rows, complete=True)
    return known


@pytest.mark.parametrize("name", ["mine", "far"])
def test_a_volume_of_another_driver_passes_without_a_judgement(
    knowledge: Knowledge, judge: Judge, name: str
) -> None:
    decision = a_decider(knowledge, judge)("DELETE", f"/volumes/{name}?force=1")
    assert decision is not None
    assert (decision.kind, decision.result, decision.judged) == ("volume", "passed", False)
    assert judge.asked == []


@pytest.mark.parametrize(
    "name",
    ["data", "new", "twice", "mine/", "./mine", "%6dine", "file", "mine#x", "far/x", "mi\u0131e"],
)
@pytest.mark.parametrize("allow", [True, False])
def test_any_other_name_is_judged_in_all_its_readings(
    knowledge: Knowledge, judge: Judge, name: str, *, allow: bool
) -> None:
    judge.allow = allow
    decision = a_decider(knowledge, judge)("DELETE", f"/volumes/{name}")
    assert decision is not None
    assert decision.result == ("allowed" if allow else "denied")
    assert judge.asked == [Question(volumes=list(decision.names), node="w1")]


def test_what_is_let_through_is_forgotten_but_for_what_a_ticket_was_shown_for(
    knowledge: Knowledge, judge: Judge
) -> None:
    decider = a_decider(knowledge, judge)
    for allow, name, ticket in ((True, "data", "t"), (False, "data", ""), (True, "mine", "")):
        judge.allow = allow
        decision = decider("DELETE", f"/volumes/{name}", ticket)
        assert decision is not None
        judge.asked.clear()
        assert decider.settle(decision) == ""
        assert judge.asked == []
    judge.allow = True
    decision = decider("DELETE", "/volumes/data")
    assert decision is not None
    assert decider.settle(decision) == ""
    assert judge.asked[-1] == Question(volumes=["data"], gone=True)
    judge.allow = False
    assert decider.settle(decision) == judge(Question()).reason


@pytest.mark.parametrize("engine", [Engine(), Engine((OTHER.name, "near"))])
def test_a_volume_that_another_driver_has_no_more_is_judged(
    knowledge: Knowledge, judge: Judge, engine: Engine
) -> None:
    """The engine would look for it in every driver."""
    decision = a_decider(knowledge, judge, engine)("DELETE", "/volumes/far")
    assert decision is not None
    assert (decision.result, decision.judged) == ("denied", True)


@pytest.mark.parametrize("node", ["w9", ""])
def test_the_node_is_the_one_that_its_engine_is_now(
    knowledge: Knowledge, judge: Judge, node: str
) -> None:
    """One that joins a swarm again has another ID; what was known holds if it does not tell."""
    decider = a_decider(knowledge, judge, Engine(node=node))
    decider("DELETE", "/volumes/data")
    decider("DELETE", f"/plugins/{OURS.name}")
    assert {question.node for question in judge.asked} == {node or "w1"}


@pytest.mark.parametrize(
    ("configured", "patterns", "result"),
    [
        (True, ("*sshfs*",), "denied"),
        (False, ("*sshfs*",), "denied"),
        (False, ("*cloudstor*",), "passed"),
        (True, None, "passed"),
        (False, None, "denied"),
    ],
)
def test_which_drivers_are_cloudstor_is_read_from_the_configuration_each_time(
    knowledge: Knowledge,
    judge: Judge,
    *,
    configured: bool,
    patterns: tuple[str, ...] | None,
    result: str,
) -> None:
    """One that cannot be read changes nothing; before the first, any driver may be Cloudstor."""
    knowledge.configured = configured
    decider = a_decider(knowledge, judge, patterns=patterns)
    for method, uri in (("DELETE", "/volumes/far"), ("POST", "/plugins/vieux/sshfs/disable")):
        decision = decider(method, uri)
        assert decision is not None
        assert decision.result == result
    mine = decider("DELETE", "/volumes/mine")
    assert mine is not None
    assert mine.result == "passed"


def test_a_guard_that_knows_nothing_passes_local_volumes_only(tmp_path: Path, judge: Judge) -> None:
    (tmp_path / "volumes/mine").mkdir(parents=True)
    decider = a_decider(Knowledge(patterns=("*cloudstor*",), root=str(tmp_path)), judge)
    results = {name: decider("DELETE", f"/volumes/{name}") for name in ("mine", "far")}
    assert {name: each.result for name, each in results.items() if each} == {
        "mine": "passed",
        "far": "denied",
    }


def test_what_cannot_be_told_is_denied_without_a_judgement(
    knowledge: Knowledge, judge: Judge
) -> None:
    decision = a_decider(knowledge, judge)("DELETE", "/volumes/mine/../data")
    assert decision is not None
    assert (decision.kind, decision.result, judge.asked) == ("unclear", "denied", [])
    assert decision.answer.reason == (
        "What the request would remove cannot be told: its path climbs out of where it is ('..')."
    )


@pytest.mark.parametrize(
    "name", ["shared:logs", "docker4x/cloudstor:aws", OURS.id, "ab1", "ab", "my/cloudstor"]
)
def test_a_change_of_a_plugin_that_may_be_cloudstor_is_judged(
    knowledge: Knowledge, judge: Judge, name: str
) -> None:
    decision = a_decider(knowledge, judge)("POST", f"/plugins/{name}/disable")
    assert decision is not None
    assert (decision.kind, decision.result) == ("plugin", "denied")
    assert judge.asked == [Question(plugins=[name], change="disabled", node="w1")]


@pytest.mark.parametrize("name", ["vieux/sshfs", OTHER.id, "ab3", "unheard/of", "shared"])
def test_a_change_of_another_plugin_passes(knowledge: Knowledge, judge: Judge, name: str) -> None:
    decision = a_decider(knowledge, judge)("DELETE", f"/plugins/{name}?force=1")
    assert decision is not None
    assert (decision.result, judge.asked) == ("passed", [])


def test_a_guard_that_never_heard_of_plugins_has_each_change_judged(judge: Judge) -> None:
    decision = a_decider(Knowledge(patterns=("*cloudstor*",)), judge)("DELETE", "/plugins/x")
    assert decision is not None
    assert judge.asked == [Question(plugins=["x"], change="removed", node="w1")]


def test_what_is_none_of_its_business_is_no_decision(knowledge: Knowledge, judge: Judge) -> None:
    assert a_decider(knowledge, judge)("GET", "/volumes/data") is None
