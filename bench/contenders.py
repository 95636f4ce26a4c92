"""The three that are compared: this program, curl as the floor, and the loop people use today."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.failure import BenchError
from bench.runs import Contender

if TYPE_CHECKING:
    from pathlib import Path

    from bench.engines import Engines
    from bench.fleet import Fleet

LOOP_AT_ONCE = 32

_PACKAGES = {
    "nginx": "nginx-light",
    "curl": "curl",
    "docker": "docker-cli, or docker.io before Debian 13",
    "xargs": "findutils",
    "sh": "dash",
}
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OF_A_MANAGER = ("/info", "/nodes", "/services", "/tasks")
_OF_THE_MEMORY = ("/info", "/configs")
_OF_A_NODE = ("/info", "/containers/json?all=1", "/plugins", "/volumes")


@dataclass(frozen=True, slots=True)
class Tools:
    """Where the programs are that the comparison needs."""

    paths: dict[str, str]

    @classmethod
    def found(cls, path: str) -> Tools:
        """Find them all in `path` or where the system keeps its own.

        Raises:
            BenchError: some are not there; the text names the packages that bring them.
        """
        paths = {name: shutil.which(name, path=f"{path}:{_SYSTEM_PATH}") for name in _PACKAGES}
        missing = [f"  {name}: {_PACKAGES[name]}" for name, where in paths.items() if not where]
        if missing:
            told = "\n".join(missing)
            raise BenchError(f"These programs are missing; the Debian package of each:\n{told}")
        return cls(paths={name: where for name, where in paths.items() if where})


def contenders(engines: Engines, fleet: Fleet, tools: Tools, folder: Path) -> tuple[Contender, ...]:
    """Prepare all three to read these engines; what they need is written into `folder`."""
    return (
        _program(engines, fleet, folder / "config.toml"),
        _floor(engines, tools, folder / "curl.config"),
        _loop(engines, tools, folder / "nodes"),
    )


def _program(engines: Engines, fleet: Fleet, configuration: Path) -> Contender:
    rows = [
        "[contexts.bench]",
        f'managers = ["tcp://{engines.addresses[0]}"]',
        "[contexts.bench.nodes]",
        *(
            f'{fleet.hostname(position)} = "tcp://{address}"'
            for position, address in enumerate(engines.addresses)
        ),
    ]
    configuration.write_text("\n".join(rows) + "\n")
    words = ["-m", "cloudstorctl", "--config", str(configuration), "--context", "bench", "ls"]
    return Contender(name="cloudstorctl ls", argv=[sys.executable, *words, "-o", "json"])


def _floor(engines: Engines, tools: Tools, configuration: Path) -> Contender:
    """The requests that the program sends, and nothing done with the answers."""
    manager = [f"{engines.addresses[0]}{path}" for path in _OF_A_MANAGER]
    memory = [f"{engines.addresses[0]}{path}" for path in _OF_THE_MEMORY]
    nodes = [f"{address}{path}" for address in engines.addresses for path in _OF_A_NODE]
    rows = [
        f'url = "http://{url}"\noutput = "/dev/null"'
        for url in (*manager, *nodes, *manager, *memory)
    ]
    configuration.write_text("\n".join(rows) + "\n")
    words = ["--parallel", "--silent", "--show-error", "--fail", "--config", str(configuration)]
    return Contender(name="curl --parallel", argv=[tools.paths["curl"], "--disable", *words])


def _loop(engines: Engines, tools: Tools, nodes: Path) -> Contender:
    nodes.write_text("".join(f"tcp://{address}\n" for address in engines.addresses))
    docker = tools.paths["docker"]
    asked = f"{docker} -H {{}} volume ls && {docker} -H {{}} ps"
    words = ["-a", str(nodes), "-P", str(LOOP_AT_ONCE), "-I", "{}", tools.paths["sh"], "-c", asked]
    return Contender(name="the shell loop", argv=[tools.paths["xargs"], *words])
