"""Reads the text of dockerd's configuration, adds a plugin or takes it out, and changes no more.

The text is edited where it has to be rather than written anew: numbers, blanks and the order of
keys stay as somebody put them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from cloudstorctl.errors import UsageError
from cloudstorctl.guard.names import KEY

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_BOM: Final = "\ufeff"
_DECODER: Final = json.JSONDecoder()
_HOSTS: Final = "hosts"
_EXPECTED: Final = {KEY: "names of plugins", _HOSTS: "addresses"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A member of an object or an element of a list: where its text is."""

    start: int
    """Of a member, where its key begins."""
    value: int
    end: int
    name: str = ""


def with_plugin(text: str | None, plugin: str, file: str) -> str:
    """Give the configuration in which dockerd asks `plugin` last; None: there is no file yet.

    Raises:
        UsageError: the text, which is that of `file`, is not what dockerd would read.
    """
    if text is None or not text.removeprefix(_BOM).strip():
        return f'{{\n  "{KEY}": [{json.dumps(plugin)}]\n}}\n'
    members = _members_in(text, file)
    found = _list_in(text, members, KEY, file)
    if found is None:
        return _with_last(text, members, f'"{KEY}": [{json.dumps(plugin)}]')
    if json.loads(text[found.value : found.end]) is None:
        return f"{text[: found.value]}[{json.dumps(plugin)}]{text[found.end :]}"
    if plugin in plugins_in(text, file):
        return text
    return _with_last(text, _elements_in(text, found.value), json.dumps(plugin), found.value)


def without_plugin(text: str | None, plugin: str, file: str) -> str | None:
    """Give the configuration in which dockerd does not ask `plugin`.

    Other plugins stay; a list that is empty then goes, with its key.

    Raises:
        UsageError: as above.
    """
    if text is None or plugin not in plugins_in(text, file):
        return text
    if all(each == plugin for each in plugins_in(text, file)):
        members = _members_in(text, file)
        at = next(place for place, member in enumerate(members) if member.name == KEY)
        return _without(text, members, at)
    while plugin in (plugins := plugins_in(text, file)):
        found = _list_in(text, _members_in(text, file), KEY, file)
        assert found is not None  # noqa: S101 - it has the plugin
        text = _without(text, _elements_in(text, found.value), plugins.index(plugin))
    return text


def plugins_in(text: str | None, file: str) -> tuple[str, ...]:
    """Give the plugins that the configuration names.

    Raises:
        UsageError: as above.
    """
    return _words_in(text, KEY, file)


def hosts_in(text: str | None, file: str) -> tuple[str, ...]:
    """Give the addresses at which the configuration has dockerd listen.

    Raises:
        UsageError: as above.
    """
    return _words_in(text, _HOSTS, file)


def _words_in(text: str | None, key: str, file: str) -> tuple[str, ...]:
    if text is None or not text.removeprefix(_BOM).strip():
        return ()
    found = _list_in(text, _members_in(text, file), key, file)
    return () if found is None else tuple(json.loads(text[found.value : found.end]) or ())


def _list_in(text: str, members: list[_Item], key: str, file: str) -> _Item | None:
    found = [member for member in members if member.name == key]
    if not found:
        return None
    if len(found) > 1:
        raise UsageError(f"{file}: {key} is there twice; dockerd reads one of them alone")
    (only,) = found
    value = json.loads(text[only.value : only.end])
    if value is not None and not (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    ):
        written = text[only.value : only.end]
        raise UsageError(f"{file}: {key} is {written}, expected a list of {_EXPECTED[key]}")
    return only


def _members_in(text: str, file: str) -> list[_Item]:
    start = 1 if text.startswith(_BOM) else 0
    try:
        value = json.loads(text[start:])
    except ValueError as error:
        raise UsageError(f"{file} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f"{file}: expected a JSON object")
    return _items(text, _skip(text, start), members=True)


def _elements_in(text: str, start: int) -> list[_Item]:
    return _items(text, start, members=False)


def _items(text: str, start: int, *, members: bool) -> list[_Item]:
    """Find the items of the object or list that begins at `start`, in valid JSON."""
    found: list[_Item] = []
    at = _skip(text, start + 1)
    while text[at] not in "]}":
        begin, name = at, ""
        if members:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        found.append(_Item(begin, at, end, name))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _with_last(text: str, items: list[_Item], new: str, start: int | None = None) -> str:
    """Add an item after the others, written as the last of them is."""
    if not items:
        if start is not None:
            return f"{text[: start + 1]}{new}{text[text.index(']', start) :]}"
        opened = text.index("{")
        return f"{text[: opened + 1]}\n  {new}\n{text[text.index('}', opened) :]}"
    last = items[-1]
    before = last.start
    while text[before - 1].isspace():
        before -= 1
    between = text[before : last.start] or " "
    return f"{text[: last.end]},{between}{new}{text[last.end :]}"


def _without(text: str, items: list[_Item], at: int) -> str:
    """Take an item out, with the comma that it no longer needs."""
    if at > 0:
        return text[: items[at - 1].end] + text[items[at].end :]
    if len(items) > 1:
        return text[: items[0].start] + text[items[1].start :]
    head, tail = text[: items[0].start].rstrip(), text[items[0].end :].lstrip()
    return head + tail


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()
