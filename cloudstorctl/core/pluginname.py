"""Which plugin a name in a request means, as the engine resolves it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import Plugin

_HUB = ("docker.io/", "index.docker.io/")
_ID = re.compile(r"[0-9a-f]+")


def familiar(name: str) -> str:
    """Give a plugin's name as engines keep it: without Docker's own registry, and with a tag.

    As distribution/reference normalizes it (normalize.go, FamiliarString and TagNameOnly).
    """
    for registry in _HUB:
        if name.startswith(registry):
            name = name.removeprefix(registry).removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def is_like_an_id(name: str) -> bool:
    """Whether a name could be the start of a plugin's ID."""
    return _ID.fullmatch(name) is not None


def plugins_named(plugins: Iterable[Plugin], name: str) -> tuple[Plugin, ...]:
    """Find the plugins that a name may mean: by name, by the start of the ID, or by reference.

    The engine takes a name first, then an ID or the start of one that only one plugin has (moby
    plugin/store.go, resolvePluginID). It takes no reference; whoever writes one means it.
    """
    wanted = familiar(name)
    return tuple(
        plugin
        for plugin in plugins
        if wanted in {familiar(plugin.name), familiar(plugin.reference)}
        or (is_like_an_id(name) and plugin.id.startswith(name))
    )
