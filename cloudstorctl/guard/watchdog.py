"""Tells systemd that the guard answers, so that one that hangs is replaced (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(slots=True, kw_only=True)
class Watchdog:
    """Whoever waits for a sign of life, at a datagram socket."""

    address: str
    """Its path; it begins with `@` where it is in the abstract namespace."""
    every: float
    """Seconds after which it is to be told again."""
    clock: Callable[[], float] = monotonic
    _told_at: float = field(default=float("-inf"), init=False)

    def tell(self) -> None:
        """Say that all is well, if it is time; that nobody hears it is no harm."""
        now = self.clock()
        if now - self._told_at < self.every:
            return
        self._told_at = now
        path = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
            speaker.setblocking(False)  # noqa: FBT003 - its only parameter
            speaker.sendto(b"WATCHDOG=1", path)


def watchdog_in(environ: Mapping[str, str]) -> Watchdog | None:
    """Find who waits for this process, if anybody does (sd_watchdog_enabled(3)).

    It is told three times within the time after which it would act.
    """
    address, limit = environ.get("NOTIFY_SOCKET", ""), environ.get("WATCHDOG_USEC", "")
    for_this = environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
    if not (address and limit.isdecimal() and int(limit) and for_this):
        return None
    return Watchdog(address=address, every=int(limit) / 3_000_000)
