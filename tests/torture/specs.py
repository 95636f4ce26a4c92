"""What the mounts of a service's spec come to, told without cloudstorctl.core."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.node.files import host_path
from cloudstorctl.demo.template.expansion import Context, TemplateError, expand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.demo.managers.records import Payload, Service
    from cloudstorctl.demo.node.engine import Engine
    from cloudstorctl.demo.swarm import Swarm

ID: Final = "[0-9a-z]{25}"
_NUMBER: Final = "[1-9][0-9]*"
NOBODY: Final = Context(
    service_id="",
    service_name="",
    service_labels={},
    node_id="",
    node_hostname="",
    node_os="",
    node_arch="",
    task_id="",
    task_name="",
    task_slot="",
)


def is_ours(driver: str) -> bool:
    """Whether a mount that names this driver may be of a Cloudstor volume, now or once more.

    Every plugin of this swarm is Cloudstor, under whatever name, and comes and goes.
    """
    return driver != "local"


def bound(engines: Iterable[Engine], path: str) -> str | None:
    """Say what below the file system's root a path of a node is; empty: all of it."""
    for engine in engines:
        for plugin in engine.plugins:
            for kind in ("/mnt/efs/reg", "/mnt/efs/max", "/mnt/ebs"):
                root = host_path(plugin, kind)
                if path == root or path.startswith(f"{root}/"):
                    return path[len(root) + 1 :]
    return None


def of_spec(swarm: Swarm, mount: Payload, context: Context) -> str | None:
    """Say what place a mount of a spec is at, for one task; None: none of ours."""
    source = str(mount.get("Source") or "")
    kind = mount.get("Type") or "volume"
    driver = ((mount.get("VolumeOptions") or {}).get("DriverConfig") or {}).get("Name") or ""
    try:
        name = _expanded(source, context) if "{{" in source else source
    except TemplateError:
        return None  # its task is rejected
    if kind == "bind":
        return bound(swarm.engines.values(), name)
    if kind != "volume" or not is_ours(driver) or not (source or driver):
        return None
    return name


def _expanded(source: str, context: Context) -> str:
    labels = tuple(sorted(context.service_labels.items()))
    key = (context.service_id, context.service_name, context.node_id, context.node_hostname)
    return _expanded_once(source, labels, key, context.task_id, context.task_slot)


@lru_cache(maxsize=100_000)
def _expanded_once(
    source: str,
    labels: tuple[tuple[str, str], ...],
    key: tuple[str, str, str, str],
    task: str,
    slot: str,
) -> str:
    return expand(
        source,
        Context(
            service_id=key[0],
            service_name=key[1],
            service_labels=dict(labels),
            node_id=key[2],
            node_hostname=key[3],
            node_os="linux",
            node_arch="x86_64",
            task_id=task,
            task_name=f"{key[1]}.{slot}.{task}",
            task_slot=slot,
        ),
    )


def slots(service: Service, spec: Payload) -> list[str]:
    """Give the slots of a spec; an empty one stands for the node's ID."""
    if service.per_node:
        return [""]
    mode = (spec.get("Mode") or {}).get(service.mode) or {}
    count = int(mode.get("TotalCompletions" if service.is_job else "Replicas", 1))
    return (
        ["", *map(str, range(1, count))]
        if service.is_job
        else [str(slot) for slot in range(1, count + 1)]
    )


def dormant(source: str, service: Service) -> str:
    """Write what a template can yield for any task as a regular expression; empty: only itself."""
    if "{{" not in source:
        return ""
    slot = ID if service.per_node else f"(?:{_NUMBER}|{ID})" if service.is_job else _NUMBER
    name = re.escape(service.name)
    forms = {
        "{{.Service.Name}}": name,
        "{{.Task.Slot}}": slot,
        "{{.Node.Hostname}}": ".+",
        "{{.Task.ID}}": ID,
        "{{.Task.Name}}": rf"{name}\.{slot}\.{ID}",
        '{{index .Service.Labels "tier"}}': ".*",
    }
    pieces = re.split(r"(\{\{.*?\}\})", source)
    return "".join(forms.get(p, ".*") if p.startswith("{{") else re.escape(p) for p in pieces)
