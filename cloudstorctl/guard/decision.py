"""Decides on one request: what is none of the guard's business passes, the rest is judged."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, assert_never

from cloudstorctl.core.guarding import Answer
from cloudstorctl.guard.asked import CHANGES, ChangePlugin, RemoveVolume, Unclear, asked_by
from cloudstorctl.guard.engine import EngineFailure
from cloudstorctl.guard.judging import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.guard.asked import Asked
    from cloudstorctl.guard.knowledge import Knowledge


class TellsOfVolumes(Protocol):
    """The node's engine, for what no event tells."""

    def node_id(self) -> str:
        """Give the swarm's ID of the node; empty outside a swarm."""

    def takes_from(self, driver: str, name: str, *, used: bool) -> bool:
        """Whether it would remove the volume of this driver, and no other of that name.

        `used`: it has used that before, as it told in an event.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a removal or a change of a plugin was answered."""

    kind: str
    """`volume`, `plugin` or `unclear`."""
    names: tuple[str, ...]
    answer: Answer
    judged: bool
    """Whether a process was asked."""
    seconds: float
    proved: bool = False
    """Whether the request showed a ticket: who shows one has the swarm remember what it does."""

    @property
    def result(self) -> str:
        """`allowed`, `denied`, or `passed` for what is none of the guard's business."""
        if not self.answer.allow:
            return "denied"
        return "allowed" if self.judged else "passed"

    @property
    def is_to_be_forgotten(self) -> bool:
        """Whether the swarm is to forget the volume: one of its name waits its own time then."""
        return self.kind == "volume" and self.result == "allowed" and not self.proved


@dataclass(slots=True)
class Decider:
    """The rules, over what is known of the node and a way to have the rest judged."""

    knowledge: Knowledge
    judge: Callable[[Question], Answer]
    engine: TellsOfVolumes
    patterns: Callable[[], tuple[str, ...] | None]
    """Reads anew which drivers are Cloudstor; None: the configuration cannot be read now."""

    def __call__(self, method: str, uri: str, ticket: str = "") -> Decision | None:
        """Decide; None: the request neither removes a volume nor changes a plugin."""
        asked = asked_by(method, uri)
        return None if asked is None else self.on(asked, ticket)

    def on(self, asked: Asked, ticket: str = "") -> Decision:
        """Decide on what was read in a request, which may show a ticket."""
        began = perf_counter()
        names: tuple[str, ...] = ()
        patterns = self.patterns()
        if patterns is not None:
            self.knowledge.told_patterns(patterns)
        match asked:
            case Unclear():
                kind = "unclear"
                answer, judged = _unclear(asked.why), False
            case RemoveVolume():
                kind, names = "volume", asked.names
                answer, judged = self._volume(asked, ticket)
            case ChangePlugin():
                kind, names = "plugin", asked.names
                answer, judged = self._plugin(asked)
            case _ as never:
                assert_never(never)
        return Decision(
            kind=kind,
            names=names,
            answer=answer,
            judged=judged,
            seconds=perf_counter() - began,
            proved=bool(ticket),
        )

    def settle(self, decision: Decision) -> str:
        """Let the swarm forget a volume that was let go; say why, where it does not."""
        if not decision.is_to_be_forgotten:
            return ""
        answer = self.judge(Question(volumes=list(decision.names), gone=True))
        return "" if answer.allow else answer.reason

    def _volume(self, asked: RemoveVolume, ticket: str) -> tuple[Answer, bool]:
        if all(self._is_elsewhere(name) for name in asked.names):
            return Answer(allow=True, reason="It is a volume of another driver."), False
        question = Question(volumes=list(asked.names), node=self._node(), ticket=ticket)
        return self.judge(question), True

    def _is_elsewhere(self, name: str) -> bool:
        driver = self.knowledge.other_driver_of(name)
        if not driver:
            return self.knowledge.is_local(name)
        try:
            return self.engine.takes_from(driver, name, used=name in self.knowledge.used)
        except EngineFailure:
            return False

    def _node(self) -> str:
        """Ask which node this is now: it may have left its swarm, and no event tells."""
        try:
            return self.engine.node_id()
        except EngineFailure:
            return self.knowledge.node_id

    def _plugin(self, asked: ChangePlugin) -> tuple[Answer, bool]:
        if not any(self.knowledge.concerns(name) for name in asked.names):
            return Answer(allow=True, reason="The plugin is none of Cloudstor."), False
        question = Question(plugins=list(asked.names), change=CHANGES[asked.how], node=self._node())
        return self.judge(question), True


def _unclear(why: str) -> Answer:
    return Answer(allow=False, reason=f"What the request would remove cannot be told: {why}.")
