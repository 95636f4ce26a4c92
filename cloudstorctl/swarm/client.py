"""One engine, asked in the API's own terms: each question is one request."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

from cloudstorctl.swarm import decode
from cloudstorctl.swarm.bodies import blaming
from cloudstorctl.swarm.connection import open_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.core.model import Container, Node, NodeId, Plugin, Service, Task, VolumeName
    from cloudstorctl.swarm.endpoints import Endpoint, TlsFiles
    from cloudstorctl.swarm.ports import Carrier, Connects, EngineIdentity, VolumeListing

_T = TypeVar("_T")

REMOVAL_TIMEOUT = 180.0
"""Seconds: the engine itself gives a driver one to two minutes (moby pkg/plugins, proxy.go)."""


def open_client(
    endpoint: Endpoint,
    *,
    tls: TlsFiles | None,
    timeout: float,
    connect: Connects = open_connection,
) -> Client:
    """Make a client for the engine at `endpoint`; `timeout` is in seconds, for one request.

    Raises:
        EngineUnreachableError: the forward or the files that it needs are not there.
    """
    return Client(connect(endpoint, tls=tls, timeout=timeout))


class Client:
    """Reads one engine, and sends removals to it; callers see one side of it (ports.py)."""

    def __init__(self, connection: Carrier) -> None:
        """Ask over `connection`."""
        self._connection = connection
        self._known: dict[str, tuple[bytes, tuple[object, ...]]] = {}
        """Digest of the last answer to a path, with its records."""

    @property
    def address(self) -> str:
        """Where it is, as the user gave it."""
        return self._connection.address

    def rest(self) -> None:
        """Keep no connection until the next question."""
        self._connection.rest()

    def close(self) -> None:
        """End the connection, and the forward that carries it."""
        self._connection.close()

    def identity(self) -> EngineIdentity:
        """Who answers."""
        return self._read(decode.identity_from, "/info")

    def volumes(self, node: NodeId) -> VolumeListing:
        """Its volume list. Never `/volumes/{name}`: that call can wipe the engine's references.

        Source: moby volume/service/store.go, getVolume, which purges what the driver denies.
        """
        return self._read(lambda body: decode.listing_from(body, node), "/volumes")

    def containers(self, node: NodeId) -> tuple[Container, ...]:
        """Every container in any state; the engine's own filter by volume is too loose."""
        return self._read(
            lambda body: decode.containers_from(body, node), "/containers/json", all="1"
        )

    def plugins(self) -> tuple[Plugin, ...]:
        """The managed volume plugins."""
        return self._read(decode.plugins_from, "/plugins")

    def nodes(self) -> tuple[Node, ...]:
        """The members of the swarm."""
        return self._read_rows(decode.nodes_from, "/nodes")

    def services(self) -> tuple[Service, ...]:
        """Every service, with its previous spec."""
        return self._read_rows(decode.services_from, "/services")

    def tasks(self) -> tuple[Task, ...]:
        """Every task the managers still know."""
        return self._read_rows(decode.tasks_from, "/tasks")

    def remove_volume(self, name: VolumeName) -> None:
        """Ask once, without force, that the volume be removed.

        A slash in the name is part of the path for the engine's router (moby
        api/server/router/volume, `{name:.*}`), and everything else is escaped.
        """
        self._connection.delete(f"/volumes/{quote(name, safe='/')}", timeout=REMOVAL_TIMEOUT)

    def _read(self, record_from: Callable[[bytes], _T], path: str, **params: str) -> _T:
        body = self._connection.body(path, **params)
        with blaming(self.address, path, body):
            return record_from(body)

    def _read_rows(
        self, records_from: Callable[[bytes], tuple[_T, ...]], path: str
    ) -> tuple[_T, ...]:
        """Read a list of the swarm's state, which is asked again and again and seldom changes.

        The same answer gives the same records, and they are not made again.
        """
        body = self._connection.body(path)
        digest = sha256(body).digest()
        known = self._known.get(path)
        if known is not None and known[0] == digest:
            return cast("tuple[_T, ...]", known[1])
        with blaming(self.address, path, body):
            records = records_from(body)
        self._known[path] = (digest, records)
        return records
