"""A stack that is not deployed yet, as the ground of its services."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.ground import Resolved
from cloudstorctl.core.doctor.installed import DOCUMENTED_ALIAS
from cloudstorctl.core.doctor.naming import SLOT, taken_by
from cloudstorctl.core.family import Family  # noqa: TC001 - dataclass annotations
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.gotemplate import Opaque, parts_of
from cloudstorctl.core.model import MountKind, Pairs, Service
from cloudstorctl.core.mounting import as_word
from cloudstorctl.core.placement import is_fixed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.model import Mount


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A named volume of a file."""

    key: str
    source: str
    """What mounts of it have as their source: its `name`, or else its key."""
    named: bool = False
    """Whether that is the whole name: else a deployment puts the stack's name before the key."""
    driver: str = ""
    options: Pairs = ()
    labels: Pairs = ()
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What one file says of services and volumes."""

    file: str
    services: tuple[Service, ...] = ()
    volumes: tuple[Declared, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What was wrong already when it was read, such as a variable that is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGround:
    """A file: nothing of it exists yet, and it is changed by writing other lines."""

    stack: Stack
    family: Family

    @property
    def driver(self) -> str:
        """Give the first Cloudstor driver that the file names, else the documented alias."""
        named = (volume.driver for volume in self.stack.volumes if volume.driver)
        return next((name for name in named if self.family.includes(name)), DOCUMENTED_ALIAS)

    def nodes(self, service: Service) -> int | None:
        """The file does not tell, but where it names the one machine."""
        return 1 if is_fixed(service) else None

    def about(self, service: Service) -> str:
        """Name a service and its file."""
        return f"service {service.name} in {self.stack.file}"

    def about_options(self, service: Service, mount: Mount) -> str:
        """They are declared once for all services."""
        declared = self._declared(mount.source)
        return self.about_volume(declared.key) if declared else self.about(service)

    def is_elsewhere(self, service: Service, mount: Mount, mode: str) -> bool:
        """No volume exists yet, as far as is known."""
        del service, mount, mode
        return False

    def about_volume(self, name: str) -> str:
        """Name a volume and its file."""
        return f"volume {name} in {self.stack.file}"

    def steady(self, service: Service) -> str:
        """Give the slot, in any mode: one volume may be declared for services of several."""
        del service
        return SLOT

    def words(self, mount: Mount) -> tuple[str, ...]:
        """Give the key, which no other volume of the file has."""
        declared = self._declared(mount.source)
        return (declared.key,) if declared else (mount.target,)

    def is_taken(self, service: Service, mount: Mount, source: str) -> bool:
        """Whether another service or volume of the file has the name, or may get it."""
        names = (volume.source for volume in self.stack.volumes)
        return taken_by(self.stack.services, names, self.family).has(service, mount, source)

    def changed(self, service: Service, mount: Mount) -> str:
        """Give the declaration that the volume of a mount should have, as YAML in one line."""
        at_target = (m.source for m in service.mounts if m.target == mount.target)
        before = next(at_target, mount.source)
        declared = self._declared(before)
        if declared:
            # Without a name of its own, an external volume's key would get the stack's name too.
            whole = declared.named or declared.external
            return self.declaration(declared.key, mount, whole=whole)
        # An anonymous volume has no declaration, and its mount has to name one.
        key = as_word(mount.target) or "data"
        return f"{self.declaration(key, mount)}  # and {key}:{mount.target} in {service.name}"

    @staticmethod
    def declaration(key: str, mount: Mount, *, whole: bool = False) -> str:
        """Write the declaration of a volume that a mount like this comes from.

        With `whole` the source is its name also where it is the key.
        """
        told: dict[str, object] = {"driver": mount.driver}
        if mount.options:
            told["driver_opts"] = dict(mount.options)
        if mount.labels:
            told["labels"] = dict(mount.labels)
        if whole or mount.source != key:
            told["name"] = mount.source
        return f"volumes: {{{key}: {json.dumps(told, ensure_ascii=False)}}}"

    def copied(self, service: Service, before: Mount, after: Mount) -> str:
        """Nothing is there to be copied: which stacks were deployed before is not known."""
        del service, before, after
        return ""

    def lasting(self, service: Service) -> str:
        """Nothing undoes a change of the file itself."""
        del service
        return ""

    def resolved(self, service: Service, mount: Mount) -> Resolved:
        """No volume exists yet."""
        del service, mount
        return Resolved((), everywhere=False)

    def is_external(self, mount: Mount) -> bool:
        """Whether the file declares its volume as external."""
        declared = self._declared(mount.source)
        return declared is not None and declared.external

    def _declared(self, source: str) -> Declared | None:
        return next((volume for volume in self.stack.volumes if volume.source == source), None)


def as_declared(service: Service, stack: Stack) -> Service:
    """Give the service with those volume mounts alone whose volume the file declares."""
    declared = {volume.source for volume in stack.volumes}
    mounts = tuple(
        mount
        for mount in service.mounts
        if mount.kind is not MountKind.VOLUME or not mount.source or mount.source in declared
    )
    return replace(service, mounts=mounts)


def stack_findings(service: Service, ground: StackGround) -> Iterator[Finding]:
    """Say what only a file can have wrong, or only a file has to be told."""
    declared = as_declared(service, ground.stack)
    for mount in service.mounts:
        if mount not in declared.mounts:
            wanted = mount._replace(driver=ground.driver)
            key = mount.source if "{{" not in mount.source else "data"
            yield Finding(
                code="volume-not-declared",
                severity=Severity.ERROR,
                about=ground.about(service),
                reason=(
                    f"It mounts {mount.source} at {mount.target}, and the file declares no volume "
                    "of that name: it is not deployed. A template has its place in the 'name' of a "
                    "declared volume."
                ),
                fix=ground.declaration(key, wanted),
            )
    for mount in declared.mounts:
        if (
            mount.kind is MountKind.VOLUME
            and ground.family.claims_through(mount.driver)
            and Opaque.ACTION in parts_of(mount.source)
        ):
            yield Finding(
                code="template-unreadable",
                severity=Severity.WARNING,
                about=ground.about(service),
                reason=(
                    f"What {mount.source} at {mount.target} yields cannot be told before a task "
                    "runs, if the swarm takes it at all: no volume could be proved unused while "
                    "this service is there."
                ),
            )
