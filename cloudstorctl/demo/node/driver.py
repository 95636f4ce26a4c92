"""Stand in for Cloudstor, Docker's volume plugin for EFS: a volume is a directory of its name.

Nothing but the standard library is imported: this file also runs by itself, inside a managed plugin
of a real engine. What is known of the real driver is in Docker's documentation of Cloudstor; the
source was never published.
"""

from __future__ import annotations

import shutil
from pathlib import Path  # noqa: TC003 - it runs where nothing checks types
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class DriverError(Exception):
    """An answer with ``Err`` in it."""


class Cloudstor:
    """The driver of one node, over folders that all nodes share.

    Args:
        backings: the folder of each file system, in the order in which a name is looked up: ``reg``
            and ``max`` for the two of EFS, ``ebs`` for relocatable volumes.
        entries: the folder in which this node remembers what was created here.
        wanted: what is asked of the driver now. ``generation`` 1 lists this node's entries, as up
            to 17.05, and 2 the shared folders. A fault a call, by its lower-case name: "error"; for
            list "empty", for get "unknown", for remove "half".
    """

    def __init__(
        self,
        *,
        backings: Mapping[str, Path],
        entries: Path,
        wanted: Callable[[], Mapping[str, object]],
    ) -> None:
        """Keep where everything is; nothing is made yet."""
        self._backings = backings
        self._entries = entries
        self._wanted = wanted
        self._calls: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "Create": self._create,
            "Get": self._get,
            "List": self._list,
            "Remove": self._remove,
            "Path": self._path,
            "Mount": self._mount,
            "Unmount": lambda _: {},
            "Capabilities": lambda _: {"Capabilities": {"Scope": "local"}},
        }

    def knows(self, call: str) -> bool:
        """Tell whether there is such a call in the protocol."""
        return call in self._calls

    def answer(self, call: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call of the volume plugin protocol.

        Raises:
            DriverError: the call fails; the engine is told the text.
        """
        if self._fault(call) == "error":
            message = f"{call}: backend failure"
            raise DriverError(message)
        try:
            return self._calls[call](request)
        except OSError as error:
            raise DriverError(str(error)) from error

    def _fault(self, call: str) -> object:
        return self._wanted().get(call.lower())

    @property
    def _per_node(self) -> bool:
        return self._wanted().get("generation") == 1

    def _create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Make the directory, unless some backing has the name, and this node's entry."""
        name = _checked(request)
        options = request.get("Opts") or {}
        kind = "max" if options.get("perfmode") == "maxio" else "reg"
        kind = "ebs" if options.get("backing") == "relocatable" else kind
        found = self._place(name)
        if found:
            kind = next(key for key, root in self._backings.items() if found.is_relative_to(root))
        else:
            # The driver of another node may be making it just now.
            (self._backings[kind] / name).mkdir(parents=True, exist_ok=True)
        self._entries.mkdir(parents=True, exist_ok=True)
        self._entry(name).write_text(kind)
        return {}

    def _get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = _checked(request)
        if self._fault("Get") == "unknown":
            message = f"no such volume {name}"
            raise DriverError(message)
        return {"Volume": {"Name": name, "Mountpoint": str(self._known(name)), "Status": {}}}

    def _list(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """List this node's entries, or what lies in the shared folders."""
        if self._fault("List") == "empty":
            return {"Volumes": []}
        if self._per_node:
            names = sorted(unquote(file.name) for file in self._entries.glob("*"))
            return {"Volumes": [{"Name": n, "Mountpoint": str(self._known(n))} for n in names]}
        rows = []
        for root in self._backings.values():
            folders = sorted(path for path in root.glob("*") if path.is_dir())
            rows += [{"Name": path.name, "Mountpoint": str(path)} for path in folders]
        return {"Volumes": rows}

    def _remove(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Delete the directory tree, whoever uses it."""
        name = _checked(request)
        found = self._known(name)
        if self._fault("Remove") == "half":
            files = sorted(path for path in found.rglob("*") if path.is_file())
            for file in files[: (len(files) + 1) // 2]:
                file.unlink()
            message = f"remove {found}: input/output error"
            raise DriverError(message)
        if found.is_dir():
            shutil.rmtree(found)
        self._entry(name).unlink(missing_ok=True)
        return {}

    def _path(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"Mountpoint": str(self._known(_checked(request)))}

    def _mount(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Check that the directory is there: the file system is mounted already."""
        found = self._known(_checked(request))
        if not found.is_dir():
            message = f"mount {found}: no such file or directory"
            raise DriverError(message)
        return {"Mountpoint": str(found)}

    def _place(self, name: str) -> Path | None:
        """Find the directory of a volume."""
        for root in self._backings.values():
            if (root / name).is_dir():
                return root / name
        return None

    def _entry(self, name: str) -> Path:
        """Give the file by which this node remembers a volume."""
        return self._entries / quote(name, safe="")

    def _known(self, name: str) -> Path:
        """Give the directory that this node knows by a name; raise where it knows none."""
        found = self._place(name)
        if self._per_node:
            if self._entry(name).exists():
                # The directory may be gone by another node's hand: the entry stays.
                return found or self._backings[self._entry(name).read_text().strip()] / name
        elif found:
            return found
        message = f"no such volume {name}"
        raise DriverError(message)


def _checked(request: Mapping[str, Any]) -> str:
    """Take the name from a request."""
    name = str(request.get("Name", ""))
    if not name or name.startswith("/") or ".." in name.split("/"):
        message = f"invalid volume name {name!r}"
        raise DriverError(message)
    return name
