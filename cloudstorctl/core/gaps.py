"""A survey to gaps: all that the readings leave open, besides what failed to be read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from cloudstorctl.core.claims import MAY_MOUNT, short_name
from cloudstorctl.core.judgement import BackingKind
from cloudstorctl.core.model import ContainerState, Gap, MountKind
from cloudstorctl.core.mounts import known_of_service, known_of_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.family import Family
    from cloudstorctl.core.judgement import Volume
    from cloudstorctl.core.model import EngineReading, NodeId, Survey, VolumeName
    from cloudstorctl.core.mounts import Reach, Reacher

_HAS_IT_MOUNTED = {ContainerState.RUNNING, ContainerState.PAUSED}


def gaps_in(survey: Survey, volumes: tuple[Volume, ...], reacher: Reacher) -> tuple[Gap, ...]:
    """Find every gap of a survey (design.md section 5), those of the reading first.

    `volumes` and `reacher` are those of the survey (volumes.py, mounts.py).
    """
    found = (
        *survey.gaps,
        *_minority(survey),
        *_unread_nodes(survey),
        *_lost_tasks(survey),
        *_silent_drivers(survey, reacher),
        *_ambiguous_names(survey, volumes, reacher.family),
        *_unreadable_templates(survey, volumes, reacher),
    )
    return tuple(dict.fromkeys(found))


def _minority(survey: Survey) -> Iterator[Gap]:
    """A leader that lost its majority goes on answering for a while (measured: 17 s on 26.1)."""
    managers = [node for node in survey.nodes if node.manager]
    reachable = sum(node.reachable for node in managers)
    if managers and 2 * reachable <= len(managers):
        yield Gap(
            source="managers",
            cause=(
                f"only {reachable} of {len(managers)} can be reached: "
                "what they tell of services and tasks may be old"
            ),
        )


def _unread_nodes(survey: Survey) -> Iterator[Gap]:
    told = {engine.node_id for engine in survey.engines} | {gap.node for gap in survey.gaps}
    told |= {gone.node_id for gone in survey.gone}
    for node in survey.nodes:
        if node.id not in told:
            yield Gap(
                source=f"node {node.hostname}",
                node=node.id,
                cause=f"its engine was not read (the managers call the node {node.state})",
            )


def _lost_tasks(survey: Survey) -> Iterator[Gap]:
    """Tasks on nodes that left: their containers may run on, unseen."""
    members = {node.id for node in survey.nodes}
    services = {service.id: service for service in survey.services}
    for task in survey.tasks:
        if task.node_id and task.node_id not in members and MAY_MOUNT[task.state]:
            yield Gap(
                source=f"task {short_name(task, services.get(task.service_id))}",
                cause=(
                    f"it is {task.state} on node {task.node_id}, which has left the swarm: "
                    "its container may still run there"
                ),
            )


def _silent_drivers(survey: Survey, reacher: Reacher) -> Iterator[Gap]:
    silent = {gap.node for gap in survey.gaps}
    for engine in survey.engines:
        for plugin in engine.plugins:
            if reacher.family.has(plugin) and not plugin.enabled:
                silent.add(engine.node_id)
                yield Gap(
                    source=f"plugin {plugin.name}",
                    node=engine.node_id,
                    cause=(
                        "it is installed but disabled, so its volumes are not listed; "
                        f"'docker plugin enable {plugin.name}' on that node would show them"
                    ),
                )
        bare = sorted({entry.name for entry in engine.entries if not entry.driver})
        if bare:
            yield Gap(
                source="volume list",
                node=engine.node_id,
                cause=f"volumes without a driver ({', '.join(bare)}): their plugin does not answer",
            )
        if engine.node_id not in silent:
            yield from _unlisted(engine, reacher)


def _unlisted(engine: EngineReading, reacher: Reacher) -> Iterator[Gap]:
    """A driver whose backend fails answers an empty list without an error (cloudstor.md)."""
    listed = {entry.name for entry in engine.entries}
    missing = sorted(
        {
            mount.source
            for container in engine.containers
            for mount in container.mounts
            if container.state in _HAS_IT_MOUNTED
            and mount.kind is MountKind.VOLUME
            and reacher.family.includes(mount.driver)
            and listed.isdisjoint({mount.source, mount.source.split("/", 1)[0]})
        }
    )
    if missing:
        yield Gap(
            source="volume list",
            node=engine.node_id,
            cause=(
                f"its driver does not list {', '.join(missing)}, mounted there by a running "
                "container: the driver's storage may have failed"
            ),
        )


def _ambiguous_names(survey: Survey, volumes: tuple[Volume, ...], family: Family) -> Iterator[Gap]:
    clustered = {name for engine in survey.engines for name in engine.cluster_volumes}
    twins = _twins(survey, family)
    for volume in volumes:
        places = {str(b) for b in volume.backings if b.kind is not BackingKind.UNKNOWN}
        if len(places) > 1:
            yield Gap(
                source=f"volume {volume.name}",
                cause=(
                    f"the name exists in {' and '.join(sorted(places))}: "
                    "which one would be removed is not certain"
                ),
                volumes=frozenset({volume.name}),
            )
        if volume.name in clustered:
            yield Gap(
                source=f"volume {volume.name}",
                cause="a cluster (CSI) volume has the same name: a removal could reach that one",
                volumes=frozenset({volume.name}),
            )
        elsewhere = twins.get(volume.name)
        for node in sorted({e.node_id for e in volume.entries} & elsewhere) if elsewhere else ():
            yield Gap(
                source=f"volume {volume.name}",
                node=node,
                cause=(
                    "the node also lists the name under a driver that is not Cloudstor: "
                    "a removal could reach that one"
                ),
                volumes=frozenset({volume.name}),
            )


def _twins(survey: Survey, family: Family) -> dict[VolumeName, set[NodeId]]:
    """The nodes that list a name under a driver of another family."""
    twins: dict[VolumeName, set[NodeId]] = defaultdict(set)
    for engine in survey.engines:
        ours = family.through(engine.entries)
        for entry in engine.entries:
            if entry.driver not in ours:
                twins[entry.name].add(engine.node_id)
    return twins


def _unreadable_templates(
    survey: Survey, volumes: tuple[Volume, ...], reacher: Reacher
) -> Iterator[Gap]:
    """Templates that cannot be expanded, and those that could yield every name."""
    names = [volume.name for volume in volumes]
    for owner, source, reach in _reaches(survey, reacher):
        if reach.anything:
            yield Gap(source=owner, cause=f"its mount {source} may name any Cloudstor volume")
        elif reach.unexpandable:
            yield Gap(
                source=owner,
                cause=f"its mount {source} cannot be expanded",
                volumes=frozenset(name for name in names if reach.matches(name) is not None),
            )


def _reaches(survey: Survey, reacher: Reacher) -> Iterator[tuple[str, str, Reach]]:
    """Every template in force, once an owner: of services, and of live tasks made earlier."""
    services = {service.id: service for service in survey.services}
    told = set[tuple[str, str]]()
    for service in survey.services:
        for previous in (False, True):
            known = known_of_service(service, previous=previous)
            for mount in service.previous_mounts if previous else service.mounts:
                told.add((service.id, mount.source))
                if (reach := reacher.of_spec(mount, known)) is not None:
                    yield f"service {service.name}", mount.source, reach
    for task in survey.tasks:
        for mount in task.mounts if MAY_MOUNT[task.state] else ():
            if (task.service_id, mount.source) in told:
                continue
            service_now = services.get(task.service_id)
            known = known_of_task(task, service_now, None)
            if (reach := reacher.of_spec(mount, known)) is not None:
                yield f"task {short_name(task, service_now)}", mount.source, reach
