"""One managed volume plugin on one engine: switched on and off, bent by faults, and on record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from cloudstorctl.demo.node.driver import Cloudstor, DriverError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudstorctl.demo.runtime import Runtime

ALIAS: Final = "cloudstor:aws"
REFERENCE: Final = "docker.io/docker4x/cloudstor:17.06.0-ce-aws2"
SETTINGS: Final = {
    "CLOUD_PLATFORM": "AWS",
    "EFS_ID_REGULAR": "fs-0a1b2c3d4e5f60001",
    "EFS_ID_MAXIO": "fs-0a1b2c3d4e5f60002",
    "AWS_REGION": "eu-west-1",
    "AWS_STACK_ID": (
        "arn:aws:cloudformation:eu-west-1:123456789012:stack/demo/"
        "0a1b2c3d-0000-1111-2222-333344445555"
    ),
    "EFS_SUPPORTED": "1",
    "DEBUG": "1",
}
_INSIDE: Final = {"reg": "/mnt/efs/reg", "max": "/mnt/efs/max", "ebs": "/mnt/ebs"}
_POLL: Final = 0.02  # seconds


class Driver(Protocol):
    """What a plugin is to the engine: answers to the calls of the volume plugin protocol."""

    def answer(self, call: str, request: Mapping[str, Any], /) -> dict[str, Any]:
        """Answer one call, or raise DriverError."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the engine to the driver, as it arrived."""

    at: float
    """Seconds since 1970."""
    call: str
    """Such as Create, Get, List, Remove, Mount."""
    name: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Plugin:
    """A plugin under one name; all names lead to the same storage."""

    id: str
    name: str
    """The local name with its tag: what mounts name as their driver."""
    shared: Path
    """The folder that stands for the file systems: `reg`, `max` and `ebs`."""
    entries: Path
    runtime: Runtime
    reference: str = ""
    enabled: bool = True
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))
    wanted: dict[str, Any] = field(default_factory=dict)
    """`generation`; a fault a call: "error", "hang", seconds, and those of the driver itself; and
    `delay`, seconds before each answer."""
    calls: list[Call] = field(default_factory=list)
    driver: Driver = field(init=False)
    _busy: bool = False

    def __post_init__(self) -> None:
        """Make the driver."""
        self.driver = Cloudstor(
            backings=self.backings, entries=self.entries, wanted=lambda: self.wanted
        )

    @property
    def backings(self) -> dict[str, Path]:
        """Give the folder of each file system."""
        return {kind: self.shared / kind for kind in _INSIDE}

    async def call(self, call: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Call the driver and wait for its answer; one lock serves all calls, as Cloudstor's does.

        Raises:
            DriverError: the driver says that it fails.
        """
        self.calls.append(Call(self.runtime.now(), call, request.get("Name")))
        while self._busy:
            await self.runtime.sleep(_POLL)
        self._busy = True
        try:
            wanted = self.wanted.get(call.lower())
            delay = _seconds(wanted) + _seconds(self.wanted.get("delay"))
            if delay:
                await self.runtime.sleep(delay)
            if wanted == "hang":
                while self.wanted.get(call.lower()) == "hang":
                    await self.runtime.sleep(_POLL)
            return self.driver.answer(call, request)
        finally:
            self._busy = False

    def inside(self, folder: str) -> str:
        """Turn the path of a folder into the one that the driver sees."""
        for kind, root in self.backings.items():
            if folder == str(root) or folder.startswith(f"{root}/"):
                return _INSIDE[kind] + folder.removeprefix(str(root))
        return folder

    def outside(self, path: str) -> Path | None:
        """Turn a path that the driver sees into that of the folder; None: it is no such path."""
        for kind, place in _INSIDE.items():
            if path == place or path.startswith(f"{place}/"):
                return self.backings[kind] / path.removeprefix(place).lstrip("/")
        return None

    def forget(self) -> None:
        """Empty the record of calls and what this node remembers of volumes."""
        self.calls.clear()
        for entry in self.entries.glob("*"):
            entry.unlink()


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


__all__ = ["ALIAS", "REFERENCE", "SETTINGS", "Call", "DriverError", "Plugin"]
