"""The node that the guard is installed on: its systemd, its engine, and the guard's own answer."""

from __future__ import annotations

import http.client
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudstorctl.errors import CloudstorctlError, RefusedError, UsageError
from cloudstorctl.guard.names import PLUGIN, SOCKET
from cloudstorctl.guard.probe import URL, comes_from_the_guard
from cloudstorctl.guard.unix_http import UnixConnection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENGINE: Final = "/run/docker.sock"
_DAEMON_JSON: Final = "/etc/docker/daemon.json"
_FLAG: Final = "--authorization-plugin"
_COMMAND: Final = 120.0
"""Seconds for a command; a service may take 90 to stop."""
_AT_ONCE: Final = 5.0
"""Seconds for an engine to say how it is before anything is changed."""
_NO_ANSWER: Final = (OSError, ValueError, KeyError, TypeError, http.client.HTTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The dockerd that docker.service runs, or would."""

    running: bool
    words: tuple[str, ...]
    """Its command line."""
    hosts: tuple[str, ...] = ()
    """Where its configuration has it listen; dockerd takes that from one of the two alone."""

    @property
    def daemon_json(self) -> Path:
        """The file that it reads its configuration from."""
        return Path(_value_of("--config-file", self.words) or _DAEMON_JSON)

    @property
    def socket(self) -> str:
        """The unix socket that it listens at."""
        for host in (*_hosts_of(self.words), *self.hosts):
            if host.startswith("unix://"):
                return host.removeprefix("unix://") or _ENGINE
        return _ENGINE

    def refuse_flag(self) -> None:
        """Refuse an engine that is given its plugins on its command line.

        Raises:
            RefusedError: it is: dockerd takes no setting from its file too (moby
                daemon/config/config.go, findConfigurationConflicts).
        """
        given = _value_of(_FLAG, self.words)
        if given is not None:
            raise RefusedError(
                f"dockerd is started with {_FLAG}={given}, and refuses the same setting in "
                f"{self.daemon_json}: move it from docker.service into that file first "
                "('systemctl edit docker.service')"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine, from its root folder on, with the programs that `environ` finds."""

    root: Path
    environ: Mapping[str, str]
    patience: float
    """Seconds for the guard's first answer, and for the engine to have read its configuration."""

    @property
    def has_systemd(self) -> bool:
        """Whether systemd runs it (sd_booted(3))."""
        return (self.root / "run/systemd/system").is_dir()

    def engine(self) -> Engine | None:
        """Give the engine of docker.service; None where there is no such unit.

        Raises:
            CloudstorctlError: systemd does not tell.
        """
        shown = self._show("LoadState", "MainPID", "ExecStart")
        if shown.get("LoadState") != "loaded":
            return None
        process = shown.get("MainPID", "0")
        if process != "0":
            line = (self.root / "proc" / process / "cmdline").read_bytes()
            words = line.decode(errors="surrogateescape").removesuffix("\0").split("\0")
            return Engine(running=True, words=tuple(words))
        # { path=/usr/sbin/dockerd ; argv[]=/usr/sbin/dockerd -H fd:// ; ignore_errors=no ; … }
        argv = shown.get("ExecStart", "").partition("argv[]=")[2].partition(" ; ")[0]
        return Engine(running=False, words=tuple(argv.split()))

    def run(self, words: Sequence[str]) -> str:
        """Run a command and give its output.

        Raises:
            CloudstorctlError: it is not there, fails or takes too long.
        """
        line = " ".join(words)
        try:
            ran = subprocess.run(  # noqa: S603 - systemctl, with words of this package
                list(words),
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_COMMAND,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CloudstorctlError(f"'{line}' could not be run: {error}") from error
        if ran.returncode != 0:
            said = " ".join((ran.stderr.strip() or ran.stdout.strip()).split())
            why = said or "no reason told"
            raise CloudstorctlError(f"'{line}' failed ({ran.returncode}): {why}")

        return ran.stdout

    def check_that_dockerd_takes(self, text: str, file: Path) -> None:
        """Let dockerd look at a configuration, where it is one that can (23.0 and later).

        Raises:
            UsageError: it would not start with it.
        """
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as written:
            written.write(text)
            written.flush()
            try:
                ran = subprocess.run(  # noqa: S603 - the engine's own check
                    ["dockerd", "--validate", "--config-file", written.name],  # noqa: S607
                    env=dict(self.environ),
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=_COMMAND,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired):
                return
        said = ran.stderr.strip().rpartition("\n")[2]
        if ran.returncode != 0 and "unknown flag" not in ran.stderr:
            said = said.replace(written.name, str(file))
            raise UsageError(f"dockerd would not start with the new {file}: {said}")

    def check_that_the_guard_answers(self) -> None:
        """Ask the guard what dockerd asks a plugin first (moby pkg/plugins/plugins.go).

        Raises:
            CloudstorctlError: it does not answer, or as something else than what it is.
        """
        path = self._at(SOCKET)
        try:
            status, body = _ask(path, "POST", "/Plugin.Activate", self.patience)
            if status == http.client.OK and "authz" in json.loads(body)["Implements"]:
                return
            said = f"HTTP {status}: {body.decode(errors='replace').strip()[:200]}"
        except _NO_ANSWER as error:
            said = str(error) or type(error).__name__
        raise CloudstorctlError(
            f"The guard does not answer on {path} ({said}), so the engine was not told to ask it: "
            f"'journalctl -u {PLUGIN}' may say why"
        )

    def engine_asks(self, engine: Engine) -> bool | None:
        """Tell whether the engine asks the guard just now; None: it does not tell."""
        try:
            return self._asks(engine, _AT_ONCE)
        except _NO_ANSWER:
            return None

    def check_that_the_engine(self, engine: Engine, *, asks: bool) -> None:
        """Wait until the engine has read its configuration.

        Raises:
            CloudstorctlError: it does not do as it says.
        """
        end = time.monotonic() + self.patience
        while True:
            said = self._engine_says(engine, asks=asks)
            if not said:
                return
            if time.monotonic() > end:
                raise CloudstorctlError(said)
            time.sleep(0.1)

    def _asks(self, engine: Engine, seconds: float) -> bool:
        """Tell whether the engine has the guard refuse what that refuses for this very end."""
        status, body = _ask(self._at(engine.socket), "GET", URL, seconds)
        told = body.decode(errors="replace").strip()
        if status == http.client.OK:
            return False
        if status == http.client.FORBIDDEN and comes_from_the_guard(told):
            return True
        raise ValueError(f"HTTP {status}: {told}")

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _engine_says(self, engine: Engine, *, asks: bool) -> str:
        """Say what is wrong with what the engine tells of itself; nothing where all is well."""
        try:
            answered = self._asks(engine, self.patience)
        except _NO_ANSWER as error:
            return f"The engine does not answer on {engine.socket}: {error}"
        if answered is asks:
            return ""
        return (
            f"The engine does not ask {PLUGIN}, though its configuration names it: "
            "'journalctl -u docker' may say why"
            if asks
            else f"The engine still asks {PLUGIN}: nothing more is taken away, for without it the "
            "engine would answer nothing; 'journalctl -u docker' may say why"
        )

    def _show(self, *properties: str) -> dict[str, str]:
        words = ("systemctl", "show", f"--property={','.join(properties)}", "docker.service")
        lines = self.run(words).splitlines()
        return dict(line.partition("=")[::2] for line in lines)


def _value_of(flag: str, words: Sequence[str]) -> str | None:
    for place, word in enumerate(words):
        name, has_value, value = word.partition("=")
        if name == flag:
            return value if has_value else "".join(words[place + 1 : place + 2])
    return None


def _hosts_of(words: Sequence[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        name = word.partition("=")[0]
        is_flag = name in {"-H", "--host"}
        yield (_value_of(name, words[place:]) or "") if is_flag else word.removeprefix("-H")


def _ask(path: Path, method: str, url: str, seconds: float) -> tuple[int, bytes]:
    connection = UnixConnection(path, seconds)
    try:
        connection.request(method, url)
        answer = connection.getresponse()
        return answer.status, answer.read(1 << 22)
    finally:
        connection.close()
