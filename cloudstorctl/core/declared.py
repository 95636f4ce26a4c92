"""What stack files would mount, whether or not they are deployed: names to keep."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from cloudstorctl.core.judgement import Claim, ClaimKind, DeclaredBy, Holder, HolderType
from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.templates import ANY_TEXT, Field, Known, fields, yields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.core.model import Pairs

_ANY_STACK = "{{.Service.Name}}"
"""A word that is not known, the same in every place (templates.py, Known.service_name)."""

_NOBODY = "a name that nobody gives"

ANY_LABELS = (("", "/"),)
"""Labels that are not known: any of them may have a slash."""


_NO_SERVICE = Known(service_labels=ANY_LABELS, job=True)
"""What is known where no service of the file mounts a volume."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredVolume:
    """A named volume of a file as it is written there, with ANY_TEXT for what is not known."""

    key: str
    name: str = ""
    """Its own name, or a template of it; empty: it is named by its stack and its key."""
    driver: str = ""
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredService:
    """A service of a file."""

    name: str
    mounts: tuple[Mount, ...] = ()
    """The source of a volume is its key."""
    labels: Pairs = ANY_LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStack:
    """What one file says of services and volumes."""

    file: str
    stack: str = ""
    """The name that it is deployed under; empty: any."""
    project: str = ""
    """The file that names this one; empty: it stands for itself."""
    services: tuple[DeclaredService, ...] = ()
    volumes: tuple[DeclaredVolume, ...] = ()


class Wanted(NamedTuple):
    """A mount that a stack would have, with what is known of its tasks."""

    mount: Mount
    known: Known
    claim: Claim


def declared_by(stacks: Iterable[DeclaredStack]) -> DeclaredBy | None:
    """Tell which files these are from, and hash what they keep; None: there is none."""
    stacks = tuple(stacks)
    if not stacks:
        return None
    told = sorted({(*each.mount[:4], each.known.service_name or "") for each in wanted_by(stacks)})
    canonical = json.dumps(told, separators=(",", ":"))
    return DeclaredBy(
        files=tuple(dict.fromkeys((each.file, each.stack) for each in stacks)),
        digest=f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}",
    )


def wanted_by(stacks: Iterable[DeclaredStack]) -> Iterator[Wanted]:
    """Give every mount that the stacks would have, and of volumes in no mount one of any service.

    Files of one stack may be deployed together: a service of one may mount a volume of another.
    Without the name of a stack, these are a file and those that it includes.
    """
    together: dict[tuple[str, str], list[DeclaredStack]] = defaultdict(list)
    for stack in stacks:
        project = "" if stack.stack else stack.project or stack.file
        together[stack.stack, project].append(stack)
    for (name, _), files in together.items():
        yield from _Together(name, files).wanted()


def of_any_name(stacks: Iterable[DeclaredStack]) -> tuple[tuple[str, str], ...]:
    """Give the sources, each with its file, that keep every volume: any name fits."""
    return tuple(
        dict.fromkeys(
            (wanted.mount.source, wanted.claim.holder.name)
            for wanted in wanted_by(stacks)
            if wanted.mount.kind is MountKind.VOLUME
            and wanted.mount.source
            and yields(wanted.mount.source, wanted.known).matches(_NOBODY) is not None
        )
    )


class _Together:
    """All files of one stack."""

    def __init__(self, stack: str, files: list[DeclaredStack]) -> None:
        self._stack = stack
        self._files = files
        self._volumes: dict[str, list[DeclaredVolume]] = defaultdict(list)
        for file in files:
            for volume in file.volumes:
                self._volumes[volume.key].append(volume)

    def wanted(self) -> Iterator[Wanted]:
        mounted: set[str] = set()
        for file in self._files:
            for service in file.services:
                told = f"declared by service {service.name}"
                known = Known(
                    service_name=f"{self._stack or _ANY_STACK}_{service.name}",
                    service_labels=service.labels,
                    job=True,  # with it a slot may be any number, or a node's ID
                )
                for mount in service.mounts:
                    mounted.update(self._keys(mount))
                    for each, written in self._resolved(mount):
                        yield self._one(file, each, told, known if written else _NO_SERVICE)
        for file in self._files:
            for volume in file.volumes:
                if volume.key not in mounted:
                    for mount, _ in self._named(Mount(MountKind.VOLUME, ""), [volume]):
                        yield self._one(file, mount, "declared", _NO_SERVICE)

    def _one(self, file: DeclaredStack, mount: Mount, told: str, known: Known) -> Wanted:
        # What stands for a text that is not known looks like a label; it has no end within it.
        if Field.SERVICE_LABELS not in fields(mount.source.replace(ANY_TEXT, "")):
            known = replace(known, service_labels=())
        stack = f"stack {self._stack.replace(ANY_TEXT, '*')}" if self._stack else "any stack"
        claim = Claim(
            kind=ClaimKind.PROTECTED,
            holder=Holder(type=HolderType.CONFIGURATION, id=file.file, name=file.file),
            detail=f"{told} in {file.file}, as {stack}",
        )
        return Wanted(mount, known, claim)

    def _keys(self, mount: Mount) -> tuple[str, ...]:
        """Give the keys of volumes that the source of a mount may be."""
        if mount.kind is not MountKind.VOLUME or not mount.source:
            return ()
        if ANY_TEXT not in mount.source:
            return (mount.source,) if mount.source in self._volumes else ()
        form = yields(mount.source, Known())
        return tuple(key for key in self._volumes if form.matches(key) is not None)

    def _resolved(self, mount: Mount) -> Iterator[tuple[Mount, bool]]:
        """Give the mount with every name and driver that its volume may have.

        The names are those of docker/cli cli/compose/convert/volume.go and of compose-spec,
        07-volumes.md. With each: whether the name is written, so that templates in it are filled.
        """
        if mount.kind is not MountKind.VOLUME or not mount.source:
            yield mount, True
            return
        keys = self._keys(mount)
        for key in keys:
            yield from self._named(mount, self._volumes[key])
        if mount.source not in keys:
            # Declared by a file that is not here, under a name that is not known.
            yield mount, True
            for name, written in self._names(DeclaredVolume(key=mount.source)):
                yield mount._replace(source=name), written

    def _named(self, mount: Mount, volumes: list[DeclaredVolume]) -> Iterator[tuple[Mount, bool]]:
        """Give the mount with each name of these volumes, and each driver that files give them."""
        drivers = {each.driver for volume in volumes for each in self._volumes[volume.key]}
        names = {name for volume in volumes for name in self._names(volume)}
        for name, written in sorted(names):
            for driver in sorted(drivers):
                yield mount._replace(source=name, driver=driver), written

    def _names(self, volume: DeclaredVolume) -> tuple[tuple[str, bool], ...]:
        if volume.name:
            return ((volume.name, True),)
        if volume.external:
            return ((volume.key, True),)
        if self._stack:
            return ((f"{self._stack}_{volume.key}", False),)
        return ((f"{_ANY_STACK}_{volume.key}", False), (volume.key, False))
