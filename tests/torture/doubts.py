"""The truth about gaps: what an answer leaves open, told from the embedded swarm's own state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.managers.records import State
from tests.torture.specs import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.node.plugin import Plugin
    from cloudstorctl.demo.swarm import Swarm
    from tests.torture.wire import Exchange

_FINAL: Final = {State.COMPLETE, State.SHUTDOWN, State.FAILED, State.REJECTED}
_UNREADABLE: Final = ("{{if", "{{with", "{{range")
NODE_PATHS: Final = ("/info", "/containers/json", "/plugins", "/volumes")
MANAGER_PATHS: Final = ("/info", "/nodes", "/services", "/tasks")


def doubts_after(swarm: Swarm, exchange: Exchange) -> tuple[str, ...]:
    """Tell what one answer of the swarm leaves open."""
    question = f"GET {exchange.path} of {exchange.hostname}"
    if not exchange.good or exchange.fault:
        return (f"{question} {exchange.fault or 'failed'}",)
    found: dict[str, Iterator[str]] = {
        "/volumes": _of_list(swarm, exchange),
        "/plugins": _disabled(swarm, exchange.hostname),
        "/nodes": _minority(swarm),
        "/services": _unreadable(swarm),
    }
    return tuple(found.get(exchange.path, ()))


def doubts_now(swarm: Swarm) -> list[str]:
    """Tell what a look would leave open that reads everything now."""
    found = [*_minority(swarm), *left_behind(swarm).values(), *_unreadable(swarm)]
    for member in swarm.cluster.members:
        engine = swarm.cluster.engines[member]
        found += _disabled(swarm, engine.hostname)
        if not swarm.cluster.alive(member):
            found.append(f"{engine.hostname} does not answer")
        if engine.running and not engine.frozen:
            answer = _list_of(engine)
            found += _unlisted(swarm, engine.hostname, answer)
    return found


def _list_of(engine: Engine) -> set[str]:
    names = set()
    for plugin in engine.plugins:
        names |= {row["Name"] for row in rows_of(plugin)}
    return names


def rows_of(plugin: Plugin) -> list[dict[str, str]]:
    """Give what a driver would list if it did not fail."""
    wanted, plugin.wanted = plugin.wanted, {"generation": plugin.wanted["generation"]}
    rows: list[dict[str, str]] = plugin.driver.answer("List", {})["Volumes"]
    plugin.wanted = wanted
    return rows if plugin.enabled else []


def _of_list(swarm: Swarm, exchange: Exchange) -> Iterator[str]:
    answer = json.loads(exchange.answer)
    for warning in answer["Warnings"] or ():
        yield f"the list of {exchange.hostname} has the warning {warning}"
    listed = {row["Name"] for row in answer["Volumes"]}
    yield from _unlisted(swarm, exchange.hostname, listed)


def _unlisted(swarm: Swarm, hostname: str, listed: set[str]) -> Iterator[str]:
    """Name what is mounted and not listed."""
    for container in swarm.engines[hostname].containers.values():
        for mount in container.mounts:
            if (
                container.state in {"running", "paused"}
                and mount.kind == "volume"
                and mount.driver != "local"
                and listed.isdisjoint({mount.name, mount.name.split("/")[0]})
            ):
                yield f"{hostname} does not list {mount.name}, which is mounted there"


def _disabled(swarm: Swarm, hostname: str) -> Iterator[str]:
    for plugin in swarm.engines[hostname].plugins:
        if not plugin.enabled:
            yield f"plugin {plugin.name} of {hostname} is disabled"


def _minority(swarm: Swarm) -> Iterator[str]:
    if not swarm.cluster.has_quorum:
        yield "the managers have no majority"


def left_behind(swarm: Swarm) -> dict[str, str]:
    """By hostname, name a task whose container may run on where its node has left the swarm."""
    return {
        swarm.cluster.engines[task.node_id].hostname: (
            f"task {task.name} is {task.state.word} on a node that has left the swarm"
        )
        for task in swarm.cluster.tasks.values()
        if task.node_id and task.node_id not in swarm.cluster.members and task.state not in _FINAL
    }


def _unreadable(swarm: Swarm) -> Iterator[str]:
    for service in swarm.cluster.services.values():
        for spec in (service.spec, service.previous):
            if spec is None:
                continue
            for mount in spec["TaskTemplate"]["ContainerSpec"].get("Mounts") or ():
                driver = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
                unreadable = any(word in (mount.get("Source") or "") for word in _UNREADABLE)
                if unreadable and is_ours(driver.get("Name") or ""):
                    yield f"a template of service {service.name} cannot be read"
