"""One program's way through a stack file and all that it names, to what it would mount."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cloudstorctl.compose.document import documents_in
from cloudstorctl.compose.dotenv import variables_beside, variables_in
from cloudstorctl.compose.interpolation import Interpolation
from cloudstorctl.compose.project import VARIABLE, normal, unexpanded
from cloudstorctl.compose.reading import Values, external_name
from cloudstorctl.compose.source import Source, UntoldError, named_beside
from cloudstorctl.core.declared import ANY_LABELS, DeclaredService, DeclaredStack, DeclaredVolume
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudstorctl.compose.document import Place
    from cloudstorctl.core.model import Mount, Pairs

_PARTS = ("services", "volumes", "include")
"""A file with none of them is no stack's: what it was given for would silently not be kept."""
_DEEPEST = 32
"""Files that include one another deeper than this, or services that extend so, go in a circle."""


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


class Deployment:
    """Reads files as `docker compose` would, or as `docker stack deploy` would."""

    def __init__(
        self, project: str, environ: Mapping[str, str], *, as_compose: bool, instead: str = ANY_TEXT
    ) -> None:
        """Read what belongs to the file `project`; `instead` stands for variables not set."""
        self._project = project
        self._environ = environ
        self._as_compose = as_compose
        self._instead = instead
        self.stacks: list[DeclaredStack] = []
        self.unset: list[str] = []

    def read(self, sources: Sequence[Source], stack: str, variables: Mapping[str, str]) -> None:
        """Read files that are deployed together; `variables` are those of the file `.env`.

        Raises:
            UsageError: a file cannot be read or understood.
            UntoldError: a variable is demanded that is not set.
        """
        files = [self._file(source, variables) for source in sources]
        stack = stack or self._name(files, variables)
        if self._as_compose:
            known = stack or self._environ.get(VARIABLE) or variables.get(VARIABLE) or ANY_TEXT
            self._environ = {**self._environ, VARIABLE: known}
        for source in sources:
            self._take(source, stack, variables)

    def _take(
        self, source: Source, stack: str, variables: Mapping[str, str], depth: int = 0
    ) -> None:
        file = self._file(source, variables)
        if not any(part in document.table() for document in file.documents for part in _PARTS):
            raise UsageError(
                f"{source.file} is no stack file: it has neither services nor volumes."
            )
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
                    self._take(other, stack, more, depth + 1)
        self._tell(file)

    def _file(self, source: Source, variables: Mapping[str, str]) -> _File:
        known = Interpolation(
            {**variables, **self._environ} if self._as_compose else self._environ,
            later=variables,
            instead=self._instead,
            as_docker=not self._as_compose,
        )
        documents = documents_in(source.text, source.file, as_compose=self._as_compose)
        return _File(source, documents, Values(known), variables)

    def _name(self, files: Sequence[_File], variables: Mapping[str, str]) -> str:
        """Give the name that files have for their project (compose-spec, 04-version-and-name)."""
        names = [
            file.values.text(document.child("name"))
            for file in files
            for document in file.documents
        ]
        for file in files:
            self._tell(file)
        name = next((name for name in reversed(names) if name), "")
        if name and self._as_compose:
            return normal(self._environ.get(VARIABLE) or variables.get(VARIABLE) or name)
        return name

    def _volume(self, values: Values, key: str, place: Place) -> DeclaredVolume:
        external = place.child("external")
        name = values.text(external_name(place))
        return DeclaredVolume(
            key=key,
            name=unexpanded(name) if self._as_compose else name,
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

        Those of the file that includes them go first; `env_file` is in the place of their `.env`,
        which is where the first of them is, and so are the files that they name.
        """
        long = isinstance(place.value, dict)
        sources = [
            self._source(file, each, file.values.text(each))
            for each in _one_or_more(place.child("path") if long else place)
        ]
        named = file.values.text(place.child("project_directory")) if long else ""
        folder = file.source.folder / named if named else sources[0].folder
        given = [
            self._source(file, each, file.values.text(each))
            for each in (_one_or_more(place.child("env_file")) if long else ())
        ]
        own = {} if given else variables_beside(folder)
        for each in given:
            own.update(variables_in(each.text, each.file))
        for source in sources:
            yield source._replace(folder=folder), {**own, **file.variables}

    @staticmethod
    def _source(file: _File, place: Place, named: str) -> Source:
        """Read a file that another one names."""
        if not named or ANY_TEXT in named:
            raise UsageError(
                f"{place.file}, line {place.line}: {place.name} names no file, or one with a "
                "variable that is not set."
            )
        try:
            return named_beside(file.source, named)
        except UsageError as error:
            raise UsageError(f"{place.file}, line {place.line}: {place.name}: {error}") from error

    def _tell(self, file: _File) -> None:
        """Note each variable of a file that is missing.

        Raises:
            UntoldError: the file demands it.
        """
        for unset, line in file.values.unset.items():
            where = f"{file.source.file}, line {line}"
            if unset.required:
                said = f" ({unset.message})" if unset.message else ""
                raise UntoldError(
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
