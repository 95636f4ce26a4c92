"""One container of an engine: what it was made from, what it has mounted, how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloudstorctl.demo.node.program import Effects


@dataclass(slots=True, kw_only=True)
class Mounted:
    """One mount of a container, resolved."""

    kind: str
    """volume, bind or tmpfs."""
    destination: str
    name: str = ""
    """Volume name; empty for others."""
    driver: str = ""
    source: str = ""
    """Path on the node; for a volume what the engine knows of it."""
    read_only: bool = False
    mode: str = ""
    anonymous: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Container:
    """A container; `state` is one of the API's words for it."""

    id: str
    name: str
    image: str
    command: tuple[str, ...]
    created: float
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    mounts: list[Mounted] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    host_config: dict[str, Any] = field(default_factory=dict)
    state: str = "created"
    exit_code: int = 0
    error: str = ""
    started: float = 0.0
    finished: float = 0.0
    program: Effects | None = None
    removed_when_done: bool = False

    @property
    def task_id(self) -> str:
        """Give the task that it belongs to; empty: it belongs to none."""
        return self.labels.get("com.docker.swarm.task.id", "")

    @property
    def active(self) -> bool:
        """Whether its program runs."""
        return self.state in {"running", "paused", "restarting"}
