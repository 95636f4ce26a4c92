"""Stand in for Cloudstor: Docker's volume plugin protocol over folders, and faults on demand.

It runs inside the plugin and imports nothing of the lab. ``/control/control.json`` is read at each
call: ``generation`` (1 or 2), ``delay`` (seconds before each answer) and one fault a call, by its
lower-case name: "error", "hang", a number of seconds, and for list "empty", for get "unknown", for
remove "half". Each call is one line of ``/control/calls.jsonl``, written as it arrives.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, unquote

SOCKET = Path("/run/docker/plugins/cloudstor.sock")
CONTROL = Path("/control")
ENTRIES = CONTROL / "entries"
# In the order in which Cloudstor looks a name up.
BACKINGS = {"reg": Path("/mnt/efs/reg"), "max": Path("/mnt/efs/max"), "ebs": Path("/mnt/ebs")}
# Cloudstor holds one lock across each call, so that one slow call holds up all.
LOCK = threading.Lock()
LOG_LOCK = threading.Lock()
POLL = 0.05


class DriverError(Exception):
    """An answer with ``Err`` in it."""


def control() -> dict[str, object]:
    """Read what the test wants now."""
    try:
        read = json.loads((CONTROL / "control.json").read_text())
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def generation() -> int:
    """Tell which Cloudstor this is."""
    return 1 if control().get("generation") == 1 else 2


def place(name: str) -> Path | None:
    """Find the directory of a volume."""
    for backing in BACKINGS.values():
        if (backing / name).is_dir():
            return backing / name
    return None


def checked(request: dict[str, object]) -> str:
    """Take the name from a request."""
    name = str(request.get("Name", ""))
    if not name or name.startswith("/") or ".." in name.split("/"):
        message = f"invalid volume name {name!r}"
        raise DriverError(message)
    return name


def entry(name: str) -> Path:
    """Give the file by which a node of generation 1 remembers a volume."""
    return ENTRIES / quote(name, safe="")


def known(name: str) -> Path:
    """Give the directory that this node knows by a name; raise where it knows none."""
    found = place(name)
    if generation() == 1:
        if entry(name).exists():
            # The directory may be gone by another node's hand: the entry stays.
            return found or BACKINGS[entry(name).read_text().strip()] / name
    elif found:
        return found
    message = f"no such volume {name}"
    raise DriverError(message)


def create(request: dict[str, object]) -> dict[str, object]:
    """Make the directory, unless some backing has the name, and this node's entry."""
    name = checked(request)
    options = request.get("Opts")
    options = options if isinstance(options, dict) else {}
    kind = "max" if options.get("perfmode") == "maxio" else "reg"
    kind = "ebs" if options.get("backing") == "relocatable" else kind
    found = place(name)
    if found:
        kind = next(key for key, root in BACKINGS.items() if found.is_relative_to(root))
    else:
        (BACKINGS[kind] / name).mkdir(parents=True)
    ENTRIES.mkdir(exist_ok=True)
    entry(name).write_text(kind)
    return {}


def get(request: dict[str, object]) -> dict[str, object]:
    """Describe one volume."""
    name = checked(request)
    if fault("get") == "unknown":
        message = f"no such volume {name}"
        raise DriverError(message)
    return {"Volume": {"Name": name, "Mountpoint": str(known(name)), "Status": {}}}


def list_volumes(_: dict[str, object]) -> dict[str, object]:
    """List this node's entries, or what lies in the shared folders."""
    if fault("list") == "empty":
        return {"Volumes": []}
    rows = []
    if generation() == 1:
        names = sorted(unquote(file.name) for file in ENTRIES.glob("*"))
        rows = [{"Name": name, "Mountpoint": str(known(name))} for name in names]
    else:
        for root in BACKINGS.values():
            folders = sorted(path for path in root.glob("*") if path.is_dir())
            rows += [{"Name": path.name, "Mountpoint": str(path)} for path in folders]
    return {"Volumes": rows}


def remove(request: dict[str, object]) -> dict[str, object]:
    """Delete the directory tree, whoever uses it."""
    name = checked(request)
    found = known(name)
    if fault("remove") == "half":
        files = sorted(path for path in found.rglob("*") if path.is_file())
        for file in files[: (len(files) + 1) // 2]:
            file.unlink()
        message = f"remove {found}: input/output error"
        raise DriverError(message)
    if found.is_dir():
        shutil.rmtree(found)
    entry(name).unlink(missing_ok=True)
    return {}


def path_of(request: dict[str, object]) -> dict[str, object]:
    """Tell where a volume is mounted."""
    return {"Mountpoint": str(known(checked(request)))}


def mount(request: dict[str, object]) -> dict[str, object]:
    """Check that the directory is there: the file system is mounted already."""
    found = known(checked(request))
    if not found.is_dir():
        message = f"mount {found}: no such file or directory"
        raise DriverError(message)
    return {"Mountpoint": str(found)}


def nothing(_: dict[str, object]) -> dict[str, object]:
    """Have nothing to do."""
    return {}


def capabilities(_: dict[str, object]) -> dict[str, object]:
    """Answer as every Cloudstor does."""
    return {"Capabilities": {"Scope": "local"}}


CALLS = {
    "Create": create,
    "Get": get,
    "List": list_volumes,
    "Remove": remove,
    "Path": path_of,
    "Mount": mount,
    "Unmount": nothing,
    "Capabilities": capabilities,
}


def fault(call: str) -> object:
    """Tell the fault that is wanted of a call."""
    return control().get(call)


def seconds(value: object) -> float:
    """Read a number of seconds; words are none."""
    return float(value) if isinstance(value, (int, float)) else 0.0


def answer(call: str, request: dict[str, object]) -> dict[str, object]:
    """Answer one call, as the faults want it."""
    with LOG_LOCK, (CONTROL / "calls.jsonl").open("a") as log:
        line = {"time": time.time(), "call": call, "name": request.get("Name")}
        log.write(json.dumps(line) + "\n")
    try:
        with LOCK:
            wanted = fault(call.lower())
            time.sleep(seconds(wanted) + seconds(control().get("delay")))
            while wanted == "hang" and fault(call.lower()) == "hang":
                time.sleep(POLL)
            if wanted == "error":
                message = f"{call}: backend failure"
                raise DriverError(message)  # noqa: TRY301
            return CALLS[call](request) | {"Err": ""}
    except (DriverError, OSError) as error:
        return {"Err": str(error)}


class Handler(BaseHTTPRequestHandler):
    """One request of the engine."""

    def do_POST(self) -> None:
        """Answer ``/Plugin.Activate`` and ``/VolumeDriver.*``."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = json.loads(raw) if raw else {}
        group, _, call = self.path.lstrip("/").partition(".")
        if group == "VolumeDriver" and call in CALLS:
            status, payload = 200, answer(call, request)
        elif self.path == "/Plugin.Activate":
            status, payload = 200, {"Implements": ["VolumeDriver"]}
        else:
            status, payload = 404, {"Err": f"unknown call {self.path}"}
        body = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the engine would write each line to its own log, as an error."""

    def address_string(self) -> str:
        """Name the peer, which has no address on a unix socket."""
        return "engine"


class Server(socketserver.ThreadingUnixStreamServer):
    """A thread a connection; a hanging call does not keep the driver from ending."""

    daemon_threads = True


def main() -> None:
    """Serve until told to end."""
    # The first process of a namespace ignores what it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    SOCKET.parent.mkdir(parents=True, exist_ok=True)
    SOCKET.unlink(missing_ok=True)
    Server(str(SOCKET), Handler).serve_forever()


if __name__ == "__main__":
    main()
