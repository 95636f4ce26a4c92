"""Stack files, with the files that they name, read into the volumes that they would mount."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cloudstorctl.compose.document import documents_in
from cloudstorctl.compose.dotenv import variables_beside, variables_in
from cloudstorctl.compose.interpolation import Interpolation
from cloudstorctl.compose.reading import Values, external_name
from cloudstorctl.core.declared import ANY_LABELS, DeclaredService, DeclaredStack, DeclaredVolume
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudstorctl.compose.document import Place
    from cloudstorctl.core.model import Mount, Pairs

_PARTS = ("services", "volumes", "include")
"""A file with none of them is no stack's: what it was given for would silently not be kept."""
_DEEPEST = 32
"""Files that include one another deeper than this, or services that extend so, go in a circle."""
_NAMED_BY = "COMPOSE_PROJECT_NAME"


class Source(NamedTuple):
    """A stack file, read."""

    file: str
    """As messages call it."""
    folder: Path
    """Where relative paths in it start."""
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What files declare, and sentences about the variables that were missing."""

    stacks: tuple[DeclaredStack, ...]
    unset: tuple[str, ...] = ()


def source_at(path: Path, file: str) -> Source:
    """Read a file, which messages call `file`.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Source(file, path.parent, path.read_bytes())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{file}: it cannot be read: {why}.") from error


def declared_in(source: Source, stack: str, environ: Mapping[str, str]) -> Told:
    """Give what a stack file declares, deployed as `stack`; empty: under its own name, or any.

    Files that it includes or extends are read too. Variables come from `environ`, and where that
    has none from the `.env` beside the file: before the file's own default for `docker compose`,
    and behind it for `docker stack deploy`, whose users put them into the environment. Both may
    deploy it, so what either would mount is declared; what one of them refuses, it does not deploy.
    A variable that nothing tells is any text.

    Raises:
        UsageError: neither can deploy it: a file cannot be read or understood, or a variable that
            it demands is missing.
    """
    readings: list[_Reading] = []
    refusals: list[UsageError] = []
    for as_compose in (True, False):
        reading = _Reading(source.file, environ, as_compose=as_compose)
        try:
            reading.take(source, stack, variables_beside(source.folder))
        except UsageError as error:
            refusals.append(error)
        else:
            readings.append(reading)
    if not readings:
        raise refusals[0]
    return Told(
        stacks=tuple(dict.fromkeys(each for reading in readings for each in reading.stacks)),
        unset=tuple(dict.fromkeys(each for reading in readings for each in reading.unset)),
    )


class _File(NamedTuple):
    """A file on its way to records."""

    source: Source
    documents: list[Place]
    values: Values
    variables: Mapping[str, str]
    """Those of the files `.env`."""

    def services(self) -> Iterator[tuple[str, Place]]:
        for document in self.documents:
            yield from document.child("services").children()


class _Reading:
    """One way to read a file and all that it names: as one program or the other would."""

    def __init__(self, project: str, environ: Mapping[str, str], *, as_compose: bool) -> None:
        self._project = project
        self._environ = environ
        self._as_compose = as_compose
        self.stacks: list[DeclaredStack] = []
        self.unset: list[str] = []

    def take(
        self, source: Source, stack: str, variables: Mapping[str, str], depth: int = 0
    ) -> None:
        """Read a file; `variables` are those that files `.env` give."""
        file = self._file(source, variables)
        if not any(part in document.table() for document in file.documents for part in _PARTS):
            raise UsageError(
                f"{source.file} is no stack file: it has neither services nor volumes."
            )
        if not stack and not depth:
            stack = self._name(file)
        services = tuple(
            DeclaredService(
                name=name,
                mounts=tuple(self._mounts(file, place)),
                labels=_labels(place),
            )
            for name, place in file.services()
        )
        volumes = tuple(
            self._volume(file.values, key, place)
            for document in file.documents
            for key, place in document.child("volumes").children()
        )
        self.stacks.append(
            DeclaredStack(
                file=source.file,
                stack=stack,
                project=self._project,
                services=services,
                volumes=volumes,
            )
        )
        for document in file.documents:
            for place in document.child("include").items():
                if depth == _DEEPEST:
                    raise _endless(place, "includes")
                for other, more in self._included(file, place):
                    self.take(other, stack, more, depth + 1)
        self._tell(file)

    def _file(self, source: Source, variables: Mapping[str, str]) -> _File:
        known = Interpolation(
            {**variables, **self._environ} if self._as_compose else self._environ,
            later=variables,
            instead=ANY_TEXT,
            as_docker=not self._as_compose,
        )
        return _File(source, documents_in(source.text, source.file), Values(known), variables)

    def _name(self, file: _File) -> str:
        """Give the name that a file has for its project (compose-spec, 04-version-and-name.md)."""
        names = [file.values.text(document.child("name")) for document in file.documents]
        name = next((name for name in reversed(names) if name), "")
        if name and self._as_compose:
            return self._environ.get(_NAMED_BY) or file.variables.get(_NAMED_BY) or name
        return name

    @staticmethod
    def _volume(values: Values, key: str, place: Place) -> DeclaredVolume:
        external = place.child("external")
        return DeclaredVolume(
            key=key,
            name=values.text(external_name(place)),
            driver=values.text(place.child("driver")),
            external=isinstance(external.value, dict) or values.flag(external),
        )

    def _mounts(self, file: _File, place: Place, depth: int = 0) -> Iterator[Mount]:
        """Give the mounts of a service, and of those that it extends.

        What it has by `volumes_from` are volumes of another service, under the same names.
        """
        if depth == _DEEPEST:
            raise _endless(place, "extends")
        for item in place.child("volumes").items():
            yield file.values.mount(item)
        extends = place.child("extends")
        if extends.value is None:
            return
        long = isinstance(extends.value, dict)
        wanted = file.values.text(extends.child("service") if long else extends)
        named = file.values.text(extends.child("file")) if long else ""
        other = self._file(self._source(file, extends, named), file.variables) if named else file
        bases = [base for service, base in other.services() if service == wanted]
        if not bases:
            raise UsageError(
                f"{place.file}, line {extends.line}: {extends.name} names the service "
                f"{wanted!r}, and {other.source.file} has none of that name."
            )
        for base in bases:
            yield from self._mounts(other, base, depth + 1)
        if other is not file:
            self._tell(other)

    def _included(self, file: _File, place: Place) -> Iterator[tuple[Source, Mapping[str, str]]]:
        """Read the files of one include, with their variables (compose-spec, 14-include.md).

        Those of the file that includes them go first; `env_file` is in the place of their `.env`.
        """
        long = isinstance(place.value, dict)
        folder = file.values.text(place.child("project_directory")) if long else ""
        given = [
            self._source(file, each, file.values.text(each)).text
            for each in (_one_or_more(place.child("env_file")) if long else ())
        ]
        for each in _one_or_more(place.child("path") if long else place):
            source = self._source(file, each, file.values.text(each))
            if folder:
                source = source._replace(folder=file.source.folder / folder)
            own = variables_in(b"\n".join(given)) if given else variables_beside(source.folder)
            yield source, {**own, **file.variables}

    @staticmethod
    def _source(file: _File, place: Place, named: str) -> Source:
        """Read a file that another one names."""
        if not named or ANY_TEXT in named:
            raise UsageError(
                f"{place.file}, line {place.line}: {place.name} names no file, or one with a "
                "variable that is not set."
            )
        try:
            beside = Path(file.source.file).parent / named
            return source_at(file.source.folder / named, str(beside))
        except UsageError as error:
            raise UsageError(f"{place.file}, line {place.line}: {place.name}: {error}") from error

    def _tell(self, file: _File) -> None:
        """Note each variable of a file that is missing.

        Raises:
            UsageError: the file demands it.
        """
        for unset, line in file.values.unset.items():
            where = f"{file.source.file}, line {line}"
            if unset.required:
                said = f" ({unset.message})" if unset.message else ""
                raise UsageError(
                    f"{where}: the variable {unset.name} is demanded{said}, and it is not set."
                )
            self.unset.append(
                f"{where}: the variable {unset.name} is not set. Any text is taken for it, and "
                "every volume is kept that this could mean."
            )


def _labels(place: Place) -> Pairs:
    """Give the labels that templates may use, as far as it matters: if one may have a slash."""
    labels = place.child("deploy").child("labels").value
    if place.child("extends").value is not None or {"/", "$"} & set(str(labels)):
        return ANY_LABELS
    return ()


def _endless(place: Place, does: str) -> UsageError:
    return UsageError(f"{place.file}, line {place.line}: {place.name} {does} itself without end.")


def _one_or_more(place: Place) -> Iterator[Place]:
    if isinstance(place.value, list):
        yield from place.items()
    elif place.value is not None:
        yield place
