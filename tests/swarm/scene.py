"""Things that scenarios set up: services, volumes and containers on the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.swarm.lab.command import wait_until
from tests.swarm.lab.records import ALIAS, IMAGE

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab

TARGET = "/shareddata"
PRUNE = ("safe-prune", "--yes", "--max-percent", "100", "--output", "json")
"""Remove all that may go: no limit stands in for the rules."""


def volume(lab: Lab, name: str, *, on: str = "n1", text: str = "precious\n") -> str:
    """Create a volume with one file in it; give the file's path below the shared folder."""
    lab.docker(on, "volume", "create", "--driver", ALIAS, name)
    (lab.shared / "reg" / name / "file.txt").write_text(text)
    return f"reg/{name}/file.txt"


def mount(source: str, *more: str) -> str:
    """Give the value of a `--mount` flag for a Cloudstor volume."""
    return ",".join(
        (f"type=volume,volume-driver={ALIAS},source={source},destination={TARGET}", *more)
    )


def service(lab: Lab, name: str, source: str, *words: str, replicas: int = 1) -> None:
    """Create a service on a Cloudstor volume; each task writes a file named for its slot."""
    lab.create_service(
        name,
        *("--replicas", str(replicas), "--mount", mount(source)),
        *("--env", "TASK={{.Service.Name}}-{{.Task.Slot}}", *words),
        command=f'echo "$TASK wrote this" > {TARGET}/$TASK.txt',
    )


def running_service(
    lab: Lab, name: str, source: str, *words: str, replicas: int = 1
) -> dict[int, str]:
    """Create such a service and wait until its tasks run and have written."""
    service(lab, name, source, *words, replicas=replicas)
    where = lab.wait_running(name, replicas)
    wait_until(
        lambda: len(list(lab.shared.rglob(f"{name}-*.txt"))) >= replicas, 20, f"files of {name}"
    )
    return where


def container(lab: Lab, on: str, verb: str, *words: str) -> str:
    """Create or run a plain container of the lab's image on one node."""
    return lab.docker(on, verb, *words, IMAGE, "sh", "-c", 'trap "exit 0" TERM; sleep 1000 & wait')


def database(lab: Lab, on: str) -> str:
    """Run a container of no service with the volume `data`: only its engine knows of that use.

    Gives the path of the volume's file below the shared folder.
    """
    path = volume(lab, "data", on=on)
    container(lab, on, "run", "--detach", "--name", "db", "--mount", mount("data"))
    return path
