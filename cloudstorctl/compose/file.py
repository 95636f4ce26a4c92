"""A stack file to the services and volumes that it would make (compose-spec, 05-services.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.compose.document import Place, document_in
from cloudstorctl.compose.interpolation import Interpolation, Unset
from cloudstorctl.compose.reading import Values, external_name
from cloudstorctl.core.doctor import Declared, Stack
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import Mount, MountKind, Service, ServiceId, ServiceMode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.model import Pairs


def stack_from(text: bytes, file: str, environ: Mapping[str, str]) -> Stack:
    """Read a stack file, which messages call `file`, with variables from `environ`.

    Only what says where data is kept is looked at, and only its variables are filled in.

    Raises:
        UsageError: it is no YAML, or a part that is looked at has not the shape that it must have.
    """
    return _Reading(document_in(text, file), Values(Interpolation(environ))).stack()


class _Reading:
    """One file on its way to records."""

    def __init__(self, document: Place, values: Values) -> None:
        self._document = document
        self._values = values

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
            findings=tuple(
                _missing(file, unset, line) for unset, line in self._values.unset.items()
            ),
        )

    def _declared(self, key: str, place: Place) -> Declared:
        external = place.child("external")
        name = self._values.text(external_name(place))
        return Declared(
            key=key,
            source=name or key,
            named=bool(name),
            driver=self._values.text(place.child("driver")),
            options=self._options(place.child("driver_opts")),
            labels=self._labels(place.child("labels")),
            external=isinstance(external.value, dict) or self._values.flag(external),
        )

    def _options(self, place: Place) -> Pairs:
        return tuple(sorted((name, self._values.text(value)) for name, value in place.children()))

    def _labels(self, place: Place) -> Pairs:
        """Read labels, which are a mapping, or a list of `name=value`."""
        if not isinstance(place.value, list):
            return self._options(place)
        written = (self._values.text(item).partition("=") for item in place.items())
        return tuple(sorted((name, value) for name, _, value in written))

    def _service(self, name: str, place: Place, volumes: Mapping[str, Declared]) -> Service:
        deploy = place.child("deploy")
        mode = self._mode(deploy.child("mode"))
        counted = deploy.child("replicas")
        if counted.value is None:
            counted = place.child("scale")
        mounts = tuple(
            _resolved(self._values.mount(item), volumes) for item in place.child("volumes").items()
        )
        return Service(
            id=ServiceId(name),
            name=name,
            mode=mode,
            replicas=0 if mode.per_node else self._count(counted),
            mounts=mounts,
            constraints=tuple(
                self._values.text(item)
                for item in deploy.child("placement").child("constraints").items()
            ),
        )

    def _mode(self, place: Place) -> ServiceMode:
        written = self._values.text(place) or ServiceMode.REPLICATED
        try:
            return ServiceMode(written)
        except ValueError:
            return place.refuse(f"one of {', '.join(ServiceMode)}")

    def _count(self, place: Place) -> int:
        """Give a number of replicas, 1 where nothing tells."""
        written = self._values.text(place)
        if written and not written.isdecimal():
            place.refuse("a whole number")
        return int(written or 1)


def _resolved(mount: Mount, volumes: Mapping[str, Declared]) -> Mount:
    declared = volumes.get(mount.source) if mount.kind is MountKind.VOLUME else None
    if declared is None:
        return mount
    return mount._replace(
        source=declared.source,
        driver=declared.driver,
        options=declared.options,
        labels=declared.labels,
    )


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
