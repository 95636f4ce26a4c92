"""Give each node a cgroup of its own, so that nothing of its engine is left outside."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.swarm.lab.command import LabError, wait_until

ROOT: Final = Path("/sys/fs/cgroup")
MOUNTS: Final = Path("/proc/mounts")
LEAF: Final = "init"


def hierarchies() -> dict[Path, str]:
    """Give the places where this machine's cgroups are mounted, with the mount options.

    One place and no options with cgroup v2; one a controller with v1, where the v2 tree that some
    machines mount beside the others is left alone: Docker does not look at it.
    """
    rows = [line.split() for line in MOUNTS.read_text().splitlines()]
    if any(row[1] == str(ROOT) and row[2] == "cgroup2" for row in rows):
        return {ROOT: ""}
    found = {}
    for row in rows:
        if row[2] == "cgroup" and Path(row[1]).parent == ROOT:
            options = (word for word in row[3].split(",") if not word.startswith("release_agent"))
            found[Path(row[1])] = ",".join(options)
    if not found:
        message = f"no cgroups under {ROOT}: an engine cannot run here"
        raise LabError(message)
    return found


def is_unified() -> bool:
    """Tell whether this machine has cgroup v2."""
    return list(hierarchies()) == [ROOT]


def make(name: str) -> None:
    """Make the cgroup ``name`` in every hierarchy."""
    for hierarchy in hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            # A new v1 cpuset is empty, and no process may enter it then.
            if (group / setting).exists() and (hierarchy / setting).exists():
                (group / setting).write_text((hierarchy / setting).read_text())
        if is_unified():
            # A cgroup with processes in it may hand no controllers down: they go into a leaf.
            (group / LEAF).mkdir(exist_ok=True)


def joining(name: str, leaf: str = "") -> str:
    """Give shell words that move the shell itself into the cgroup ``name``, or its leaf."""
    files = (hierarchy / name / leaf / "cgroup.procs" for hierarchy in hierarchies())
    return " ".join(f"echo $$ >'{file}';" for file in files)


def remove(name: str) -> None:
    """Remove the cgroup ``name`` with all below it; its processes have been ended."""
    groups = [hierarchy / name for hierarchy in hierarchies()]

    def all_removed() -> bool:
        for group in groups:
            if not group.is_dir():
                continue
            below = sorted(path for path in group.rglob("*") if path.is_dir())
            for path in [*reversed(below), group]:
                try:
                    path.rmdir()
                except FileNotFoundError:
                    continue
                except OSError as error:
                    # The kernel counts a killed process for a moment longer.
                    message = f"rmdir {path}: {error}"
                    raise LabError(message) from error
        return True

    wait_until(all_removed, 20, f"the cgroups {name} are gone")


def removable(lab: str) -> list[str]:
    """Give the cgroups that bear the name of a lab."""
    found = {path.name for place in hierarchies() for path in place.glob(f"{lab}-*")}
    return sorted(name for name in found if name.rpartition("-")[0] == lab)
