"""Runs the program against the tortured swarm, and holds what it says against what was."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudstorctl.cli import main
from cloudstorctl.commands.invocation import World
from cloudstorctl.config import Places
from cloudstorctl.errors import ExitCode
from tests.torture.agreement import code_for, disagreements
from tests.torture.lab import PROTECTED
from tests.torture.ledger import UNABLE, Marks
from tests.torture.wire import InProcess
from tests.torture.witness import Witness

if TYPE_CHECKING:
    from pathlib import Path

    from cloudstorctl.swarm.endpoints import Endpoint, TlsFiles
    from tests.torture.lab import Lab
    from tests.torture.over_http import Sockets
    from tests.torture.witness import Happening

TIMEOUT = 5  # seconds
_ENVIRON = {"TERM": "dumb", "CLOUDSTORCTL_SURVEY_TIMEOUT": "3600"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one run said, and what was wrong with it."""

    code: int
    document: dict[str, Any] | None
    problems: list[str]
    witness: Witness


class Program:
    """The program, with a home of its own."""

    def __init__(self, lab: Lab, home: Path, who: str = "state") -> None:
        """Keep the record of removals beside the swarm, and the rest in `home`."""
        self._lab = lab
        self._places = Places(
            home=home, config=home / "config", state=lab.folder / who, cache=home / "cache"
        )
        self.sockets: Sockets | None = None
        """What listens for its requests; None: they go in without sockets."""

    def run(self, command: str, *argv: str, happenings: list[Happening], first: int = 0) -> Ran:
        """Run one command with JSON for its output; `first` is the manager that is asked first."""
        lab = self._lab
        lab.indent = ""
        words = "safe-prune --dry-run" if command == "plan" else command
        lab.tell(f"cloudstorctl {' '.join((words, *map(_short, argv)))}")
        lab.indent = "    "
        lab.interrupted = False
        marks = Marks(
            ledger=lab.ledger,
            now=lab.swarm.runtime.now,
            remembers=bool(lab.layout.grace) and command != "ls",
        )
        witness = Witness(lab=lab, marks=marks, happenings=list(happenings))
        world = World(
            environ={**_ENVIRON, "CLOUDSTORCTL_GRACE": f"{lab.layout.grace}s"},
            places=self._places,
            stdin=io.StringIO(),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
            now=lambda: datetime.fromtimestamp(lab.swarm.runtime.now() + lab.skew, tz=UTC),
            connect=None if self.sockets else partial(self._connect, witness),
        )
        if self.sockets:
            self.sockets.witness = witness
        before = self._lines()
        code = main([*words.split(), *argv, *self._options(first)], world)
        out, err = _text(world.stdout), _text(world.stderr)
        document = json.loads(out) if out else None
        lab.tell(_said(code, document, err))
        lab.indent = ""
        witness.end_look()
        problems = [*witness.problems, *marks.end_run(_gone(document), err)]
        allowed = code_for(command, document, forgetful=bool(UNABLE.search(err)))
        if (code == ExitCode.INTERRUPTED) and not lab.interrupted:
            problems.append("it says that it was interrupted, and nobody did")
        if code not in allowed:
            problems.append(f"it ended with {code}, and what it printed asks for {sorted(allowed)}")
        record = self._lines()[len(before) :]
        problems += disagreements(command, document, record, witness.deletes)
        problems += _wrongly_removable(document, witness)
        return Ran(code=code, document=document, problems=problems, witness=witness)

    def _connect(
        self, witness: Witness, endpoint: Endpoint, *, tls: TlsFiles | None, timeout: float
    ) -> InProcess:
        del tls
        hostname = endpoint.path.split("/")[-2]
        return InProcess(endpoint, timeout=timeout, hostname=hostname, carry=witness.carry)

    def _options(self, first: int) -> list[str]:
        place = self._lab.swarm.place
        managers = list(self._lab.swarm.engines)[: self._lab.layout.managers]
        managers = managers[first % len(managers) :] + managers[: first % len(managers)]
        hosts = [f"--host=unix://{place.socket(hostname)}" for hostname in managers]
        node = f"--node-endpoint=unix://{place.folder}/{{hostname}}/docker.sock"
        return [*hosts, node, "--parallel=1", f"--timeout={TIMEOUT}", "--output=json"]

    def _lines(self) -> list[dict[str, Any]]:
        record = self._places.state / "audit.jsonl"
        if not record.exists():
            return []
        return [json.loads(line) for line in record.read_text().splitlines()]


def furnish(home: Path) -> None:
    """Write the configuration that every run of the program reads."""
    folder = home / "config"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f'[contexts.torture]\nprotect.volumes = ["{PROTECTED}"]\n', encoding="utf-8"
    )


def _gone(document: dict[str, Any] | None) -> list[str]:
    outcomes = (document or {}).get("outcomes", ())
    return [o["volume"] for o in outcomes if o["status"] == "removed"]


def _text(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def _short(word: str) -> str:
    return word.rsplit("/", 1)[-1]


def _said(code: int, document: dict[str, Any] | None, err: str) -> str:
    said = [f"It ends with {code}"]
    if document is None:
        return f"{said[0]}: {err.strip()}"
    said += (f"{o['volume']} {o['status']} ({o['detail']})" for o in document.get("outcomes", ()))
    said += (f"{removal['volume']} could go" for removal in document.get("removals", ()))
    said += (f"{volume['name']} {volume['ruling']}" for volume in document.get("volumes", ()))
    return "; ".join(said) + "."


def _wrongly_removable(document: dict[str, Any] | None, witness: Witness) -> list[str]:
    document = document or {}
    names = [v["name"] for v in document.get("volumes", ()) if v["ruling"] == "removable"]
    names += [removal["volume"] for removal in document.get("removals", ())]
    return [
        f"it called {name} removable, but {why}" for name in names for why in witness.against(name)
    ]
