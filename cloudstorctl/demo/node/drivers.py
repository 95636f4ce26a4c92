"""The drivers that one engine can ask: the one of its own, and the plugins that are switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.node.plugin import DriverError
from cloudstorctl.demo.refusal import ConflictError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudstorctl.demo.node.plugin import Plugin
    from cloudstorctl.demo.node.plugins import Plugins

LOCAL: Final = "local"


class Drivers:
    """Finds drivers by name, and puts the calls to them."""

    def __init__(self, *, folder: Path, plugins: Plugins) -> None:
        """Keep local volumes in `folder`."""
        self._folder = folder
        self.plugins = plugins
        self.local: set[str] = set()
        """Names of the volumes of the engine's own driver."""

    def plugin(self, driver: str) -> Plugin:
        """Find the plugin of a driver name, with or without the tag `latest`.

        Raises:
            RefusalError: it is not installed, or disabled.
        """
        plugin = self.plugins.called(driver)
        said = f"error looking up volume plugin {driver}: plugin"
        if plugin is None:
            raise NotFoundError(f'{said} "{driver}" not found')
        if not plugin.enabled:
            raise ConflictError(f"{said} {plugin.name} found but disabled")
        return plugin

    def name_of(self, driver: str) -> str:
        """Give the whole name of a driver.

        Raises:
            RefusalError: it is not installed, or disabled.
        """
        return driver if driver == LOCAL else self.plugin(driver).name

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names of the drivers that can be asked."""
        return (LOCAL, *(each.name for each in self.plugins if each.enabled))

    def local_path(self, name: str) -> str:
        """Give the folder of a local volume."""
        return str(self._folder / name / "_data")

    async def look_up(self, driver: str, name: str) -> str | None:
        """Ask a driver where a volume is; None: it says that it has none, or fails.

        Raises:
            RefusalError: there is no such driver, or it is disabled.
        """
        if driver == LOCAL:
            return self.local_path(name) if name in self.local else None
        plugin = self.plugin(driver)
        try:
            answer = await plugin.call("Get", {"Name": name})
        except DriverError:
            return None
        return plugin.inside(answer["Volume"]["Mountpoint"])

    async def check(self, driver: str, name: str) -> str | None:
        """Ask a driver for a volume that it is known to have had.

        Raises:
            RefusalError: the driver is gone or disabled.
        """
        try:
            return await self.look_up(driver, name)
        except (ConflictError, NotFoundError) as error:
            raise type(error)(
                f'error while checking if volume "{name}" exists in driver "{driver}": {error}'
            ) from error

    async def call(
        self, driver: str, call: str, name: str, options: Mapping[str, str] | None = None
    ) -> None:
        """Put a call to a driver.

        Raises:
            DriverError: it says that it fails.
            RefusalError: there is no such driver, or it is disabled.
        """
        if driver != LOCAL:
            request = {"Name": name, "Opts": dict(options or {})}
            await self.plugin(driver).call(call, request)
        elif call == "Create":
            self.local.add(name)
        elif call == "Remove":
            self.local.discard(name)
