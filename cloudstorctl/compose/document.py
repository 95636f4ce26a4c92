"""YAML with the line of every key, so that a message can say where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Table(dict[str, object]):
    """A mapping that knows its lines."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.lines: dict[object, int] = {}
        """Where each key is; a key that came by a merge is where it was written."""


class _Loader(yaml.SafeLoader):
    """Reads plain data alone: no tag makes an object of Python's."""


def _table(loader: _Loader, node: yaml.MappingNode) -> Iterator[Table]:
    table = Table()
    yield table
    values: dict[Any, object] = loader.construct_mapping(node, deep=True)
    table.update({str(key): value for key, value in values.items()})
    for key, _ in node.value:  # with the keys that were merged in
        table.lines[str(loader.construct_object(key))] = key.start_mark.line + 1


_Loader.add_constructor("tag:yaml.org,2002:map", _table)


class Place:
    """A part of a file: a value, and where it stands."""

    def __init__(self, file: str, value: object, line: int = 1, name: str = "") -> None:
        """Keep the name of the `file`, and the path of keys to the value as `name`."""
        self.file = file
        self.value = value
        self.line = line
        self.name = name

    def child(self, key: str) -> Place:
        """Give what is under a key; null where it is missing.

        Raises:
            UsageError: this is no mapping.
        """
        table = self.table()
        name = f"{self.name}.{key}" if self.name else key
        return Place(self.file, table.get(key), table.lines.get(key, self.line), name)

    def table(self) -> Table:
        """Give the value as a mapping; null is an empty one.

        Raises:
            UsageError: it is something else.
        """
        if self.value is None:
            return Table()
        return self.value if isinstance(self.value, Table) else self.refuse("a mapping")

    def children(self) -> Iterator[tuple[str, Place]]:
        """Give each key with what is under it."""
        for key in self.table():
            yield key, self.child(key)

    def items(self) -> Iterator[Place]:
        """Give each element of a list; null is an empty one.

        Raises:
            UsageError: it is something else.
        """
        if self.value is None:
            return
        if not isinstance(self.value, list):
            self.refuse("a list")
        for position, item in enumerate(self.value):
            first = min(item.lines.values(), default=self.line) if isinstance(item, Table) else 0
            yield Place(self.file, item, first or self.line, f"{self.name}[{position}]")

    def refuse(self, wanted: str) -> NoReturn:
        """Say what is expected here.

        Raises:
            UsageError: always.
        """
        found = {dict: "a mapping", Table: "a mapping", list: "a list", type(None): "empty"}.get(
            type(self.value), repr(self.value)
        )
        what = self.name or "the file"
        raise UsageError(f"{self.file}, line {self.line}: {what} is {found}, expected {wanted}.")


def document_in(text: bytes, file: str) -> Place:
    """Read the one YAML document of a file, which messages call `file`.

    Raises:
        UsageError: it is no YAML, or no mapping.
    """
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UsageError(f"{file}, line {line}: it is no valid YAML: {error.problem}.") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count(b"\n") + 1
        raise UsageError(f"{file}, line {line}: it is no valid YAML: {error.reason}.") from error
    except (RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"{file}: it is no valid YAML: {reason}.") from error
    document = Place(file, value)
    if not isinstance(value, Table):
        document.refuse("a mapping with 'services'")
    return document
