"""Reads what a request asks of the engine: to remove a volume, to change a plugin, or neither.

Pure, and more suspicious than the engine's router. That decodes the path once, answers a path that
is not clean (`//`, `.`, `..`) with a redirect before any authorization, and takes all after
`/volumes/` for the name, slashes and all, behind `/vX.Y` or nothing (moby
daemon/server/server.go, CreateMux; gorilla/mux, cleanPath; net/url, ParseRequestURI). Here every
reading counts that any router could have of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_VERSION = re.compile(r"[vV][0-9.]+")
_BAD = re.compile("[\x00-\x1f\x7f\ufffd]|[\ud800-\udfff]")
"""Engines and drivers may read a name with one of these differently."""
_DECODINGS: Final = 4
_LONGEST: Final = 4096
"""Of a path on Linux: no volume's name is longer."""

CHANGES: Final = {"disable": "disabled", "set": "set", "upgrade": "upgraded", "remove": "removed"}
"""What a plugin may be asked to become, which matters to the volumes it serves."""


@dataclass(frozen=True, slots=True)
class RemoveVolume:
    """The removal of a volume."""

    names: tuple[str, ...]
    """Every reading of its name."""


@dataclass(frozen=True, slots=True)
class ChangePlugin:
    """The change of a plugin."""

    names: tuple[str, ...]
    """Every reading of its name."""
    how: str
    """A key of `CHANGES`."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """What may be a removal, of a volume whose name cannot be told."""

    why: str
    """A clause."""


Asked = RemoveVolume | ChangePlugin | Unclear


def asked_by(method: str, uri: str) -> Asked | None:
    """Read a request; None for one that neither removes a volume nor changes a plugin.

    `method` and `uri` are as dockerd hands them on: the URI raw, in origin or absolute form.
    `POST /volumes/prune` is none: it walks the local driver only, in every release (moby
    daemon/volume/service/service.go, Prune). `DELETE /containers/X?v=1` is none: it removes the
    volumes that the engine has named for that one container, which no other was given by name
    (moby daemon/mounts.go, removeMountPoints), and `docker run --rm` does the same unasked.
    """
    verb = method.upper()
    if verb not in {"DELETE", "POST"}:
        return None
    names: dict[str, None] = {}
    plugins: dict[tuple[str, str], None] = {}
    for path in _paths(uri):
        if path is None:
            return Unclear("its path is encoded too many times over")
        found = _in_path(verb, path)
        if isinstance(found, Unclear):
            return found
        if isinstance(found, RemoveVolume):
            names.update(dict.fromkeys(found.names))
        elif found is not None:
            plugins.update(dict.fromkeys((name, found.how) for name in found.names))
    if names:
        return RemoveVolume(tuple(names))
    if plugins:
        (_, how), *_ = plugins
        return ChangePlugin(tuple(dict.fromkeys(name for name, _ in plugins)), how)
    return None


def _paths(uri: str) -> Iterator[str | None]:
    """Every path that the URI may mean, decoded; None where decoding comes to no end."""
    rest = uri.partition("?")[0]
    scheme = _SCHEME.match(rest)
    if scheme is not None:
        rest = rest[scheme.end() :]
    paths = [rest]
    if rest.startswith("//"):
        paths.append("/" + rest[2:].partition("/")[2])
    for path in paths:
        for decoded in _decoded(path):
            yield decoded
            # Go keeps a # in the path of a request, and what was an encoded ?: others cut there.
            if decoded is not None and (cut := re.split("[#?]", decoded, maxsplit=1)[0]) != decoded:
                yield cut


def _decoded(path: str) -> Iterator[str | None]:
    """The path as it is, as Go decodes it (once), and as those do who decode what is decoded."""
    for _ in range(_DECODINGS):
        yield path
        if "%" not in path or (path := unquote(before := path)) == before:
            return
    # The path as it stands says nothing of what it would be in the end.
    yield None if re.search("volumes|plugins|%", path, re.IGNORECASE) else path


def _in_path(verb: str, path: str) -> Asked | None:
    parts = path.split("/")
    if not {"volumes", "plugins"} & set(parts):
        return None
    clean: list[str] = []
    climbs = False
    for part in parts:
        if part == "..":
            climbs = True
        elif part not in {"", "."}:
            clean.append(part)
    if clean and _VERSION.fullmatch(clean[0]):
        clean.pop(0)
    if climbs:
        if verb == "DELETE" or "plugins" in parts:
            return Unclear("its path climbs out of where it is ('..')")
        return None
    if clean[:1] == ["volumes"] and verb == "DELETE":
        return _volume(path, clean[1:])
    if clean[:1] == ["plugins"]:
        return _plugin(verb, clean[1:])
    return None


def _volume(path: str, clean: list[str]) -> Asked | None:
    raw = path.partition("volumes/")[2]
    if not clean and "volumes/" not in path:
        return None  # DELETE /volumes: the router has no such route
    if not clean:
        return Unclear("it names no volume")
    if len(raw) > _LONGEST:
        return Unclear("its name is longer than any path")
    if _BAD.search(raw):
        return Unclear("its name holds what is no text")
    # The engine hands `x/` to the driver as it is, and that finds the directory `x`.
    return RemoveVolume(tuple(dict.fromkeys((raw, "/".join(clean)))))


def _plugin(verb: str, clean: list[str]) -> Asked | None:
    if verb == "DELETE" and clean:
        return ChangePlugin(("/".join(clean),), "remove")
    if verb == "POST" and len(clean) > 1 and clean[-1] in CHANGES and clean[-1] != "remove":
        return ChangePlugin(("/".join(clean[:-1]),), clean[-1])
    return None
