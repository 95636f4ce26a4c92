"""What one engine tells of what has happened: the last events, and who listens."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.demo.node.container import Mounted

Event = dict[str, Any]

_KEPT = 256  # moby daemon/events/events.go


class EventLog:
    """A ring of events, and a growing count of them for who follows."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Start empty."""
        self._now = now
        self._ring: deque[Event] = deque(maxlen=_KEPT)
        self.count = 0

    def add(
        self, kind: str, action: str, actor: str, attributes: dict[str, str], scope: str = "local"
    ) -> None:
        """Note what has happened."""
        at = self._now()
        event: Event = {
            "Type": kind,
            "Action": action,
            "Actor": {"ID": actor, "Attributes": attributes},
            "scope": scope,
            "time": int(at),
            "timeNano": int(at * 1e9),
        }
        if kind == "container":
            # Written beside the new fields for old clients (moby api/types/events).
            event = {
                "status": action,
                "id": actor,
                "from": attributes.get("image", ""),
                **event,
            }
        self._ring.append(event)
        self.count += 1

    def volume(self, action: str, name: str, driver: str, **more: str) -> None:
        """Note what has happened to a volume."""
        self.add("volume", action, name, {"driver": driver, **more})

    def mounted(self, mount: Mounted, driver: str, container: str) -> None:
        """Note that a volume has been mounted for a container."""
        more = {
            "container": container,
            "destination": mount.destination,
            "propagation": "",
            "read/write": "false" if mount.read_only else "true",
        }
        self.volume("mount", mount.name, driver, **more)

    def between(self, since: float | None, until: float | None) -> list[Event]:
        """Give the events of a time, both ends in seconds since 1970."""
        return [
            event
            for event in self._ring
            if (since is None or event["timeNano"] >= since * 1e9)
            and (until is None or event["timeNano"] <= until * 1e9)
        ]

    def after(self, count: int) -> list[Event]:
        """Give the events since the log had `count` of them."""
        missing = min(self.count - count, len(self._ring))
        return list(self._ring)[len(self._ring) - missing :] if missing else []
