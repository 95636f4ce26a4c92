"""A stack file to the services and volumes that it would make (compose-spec, 05-services.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cloudstorctl.compose.document import Place, document_in
from cloudstorctl.compose.interpolation import Interpolation, Unset
from cloudstorctl.core.doctor import Declared, Stack
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import Mount, MountKind, Service, ServiceId, ServiceMode
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.model import Pairs

_ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_BIND = ("/", ".", "~", "\\")
"""What a source in the short form begins with where it is a path."""
_KINDS = {"volume": MountKind.VOLUME, "bind": MountKind.BIND}


def stack_from(text: bytes, file: str, environ: Mapping[str, str]) -> Stack:
    """Read a stack file, which messages call `file`, with variables from `environ`.

    Only what says where data is kept is looked at, and only its variables are filled in.

    Raises:
        UsageError: it is no YAML, or a part that is looked at has not the shape that it must have.
    """
    return _Reading(document_in(text, file), Interpolation(environ)).stack()


class _Reading:
    """One file on its way to records."""

    def __init__(self, document: Place, variables: Interpolation) -> None:
        self._document = document
        self._variables = variables
        self._unset: dict[Unset, int] = {}
        """Each with the first line that it was missed in."""

    def stack(self) -> Stack:
        volumes = {
            key: self._declared(key, place)
            for key, place in self._document.child("volumes").children()
        }
        services = tuple(
            self._service(name, place, volumes)
            for name, place in self._document.child("services").children()
        )
        file = self._document.file
        return Stack(
            file=file,
            services=services,
            volumes=tuple(volumes.values()),
            findings=tuple(_missing(file, unset, line) for unset, line in self._unset.items()),
        )

    def _declared(self, key: str, place: Place) -> Declared:
        external = place.child("external")
        # In older files the name stands under it.
        named = external.child("name") if isinstance(external.value, dict) else place.child("name")
        return Declared(
            key=key,
            source=self._text(named) or key,
            driver=self._text(place.child("driver")),
            options=self._options(place.child("driver_opts")),
            external=isinstance(external.value, dict) or self._flag(external),
        )

    def _options(self, place: Place) -> Pairs:
        return tuple(sorted((name, self._text(value)) for name, value in place.children()))

    def _service(self, name: str, place: Place, volumes: Mapping[str, Declared]) -> Service:
        deploy = place.child("deploy")
        mode = self._mode(deploy.child("mode"))
        counted = deploy.child("replicas")
        if counted.value is None:
            counted = place.child("scale")
        mounts = tuple(
            mount
            for item in place.child("volumes").items()
            if (mount := self._mount(item, volumes)) is not None
        )
        return Service(
            id=ServiceId(name),
            name=name,
            mode=mode,
            replicas=0 if mode.per_node else self._count(counted),
            mounts=mounts,
        )

    def _mode(self, place: Place) -> ServiceMode:
        written = self._text(place) or ServiceMode.REPLICATED
        try:
            return ServiceMode(written)
        except ValueError:
            return place.refuse(f"one of {', '.join(ServiceMode)}")

    def _mount(self, place: Place, volumes: Mapping[str, Declared]) -> Mount | None:
        if isinstance(place.value, dict):
            written = self._text(place.child("type"))
            return _mount(
                _KINDS.get(written, MountKind.OTHER),
                self._text(
                    place.child("source")
                    if place.child("source").value is not None
                    else place.child("src")
                ),
                self._text(place.child("target")),
                volumes,
                read_only=self._flag(place.child("read_only")),
            )
        source, target, options = _parted(self._text(place))
        kind = MountKind.BIND if _is_path(source) else MountKind.VOLUME
        return _mount(kind, source, target, volumes, read_only="ro" in options.split(","))

    def _text(self, place: Place) -> str:
        """Give a value as text with its variables filled in; null is empty."""
        if place.value is None:
            return ""
        if isinstance(place.value, bool):
            return str(place.value).lower()
        if not isinstance(place.value, str | int | float):
            place.refuse("text")
        try:
            text = self._variables.filled(str(place.value))
        except ValueError as error:
            raise UsageError(
                f"{place.file}, line {place.line}: in {place.name}, {error}."
            ) from error
        for unset in self._variables.missing:
            self._unset.setdefault(unset, place.line)
        return text

    def _flag(self, place: Place) -> bool:
        written = self._text(place).lower()
        if written not in {"", "true", "false"}:
            place.refuse("true or false")
        return written == "true"

    def _count(self, place: Place) -> int:
        """Give a number of replicas, 1 where nothing tells."""
        written = self._text(place)
        if written and not written.isdecimal():
            place.refuse("a whole number")
        return int(written or 1)


def _mount(
    kind: MountKind,
    source: str,
    target: str,
    volumes: Mapping[str, Declared],
    *,
    read_only: bool,
) -> Mount:
    declared = volumes.get(source) if kind is MountKind.VOLUME else None
    if declared is None:
        return Mount(kind, source, target, read_only=read_only)
    return Mount(
        kind,
        declared.source,
        target,
        driver=declared.driver,
        read_only=read_only,
        options=declared.options,
    )


def _parted(written: str) -> tuple[str, str, str]:
    """Part `source:target:options`; a lone path is a target, of a volume without a name."""
    drive = written[:2] if _ON_WINDOWS.match(written) else ""
    parts = written.removeprefix(drive).split(":")
    parts[0] = drive + parts[0]
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], ",".join(parts[2:])


def _is_path(source: str) -> bool:
    return source.startswith(_BIND) or _ON_WINDOWS.match(source) is not None


def _missing(file: str, unset: Unset, line: int) -> Finding:
    if unset.required:
        said = f": {unset.message}" if unset.message else ""
        return Finding(
            code="variable-unset",
            severity=Severity.ERROR,
            about=f"variable {unset.name} in {file}",
            reason=f"Line {line} demands it{said}. It is not set, and the file is not deployed.",
            fix=f"export {unset.name}=…",
        )
    return Finding(
        code="variable-unset",
        severity=Severity.WARNING,
        about=f"variable {unset.name} in {file}",
        reason=f"It is not set, and line {line} gets an empty text in its place.",
        fix=f"export {unset.name}=…",
    )
