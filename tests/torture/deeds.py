"""What people and programs do to services, containers and volumes of a swarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.demo.node.files import host_path
from tests.torture.lab import ImpossibleError, Lab

if TYPE_CHECKING:
    from cloudstorctl.demo.node.engine import Engine

BIND: Final = "bind:"
"""A source that starts so is a path below the file system's root, bound from the plugin's mount."""
MODES: Final = ("Replicated", "Global", "ReplicatedJob", "GlobalJob")
_COMMANDS: Final[dict[str, list[str]]] = {
    "runs for ever": [],
    "ends at once": ["sh", "-c", "exit 0"],
    "ends after 3 s": ["sleep", "3"],
    "fails": ["false"],
}
PROGRAMS: Final = tuple(_COMMANDS)


@dataclass(frozen=True, slots=True)
class Mounts:
    """One mount: what, and through which driver; no driver named where it is empty."""

    source: str
    driver: str

    def payload(self, engine: Engine) -> dict[str, Any]:
        """Write it as the API takes it."""
        if self.source.startswith(BIND):
            plugin = next(iter(engine.plugins), None)
            if plugin is None:
                raise ImpossibleError
            place = f"/mnt/efs/reg/{self.source.removeprefix(BIND)}".rstrip("/")
            return {"Type": "bind", "Source": host_path(plugin, place), "Target": "/data"}
        options = {"DriverConfig": {"Name": self.driver}} if self.driver else {}
        mount = {"Type": "volume", "Target": "/data", "VolumeOptions": options}
        return {**mount, "Source": self.source} if self.source else mount

    def __str__(self) -> str:
        """Say it in words."""
        what = self.source or "a volume without a name"
        return f"{what} with {self.driver or 'no driver named'}"


@dataclass(frozen=True, slots=True)
class CreateService:
    name: str
    mode: str
    count: int
    mounts: Mounts
    program: str
    image: str
    tier: str

    def do(self, lab: Lab) -> None:
        """Create it."""
        lab.ask_manager("POST", "/services/create", self._spec(lab))
        lab.tell(
            f"Service {self.name} is created: {self.mode}, {self.count}, mounts {self.mounts}, "
            f"{self.image}, {self.program}, label tier={self.tier}."
        )

    def _spec(self, lab: Lab) -> dict[str, Any]:
        return {
            "Name": self.name,
            "Labels": {"tier": self.tier},
            "Mode": {self.mode: _counted(self.mode, self.count)},
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": self.image,
                    "Command": _COMMANDS[self.program],
                    "Mounts": [self.mounts.payload(lab.node(0))],
                },
                "RestartPolicy": {"Condition": "none"} if self.program != "runs for ever" else {},
            },
        }


@dataclass(frozen=True, slots=True)
class ScaleService:
    which: int
    count: int

    def do(self, lab: Lab) -> None:
        """Scale it."""
        service = lab.service(self.which)
        if service.per_node:
            raise ImpossibleError
        spec = {**service.spec, "Mode": {service.mode: _counted(service.mode, self.count)}}
        _update(lab, service.id, spec, service.version)
        lab.tell(f"Service {service.name} is scaled to {self.count}.")


@dataclass(frozen=True, slots=True)
class UpdateService:
    which: int
    mounts: Mounts
    image: str
    order: str
    tier: str

    def do(self, lab: Lab) -> None:
        """Change what it mounts."""
        service = lab.service(self.which)
        template = service.template
        container = {
            **template["ContainerSpec"],
            "Image": self.image,
            "Mounts": [self.mounts.payload(lab.node(0))],
        }
        spec = {
            **service.spec,
            "Labels": {"tier": self.tier},
            "TaskTemplate": {**template, "ContainerSpec": container},
            "UpdateConfig": {"Order": self.order, "FailureAction": "rollback"},
        }
        _update(lab, service.id, spec, service.version)
        lab.tell(
            f"Service {service.name} is updated, {self.order}: it mounts {self.mounts}, "
            f"{self.image}, label tier={self.tier}."
        )


@dataclass(frozen=True, slots=True)
class RollBackService:
    which: int

    def do(self, lab: Lab) -> None:
        """Roll it back."""
        service = lab.service(self.which)
        if service.previous is None:
            raise ImpossibleError
        query = f"version={service.version}&rollback=previous"
        lab.ask_manager("POST", f"/services/{service.id}/update", service.spec, query)
        lab.tell(f"Service {service.name} is rolled back.")


@dataclass(frozen=True, slots=True)
class RemoveService:
    which: int

    def do(self, lab: Lab) -> None:
        """Remove it."""
        service = lab.service(self.which)
        lab.ask_manager("DELETE", f"/services/{service.id}")
        lab.tell(f"Service {service.name} is removed.")


@dataclass(frozen=True, slots=True)
class RunContainer:
    node: int
    mounts: Mounts
    program: str
    start: bool

    def do(self, lab: Lab) -> None:
        """Create it, and start it perhaps."""
        engine = lab.node(self.node)
        lab.extra += 1
        name = f"c{lab.extra}"
        body = {
            "Image": "busybox",
            "Cmd": _COMMANDS[self.program],
            "HostConfig": {"Mounts": [self.mounts.payload(engine)]},
        }
        made = lab.ask(engine.hostname, "POST", "/containers/create", body, f"name={name}")
        what = "created"
        if self.start:
            lab.ask(engine.hostname, "POST", f"/containers/{made['Id']}/start")
            what = f"started, and {self.program}"
        lab.tell(f"Container {name} on {engine.hostname} mounts {self.mounts}: it is {what}.")


@dataclass(frozen=True, slots=True)
class HandleContainer:
    node: int
    which: int
    verb: str

    def do(self, lab: Lab) -> None:
        """Start, stop, pause or remove it."""
        engine = lab.node(self.node)
        containers = list(engine.containers.values())
        if not containers:
            raise ImpossibleError
        container = containers[self.which % len(containers)]
        if self.verb == "rm -f":
            lab.ask(engine.hostname, "DELETE", f"/containers/{container.id}", query="force=1")
        else:
            lab.ask(engine.hostname, "POST", f"/containers/{container.id}/{self.verb}")
        lab.tell(f"docker {self.verb} of container {container.name} on {engine.hostname}.")


@dataclass(frozen=True, slots=True)
class PruneContainers:
    node: int

    def do(self, lab: Lab) -> None:
        """Remove all that have ended."""
        engine = lab.node(self.node)
        gone = lab.ask(engine.hostname, "POST", "/containers/prune")["ContainersDeleted"] or ()
        lab.tell(f"docker container prune on {engine.hostname} removes {len(gone)}.")


@dataclass(frozen=True, slots=True)
class CreateVolume:
    node: int
    name: str
    driver: str
    options: str
    protected: bool

    def do(self, lab: Lab) -> None:
        """Create it by hand."""
        engine = lab.node(self.node)
        body = {
            "Name": self.name,
            "Driver": self.driver or "local",
            "DriverOpts": dict([self.options.split("=")]) if self.options else {},
            "Labels": {"cloudstorctl.protect": "true"} if self.protected else {},
        }
        lab.ask(engine.hostname, "POST", "/volumes/create", body)
        label = " with the label that protects it" if self.protected else ""
        lab.tell(
            f"Volume {self.name} is created on {engine.hostname} with {self.driver or 'local'} "
            f"{self.options}{label}."
        )


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    name: str
    backing: str

    def do(self, lab: Lab) -> None:
        """Make the data of a volume on the shared file system itself."""
        shared = lab.swarm.place.shared
        place = shared / self.backing / self.name
        # A driver that lists its node's entries tells of no second directory of the same name.
        twofold = lab.layout.generation == 1 and any(shared.glob(f"*/{self.name}"))
        if place.exists() or twofold:
            raise ImpossibleError
        place.mkdir(parents=True)
        lab.tell(f"Somebody makes the directory {self.name} in efs/{self.backing}.")


def _counted(mode: str, count: int) -> dict[str, int]:
    match mode:
        case "Replicated":
            return {"Replicas": count}
        case "ReplicatedJob":
            return {"TotalCompletions": max(count, 1), "MaxConcurrent": max(count, 1)}
        case _:
            return {}


def _update(lab: Lab, service: str, spec: dict[str, Any], version: int) -> None:
    lab.ask_manager("POST", f"/services/{service}/update", spec, f"version={version}")
