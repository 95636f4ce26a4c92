"""A machine with a systemctl, a guard and an engine that do as the real ones, in a folder."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cloudstorctl.guard.names import PLUGIN, SOCKET
from cloudstorctl.guard.probe import HERE, URL
from cloudstorctl.guard.units import FOLDER, SERVICE_UNIT, SOCKET_UNIT
from tests.cli.worlds import Ran, a_world, run_in
from tests.edge.engine_server import EngineServer, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.edge.engine_server import Seen

SYSTEMCTL = f"""#!{sys.executable} -S
import pathlib, shutil, sys
root = pathlib.Path(__file__).parents[1]
words = sys.argv[1:]
if words[0] != "show":
    with (root / "calls").open("a") as calls:
        calls.write(" ".join(words) + "\\n")
fails = (root / "fails")
if fails.exists() and " ".join(words).startswith(fails.read_text()):
    sys.exit("Job for it failed.")
match words:
    case ["show", _, "docker.service"]:
        print((root / "shown").read_text())
    case ["enable", "--now", _]:
        (root / "guard-runs").touch()
    case ["disable", "--now", _]:
        (root / "guard-runs").unlink(missing_ok=True)
    case ["reload", "docker.service"]:
        shutil.copy(root / "etc/docker/daemon.json", root / "loaded.json")
"""


@dataclass(slots=True)
class Machine:
    """Everything is in `root`; the engine reads its configuration when it is reloaded."""

    root: Path
    patience: float = 30.0
    deaf: bool = False
    """The engine does not read its configuration."""

    @property
    def daemon_json(self) -> Path:
        return self.root / "etc/docker/daemon.json"

    @property
    def socket_unit(self) -> Path:
        return self.root / FOLDER / SOCKET_UNIT

    @property
    def service_unit(self) -> Path:
        return self.root / FOLDER / SERVICE_UNIT

    @property
    def calls(self) -> list[str]:
        """What systemctl was asked to do, besides to show."""
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def files(self) -> dict[str, str]:
        """What is in etc, by path."""
        return {
            str(path.relative_to(self.root)): (
                f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
            )
            for path in sorted((self.root / "etc").rglob("*"))
            if path.is_symlink() or path.is_file()
        }

    def configure(self, text: str) -> None:
        """Write dockerd's configuration, which the engine has read."""
        for file in (self.daemon_json, self.root / "loaded.json"):
            file.write_text(text)

    def show(
        self, *dockerd: str, running: bool = True, load: str = "loaded", exec_start: str = ""
    ) -> None:
        """Let systemd tell of a dockerd with this command line."""
        pid = "4711" if running else "0"
        (self.root / "shown").write_text(f"LoadState={load}\nMainPID={pid}\nExecStart={exec_start}")
        process = self.root / "proc/4711"
        process.mkdir(parents=True, exist_ok=True)
        (process / "cmdline").write_text("".join(f"{word}\0" for word in dockerd))

    def fail(self, command: str) -> None:
        """Let systemctl fail at a command from now on."""
        (self.root / "fails").write_text(command)

    def have_dockerd(self, script: str) -> None:
        """Put a dockerd on the PATH, for its own check."""
        file = self.root / "bin/dockerd"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def run(self, *words: str, **environ: str) -> Ran:
        """Run the program on it."""
        path = f"{self.root / 'bin'}:/nowhere"
        world = a_world(self.root, environ={"PATH": path, **environ})
        own = {"root": self.root, "python": "/venv/bin/python", "patience": self.patience}
        return run_in(replace(world, **own), *words)  # type: ignore[arg-type] # fields of it

    def guard(self, seen: Seen) -> Reply:
        """Answer as the guard does where systemd has started it."""
        if not (self.root / "guard-runs").exists():
            return Reply(reset=True)
        assert (seen.method, seen.path) == ("POST", "/Plugin.Activate")
        return json_reply({"Implements": ["authz"]})

    def engine(self, seen: Seen) -> Reply:
        """Answer a ping, unless the guard refuses it; with a plugin that is gone, only errors."""
        told = json.loads((self.root / "loaded.json").read_text())
        plugins = None if self.deaf else told.get("authorization-plugins")
        if PLUGIN in (plugins or []) and not (self.root / "guard-runs").exists():
            return json_reply({"message": f"plugin {PLUGIN} failed with error"}, status=500)
        assert f"{seen.path}?{seen.query}" == URL
        if PLUGIN in (plugins or []):
            message = f"authorization denied by plugin {PLUGIN}: {HERE}"
            return json_reply({"message": message}, status=403)
        return Reply(body=b"OK")


@contextmanager
def a_machine() -> Iterator[Machine]:
    """Give a machine whose root has a path short enough for sockets."""
    root = Path(tempfile.mkdtemp(prefix="csg-"))
    try:
        for folder in ("bin", "etc/docker", FOLDER, "run/systemd/system", "run/docker/plugins"):
            (root / folder).mkdir(parents=True)
        systemctl = root / "bin/systemctl"
        systemctl.write_text(SYSTEMCTL)
        systemctl.chmod(0o755)
        machine = Machine(root=root)
        machine.show("/usr/sbin/dockerd", "-H", "fd://")
        (root / "loaded.json").write_text("{}")
        with (
            EngineServer(unix=root / SOCKET.lstrip("/"), otherwise=machine.guard),
            EngineServer(unix=root / "run/docker.sock", otherwise=machine.engine),
        ):
            yield machine
    finally:
        shutil.rmtree(root)
