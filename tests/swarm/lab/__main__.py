"""Keep a swarm up by hand: ``python -m tests.swarm.lab up|down|status``.

The lab lives in $CLOUDSTORCTL_LAB_DIR (default /run/cloudstorctl-lab), its cache of engine trees
in $CLOUDSTORCTL_LAB_CACHE (default /var/cache/cloudstorctl-lab).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from tests.swarm.lab.command import LabError
from tests.swarm.lab.documentation import deploy
from tests.swarm.lab.records import STATE_FILE, LabSpec
from tests.swarm.lab.swarm import Lab

FOLDER_VARIABLE = "CLOUDSTORCTL_LAB_DIR"
DEFAULT_FOLDER = "/run/cloudstorctl-lab"


def configuration(lab: Lab) -> str:
    """Give a configuration file of cloudstorctl for the lab."""
    managers = ", ".join(f'"{node.unix}"' for node in lab.nodes[:1])
    rows = [
        'default_context = "lab"',
        "",
        "[contexts.lab]",
        f"managers = [{managers}]",
        'drivers = ["*cloudstor*"]',
        "",
        "[contexts.lab.nodes]",
        *(f'{node.name} = "{node.unix}"' for node in lab.nodes),
    ]
    return "\n".join(rows) + "\n"


def say(text: str) -> None:
    """Show a line now: who reads it may wait for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def up(spec: LabSpec) -> None:
    """Build the lab, deploy the services of the documentation, and say how to use it."""
    begun = time.monotonic()
    lab = Lab(spec=spec)
    lab.up()
    deploy(lab)
    path = lab.folder / "config.toml"
    path.write_text(configuration(lab))
    say(lab.manager.docker("node", "ls"))
    say(f"up in {time.monotonic() - begun:.0f} s; make swarm-down takes it away")
    say(f"export CLOUDSTORCTL_CONFIG={path}")


def status(folder: Path) -> None:
    """Show the nodes and tasks of the lab."""
    lab = Lab.attach(folder)
    say(lab.manager.docker("node", "ls"))
    services = lab.manager.docker("service", "ls", "--quiet").split()
    if services:
        say(lab.manager.docker("service", "ps", *services))


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.swarm.lab", description=__doc__)
    parser.add_argument("verb", choices=("up", "down", "status"))
    parser.add_argument("--generation", type=int, choices=(1, 2), default=2, help="of the driver")
    words = parser.parse_args()
    folder = Path(os.environ.get(FOLDER_VARIABLE, DEFAULT_FOLDER)).absolute()
    spec = LabSpec(folder=folder, generation=words.generation)
    try:
        if words.verb == "up":
            up(spec)
        elif words.verb == "status":
            status(folder)
        else:
            # What an interrupted up has left is found by the lab's name.
            (Lab.attach(folder) if (folder / STATE_FILE).is_file() else Lab(spec=spec)).down()
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 1
    except KeyboardInterrupt:
        # An interrupted up has taken away what it had built.
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
