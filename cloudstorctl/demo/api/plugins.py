"""`/plugins`: list, inspect, enable, disable, settings, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.api.asked import Asked, answer, nothing
from cloudstorctl.demo.refusal import RefusalError

if TYPE_CHECKING:
    from starlette.responses import Response

    from cloudstorctl.demo.managers.records import Payload
    from cloudstorctl.demo.node.plugin import Plugin

_FILTERS: Final = {"capability", "enabled"}


def _payload(plugin: Plugin) -> Payload:
    environment = [
        {"Description": "", "Name": name, "Settable": ["value"], "Value": value}
        for name, value in plugin.settings.items()
    ]
    return {
        "Config": {
            "Description": "cloud storage plugin for Docker",
            "Documentation": "",
            "Entrypoint": ["/cloudstor"],
            "Env": environment,
            "Interface": {"Socket": "cloudstor.sock", "Types": ["docker.volumedriver/1.0"]},
            "PropagatedMount": "/mnt",
            "Mounts": [],
            "WorkDir": "/",
        },
        "Enabled": plugin.enabled,
        "Id": plugin.id,
        "Name": plugin.name,
        "PluginReference": plugin.reference or plugin.name,
        "Settings": {
            "Args": [],
            "Devices": [],
            "Env": [f"{name}={value}" for name, value in plugin.settings.items()],
            "Mounts": [],
        },
    }


async def list_plugins(asked: Asked) -> Response:
    """`GET /plugins`."""
    wanted = asked.filters(_FILTERS)
    enabled = {word in {"true", "1"} for word in wanted.get("enabled", ())}
    kinds = wanted.get("capability", ["volumedriver"])
    shown = [p for p in asked.engine.plugins if not enabled or p.enabled in enabled]
    return answer([_payload(plugin) for plugin in shown] if "volumedriver" in kinds else [])


async def inspect(asked: Asked) -> Response:
    """`GET /plugins/{name}/json`."""
    return answer(_payload(asked.engine.plugins.named(asked.text("name"))))


async def enable(asked: Asked) -> Response:
    """`POST /plugins/{name}/enable`."""
    asked.engine.plugins.enable(asked.text("name"))
    return nothing(200)


async def disable(asked: Asked) -> Response:
    """`POST /plugins/{name}/disable`."""
    plugins = asked.engine.plugins
    plugin = plugins.named(asked.text("name"))
    plugins.disable(plugin.name, used=asked.engine.uses(plugin), force=asked.flag("force"))
    return nothing(200)


async def change(asked: Asked) -> Response:
    """`POST /plugins/{name}/set`: a list of `KEY=value`."""
    plugin = asked.engine.plugins.named(asked.text("name"))
    if plugin.enabled:
        raise RefusalError("cannot set on an active plugin, disable plugin before setting")
    for line in await asked.request.json():
        name, _, value = str(line).partition("=")
        if name not in plugin.settings:
            raise RefusalError(f'setting "{name}" not found in the plugin configuration')
        plugin.settings[name] = value
    return nothing()


async def remove(asked: Asked) -> Response:
    """`DELETE /plugins/{name}`."""
    plugins = asked.engine.plugins
    plugin = plugins.named(asked.text("name"))
    plugins.remove(plugin.name, used=asked.engine.uses(plugin), force=asked.flag("force"))
    return answer(_payload(plugin))


HANDLERS: Final = {
    "GET /plugins": list_plugins,
    "GET /plugins/{name:path}/json": inspect,
    "POST /plugins/{name:path}/enable": enable,
    "POST /plugins/{name:path}/disable": disable,
    "POST /plugins/{name:path}/set": change,
    "DELETE /plugins/{name:path}": remove,
}
