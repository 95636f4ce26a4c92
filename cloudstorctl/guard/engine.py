"""Asks the node's own engine, over its unix socket: lists, and the events that follow."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from cloudstorctl.core.model import Plugin
from cloudstorctl.errors import UsageError
from cloudstorctl.guard.unix_http import UnixConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_PATIENCE: Final = 150.0
"""Seconds: an engine waits a minute, and more with an old driver, for a driver that hangs."""
_EVENTS: Final = '/events?filters={"type":["volume","plugin"]}'.replace('"', "%22")


class EngineFailure(Exception):  # noqa: N818 - caught where it is named, never shown
    """The engine gave no answer that can be used; the text says what it was."""


class Info(msgspec.Struct):
    """What the engine says of itself."""

    root: str = msgspec.field(name="DockerRootDir", default="")
    swarm: dict[str, Any] = msgspec.field(name="Swarm", default_factory=dict)

    @property
    def node_id(self) -> str:
        """The swarm's ID of the node; empty outside a swarm."""
        return str(self.swarm.get("NodeID") or "")


class Row(msgspec.Struct):
    """One volume of the engine's list."""

    name: str = msgspec.field(name="Name")
    driver: str = msgspec.field(name="Driver", default="")
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)
    options: dict[str, str] | None = msgspec.field(name="Options", default=None)

    @property
    def is_used(self) -> bool:
        """Whether it shows that this engine has used it; some do not, though it has (measured)."""
        return self.labels is not None or self.options is not None


class _Listing(msgspec.Struct):
    rows: list[Row] | None = msgspec.field(name="Volumes", default=None)
    warnings: list[str] | None = msgspec.field(name="Warnings", default=None)


class _Plugin(msgspec.Struct):
    name: str = msgspec.field(name="Name")
    id: str = msgspec.field(name="Id", default="")
    reference: str = msgspec.field(name="PluginReference", default="")
    enabled: bool = msgspec.field(name="Enabled", default=True)


class _Actor(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")
    attributes: dict[str, str] = msgspec.field(name="Attributes", default_factory=dict)


class Event(msgspec.Struct):
    """What an engine tells of a volume or a plugin."""

    kind: str = msgspec.field(name="Type", default="")
    action: str = msgspec.field(name="Action", default="")
    actor: _Actor = msgspec.field(name="Actor", default_factory=_Actor)


@dataclass(slots=True)
class LocalEngine:
    """The engine on the other end of a unix socket."""

    path: Path
    _stream: UnixConnection | None = field(default=None, init=False)

    @staticmethod
    def at(url: str) -> LocalEngine:
        """Take an address.

        Raises:
            UsageError: it is not that of a unix socket.
        """
        if not url.startswith("unix:///"):
            raise UsageError(
                f"--engine: the guard follows the engine of its own node over a unix socket, such "
                f"as unix:///var/run/docker.sock, not {url}"
            )
        return LocalEngine(Path(url.removeprefix("unix://")))

    def info(self) -> Info:
        """Ask who it is."""
        return self._ask("/info", Info)

    def plugins(self) -> tuple[Plugin, ...]:
        """Ask for its managed plugins."""
        return tuple(
            Plugin(id=row.id, name=row.name, reference=row.reference, enabled=row.enabled)
            for row in self._ask("/plugins", list[_Plugin])
        )

    def volumes(self, driver: str = "") -> tuple[list[Row], bool]:
        """Ask for its volumes, of one driver or of all, and whether they are all.

        Never one by its name: that call can wipe the engine's references (moby
        daemon/volume/service/store.go, getVolume).
        """
        path = "/volumes"
        if driver:
            path += f"?filters={quote(msgspec.json.encode({'driver': [driver]}))}"
        listing = self._ask(path, _Listing)
        return listing.rows or [], not listing.warnings

    def node_id(self) -> str:
        """Ask for the swarm's ID of the node; empty outside a swarm."""
        return self.info().node_id

    def takes_from(self, driver: str, name: str, *, used: bool) -> bool:
        """Ask whether it would remove the volume of this driver, and no other of that name.

        It does where it has `used` it before. Another name it looks for in one driver after the
        other, nobody can tell in which first (as above). The one driver is asked by itself, so that
        another that hangs does not keep it waiting.
        """
        rows, _ = self.volumes(driver)
        found = [row for row in rows if (row.name, row.driver) == (name, driver)]
        if not found or used or found[0].is_used:
            return bool(found)
        rows, complete = self.volumes()
        return complete and all(row.driver == driver for row in rows if row.name == name)

    def events(self) -> Iterator[Event]:
        """Follow what it tells from now on, until the connection ends; asked when this returns."""
        connection = self._stream = UnixConnection(self.path, _PATIENCE)
        try:
            connection.request("GET", _EVENTS)
            # The answer begins at once, before there is an event.
            answer = connection.getresponse()
            if connection.sock is not None:
                connection.sock.settimeout(None)
            if answer.status != http.client.OK:
                raise EngineFailure(f"/events: HTTP {answer.status}")
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            raise EngineFailure(f"/events: {error!r}") from error
        return self._lines(answer)

    def _lines(self, answer: http.client.HTTPResponse) -> Iterator[Event]:
        decoder = msgspec.json.Decoder(Event)
        try:
            while line := answer.readline():
                if line.strip():
                    yield decoder.decode(line)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise EngineFailure(f"/events: {error!r}") from error
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """End the connection that events come on, from any thread."""
        connection, self._stream = self._stream, None
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _ask(self, path: str, shape: type[T]) -> T:
        connection = UnixConnection(self.path, _PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise EngineFailure(f"{path}: {error!r}") from error
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise EngineFailure(f"{path}: HTTP {answer.status}")
        try:
            return msgspec.json.decode(body, type=shape)
        except ValueError as error:
            raise EngineFailure(f"{path}: {error}") from error
