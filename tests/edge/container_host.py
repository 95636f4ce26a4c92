"""The containers of one scripted engine: they understand the scripts of `verify` alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudstorctl.core.marker import PREFIX, READ, REMOVE, WRITE, Ended
from tests.edge.engine_server import Reply, Seen, json_reply

if TYPE_CHECKING:
    from tests.edge.scripted_swarm import ScriptedEngine

RUN = "cloudstorctl-verify-"
"""What the names of its containers begin with."""
IMAGES = {"busybox": (), "postgres": ("/var/lib/postgresql/data",)}
NOTHING = Reply(status=204, measured=False)


@dataclass(slots=True)
class Run:
    """One container."""

    payload: dict[str, Any]
    state: str = "created"
    code: int = 0

    @property
    def mount(self) -> dict[str, Any]:
        (mount,) = self.payload["HostConfig"]["Mounts"]
        found: dict[str, Any] = mount
        return found


class ContainerHost:
    """Makes, starts and removes containers, on files of the swarm's."""

    def __init__(self, engine: ScriptedEngine) -> None:
        """Have the usual image, and the file system that all share."""
        self._engine = engine
        self.runs: dict[str, Run] = {}
        self.images: dict[str, tuple[str, ...]] = dict(IMAGES)
        """By their names, with the paths for which they want volumes."""
        self.file_system = "shared"
        self.registry: dict[str, tuple[str, ...]] = {}
        """Images that can be pulled."""
        self.ends: dict[str, int] = {}
        """Exit codes of containers that do nothing, by their verbs."""
        self.hangs: set[str] = set()
        """Verbs of containers whose program goes on until it is killed."""
        self.made: list[str] = []
        """Volumes that came with a container, as an engine makes those it does not have."""

    def reply(self, seen: Seen) -> Reply | None:
        """Answer; None: it is none of the questions for here."""
        words = seen.path.strip("/").split("/")
        match (seen.method, *words):
            case ("GET", "images", *name, "json"):
                return self._image("/".join(name))
            case ("POST", "images", "create"):
                return self._pull(seen.query)
            case ("POST", "containers", "create"):
                return self._create(seen)
            case (method, "containers", name, *verb) if name in self.runs:
                return self._act(method, name, *verb)
            case (_, "containers", name, *_) if name.startswith(RUN):
                return json_reply({"message": f"No such container: {name}"}, status=404)
            case _:
                return None

    @property
    def _files(self) -> dict[tuple[str, str], dict[str, str]]:
        return self._engine.swarm_files

    def _image(self, name: str) -> Reply:
        if name not in self.images:
            return json_reply({"message": f"No such image: {name}:latest"}, status=404)
        wanted: dict[str, object] = {path: {} for path in self.images[name]}
        return json_reply({"Id": "sha256:0", "Config": {"Volumes": wanted or None}})

    def _pull(self, query: str) -> Reply:
        for image in self.registry:
            if query == f"fromImage={image}&tag=latest":
                self.images[image] = self.registry[image]
                return Reply(body=b'{"status":"Pulling"}\r\n{"status":"Done"}\r\n', measured=False)
        return Reply(body=b'{"status":"Pulling"}\r\n{"error":"manifest unknown"}\r\n')

    def _create(self, seen: Seen) -> Reply:
        name = seen.query.removeprefix("name=")
        run = Run(payload=json.loads(seen.body))
        if run.payload["Image"] not in self.images:
            return json_reply({"message": "No such image"}, status=404)
        volume = run.mount["Source"]
        if not self._engine.lists(volume):
            self._engine.list_volume(volume)
            self.made.append(volume)
        self.runs[name] = run
        return json_reply({"Id": "0" * 64, "Warnings": []}, status=201)

    def _act(self, method: str, name: str, verb: str = "") -> Reply:
        run = self.runs[name]
        runs = run.state == "running"
        match (method, verb):
            case ("POST", "start"):
                run.state, run.code = "exited", self._ended(name, run)
                if name.rpartition("-")[2] in self.hangs:
                    run.state = "running"
                return NOTHING
            case ("POST", "wait"):
                return Reply(hold=True) if runs else json_reply({"StatusCode": run.code})
            case ("POST", "kill"):
                run.state = "exited"
                told = {"message": f"{name} is not running"}
                return NOTHING if runs else json_reply(told, status=409)
            case ("DELETE", "") if runs:
                return json_reply({"message": f"{name} is running"}, status=409)
            case ("DELETE", ""):
                del self.runs[name]
                return NOTHING
            case _:
                raise AssertionError((method, name, verb))

    def _ended(self, name: str, run: Run) -> int:
        """Do what a script does to a file, and give its exit code."""
        code = self.ends.get(name.rpartition("-")[2])
        if code is not None:
            return code
        _, _, script, _, path, content = run.payload["Entrypoint"] + run.payload["Cmd"]
        file = path.removeprefix(f"{run.mount['Target']}/")
        assert file.startswith(PREFIX)
        files = self._files.setdefault((self.file_system, run.mount["Source"]), {})
        if script == WRITE:
            assert file not in files
            files[file] = content
            return Ended.DONE
        if script == READ:
            there = files.get(file)
            if there is None:
                return Ended.ABSENT
            return Ended.DONE if there == content else Ended.OTHER
        assert script == REMOVE
        files.pop(file, None)
        return Ended.DONE
