"""One engine: its containers, plugins and volumes, and what becomes of them when it ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.demo.node.drivers import Drivers
from cloudstorctl.demo.node.events import EventLog
from cloudstorctl.demo.node.files import carry_out
from cloudstorctl.demo.node.plugin import ALIAS, REFERENCE
from cloudstorctl.demo.node.plugins import Plugins
from cloudstorctl.demo.node.program import effects
from cloudstorctl.demo.node.release import Release, still_runs
from cloudstorctl.demo.node.store import VolumeStore
from cloudstorctl.demo.refusal import ConflictError, NotFoundError, RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudstorctl.demo.ids import Ids
    from cloudstorctl.demo.node.container import Container
    from cloudstorctl.demo.node.plugin import Plugin
    from cloudstorctl.demo.runtime import Runtime

_STOPPED: Final = 143
_KILLED: Final = 137
_IMAGES: Final = ("alpine", "busybox", "busybox:lab", "nginx", "postgres", "redis")


class Engine:
    """The dockerd of one node."""

    def __init__(  # noqa: PLR0913 - what an engine stands on
        self,
        *,
        hostname: str,
        release: Release,
        folder: Path,
        shared: Path,
        runtime: Runtime,
        ids: Ids,
    ) -> None:
        """Start with one enabled Cloudstor plugin, and nothing else."""
        self.hostname = hostname
        self.release = release
        self.folder = folder
        self.shared = shared
        self.runtime = runtime
        self.ids = ids
        self.id = ids.long()
        self.running = True
        """Whether the process is there."""
        self.frozen = False
        """Whether it takes requests and never answers."""
        self.images = {_tagged(image) for image in _IMAGES}
        self.slow_images: set[str] = set()
        """Images whose pull never ends."""
        self.containers: dict[str, Container] = {}
        self.events = EventLog(runtime.now)
        self.plugins = Plugins(
            folder=folder / "entries", shared=shared, runtime=runtime, ids=ids, events=self.events
        )
        self.drivers = Drivers(folder=folder / "volumes", plugins=self.plugins)
        self.volumes = VolumeStore(
            drivers=self.drivers,
            events=self.events,
            emits_known=not release.has_cluster_volumes,
        )
        self.plugins.install(ALIAS, reference=REFERENCE)

    def uses(self, plugin: Plugin) -> bool:
        """Whether the engine holds volumes of a plugin."""
        stored = (self.volumes.stored(name) for name in self.volumes.names)
        return any(each and each.driver == plugin.name for each in stored)

    def container(self, reference: str) -> Container:
        """Find a container by its ID, the start of it, or its name.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        wanted = reference.removeprefix("/")
        if wanted in self.containers:
            return self.containers[wanted]
        found = [c for c in self.containers.values() if c.name == wanted] or [
            c for c in self.containers.values() if c.id.startswith(wanted)
        ]
        if len(found) != 1:
            raise NotFoundError(f"No such container: {reference}")
        return found[0]

    def unused_name(self) -> str:
        """Make up a name for a container that nobody has named."""
        name = self.ids.words()
        taken = any(container.name == name for container in self.containers.values())
        return f"{name}{len(self.containers)}" if taken else name

    def check_image(self, image: str) -> None:
        """Find an image.

        Raises:
            NotFoundError: it is not there.
        """
        if _tagged(image) not in self.images:
            raise NotFoundError(f"No such image: {_tagged(image)}")

    async def create(
        self, container: Container, options: Mapping[str, dict[str, Any]] | None = None
    ) -> Container:
        """Make a container and the volumes that it mounts, and hold references to them.

        `options` are VolumeOptions of the API by the mount's target, for volumes that are new.

        Raises:
            RefusalError: a name is taken, an image is missing, a volume cannot be had.
        """
        taken = next((c for c in self.containers.values() if c.name == container.name), None)
        if taken is not None:
            raise ConflictError(
                f'Conflict. The container name "/{container.name}" is already in use by container '
                f'"{taken.id}". You have to remove (or rename) that container to be able to reuse '
                "that name."
            )
        self.check_image(container.image)
        for mount in container.mounts:
            if mount.kind == "volume":
                wanted = (options or {}).get(mount.destination, {})
                stored = await self.volumes.create(
                    mount.name,
                    mount.driver,
                    options=(wanted.get("DriverConfig") or {}).get("Options"),
                    labels=wanted.get("Labels"),
                    reference=container.id,
                )
                mount.driver, mount.source = stored.driver, stored.mountpoint
        self.containers[container.id] = container
        self.tell(container, "create")
        return container

    async def start(self, container: Container) -> None:
        """Start a container's program.

        Raises:
            RefusalError: a volume cannot be mounted.
        """
        if container.active:
            return
        for mount in container.mounts:
            if mount.kind == "volume":
                try:
                    await self.volumes.mount(mount, container.id)
                except RefusalError as error:
                    if self.release.has_cluster_volumes:
                        raise
                    raise RefusalError(str(error)) from error  # 20.10 says 500 to all of them
        container.state = "running"
        container.started = self.runtime.now()
        container.program = effects(container.command, container.environment)
        carry_out(self.drivers, container)
        self.tell(container, "start")
        if container.program.seconds <= 0:
            await self._ended(container, container.program.exit_code)

    async def stop(self, container: Container, *, kill: bool = False) -> None:
        """End a container's program."""
        if not container.active:
            return
        well = container.program is not None and container.program.stops_well
        self.tell(container, "kill", signal="9" if kill else "15")
        code = 0 if well and not kill else _KILLED if kill else _STOPPED
        await self._ended(container, code, stopped=not kill)

    def pause(self, container: Container, *, on: bool) -> None:
        """Pause a running container, or let it go on."""
        if on and container.state == "paused":
            raise ConflictError(f"Container {container.id} is already paused")
        if on and container.state != "running":
            who = self.release.says("Container", "container")
            raise ConflictError(f"{who} {container.id} is not running")
        if not on and container.state != "paused":
            raise RefusalError(f"Container {container.id} is not paused")
        container.state = "paused" if on else "running"
        self.tell(container, "pause" if on else "unpause")

    async def remove(
        self, container: Container, *, force: bool = False, volumes: bool = False
    ) -> None:
        """Remove a container, and on demand its anonymous volumes, of whatever driver.

        Raises:
            ConflictError: its program runs, and `force` was not asked for.
        """
        if container.active:
            if not force:
                raise ConflictError(still_runs(container, self.release))
            await self.stop(container, kill=True)
        self.containers.pop(container.id, None)
        for mount in container.mounts:
            if mount.kind == "volume":
                self.volumes.release(mount.name, container.id)
                if volumes and mount.anonymous:
                    with contextlib.suppress(RefusalError):
                        await self.volumes.remove(mount.name)
        self.tell(container, "destroy")

    async def run_out(self) -> None:
        """End the containers whose programs have come to their end."""
        now = self.runtime.now()
        for container in tuple(self.containers.values()):
            program = container.program
            if (
                container.state == "running"
                and program is not None
                and now >= container.started + program.seconds
            ):
                await self._ended(container, program.exit_code)

    def halt(self, *, containers_too: bool) -> None:
        """End the engine; its containers run on if it is killed, and end with it otherwise."""
        self.running = False
        self.frozen = False
        if containers_too:
            for container in self.containers.values():
                if container.active:
                    container.state, container.exit_code = "exited", 0
                    container.finished = self.runtime.now()

    async def boot(self) -> None:
        """Start the engine; references come back where the driver answers."""
        self.running = True
        await self.volumes.restore(self.volumes.forget_all())
        for container in tuple(self.containers.values()):
            # What has outlived a killed engine is stopped (moby daemon.go, restore).
            await self.stop(container)
        for container in self.containers.values():
            for mount in container.mounts:
                if mount.kind != "volume":
                    continue
                try:
                    await self.volumes.refer(mount.name, mount.driver, container.id)
                except RefusalError:
                    break  # the first failure ends it (moby daemon/mounts.go, prepareMountPoints)

    async def _ended(self, container: Container, code: int, *, stopped: bool = False) -> None:
        container.state, container.exit_code = "exited", code
        container.finished = self.runtime.now()
        # 20.10 tells first that the program has ended, and later ones last (measured).
        last = self.release.has_cluster_volumes
        if not last:
            self.tell(container, "die", exitCode=str(code))
        for mount in container.mounts:
            if mount.kind == "volume":
                with contextlib.suppress(RefusalError):
                    await self.volumes.unmount(mount.name, container.id)
        if stopped:
            self.tell(container, "stop")
        if last:
            self.tell(container, "die", exitCode=str(code))
        if container.removed_when_done:
            await self.remove(container, volumes=True)

    def tell(self, container: Container, action: str, **more: str) -> None:
        """Note what has happened to a container."""
        attributes = {"image": container.image, "name": container.name, **container.labels, **more}
        self.events.add("container", action, container.id, attributes)


def _tagged(image: str) -> str:
    """Give an image's name with its tag, without a digest."""
    name = image.partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
