"""What one engine knows of volumes: names, references and labels in memory, as dockerd keeps them.

The ways in which it forgets are the ones that cost data, so they are kept as they are: any answer
of a driver that it does not know a volume wipes the references of containers that have it mounted.
Source: moby volume/service/store.go (create, getVolume, purge, list), volume/service/service.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.demo.node.drivers import LOCAL
from cloudstorctl.demo.node.plugin import DriverError
from cloudstorctl.demo.node.volume import Row, Stored
from cloudstorctl.demo.refusal import ConflictError, NotFoundError, RefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.demo.node.container import Mounted
    from cloudstorctl.demo.node.drivers import Drivers
    from cloudstorctl.demo.node.events import EventLog


class VolumeStore:
    """The volumes of one engine."""

    def __init__(self, *, drivers: Drivers, events: EventLog, emits_known: bool) -> None:
        """Ask these drivers; `emits_known`: a create of a known name is an event."""
        self._drivers = drivers
        self._events = events
        self._emits_known = emits_known
        self._names: dict[str, Stored] = {}

    @property
    def names(self) -> frozenset[str]:
        """Give the names in memory."""
        return frozenset(self._names)

    def stored(self, name: str) -> Stored | None:
        """Give what is in memory of a name."""
        return self._names.get(name)

    async def create(
        self,
        name: str,
        driver: str = "",
        *,
        options: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        reference: str | None = None,
    ) -> Stored:
        """Find a volume or make it, and note who refers to it.

        Raises:
            RefusalError: the driver fails, is not there, or the name belongs to another one.
        """
        try:
            known = await self._checked(name, driver)
            if known is None and not driver:
                known = await self._found(name)
            if known is None:
                known = await self._registered(name, driver or LOCAL, options, labels)
                self._events.volume("create", name, known.driver)
            elif self._emits_known:
                self._events.volume("create", name, known.driver)
        except RefusalError as error:
            raise type(error)(f"create {name}: {error}") from error
        except DriverError as error:
            raise RefusalError(f"create {name}: {error}") from error
        if reference is not None:
            known.references.add(reference)
        return known

    async def refer(self, name: str, driver: str, reference: str) -> None:
        """Note that a container refers to a volume, which has to be there.

        Raises:
            RefusalError: the driver does not know it, or is not there.
        """
        found = await self.get(name)
        if driver and found.driver != driver:
            raise ConflictError(f"get {name}: no such volume")
        found.references.add(reference)

    async def _checked(self, name: str, driver: str) -> Stored | None:
        """Give what is in memory of a name, if it is still true (moby store.go, checkConflict)."""
        known = self._names.get(name)
        if known is None:
            return None
        other = bool(driver) and self._drivers.name_of(driver) != known.driver
        try:
            there = await self._drivers.check(known.driver, name) is not None
        except RefusalError as error:
            raise ConflictError(
                f"found reference to volume '{name}' in driver '{known.driver}', but got an error "
                f"while checking the driver: {error}: volume name must be unique"
            ) from error
        if there and other:
            raise ConflictError(
                f"driver '{known.driver}' already has volume '{name}': volume name must be unique"
            )
        if there:
            return known
        if known.references:
            raise ConflictError(
                f"found references to volume '{name}' in driver '{known.driver}' but the volume "
                "was not found in the driver -- you may need to remove containers referencing this "
                "volume or force remove the volume to re-create it: volume name must be unique"
            )
        self._purge(name)
        return None

    async def get(self, name: str) -> Stored:
        """Ask the driver about a volume; a "no" makes the engine forget all that refers to it.

        Raises:
            RefusalError: no driver knows it.
        """
        try:
            found = await self._found(name)
        except RefusalError as error:
            raise type(error)(f"get {name}: {error}") from error
        if found is None:
            raise NotFoundError(f"get {name}: no such volume")
        return found

    async def remove(self, name: str, *, force: bool = False) -> None:
        """Remove a volume, unless a container of this engine refers to it.

        Raises:
            RefusalError: it is unknown, in use, or the driver fails.
        """
        try:
            found = await self.get(name)
        except NotFoundError:
            if force:
                return
            raise
        if found.references:
            ids = ", ".join(sorted(found.references))
            raise ConflictError(f"remove {name}: volume is in use - [{ids}]")
        if await self._drivers.look_up(found.driver, name) is None:
            self._purge(name)
            return
        try:
            await self._drivers.call(found.driver, "Remove", name)
        except DriverError as error:
            if force:
                self._purge(name)
            raise RefusalError(f"remove {name}: {error}") from error
        self._purge(name)
        self._events.volume("destroy", name, found.driver)

    async def mount(self, mount: Mounted, container: str) -> None:
        """Mount a volume for a container that starts.

        Raises:
            RefusalError: the driver does not know it, or fails.
        """
        name = mount.name
        try:
            found = await self.get(name)
        except RefusalError as error:
            raise type(error)(f"error while mounting volume '': {error}") from error
        try:
            await self._drivers.call(found.driver, "Mount", name)
        except DriverError as error:
            raise RefusalError(f"error while mounting volume '{mount.source}': {error}") from error
        mount.source = found.mountpoint
        self._events.mounted(mount, found.driver, container)

    async def unmount(self, name: str, container: str) -> None:
        """Unmount a volume of a container that has ended; a failure stays in the engine's log."""
        found = await self._found(name)
        if found is None:
            return
        try:
            await self._drivers.call(found.driver, "Unmount", name)
        except (DriverError, RefusalError):
            return
        self._events.volume("unmount", name, found.driver, container=container)

    def release(self, name: str, container: str) -> None:
        """Forget the reference of a container that is removed."""
        if known := self._names.get(name):
            known.references.discard(container)

    async def rows(self) -> tuple[list[Row], list[str]]:
        """List every volume of every driver that answers; the second is what went wrong."""
        local = sorted(self._drivers.local)
        listed = [(name, LOCAL, self._drivers.local_path(name)) for name in local]
        warnings = []
        for plugin in [each for each in self._drivers.plugins if each.enabled]:
            try:
                answer = await plugin.call("List", {})
            except DriverError as error:
                warnings.append(f"list {plugin.name}: {error}")
                cached = [n for n, known in self._names.items() if known.driver == plugin.name]
                listed += ((name, plugin.name, self._names[name].mountpoint) for name in cached)
            else:
                # A name may come twice, from two file systems: the engine drops neither row.
                listed += (
                    (row["Name"], plugin.name, plugin.inside(row["Mountpoint"]))
                    for row in answer["Volumes"]
                )
        return [self._row(*row) for row in listed if self._is_own(*row[:2])], warnings

    def _is_own(self, name: str, driver: str) -> bool:
        """Whether a row is kept: one of another driver than in memory is dropped, and logged."""
        known = self._names.get(name)
        return known is None or known.driver == driver

    def adopt(
        self, name: str, driver: str, mountpoint: str, *, reference: str | None = None
    ) -> None:
        """Take a volume for one that this engine has used; it is not asked of the driver."""
        known = self._names.setdefault(
            name, Stored(driver=driver, mountpoint=mountpoint, labels={}, options={})
        )
        if reference is not None:
            known.references.add(reference)

    def forget_all(self) -> dict[str, Stored]:
        """Lose all that is in memory alone, as an engine that ends does; give what there was."""
        names, self._names = self._names, {}
        return names

    async def restore(self, names: Mapping[str, Stored]) -> None:
        """Take up again what was on disk: names that their driver still knows."""
        for name, known in names.items():
            try:
                mountpoint = await self._drivers.look_up(known.driver, name)
            except RefusalError:
                continue
            if mountpoint is not None:
                self._names[name] = Stored(
                    driver=known.driver,
                    mountpoint=mountpoint,
                    labels=known.labels,
                    options=known.options,
                )

    def _row(self, name: str, driver: str, mountpoint: str) -> Row:
        known = self._names.get(name)
        return Row(
            name=name,
            driver=driver,
            mountpoint=mountpoint,
            labels=known.labels if known else None,
            options=known.options if known else None,
        )

    async def _registered(
        self,
        name: str,
        driver: str,
        options: Mapping[str, str] | None,
        labels: Mapping[str, str] | None,
    ) -> Stored:
        """Make a volume that is not in memory; the driver may have it already."""
        driver = self._drivers.name_of(driver)
        mountpoint = await self._drivers.look_up(driver, name)
        if mountpoint is None:
            await self._drivers.call(driver, "Create", name, options)
            # Where it is, a plugin tells only when it is asked again.
            mountpoint = self._drivers.local_path(name) if driver == LOCAL else ""
        known = self._names[name] = Stored(
            driver=driver,
            mountpoint=mountpoint,
            labels=None if labels is None else dict(labels),
            options=None if options is None else dict(options),
        )
        return known

    async def _found(self, name: str) -> Stored | None:
        """Find a volume by its name, in memory or with any driver."""
        known = self._names.get(name)
        if known is not None:
            mountpoint = await self._drivers.check(known.driver, name)
            if mountpoint is None:
                self._purge(name)
                return None
            known.mountpoint = mountpoint
            return known
        for driver in self._drivers.names:
            mountpoint = await self._drivers.look_up(driver, name)
            if mountpoint is not None:
                known = self._names[name] = Stored(driver=driver, mountpoint=mountpoint)
                return known
        return None

    def _purge(self, name: str) -> None:
        """Forget a name, and with it who refers to it."""
        self._names.pop(name, None)
