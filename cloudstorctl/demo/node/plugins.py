"""The plugins of one engine: installed, switched on and off, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.demo.node.plugin import Plugin
from cloudstorctl.demo.refusal import ConflictError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudstorctl.demo.ids import Ids
    from cloudstorctl.demo.node.events import EventLog
    from cloudstorctl.demo.runtime import Runtime


class Plugins:
    """Managed plugins by their names."""

    def __init__(
        self, *, folder: Path, shared: Path, runtime: Runtime, ids: Ids, events: EventLog
    ) -> None:
        """Keep what drivers remember of this node in `folder`."""
        self._folder = folder
        self._shared = shared
        self._runtime = runtime
        self._ids = ids
        self._events = events
        self._plugins: dict[str, Plugin] = {}

    def __iter__(self) -> Iterator[Plugin]:
        """Give each plugin."""
        return iter(tuple(self._plugins.values()))

    def called(self, name: str) -> Plugin | None:
        """Find a plugin by its name or ID, with or without the tag `latest`."""
        for plugin in self._plugins.values():
            if name in {plugin.name, plugin.name.removesuffix(":latest"), plugin.id}:
                return plugin
        return None

    def named(self, name: str) -> Plugin:
        """Find a plugin.

        Raises:
            NotFoundError: there is none of this name.
        """
        plugin = self.called(name)
        if plugin is None:
            raise NotFoundError(f'plugin "{name}" not found')
        return plugin

    def install(self, name: str, *, reference: str = "") -> Plugin:
        """Install the driver under a name.

        Raises:
            ConflictError: the name is taken.
        """
        if name in self._plugins:
            raise ConflictError(f"plugin {name} already exists")
        plugin = self._plugins[name] = Plugin(
            id=self._ids.long(),
            name=name,
            shared=self._shared,
            entries=self._folder / name.replace("/", "-"),
            runtime=self._runtime,
            reference=reference,
        )
        return plugin

    def enable(self, name: str) -> None:
        """Switch a plugin on.

        Raises:
            ConflictError: it is on.
        """
        plugin = self.named(name)
        if plugin.enabled:
            raise ConflictError(f"plugin already enabled: plugin {plugin.name} is enabled")
        plugin.enabled = True
        self._tell("enable", plugin)

    def disable(self, name: str, *, used: bool, force: bool) -> None:
        """Switch a plugin off; its volumes vanish from the engine's list.

        Raises:
            ConflictError: it is off, or it is used and `force` was not asked for.
        """
        plugin = self.named(name)
        if used and not force:
            raise ConflictError(f"plugin {plugin.name} is in use")
        if not plugin.enabled:
            raise ConflictError(
                f"plugin is already disabled: plugin {plugin.name} found but disabled"
            )
        plugin.enabled = False
        self._tell("disable", plugin)

    def remove(self, name: str, *, used: bool, force: bool) -> Plugin:
        """Remove a plugin; nothing on the shared storage is touched.

        Raises:
            ConflictError: it is on or used, and `force` was not asked for.
        """
        plugin = self.named(name)
        if not force and (used or plugin.enabled):
            what = "in use" if used else "enabled"
            raise ConflictError(f"plugin {plugin.name} is {what}")
        del self._plugins[plugin.name]
        self._tell("remove", plugin)
        return plugin

    def _tell(self, action: str, plugin: Plugin) -> None:
        self._events.add("plugin", action, plugin.id, {"name": plugin.name})
