"""The swarm as the ground of its services, and the checks that need more than one service."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.ground import Resolved
from cloudstorctl.core.doctor.installed import Installed, installed_in
from cloudstorctl.core.doctor.naming import NODE, SLOT, Taken, first_name, taken_by
from cloudstorctl.core.doctor.plugins import explained_by_plugins
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.mounting import flag_of, update_of
from cloudstorctl.core.mounts import Reacher, known_of_service, reacher_for
from cloudstorctl.core.placement import eligible
from cloudstorctl.core.sharing import in_words
from cloudstorctl.core.templates import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudstorctl.core.family import Family
    from cloudstorctl.core.model import NodeId, Service, Survey
    from cloudstorctl.core.verdict import Assessment

_LOCAL = "local"
"""The driver of every engine, which makes the volume of a mount that names none."""
_STOPPED = {"paused", "rollback_paused"}
"""States of an update that goes no further by itself (swarmkit api/types.proto, UpdateStatus)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmGround:
    """A swarm, as one survey showed it."""

    installed: Installed
    reacher: Reacher
    listed: Mapping[str, frozenset[NodeId]]
    """The nodes that list each Cloudstor volume, by the volume's directory."""
    explained: frozenset[tuple[NodeId, str]]
    """Nodes, and aliases that findings about the plugin say they do not have enabled."""
    modes: Mapping[str, str]
    """The performance mode of each that is on EFS, likewise."""
    local: Mapping[str, frozenset[NodeId]]
    """The nodes that list each volume of the `local` driver."""
    whole: bool
    """Whether every engine's list was read."""
    taken: Taken

    @property
    def family(self) -> Family:
        """Give the driver names that are Cloudstor."""
        return self.installed.family

    @property
    def driver(self) -> str:
        """Give the alias that most nodes have."""
        return self.installed.usual

    def nodes(self, service: Service) -> int:
        """Give the number of nodes that its constraints let it run on."""
        return len(eligible(service, self.installed.nodes))

    def about(self, service: Service) -> str:
        """Name a service."""
        return f"service {service.name}"

    def about_options(self, service: Service, mount: Mount) -> str:
        """Each service asks for itself."""
        del mount
        return self.about(service)

    def is_elsewhere(self, service: Service, mount: Mount, mode: str) -> bool:
        """Whether a volume of the mount is on the file system of the other mode."""
        names = self.resolved(service, mount).names
        return any(self.modes.get(name, mode) != mode for name in names)

    def about_volume(self, name: str) -> str:
        """Name a volume."""
        return f"volume {name}"

    def steady(self, service: Service) -> str:
        """Give the slot, or the node where each has one task."""
        return NODE if service.mode.per_node else SLOT

    def words(self, mount: Mount) -> tuple[str, ...]:
        """Give what is fixed in its present name, and its path."""
        return (mount.source, mount.target)

    def is_taken(self, service: Service, mount: Mount, source: str) -> bool:
        """Whether a volume, of whatever driver, or a mount has the name or may get it."""
        return self.taken.has(service, mount, source)

    def changed(self, service: Service, mount: Mount) -> str:
        """Give the command that puts a mount in the place of that at its target."""
        return update_of(mount, service.name)

    def copied(self, service: Service, before: Mount, after: Mount) -> str:
        """Give a container that copies between the volumes of the first slot."""
        old, new = first_name(service, before.source), first_name(service, after.source)
        if not old or not new:
            return ""
        source = Mount(MountKind.VOLUME, old, "/from", before.driver, read_only=True)
        to = after._replace(source=new, target="/to", read_only=False, no_copy=False, subpath="")
        return f"docker run --rm {flag_of(source)} {flag_of(to)} busybox cp -a /from/. /to/"

    def lasting(self, service: Service) -> str:
        """Say that the next deployment of its stack undoes a change."""
        if not service.stack:
            return ""
        return f" Change it in the file of stack {service.stack} too, which deploys it again."

    def resolved(self, service: Service, mount: Mount) -> Resolved:
        """Find the Cloudstor volumes of the names that a mount yields."""
        reach = self.reacher.of_spec(mount, known_of_service(service))
        if reach is None or reach.anything:
            names: tuple[str, ...] = ()
        elif reach.exact is not None:
            names = tuple(name for name in (canonical(reach.exact),) if name in self.listed)
        else:
            names = tuple(name for name in self.listed if reach.matches(name) is not None)
        every = {node.id for node in self.installed.nodes}
        local = {
            node
            for name, nodes in self.local.items()
            if reach is not None and not reach.anything and reach.matches(name) is not None
            for node in nodes
        }
        return Resolved(
            names,
            everywhere=all(every <= self.listed[name] for name in names),
            local=tuple(node.hostname for node in self.installed.nodes if node.id in local),
            may_be_local=service.replicas > 0 or not self.whole,
        )

    def is_external(self, mount: Mount) -> bool:
        """No spec tells: `docker stack deploy` leaves the driver out, and nothing more."""
        del mount
        return False


def ground_of(seen: Assessment) -> SwarmGround:
    """Gather what the checks on mounts need from a survey."""
    reacher = reacher_for(seen.survey)
    installed = installed_in(seen.survey)
    return SwarmGround(
        installed=installed,
        explained=explained_by_plugins(installed),
        reacher=reacher,
        listed={
            canonical(verdict.volume.name): frozenset(
                entry.node_id for entry in verdict.volume.entries
            )
            for verdict in seen.verdicts
        },
        modes={
            canonical(verdict.volume.name): mode
            for verdict in seen.verdicts
            if (mode := verdict.volume.backing.mode) is not None
        },
        local=_local(seen.survey),
        whole=not any(gap.volumes is None for gap in seen.gaps),
        taken=taken_by(
            seen.survey.services,
            (entry.name for engine in seen.survey.engines for entry in engine.entries),
            reacher.family,
        ),
    )


def _local(survey: Survey) -> dict[str, frozenset[NodeId]]:
    nodes: dict[str, set[NodeId]] = defaultdict(set)
    for engine in survey.engines:
        for entry in engine.entries:
            if entry.driver == _LOCAL:
                nodes[entry.name].add(entry.node_id)
    return {name: frozenset(those) for name, those in nodes.items()}


def services_now(survey: Survey) -> tuple[Service, ...]:
    """Give each service once, as the later reading of the manager showed it."""
    return tuple({service.id: service for service in survey.services}.values())


def driver_findings(service: Service, ground: SwarmGround) -> Iterator[Finding]:
    """Say which drivers that a service names are not on every node.

    Not where a finding about the node says it already, for all services at once.
    """
    installed = ground.installed
    named: dict[str, Mount] = {}
    for mount in service.mounts:
        if mount.kind is MountKind.VOLUME and mount.driver and ground.family.includes(mount.driver):
            named.setdefault(mount.driver, mount)
    for driver, mount in named.items():
        answers = [(node, installed.has(node, driver)) for node in installed.nodes]
        having = [node.hostname for node, has in answers if has]
        lacking = [node for node, has in answers if has is False]
        if not having and len(lacking) == len(answers):
            usual = installed.usual if installed.aliases else ""
            named_as = f" Nodes have it as {usual}." if usual and usual != driver else ""
            yield Finding(
                code="driver-nowhere",
                severity=Severity.ERROR,
                about=ground.about(service),
                reason=(
                    f"It mounts {mount.source or mount.target} with the driver {driver}, which no "
                    "node has installed and enabled: its tasks find no node and stay pending."
                    f"{named_as}{ground.lasting(service)}"
                ),
                fix=ground.changed(service, mount._replace(driver=usual))
                if named_as
                else "docker plugin ls  # on each node",
            )
            continue
        away = [
            node.hostname
            for node in lacking
            if node.availability != "drain"
            and ground.explained.isdisjoint({(node.id, driver), (node.id, f"{driver}:latest")})
        ]
        if away:
            yield Finding(
                code="driver-not-everywhere",
                severity=Severity.WARNING,
                about=ground.about(service),
                reason=(
                    f"It mounts {mount.source or mount.target} with the driver {driver}, which "
                    f"{in_words(away)} {'does' if len(away) == 1 else 'do'} not have installed and "
                    f"enabled: its tasks can run on {in_words(having or ['the others'])} alone."
                ),
                fix=f"docker plugin ls  # on {away[0]}",
            )


def update_findings(service: Service, ground: SwarmGround) -> Iterator[Finding]:
    """Say that an update stopped half-way while it changes what is mounted."""
    now, before = (
        {mount.place for mount in mounts} for mounts in (service.mounts, service.previous_mounts)
    )
    if service.update_state not in _STOPPED or now == before:
        return
    if any(
        mount.kind is MountKind.VOLUME and ground.family.claims_through(mount.driver)
        for mount in (*service.mounts, *service.previous_mounts)
    ):
        stopped = service.update_state.replace("_", " ")
        yield Finding(
            code="update-stopped",
            severity=Severity.WARNING,
            about=ground.about(service),
            reason=(
                f"Its last update changes its volumes and is {stopped}: some of its tasks have the "
                "old volumes mounted, and some the new ones."
            ),
            fix=f"docker service ps {quote(service.name)}",
        )
