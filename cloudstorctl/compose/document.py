"""YAML with the line of every key, so that a message can say where."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Table(dict[str, object]):
    """A mapping that knows its lines."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.lines: dict[object, int] = {}
        """Where each key is; a key that came by a merge is where it was written."""


class _Loader(yaml.SafeLoader):
    """Reads data as docker does: no tag makes an object, and a scalar is the text that is written.

    YAML 1.1 takes `yes` for true and `1:30` for 90, while a volume gets such a name as it stands.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - its shape
        """Read a node without a tag of its own, which docker does not look at."""
        if node.tag.startswith("!"):
            node.tag = _TAGS[type(node)]
        return super().construct_object(node, deep)

    def resets(self, node: yaml.Node) -> bool:  # noqa: ARG002 - it looks at no tag
        """Tell whether a value takes away itself and its key."""
        return False


class _MergingLoader(_Loader):
    """Reads data as Compose does, whose tags say how files are merged (compose-spec, 13-merge.md).

    What `!reset` stands before is not there, and what `!override` stands before counts.
    """

    def resets(self, node: yaml.Node) -> bool:
        """Tell whether a value takes away itself and its key."""
        return node.tag == "!reset"


def _table(loader: _Loader, node: yaml.MappingNode) -> Iterator[Table]:
    table = Table()
    yield table
    _refuse_twice(node)
    loader.flatten_mapping(node)
    for key, value in node.value:  # with the keys that were merged in, which come first
        if loader.resets(value):
            continue
        name = _key(key)
        table[name] = loader.construct_object(value, deep=True)
        table.lines[name] = key.start_mark.line + 1


def _key(node: yaml.Node) -> str:
    """Give a key as it is written: a volume may be named `on`, which YAML 1.1 takes for true."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    raise yaml.constructor.ConstructorError(
        problem="a key is no text", problem_mark=node.start_mark
    )


def _refuse_twice(node: yaml.MappingNode) -> None:
    """Refuse a key that is there twice, as docker does: one of the two would not count."""
    seen: set[str] = set()
    for key, _ in node.value:
        name = _key(key)
        if name in seen and key.tag != _MERGE:
            raise yaml.constructor.ConstructorError(
                problem=f"the key {name!r} is there twice", problem_mark=key.start_mark
            )
        seen.add(name)


def _text(_: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_TAGS = {
    yaml.ScalarNode: f"{_TAG}str",
    yaml.SequenceNode: f"{_TAG}seq",
    yaml.MappingNode: f"{_TAG}map",
}
_Loader.add_constructor(f"{_TAG}map", _table)
for _kind in ("bool", "int", "float", "timestamp", "value"):
    _Loader.add_constructor(f"{_TAG}{_kind}", _text)


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
    return _document(file, _loaded(text, file, lambda raw: yaml.load(raw, _Loader)))  # noqa: S506 - a SafeLoader


@lru_cache(maxsize=256)
def documents_in(text: bytes, file: str, *, as_compose: bool) -> list[Place]:
    """Read all YAML documents of a file that are not empty, which Compose merges, or the first.

    `docker stack` looks at no other.

    Raises:
        UsageError: there is none, or one is no YAML, or no mapping.
    """
    if not as_compose:
        first = _loaded(text, file, lambda raw: next(yaml.load_all(raw, _Loader), None))
        return [_document(file, first)]
    values = _loaded(text, file, lambda raw: list(yaml.load_all(raw, _MergingLoader)))
    found = [_document(file, value) for value in values if value is not None]
    return found or [_document(file, None)]


def _document(file: str, value: object) -> Place:
    document = Place(file, value)
    if not isinstance(value, Table):
        document.refuse("a mapping with 'services'")
    return document


def _loaded(text: bytes, file: str, load: Callable[[bytes], Any]) -> Any:  # noqa: ANN401 - any data
    try:
        return load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UsageError(f"{file}, line {line}: it is no valid YAML: {error.problem}.") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count(b"\n") + 1
        raise UsageError(f"{file}, line {line}: it is no valid YAML: {error.reason}.") from error
    except (RecursionError, ValueError, OverflowError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"{file}: it is no valid YAML: {reason}.") from error
