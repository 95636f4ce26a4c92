"""Give a node the stand-in driver as a managed plugin, and bend it."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.demo.node.plugin import SETTINGS
from tests.swarm.ports import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.swarm.lab.records import LabSpec

ROOT: Final = Path(__file__).parents[3]
DRIVER: Final = ROOT / "cloudstorctl/demo/node/driver.py"
PROGRAM: Final = Path(__file__).with_name("driver") / "cloudstor.py"
BACKINGS: Final = ("shared/reg", "shared/max", "ebs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """The driver of one name on one node."""

    lab: LabSpec
    node: str
    name: str
    docker: Callable[..., str]
    """The docker CLI on the node's engine."""
    shared: str = "shared"
    """The folder of the lab's that stands for the two file systems."""

    @property
    def folder(self) -> Path:
        """Give the folder that the driver sees as /control."""
        return self.lab.folder / self.node / "driver" / re.sub(r"\W+", "-", self.name)

    def install(self) -> None:
        """Create the plugin from a folder, as no registry is needed for that, and enable it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "calls.jsonl").touch()
        self.bend(generation=self.lab.generation)
        build = self.folder.with_name(self.folder.name + "-build")
        shutil.rmtree(build, ignore_errors=True)
        for place in ("usr", "lib", "lib64", "mnt", "control", "etc", "tmp", "run/docker/plugins"):
            (build / "rootfs" / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(PROGRAM, build / "rootfs" / PROGRAM.name)
        copied = build / "rootfs" / DRIVER.relative_to(ROOT)
        copied.parent.mkdir(parents=True)
        shutil.copy(DRIVER, copied)
        (build / "config.json").write_text(json.dumps(self.config()))
        self.docker("plugin", "create", self.name, str(build))
        shutil.rmtree(build)
        self.enable()

    def config(self) -> dict[str, Any]:
        """Describe the plugin to the engine."""
        folder = self.lab.folder
        binds = [
            ("/usr", "/usr", "ro"),
            ("/usr/lib", "/lib", "ro"),
            ("/usr/lib64", "/lib64", "ro"),
            (str(folder / self.shared), "/mnt/efs", "rw"),
            (str(folder / "ebs"), "/mnt/ebs", "rw"),
            (str(self.folder), "/control", "rw"),
        ]
        return {
            "description": "stand-in for Cloudstor",
            "documentation": "",
            "entrypoint": ["/usr/bin/python3", f"/{PROGRAM.name}"],
            "workDir": "/",
            "interface": {"types": ["docker.volumedriver/1.0"], "socket": "cloudstor.sock"},
            "network": {"type": "host"},
            "linux": {"capabilities": ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"]},
            "propagatedMount": "/mnt",
            "mounts": [
                {
                    "name": f"mount{number}",
                    "type": "bind",
                    "source": source,
                    "destination": destination,
                    "options": ["rbind", mode],
                }
                for number, (source, destination, mode) in enumerate(binds)
            ],
            "env": [
                {"name": name, "value": value, "settable": ["value"]}
                for name, value in SETTINGS.items()
            ],
        }

    def enable(self) -> None:
        """Enable the plugin."""
        self.docker("plugin", "enable", self.name)

    def disable(self) -> None:
        """Disable the plugin, used or not: its volumes vanish from the engine's list."""
        self.docker("plugin", "disable", "--force", self.name)

    def remove(self) -> None:
        """Remove the plugin, used or not; the shared folder stays."""
        self.docker("plugin", "rm", "--force", self.name)

    def set(self, *settings: str) -> None:
        """Change settings (``EFS_SUPPORTED=0``) for good; the engine wants it disabled for that."""
        self.disable()
        self.docker("plugin", "set", self.name, *settings)
        self.enable()

    def state(self) -> bool | None:
        """Tell whether the plugin is enabled; None means that it is not there."""
        rows = self.docker("plugin", "ls", "--format", "{{.Name}} {{.Enabled}}").splitlines()
        return {name: enabled == "true" for name, enabled in map(str.split, rows)}.get(self.name)

    def control(self) -> dict[str, Any]:
        """Give what the driver is told now."""
        try:
            read: dict[str, Any] = json.loads((self.folder / "control.json").read_text())
        except FileNotFoundError:
            return {}
        return read

    def bend(self, **wanted: float | str | None) -> None:
        """Set faults beside those that are set; None takes one away.

        ``list``, ``get``, ``remove``, ``create``, ``mount``, …: "error", "hang" or seconds;
        also list="empty", get="unknown", remove="half"; ``delay`` in seconds for every call;
        ``generation`` 1 or 2. The driver holds one lock, as Cloudstor does: what hangs, hangs all.
        """
        kept = {**self.control(), **wanted}
        fresh = self.folder / "control.new"
        fresh.write_text(json.dumps({key: it for key, it in kept.items() if it is not None}))
        fresh.rename(self.folder / "control.json")

    def straighten(self) -> None:
        """Take all faults away; the generation stays."""
        self.bend(**dict.fromkeys(set(self.control()) - {"generation"}))

    def calls(self, call: str | None = None, name: str | None = None) -> list[Call]:
        """Give the engine's calls since the last ``forget``, oldest first."""
        found = []
        for line in (self.folder / "calls.jsonl").read_text().splitlines():
            row = json.loads(line)
            if call in (None, row["call"]) and name in (None, row["name"]):
                found.append(Call(at=row["time"], call=row["call"], name=row["name"]))
        return found

    def move_to(self, folder: str) -> None:
        """Let the driver keep its data in another folder of the lab's from now on."""
        self.remove()
        replace(self, shared=folder).install()

    def forget(self) -> None:
        """Empty the log of calls, and what generation 1 remembers of volumes."""
        os.truncate(self.folder / "calls.jsonl", 0)
        for entry in (self.folder / "entries").glob("*"):
            entry.unlink()


def make_shared(lab: LabSpec) -> None:
    """Make the folders that stand for the file systems."""
    for name in BACKINGS:
        (lab.folder / name).mkdir(parents=True, exist_ok=True)


def clear_shared(lab: LabSpec) -> None:
    """Empty the folders that stand for the file systems."""
    for name in BACKINGS:
        for path in (lab.folder / name).iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def ensure(plugin: Plugin) -> None:
    """Bring a plugin to what it was after up: there, enabled, without faults, with no memory."""
    plugin.straighten()
    state = plugin.state()
    if state is None:
        plugin.install()
    elif not state:
        plugin.enable()
    plugin.bend(generation=plugin.lab.generation)
