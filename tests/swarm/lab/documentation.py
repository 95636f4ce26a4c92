"""Deploy the three services of Cloudstor's documentation, with a stale entry and an orphan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.swarm.lab.command import LabError, wait_until
from tests.swarm.lab.records import ALIAS

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab

TARGET: Final = "/shareddata"
# Each task writes a file of its own: what a wrong removal destroys can be told by name.
WRITE: Final = f'echo "$TASK wrote this" > {TARGET}/$TASK.txt'
REPLICAS: Final = 3
ORPHAN: Final = "old-data"
MOVED: Final = "ping2-1-vol"


def deploy(lab: Lab) -> None:
    """Bring the services up, move task ping2.1 to another node, and leave an orphan volume."""
    ping(lab, "ping1", "source=sharedvol1")
    ping(lab, "ping2", "source={{.Service.Name}}-{{.Task.Slot}}-vol")
    ping(lab, "ping3", "source=maxvol,volume-opt=perfmode=maxio")
    lab.manager.docker("volume", "create", "--driver", ALIAS, ORPHAN)
    (lab.shared / "reg" / ORPHAN / "report.txt").write_text("nobody reads this any more\n")
    for service in ("ping1", "ping2", "ping3"):
        lab.wait_running(service, REPLICAS)
    # A task runs before its command has written.
    wait_until(lambda: len(list(lab.shared.rglob("ping*.txt"))) == 3 * REPLICAS, 20, "the files")
    move(lab, "ping2", 1)


def ping(lab: Lab, name: str, source: str) -> None:
    """Create one service with three replicas on a Cloudstor volume."""
    mount = f"type=volume,volume-driver={ALIAS},{source},destination={TARGET}"
    lab.create_service(
        name,
        *("--replicas", str(REPLICAS), "--mount", mount),
        *("--env", "TASK={{.Service.Name}}-{{.Task.Slot}}"),
        command=WRITE,
    )


def move(lab: Lab, service: str, slot: int) -> tuple[str, str]:
    """Move a task by draining its node, which is active again afterwards.

    Gives the old node and the new one. The old node keeps the exited container.
    """
    old = lab.running(service)[slot]
    lab.availability(old, "drain")

    def elsewhere() -> str | None:
        now = lab.running(service).get(slot)
        return now if now != old else None

    new = wait_until(elsewhere, 40, f"{service}.{slot} leaves {old}")
    if new is None:
        message = f"{service}.{slot} is nowhere"
        raise LabError(message)
    lab.availability(old, "active")
    return old, new
