"""Runs the program against a scripted swarm, as a person or a script would."""

from __future__ import annotations

import io
import json
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.cli.worlds import NOON, Ran, Terminal, a_world, run_in
from tests.edge.engine_server import json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.edge.engine_server import Reply, Seen
    from tests.edge.scripted_swarm import ScriptedEngine, ScriptedSwarm


LOUD = (
    "There is no grace period (environment CLOUDSTORCTL_GRACE): what is unused now may be removed "
    "at once.\n"
)


class Stage:
    """A swarm, and the command line that reaches it."""

    def __init__(self, swarm: ScriptedSwarm) -> None:
        """Use the folder of the swarm's sockets as that of the user's home."""
        self.swarm = swarm
        self.grace = "0s"
        """The grace period, as the user's environment sets it."""
        self.folder = swarm.folder
        self.now = NOON

    def run(self, *argv: str, answer: str | None = None, reach: bool = True) -> Ran:
        """Run one command; with an `answer` it sits on a terminal where that is typed."""
        typed = answer is not None
        world = a_world(
            self.folder,
            environ={"TERM": "dumb", "CLOUDSTORCTL_GRACE": self.grace},
            stdin=Terminal(answer) if typed else io.StringIO(),
            stdout=Terminal() if typed else None,
            stderr=Terminal() if typed else None,
            now=self.now,
        )
        ran = run_in(world, *argv, *(self.swarm.options if reach else ()))
        # Every removal without a grace period begins so; test_grace.py is about it.
        return replace(ran, err=ran.err.removeprefix(LOUD))

    def document(self, *argv: str, code: int = 0) -> dict[str, Any]:
        """Run one command for its JSON document."""
        ran = self.run(*argv, "-o", "json")
        assert ran.code == code, ran.err
        document: dict[str, Any] = json.loads(ran.out)
        return document

    def names(self, *argv: str, code: int = 0) -> list[str]:
        """Run one command for the names it gives."""
        ran = self.run(*argv, "-o", "name")
        assert ran.code == code, ran.err
        return ran.out.splitlines()

    @property
    def audit(self) -> Path:
        return self.folder / "home/.local/state/cloudstorctl/audit.jsonl"

    @property
    def recorded(self) -> list[dict[str, Any]]:
        """Every line of the audit record."""
        return [json.loads(line) for line in self.audit.read_text().splitlines()]

    def on_delete(self, volume: str, act: Callable[[], Reply | None]) -> None:
        """Act when the removal of this volume arrives at an engine, before it is carried out."""
        self.swarm.before("DELETE", f"/volumes/{volume}", act)

    def stop_at_once_after(self, volume: str) -> None:
        """Press Ctrl-C while a removal is under way, and again while its effect is looked for."""

        def press() -> None:
            os.kill(os.getpid(), signal.SIGINT)

        def press_again(engine: ScriptedEngine, seen: Seen) -> None:
            if seen.path == "/nodes" and engine.server.count("DELETE", f"/volumes/{volume}"):
                press()

        self.on_delete(volume, press)
        self.swarm.hooks.append(press_again)

    def set_plugins(self, **settings: str) -> None:
        """Set the Cloudstor plugin of every engine."""
        for engine in self.swarm.engines.values():
            lines = [f"{key}={value}" for key, value in settings.items()]
            engine.plugins[0]["Settings"]["Env"] = lines

    def blind(self, hostname: str, path: str = "/plugins") -> None:
        """Let one engine fail at one question from now on."""
        self.swarm.answer(hostname, path, json_reply({"message": "out of order"}, status=500))


def statuses(document: dict[str, Any]) -> dict[str, str]:
    """Give the status of each volume in a document of outcomes."""
    return {outcome["volume"]: outcome["status"] for outcome in document["outcomes"]}
