"""What a mount of a spec or a container reaches: the names of Cloudstor volumes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, assert_never

from cloudstorctl.core.backing import Roots, roots_in
from cloudstorctl.core.family import Family, family_of
from cloudstorctl.core.model import MountKind, ServiceMode
from cloudstorctl.core.templates import Known, Match, Names, yields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.model import Mount, Node, NodeId, Pairs, Service, Survey, Task

_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
"""Names that the engine makes for mounts without one (moby daemon/volumes.go)."""

_FORGOTTEN_LABELS = (("", "/"),)
"""For a service that is gone: any of its labels may have had a slash."""

_BINDS = frozenset(("bind", "rbind"))
"""mount(8) options by which a volume of the engine's own driver is a folder of the node."""

_ROOT = Names(exact="/", prefix="", unexpandable=False, anything=False)
"""What a bind of the whole file system reaches."""


class Reach(Protocol):
    """The volume names that a mount can reach: one, or a pattern of them."""

    @property
    def exact(self) -> str | None:
        """The one name, or None for a pattern."""

    @property
    def prefix(self) -> str:
        """What every name begins with."""

    @property
    def after_word(self) -> str:
        """What every name has behind a first word that is not known; empty: not so."""

    @property
    def unexpandable(self) -> bool:
        """Whether a part of the template could not be understood."""

    @property
    def anything(self) -> bool:
        """Whether every name is possible."""

    def matches(self, name: str) -> Match | None:
        """Say how `name`, or a directory above or below it, is one of the names."""


@dataclass(frozen=True, slots=True)
class Unnamed:
    """The volume of a mount without a name, which the engine names when it makes the container."""

    exact: None = None
    prefix: str = ""
    after_word: str = ""
    unexpandable: bool = False
    anything: bool = False

    def matches(self, name: str) -> Match | None:
        """Whether the engine could have made up this name."""
        return Match() if _ANONYMOUS.fullmatch(name) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacher:
    """Answers, for one survey, which volumes a mount reaches."""

    family: Family
    roots: Roots
    bound: Mapping[tuple[NodeId, str], str]
    """The folders that volumes of the engines' own driver bind, by node and name."""

    def of_container(self, mount: Mount, node: NodeId) -> str | None:
        """The volume that a container's mount has, as a path; None: not a Cloudstor volume."""
        match mount.kind:
            case MountKind.VOLUME:
                if self.family.may_reach_through(mount.driver):
                    return mount.source
                folder = self.bound.get((node, mount.source))
                return None if folder is None else self.roots.reached_by(folder, node)
            case MountKind.BIND:
                return self.roots.reached_by(mount.source, node)
            case MountKind.OTHER:
                return None
            case _ as never:
                assert_never(never)

    def of_spec(self, mount: Mount, known: Known) -> Reach | None:
        """The names that a mount of a spec can yield, given what is `known`."""
        match mount.kind:
            case MountKind.VOLUME:
                if not self.family.may_reach_through(mount.driver):
                    folder = _bound_by(mount.options)
                    return None if folder is None else self._of_bind(folder, known)
                if mount.source:
                    return yields(mount.source, known)
                return Unnamed() if mount.driver else None
            case MountKind.BIND:
                return self._of_bind(mount.source, known)
            case MountKind.OTHER:
                return None
            case _ as never:
                assert_never(never)

    def _of_bind(self, folder: str, known: Known) -> Reach | None:
        below = self.roots.reached_by(folder, None)
        if below is None:
            return None
        return yields(below, known) if below else _ROOT


def reacher_for(survey: Survey) -> Reacher:
    """Gather what a survey tells of drivers and paths."""
    bound = {
        (entry.node_id, str(entry.name)): folder
        for engine in survey.engines
        for entry in engine.entries
        if entry.options and entry.driver == "local" and (folder := _bound_by(entry.options))
    }
    return Reacher(family=family_of(survey), roots=roots_in(survey), bound=bound)


def _bound_by(options: Pairs) -> str | None:
    """The folder that a volume of the engine's own driver binds (moby volume/local/local_unix.go).

    None: it binds none.
    """
    given = dict(options)
    return None if _BINDS.isdisjoint(given.get("o", "").split(",")) else given.get("device")


def known_of_service(service: Service, *, previous: bool = False) -> Known:
    """What a template may take from the service alone: its tasks and nodes are open."""
    return Known(
        service_id=service.id,
        service_name=service.name,
        service_labels=service.previous_labels if previous else service.labels,
        per_node=service.mode.per_node,
        job=service.mode is ServiceMode.REPLICATED_JOB,
    )


def known_of_task(task: Task, service: Service | None, node: Node | None) -> Known:
    """What a worker would expand a task's templates from.

    Labels are left open: they are those at the task's creation, which the API does not show; what
    they may hold is told by those of the present spec and the one before. The service may be gone,
    and the node not assigned yet.
    """
    return Known(
        service_id=task.service_id,
        service_name=service.name if service else None,
        service_labels=(
            (*service.labels, *service.previous_labels) if service else _FORGOTTEN_LABELS
        ),
        per_node=service.mode.per_node if service else False,
        job=service is not None and service.mode is ServiceMode.REPLICATED_JOB,
        task_id=task.id,
        task_name=task.name,
        slot=task.slot,
        node_id=task.node_id,
        node_hostname=node.hostname if node else None,
        node_os=node.operating_system if node else None,
        node_arch=node.architecture if node else None,
    )
