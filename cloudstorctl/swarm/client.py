"""One engine, asked in the API's own terms: each question is one request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

from cloudstorctl.core.ticket import HEADER
from cloudstorctl.errors import EngineAnsweredError, PayloadError
from cloudstorctl.swarm import config_request, container_request, decode, decode_state
from cloudstorctl.swarm.bodies import blaming
from cloudstorctl.swarm.connection import open_connection
from cloudstorctl.swarm.failures import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.core.model import (
        Container,
        Node,
        NodeId,
        Pairs,
        Plugin,
        Service,
        Task,
        VolumeName,
    )
    from cloudstorctl.swarm.endpoints import Endpoint, TlsFiles
    from cloudstorctl.swarm.ports import (
        Carrier,
        Config,
        Connects,
        ContainerSpec,
        EngineIdentity,
        VolumeListing,
    )

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that requests may take which do more than ask."""

    driver: float = 180.0
    """What the driver has a part in: the engine itself gives it one to two minutes (moby
    pkg/plugins, proxy.go)."""
    run: float = 60.0
    """A container that writes or reads one small file."""
    clean_up: float = 30.0
    """The end of a container: an engine gives a killed program ten (moby daemon/kill.go)."""
    manager: float = 30.0
    """A small change that the managers have to agree on."""
    pull: float = 600.0
    """An image from its registry."""


PATIENCE = Patience()
_NOT_FOUND = 404
_FORBIDDEN = 403


def open_client(
    endpoint: Endpoint,
    *,
    tls: TlsFiles | None,
    timeout: float,
    connect: Connects = open_connection,
    patience: Patience = PATIENCE,
) -> Client:
    """Make a client for the engine at `endpoint`; `timeout` is in seconds, for one request.

    Raises:
        EngineUnreachableError: the forward or the files that it needs are not there.
    """
    return Client(connect(endpoint, tls=tls, timeout=timeout), patience)


class Client:
    """Reads one engine, removes volumes, runs containers; callers see one side of it (ports.py)."""

    def __init__(self, connection: Carrier, patience: Patience = PATIENCE) -> None:
        """Ask over `connection`."""
        self._connection = connection
        self._patience = patience
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

    def refusal_of_ping(self, parameter: tuple[str, str]) -> str | None:
        """Why `/_ping` with this parameter is refused; None: it is answered."""
        name, value = parameter
        try:
            self._connection.body("/_ping", **{name: value})
        except EngineAnsweredError as error:
            if error.status == _FORBIDDEN:
                return error.cause
            raise
        return None

    def nodes(self) -> tuple[Node, ...]:
        """The members of the swarm."""
        return self._read_rows(decode_state.nodes_from, "/nodes")

    def services(self) -> tuple[Service, ...]:
        """Every service, with its previous spec."""
        return self._read_rows(decode_state.services_from, "/services")

    def tasks(self) -> tuple[Task, ...]:
        """Every task the managers still know."""
        return self._read_rows(decode_state.tasks_from, "/tasks")

    def configs(self, prefix: str) -> tuple[Config, ...]:
        """Give the configs whose names begin so (swarmkit manager/controlapi, NamePrefixes)."""
        filters = json.dumps({"name": [prefix]})
        return self._read(config_request.configs_from, "/configs", filters=filters)

    def create_config(self, name: str, *, labels: Pairs, data: bytes) -> None:
        """Make a config."""
        self._connection.post(
            "/configs/create",
            timeout=self._patience.manager,
            payload=config_request.payload_of(name, labels, data),
        )

    def relabel_config(self, config: Config, labels: Pairs) -> None:
        """Change a config's labels, which is all that may change of one."""
        self._connection.post(
            f"/configs/{config.id}/update",
            timeout=self._patience.manager,
            payload=config_request.payload_of(config.name, labels, config.data),
            version=str(config.version),
        )

    def remove_config(self, identifier: str) -> bool:
        """Remove a config by its ID."""
        try:
            self._connection.delete(f"/configs/{identifier}", timeout=self._patience.manager)
        except EngineAnsweredError as error:
            if error.status != _NOT_FOUND:
                raise
            return False
        return True

    def remove_volume(self, name: VolumeName, ticket: str = "") -> None:
        """Ask once, without force, that the volume be removed.

        A slash in the name is part of the path for the engine's router (moby
        api/server/router/volume, `{name:.*}`), and everything else is escaped.
        """
        self._connection.delete(
            f"/volumes/{quote(name, safe='/')}",
            timeout=self._patience.driver,
            headers=((HEADER, ticket),) if ticket else (),
        )

    def volumes_of_image(self, image: str) -> tuple[str, ...] | None:
        """Give the paths for which an image wants volumes; None: it is not there."""
        try:
            return self._read(
                container_request.volumes_of_image_from,
                f"/images/{quote(image, safe='/:@')}/json",
            )
        except EngineAnsweredError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def pull_image(self, image: str) -> None:
        """Fetch an image, as anybody may: no credentials are sent."""
        repository, tag = container_request.reference_parts(image)
        path = "/images/create"
        body = self._connection.post(
            path, timeout=self._patience.pull, fromImage=repository, tag=tag
        )
        with blaming(self.address, path, body):
            error = container_request.pull_error_in(body)
        if error:
            raise PayloadError(self.address, path, quoted(error))

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a container; the engine asks the driver for its volume."""
        self._connection.post(
            "/containers/create",
            timeout=self._patience.driver,
            payload=container_request.payload_of(spec),
            name=spec.name,
        )

    def start_container(self, name: str) -> None:
        """Start it; the engine has the driver mount its volume."""
        self._connection.post(f"/containers/{name}/start", timeout=self._patience.driver)

    def wait_for_container(self, name: str) -> int:
        """Give its exit code when it has ended, which it may have done already."""
        path = f"/containers/{name}/wait"
        body = self._connection.post(path, timeout=self._patience.run)
        with blaming(self.address, path, body):
            return container_request.exit_code_from(body)

    def kill_container(self, name: str) -> None:
        """End its program."""
        self._connection.post(f"/containers/{name}/kill", timeout=self._patience.clean_up)

    def remove_container(self, name: str) -> None:
        """Remove it, without force and without its volumes."""
        self._connection.delete(f"/containers/{name}", timeout=self._patience.clean_up)

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
