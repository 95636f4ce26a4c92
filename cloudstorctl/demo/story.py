"""Deploy the three services of Cloudstor's documentation, with a stale entry and an orphan."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.core.memory_document import LABELS, name_of, written
from cloudstorctl.core.model import VolumeName
from cloudstorctl.demo.ask import AskError, ask
from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.node.plugin import ALIAS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.demo.managers.records import Task
    from cloudstorctl.demo.serve import Served
    from cloudstorctl.demo.swarm import Swarm

ORPHAN: Final = "old-data"
MOVED: Final = "ping2-1-vol"
FILE: Final = "ping2-1.txt"
TARGET: Final = "/shareddata"
REPLICAS: Final = 3
UNUSED_FOR: Final = timedelta(days=3)
_PATIENCE: Final = 20.0  # seconds
_POLL: Final = 0.02  # seconds
_SCRIPT: Final = f'echo "$TASK wrote this" > {TARGET}/$TASK.txt; ping docker.com'


def deploy(served: Served) -> str:
    """Bring the services up, move ping2.1 and clear up after it, and leave an orphan.

    Gives the hostname of the node that ping2.1 has left: it keeps a stale entry.

    Raises:
        AskError: an engine refuses, or something does not come about in time.
    """
    first = next(iter(served.swarm.engines))
    manager = served.swarm.place.socket(first)
    _create(served, "ping1", {"Source": "sharedvol1"})
    _create(served, "ping2", {"Source": "{{.Service.Name}}-{{.Task.Slot}}-vol"})
    _create(served, "ping3", {"Source": "maxvol"}, {"perfmode": "maxio"})
    volume = {"Name": ORPHAN, "Driver": ALIAS}
    ask(manager, "/volumes/create", method="POST", body=volume)
    folder = served.swarm.place.shared / "reg" / ORPHAN
    (folder / "report.txt").write_text("nobody reads this any more\n")
    wait_until(served, lambda swarm: len(_running(swarm)) == 3 * REPLICAS, "nine tasks run")
    left = _move(served)
    _remember(served)
    return left


def _remember(served: Served) -> None:
    """Let the swarm remember that the orphan has been unused for some days."""
    since = datetime.fromtimestamp(served.swarm.runtime.now(), tz=UTC) - UNUSED_FOR
    data, _ = written({VolumeName(ORPHAN): since})
    config = {
        "Name": name_of(1),
        "Labels": dict(LABELS),
        "Data": base64.b64encode(data).decode(),
    }
    manager = served.swarm.place.socket(next(iter(served.swarm.engines)))
    ask(manager, "/configs/create", method="POST", body=config)


def _create(
    served: Served, name: str, mount: dict[str, str], options: dict[str, str] | None = None
) -> None:
    driver: dict[str, Any] = {"Name": ALIAS}
    if options:
        driver["Options"] = options
    spec = {
        "Name": name,
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "alpine",
                "Args": ["sh", "-c", _SCRIPT],
                "Env": ["TASK={{.Service.Name}}-{{.Task.Slot}}"],
                "Mounts": [
                    {
                        "Type": "volume",
                        "Target": TARGET,
                        "VolumeOptions": {"DriverConfig": driver},
                        **mount,
                    }
                ],
            },
        },
        "Mode": {"Replicated": {"Replicas": REPLICAS}},
    }
    first = next(iter(served.swarm.engines))
    ask(served.swarm.place.socket(first), "/services/create", method="POST", body=spec)


def _move(served: Served) -> str:
    """Drain the node of ping2.1 until the task runs elsewhere; then clear its container away."""
    task = served.do(_first_of_ping2)
    if task is None:
        raise AskError("ping2.1 does not run")
    node = served.do(lambda swarm: swarm.cluster.members[task.node_id].hostname)
    _set_availability(served, node, "drain")

    def elsewhere(swarm: Swarm) -> bool:
        now = _first_of_ping2(swarm)
        return now is not None and now.node_id != task.node_id

    wait_until(served, elsewhere, f"ping2.1 leaves {node}")
    wait_until(served, lambda swarm: len(_running(swarm)) == 3 * REPLICAS, "nine tasks run")
    _set_availability(served, node, "active")
    ask(served.swarm.place.socket(node), "/containers/prune", method="POST")
    return node


def _set_availability(served: Served, node: str, availability: str) -> None:
    manager = served.swarm.place.socket(next(iter(served.swarm.engines)))
    known = ask(manager, f"/nodes/{node}")
    spec = {**known["Spec"], "Availability": availability}
    ask(
        manager,
        f"/nodes/{node}/update?version={known['Version']['Index']}",
        method="POST",
        body=spec,
    )


def _running(swarm: Swarm) -> list[Task]:
    return [t for t in swarm.cluster.tasks.values() if t.live and t.state == State.RUNNING]


def _first_of_ping2(swarm: Swarm) -> Task | None:
    found = [t for t in _running(swarm) if (t.service_name, t.slot) == ("ping2", 1)]
    return found[0] if found else None


def wait_until(served: Served, condition: Callable[[Swarm], bool], what: str) -> None:
    """Wait for something to be true of the swarm.

    Raises:
        AskError: it does not come about.
    """
    end = time.monotonic() + _PATIENCE
    while not served.do(condition):
        if time.monotonic() > end:
            raise AskError(f"waited {_PATIENCE:g} s for: {what}")
        time.sleep(_POLL)
