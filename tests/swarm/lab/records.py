"""What a lab consists of, as records that survive in a JSON file."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from tests.swarm.lab.command import LabError

if TYPE_CHECKING:
    from pathlib import Path

ALIAS: Final = "cloudstor:aws"
REAL_NAME: Final = "docker4x/cloudstor:aws-v17.03.0-ce"
IMAGE: Final = "busybox:lab"
STATE_FILE: Final = "lab.json"
# A unix socket's path holds 107 bytes, and the longest one in a lab is <node>/docker.sock.
LONGEST_FOLDER: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """One node to be."""

    name: str
    """Hostname and folder name: lower case letters and digits."""
    suite: str
    """Debian suite of its engine: bookworm has Docker 20.10, trixie 26.1."""
    drivers: tuple[str, ...] = (ALIAS,)
    """Names of the Cloudstor plugins on it; none makes a node without the driver."""
    tls: bool = False
    """Serve TCP with mutual TLS on port 2376 in place of plain on port 2375."""


MIXED: Final = (
    NodeSpec(name="n1", suite="bookworm"),
    NodeSpec(name="n2", suite="trixie"),
    NodeSpec(name="n3", suite="bookworm"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSpec:
    """One lab to be: two labs on a machine differ in folder, name and subnet."""

    folder: Path
    """Where everything of the lab lives; created by up, deleted by down."""
    name: str = "cst"
    """Prefix of the lab's network namespaces and cgroups."""
    subnet: str = "10.88.0"
    """First three numbers of the nodes' /24."""
    nodes: tuple[NodeSpec, ...] = MIXED
    """The first one is the manager."""
    generation: int = 2
    """1: the driver lists what its node created; 2: it lists the shared folder."""
    heartbeat: int = 3
    """Seconds between two signs of life; a node is down after three missing ones."""

    def __post_init__(self) -> None:
        """Refuse what would only fail later and less plainly."""
        names = [self.name, *(node.name for node in self.nodes)]
        if len(names) != len(set(names)) or not self.nodes:
            message = f"a lab needs nodes with names of their own, not {names}"
            raise LabError(message)
        for name in names:
            if not re.fullmatch(r"[a-z][a-z0-9]{0,11}", name):
                message = f"{name!r} must be 1 to 12 lower case letters and digits"
                raise LabError(message)
        if not self.folder.is_absolute() or len(str(self.folder)) > LONGEST_FOLDER:
            message = f"{self.folder}: absolute and up to {LONGEST_FOLDER} characters, please"
            raise LabError(message)

    @property
    def gateway(self) -> str:
        """Address of the bridge, which is the machine's foot in the lab's network."""
        return f"{self.subnet}.254"

    def address(self, node: str) -> str:
        """Give the address of a node."""
        position = [spec.name for spec in self.nodes].index(node)
        return f"{self.subnet}.{position + 1}"


def write_spec(spec: LabSpec) -> None:
    """Leave the record in the lab's folder, for a later process."""
    payload = asdict(spec) | {"folder": str(spec.folder)}
    (spec.folder / STATE_FILE).write_text(json.dumps(payload, indent=2) + "\n")


def read_spec(folder: Path) -> LabSpec:
    """Read the record that ``write_spec`` left.

    Raises:
        LabError: there is no lab in this folder.
    """
    try:
        payload: dict[str, Any] = json.loads((folder / STATE_FILE).read_text())
    except (OSError, ValueError) as error:
        message = f"no lab in {folder}: {error}"
        raise LabError(message) from error
    nodes = tuple(
        NodeSpec(
            name=str(node["name"]),
            suite=str(node["suite"]),
            drivers=tuple(node["drivers"]),
            tls=bool(node["tls"]),
        )
        for node in payload["nodes"]
    )
    return LabSpec(
        folder=folder,
        name=str(payload["name"]),
        subnet=str(payload["subnet"]),
        nodes=nodes,
        generation=int(payload["generation"]),
        heartbeat=int(payload["heartbeat"]),
    )
