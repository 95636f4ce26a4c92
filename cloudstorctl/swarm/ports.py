"""What may be asked of an engine: reading and removing are different types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from cloudstorctl.core.model import (
        Container,
        Entry,
        Node,
        NodeId,
        Pairs,
        Plugin,
        Service,
        Task,
        VolumeName,
    )
    from cloudstorctl.swarm.endpoints import Endpoint, TlsFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineIdentity:
    """Who answers at an address."""

    node_id: NodeId | None
    """Its own node in the swarm; None where it is in no swarm."""
    hostname: str
    cluster_id: str
    """Empty where the engine is a worker or in no swarm: only managers tell."""
    manager: bool
    """Whether it answers for the swarm: an active manager."""
    trouble: str = ""
    """What keeps it from taking part in its swarm, such as the lack of a leader."""
    root_dir: str
    time: datetime | None = None
    """What its clock says; None where it does not tell."""
    authorization: tuple[str, ...] = ()
    """The authorization plugins that it asks, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeListing:
    """One answer to `GET /volumes`."""

    entries: tuple[Entry, ...]
    cluster_volumes: tuple[VolumeName, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Named data that the managers keep for the swarm."""

    id: str
    name: str
    labels: Pairs
    data: bytes
    version: int
    """Counts the changes of the whole swarm, and tells the last one of this config."""


class ReadsEngine(Protocol):
    """Reads one engine. It has no way to remove, so what is handed one cannot delete.

    Every method sends one request and raises EngineError where it gets no usable answer.
    """

    @property
    def address(self) -> str:
        """Where it is, as the user gave it."""

    def identity(self) -> EngineIdentity:
        """Who answers (`/info`)."""

    def volumes(self, node: NodeId) -> VolumeListing:
        """Its volume list, with `Warnings` (`/volumes`)."""

    def containers(self, node: NodeId) -> tuple[Container, ...]:
        """Every container in any state, with its mounts (`/containers/json?all=1`)."""

    def plugins(self) -> tuple[Plugin, ...]:
        """The managed volume plugins (`/plugins`)."""

    def rest(self) -> None:
        """End a row of questions: they share a connection, which is not kept any longer."""


class ReadsManager(ReadsEngine, Protocol):
    """Reads the swarm through one of its managers."""

    def nodes(self) -> tuple[Node, ...]:
        """The members of the swarm (`/nodes`)."""

    def services(self) -> tuple[Service, ...]:
        """Every service, with its previous spec (`/services`)."""

    def tasks(self) -> tuple[Task, ...]:
        """Every task the managers still know (`/tasks`)."""

    def configs(self, prefix: str) -> tuple[Config, ...]:
        """Give the configs whose names begin with `prefix` (`/configs`)."""


class KeepsConfigs(ReadsManager, Protocol):
    """Writes configs through a manager: handed out by swarm/keeping.py alone.

    Every method sends one request, once. The managers agree on the order of changes (raft), so
    that of two who make a config of one name only one succeeds.
    """

    def create_config(self, name: str, *, labels: Pairs, data: bytes) -> None:
        """Make a config.

        Raises:
            EngineAnsweredError: 409 where there is one of that name already.
            EngineError: anything else; it may have been made.
        """

    def relabel_config(self, config: Config, labels: Pairs) -> None:
        """Give a config other labels, if nobody has changed it since it was read.

        Raises:
            EngineAnsweredError: somebody has, or it is gone.
            EngineError: anything else; it may have been changed.
        """

    def remove_config(self, identifier: str) -> bool:
        """Remove the config of this ID; gives whether it was still there.

        Raises:
            EngineError: it is not known whether it is gone.
        """


class Pings(Protocol):
    """Asks an engine whether it is there: handed to swarm/pings.py and to nothing else."""

    def refusal_of_ping(self, parameter: tuple[str, str]) -> str | None:
        """Why `/_ping` with this parameter is refused (403); None: it is answered.

        Raises:
            EngineError: no usable answer.
        """

    def rest(self) -> None:
        """Keep no connection for the next question."""


class RemovesVolumes(Protocol):
    """Sends removals to one engine: handed to swarm/remove.py and to nothing else."""

    @property
    def address(self) -> str:
        """Where it is, as the user gave it."""

    def remove_volume(self, name: VolumeName, ticket: str = "") -> None:
        """Ask once, without force, that the volume be removed (`DELETE /volumes/{name}`).

        `ticket` is the secret that is shown to the node's guard; empty: none. A return says only
        that the engine claims success.

        Raises:
            EngineAnsweredError: the engine refused (409: one of its containers refers to it).
            EngineTimeoutError: no answer in time; the removal may still happen.
            EngineError: anything else; the request may or may not have arrived.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """One container to run: it mounts one volume, which exists, and has nothing else."""

    name: str
    image: str
    command: tuple[str, ...]
    labels: Pairs
    volume: VolumeName
    driver: str
    target: str
    read_only: bool


class RunsContainers(Protocol):
    """Runs containers on one engine: handed to swarm/container_runs.py and to nothing else.

    Every method sends one request, once, and raises EngineError where it gets no usable answer: of
    EngineUnreachableError alone it is sure that the request did not arrive.
    """

    @property
    def address(self) -> str:
        """Where it is, as the user gave it."""

    def volumes_of_image(self, image: str) -> tuple[str, ...] | None:
        """Give the paths for which the image wants volumes; None: the engine does not have it."""

    def pull_image(self, image: str) -> None:
        """Fetch an image from its registry.

        Raises:
            PayloadError: the registry does not have it, or does not give it.
        """

    def create_container(self, spec: ContainerSpec) -> None:
        """Make a container. An engine makes the volume too if it has none of that name."""

    def start_container(self, name: str) -> None:
        """Start it."""

    def wait_for_container(self, name: str) -> int:
        """Give its exit code when it has ended."""

    def kill_container(self, name: str) -> None:
        """End its program."""

    def remove_container(self, name: str) -> None:
        """Remove one that has ended, without force, and none of its volumes."""


class Carrier(Protocol):
    """Carries requests to one engine; the errors are those of swarm/connection.py."""

    @property
    def address(self) -> str:
        """Where it is, as the user gave it."""

    def body(self, path: str, /, **params: str) -> bytes:
        """Ask for an API path, and give its answer as it came."""

    def delete(self, path: str, timeout: float, headers: Pairs = ()) -> None:
        """Send one DELETE for an API path, with these headers besides the usual ones."""

    def post(
        self, path: str, /, *, timeout: float, payload: bytes | None = None, **params: str
    ) -> bytes:
        """Send one POST for an API path, with JSON in it or without, and give its answer."""

    def rest(self) -> None:
        """Keep no connection for the next request."""

    def close(self) -> None:
        """End what is going on, for good."""


class Connects(Protocol):
    """Gives the way to an engine; nothing is sent yet."""

    def __call__(self, endpoint: Endpoint, *, tls: TlsFiles | None, timeout: float) -> Carrier:
        """Give the way to `endpoint`, on which a GET has `timeout` seconds."""
