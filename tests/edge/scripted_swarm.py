"""A swarm of real HTTP engines on unix sockets, which answer from state that tests change."""

from __future__ import annotations

import threading
import urllib.parse
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from tests.edge import payloads
from tests.edge.config_host import ConfigHost
from tests.edge.container_host import RUN, ContainerHost
from tests.edge.engine_server import NOT_FOUND, EngineServer, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.edge.engine_server import Seen
    from tests.edge.payloads import Payload

    Hook = Callable[["ScriptedEngine", Seen], Reply | None]

GONE = Reply(status=204, measured=False)
_NOT_MANAGER = json_reply({"message": "This node is not a swarm manager."}, status=503)


class ScriptedEngine:
    """One engine: its lists are changed in place, and `server` tells what was asked of it."""

    def __init__(self, swarm: ScriptedSwarm, hostname: str, socket: Path, *, manager: bool) -> None:
        """Listen at once."""
        self._swarm = swarm
        self.hostname = hostname
        self.manager = manager
        self.node = payloads.node(hostname, manager=manager)
        self.info = payloads.info(hostname, manager=manager)
        self.volumes: list[Payload] = []
        self.warnings: list[str] | None = None
        self.containers: list[Payload] = []
        self.plugins = [payloads.plugin(hostname)]
        self.host = ContainerHost(self)
        self.server = EngineServer(unix=socket, otherwise=self._reply)
        for path in ("/info", "/_ping", "/volumes", "/containers/json", "/plugins", *_STATE):
            self.server.answer(path, self._reply)

    def list_volume(self, name: str, *, used: bool = True) -> None:
        self.volumes.append(payloads.volume(name, self.hostname, used=used))
        # A route has no pattern: each volume that ever was can be asked to go.
        self.server.answer(f"DELETE /volumes/{urllib.parse.quote(name, safe='/')}", self._reply)

    @property
    def swarm_files(self) -> dict[tuple[str, str], dict[str, str]]:
        return self._swarm.files

    def lists(self, name: str) -> bool:
        return any(row["Name"] == name for row in self.volumes)

    def _reply(self, seen: Seen) -> Reply:
        for hook in self._swarm.hooks:
            reply = hook(self, seen)
            if reply is not None:
                return reply
        with self._swarm.lock:
            if seen.path.startswith("/configs"):
                return self._swarm.configs.reply(seen) if self.manager else _NOT_MANAGER
            if seen.method == "POST" or seen.path.startswith(("/containers/", "/images/")):
                run = self.host.reply(seen)
                if run is not None:
                    return run
            if seen.method == "DELETE":
                return self._delete(urllib.parse.unquote(seen.path.removeprefix("/volumes/")))
            return self._read(seen.path)

    def _read(self, path: str) -> Reply:
        if path in _STATE and not self.manager:
            return _NOT_MANAGER
        answers: dict[str, object] = {
            "/info": self.info,
            "/_ping": "OK",
            "/volumes": {"Volumes": self.volumes, "Warnings": self.warnings},
            "/containers/json": self.containers,
            "/plugins": self.plugins,
            "/nodes": [engine.node for engine in self._swarm.engines.values()],
            "/services": self._swarm.services,
            "/tasks": self._swarm.tasks,
        }
        return json_reply(answers[path]) if path in answers else NOT_FOUND

    def _delete(self, name: str) -> Reply:
        if not self.lists(name):
            return json_reply({"message": f"get {name}: no such volume"}, status=404)
        if any(name == mount["Name"] for held in self.containers for mount in held["Mounts"]):
            message = f"remove {name}: volume is in use"
            return json_reply({"message": message}, status=409)
        for engine in self._swarm.engines.values() if self._swarm.shared else (self,):
            engine.volumes = [row for row in engine.volumes if row["Name"] != name]
        self._swarm.destroyed.append(name)
        return GONE


_QUERIES = {"/containers/json": "all=1", "/_ping": "cloudstorctl-guard=ask"}
_STATE = ("/nodes", "/services", "/tasks")


class ScriptedSwarm:
    """Engines by hostname, the first a manager, and the state that every manager tells.

    A hook sees each request before it is answered: it may change the swarm, and answer itself.
    """

    def __init__(self, folder: Path, *hostnames: str, managers: tuple[str, ...] = ("m1",)) -> None:
        """Make an engine on a socket in `folder` for each name."""
        self.folder = folder
        self.lock = threading.RLock()
        self.services: list[Payload] = []
        self.tasks: list[Payload] = []
        self.configs = ConfigHost()
        self.hooks: list[Hook] = []
        self.destroyed: list[str] = []
        self.shared = True
        """Whether a removal empties every list, as the later drivers' do."""
        self.files: dict[tuple[str, str], dict[str, str]] = {}
        """Files with their texts, by file system and volume."""
        self.engines: dict[str, ScriptedEngine] = {}
        for hostname in hostnames:
            self.join(hostname, manager=hostname in managers)

    def join(self, hostname: str, *, manager: bool = False) -> ScriptedEngine:
        engine = ScriptedEngine(self, hostname, self.folder / hostname, manager=manager)
        with self.lock:
            self.engines[hostname] = engine
        return engine

    def list_volume(self, name: str, *hostnames: str, used: bool = True) -> None:
        """List a volume on these nodes, or on all."""
        for hostname in hostnames or tuple(self.engines):
            self.engines[hostname].list_volume(name, used=used)

    def deploy(self, name: str, *sources: str, replicas: int = 0) -> Payload:
        """Make a service without tasks."""
        service = payloads.service(name, *sources, replicas=replicas)
        self.services.append(service)
        return service

    def run(self, service: Payload, *volumes: str, on: str, slot: int = 1) -> Payload:
        """Run a task of a service, with a container that has these volumes mounted."""
        mode = service["Spec"]["Mode"].get("Replicated")
        if mode is not None:
            mode["Replicas"] = max(mode["Replicas"], slot)
        task = payloads.task(service, slot=slot, on=on)
        self.tasks.append(task)
        self.engines[on].containers.append(payloads.task_container(service, task, *volumes))
        return task

    def before(self, method: str, path: str, act: Callable[[], Reply | None]) -> None:
        """Act whenever this is asked of any engine."""
        self.hooks.append(
            lambda _, seen: act() if (seen.method, seen.path) == (method, path) else None
        )

    def answer(self, hostname: str, path: str, reply: Reply, *, method: str = "GET") -> None:
        """Let one engine answer this from now on."""
        self.hooks.append(
            lambda engine, seen: (
                reply
                if (engine.hostname, seen.method, seen.path) == (hostname, method, path)
                else None
            )
        )

    def set_cluster(self, cluster_id: str) -> None:
        for engine in self.engines.values():
            if engine.manager:
                engine.info["Swarm"]["Cluster"]["ID"] = cluster_id

    @property
    def seen(self) -> tuple[tuple[str, Seen], ...]:
        """Every request with the hostname it came to, engine by engine."""
        return tuple(
            (name, seen) for name, engine in self.engines.items() for seen in engine.server.seen
        )

    @property
    def deletes(self) -> list[tuple[str, str]]:
        """The removals that were asked for: hostname and volume."""
        return [
            (name, urllib.parse.unquote(seen.path.removeprefix("/volumes/")))
            for name, seen in self.seen
            if seen.method == "DELETE" and seen.path.startswith("/volumes/")
        ]

    def check_what_was_asked(self) -> None:
        """Hold what holds for every run of every command: what is never asked of an engine."""
        for _, seen in self.seen:
            if seen.method == "GET":
                lists = {"/info", "/_ping", "/volumes", "/containers/json", "/plugins", *_STATE}
                if seen.path == "/configs":
                    continue
                assert seen.path in lists or seen.path.startswith("/images/")
                assert seen.query == _QUERIES.get(seen.path, "")
            elif seen.method == "DELETE":
                assert seen.path.startswith(("/volumes/", "/configs/c", f"/containers/{RUN}"))
                assert not seen.query, "never with force, and no volume with a container"
            else:
                assert seen.method == "POST"
                assert seen.path.startswith(("/containers/", "/images/create", "/configs/"))

    @property
    def options(self) -> tuple[str, ...]:
        """What the command line needs to find it."""
        return (
            *("--host", f"unix://{self.folder}/m1"),
            *("--node-endpoint", f"unix://{self.folder}/{{hostname}}"),
        )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every engine."""
        with ExitStack() as stopping:
            for engine in self.engines.values():
                stopping.callback(engine.server.stop)


def swarm_of_three(folder: Path) -> ScriptedSwarm:
    """A manager and two workers with one volume of each kind.

    `web-1-vol` is used on w1 and stale on w2, `shop-data` is reserved, `old` and `older` are not
    used by anything, and six more belong to a service, so that two of ten are within the limits.
    """
    swarm = ScriptedSwarm(folder, "m1", "w1", "w2")
    web = swarm.deploy("web", "{{.Service.Name}}-{{.Task.Slot}}-vol", replicas=1)
    swarm.list_volume("web-1-vol", "w1", "w2")
    swarm.run(web, "web-1-vol", on="w1")
    swarm.deploy("shop_db", "shop-data")
    swarm.services[-1]["Spec"]["Labels"] = {"com.docker.stack.namespace": "shop"}
    swarm.list_volume("shop-data", "w2")
    swarm.deploy("archive", *(f"archive-{number}" for number in range(6)))
    for number in range(6):
        swarm.list_volume(f"archive-{number}", "m1", used=False)
    swarm.list_volume("old")
    swarm.list_volume("older", "w2")
    return swarm
