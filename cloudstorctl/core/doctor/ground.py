"""Where services stand whose mounts are checked: in a swarm, or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from cloudstorctl.core.family import Family
    from cloudstorctl.core.model import Mount, Service


class Resolved(NamedTuple):
    """What a mount that names no driver gets."""

    names: tuple[str, ...]
    """Cloudstor volumes that exist under the name that it yields."""
    everywhere: bool
    """Whether each node lists them."""
    local: tuple[str, ...] = ()
    """Nodes, by hostname, that list a volume of the `local` driver under such a name."""
    may_be_local: bool = True
    """Whether a node may have one without being among these."""


class Ground(Protocol):
    """What the checks on a mount need to know of its surroundings, and how a mount is changed."""

    @property
    def family(self) -> Family:
        """Give the driver names that are Cloudstor."""

    @property
    def driver(self) -> str:
        """Give the name by which mounts should ask for the driver."""

    def nodes(self, service: Service) -> int | None:
        """Give the number of nodes that a service may run on, where it is known."""

    def about(self, service: Service) -> str:
        """Name a service as the user would."""

    def about_options(self, service: Service, mount: Mount) -> str:
        """Name what the options of a mount belong to."""

    def is_elsewhere(self, service: Service, mount: Mount, mode: str) -> bool:
        """Whether a volume of the mount exists in another performance mode than `reg` or `max`."""

    def about_volume(self, name: str) -> str:
        """Name a volume likewise."""

    def steady(self, service: Service) -> str:
        """Give the action that tells the tasks of a service apart, and stays with each of them."""

    def words(self, mount: Mount) -> tuple[str, ...]:
        """Give what tells a mount from others, the clearest first, for a name."""

    def is_taken(self, service: Service, mount: Mount, source: str) -> bool:
        """Whether a new name for a mount would meet one that something else has, or may get."""

    def changed(self, service: Service, mount: Mount) -> str:
        """Give the command, or the lines, that put `mount` in the place of that at its target."""

    def copied(self, service: Service, before: Mount, after: Mount) -> str:
        """Give the command that copies the data of one mount to another, for a first task."""

    def lasting(self, service: Service) -> str:
        """Give a sentence, with a blank before it, about what would undo the change; or nothing."""

    def resolved(self, service: Service, mount: Mount) -> Resolved:
        """Say which volumes a mount that names no driver gets."""

    def is_external(self, mount: Mount) -> bool:
        """Whether its volume is to exist before the service does."""
