"""What is wrong with the file systems that a swarm's volumes are on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.attached import SETTINGS, Attached, differing
from cloudstorctl.core.doctor.options import moved_to_its_mode
from cloudstorctl.core.doctor.swarm import ground_of
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.judgement import Strength
from cloudstorctl.core.model import MountKind
from cloudstorctl.core.mounting import MAXIO
from cloudstorctl.core.mounts import known_of_service
from cloudstorctl.core.perfmode import OPTION
from cloudstorctl.core.sharing import in_words
from cloudstorctl.core.storage import FileSystem  # noqa: TC001 - dataclass annotations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from cloudstorctl.core.judgement import Verdict
    from cloudstorctl.core.model import VolumeName
    from cloudstorctl.core.verdict import Assessment

_FITTING = {"reg": "generalPurpose", "max": "maxIO"}
_NEAR = 80.0
"""Per cent of the I/O limit from which on it is near: AWS's own advice for PercentIOLimit."""
_BUSIEST = 5
"""Volumes that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One file system of the swarm as a whole."""

    attached: Attached
    file_system: FileSystem | None
    """None: AWS did not describe it."""
    volumes: int
    """How many volumes of the swarm are on it."""
    findings: tuple[Finding, ...] = ()


def reports(
    seen: Assessment,
    attached: Sequence[Attached],
    file_systems: Mapping[str, FileSystem],
    zones: Mapping[str, str],
) -> tuple[Report, ...]:
    """Put together what the swarm and AWS say, a file system and mode each.

    `file_systems` are by ID, and `zones` are the availability zones by a node's IP address.
    """
    hostnames = {node.id: node.hostname for node in seen.survey.nodes}
    addresses = {node.id: node.address for node in seen.survey.nodes}
    odd = differing(attached, hostnames)
    found = []
    for each in attached:
        verdicts = volumes_on(each, seen.verdicts)
        hosts: dict[str, set[str]] = defaultdict(set)
        for node in each.nodes:
            if (zone := zones.get(addresses.get(node, ""))) is not None:
                hosts[zone].add(hostnames.get(node, node))
        described = file_systems.get(each.id)
        findings = [finding for finding in odd if finding.about == f"file system {each.id}"]
        if described is not None:
            has_maxio = any(other.mode == "max" for other in attached)
            findings += findings_on(
                each, described, zones=hosts, verdicts=verdicts, has_maxio=has_maxio, seen=seen
            )
        found.append(
            Report(
                attached=each,
                file_system=described,
                volumes=len(verdicts),
                findings=tuple(findings),
            )
        )
    return tuple(found)


def volumes_on(attached: Attached, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Give the volumes whose data is on a file system, as one of their backings tells.

    A volume has several where the plugins of nodes are set to different file systems.
    """
    return tuple(
        verdict
        for verdict in verdicts
        if any(
            backing.mode == attached.mode and backing.file_system in {None, attached.id}
            for backing in verdict.volume.backings
        )
    )


def findings_on(  # noqa: PLR0913 - what the swarm, AWS and both together tell
    attached: Attached,
    file_system: FileSystem,
    *,
    zones: Mapping[str, Collection[str]],
    verdicts: Sequence[Verdict],
    has_maxio: bool,
    seen: Assessment,
) -> tuple[Finding, ...]:
    """Say what is wrong with one file system.

    `zones` are the availability zones of the nodes that use it, with hostnames; empty where they
    are not known. `verdicts` are those on its volumes, and `has_maxio` says whether the swarm has
    a file system for `perfmode=maxio`.
    """
    found = (
        *_state(file_system),
        *_mode(attached, file_system),
        *_zones(file_system, zones),
        *_backup(file_system),
        *_limit(attached, file_system, verdicts, has_maxio=has_maxio, seen=seen),
    )
    return tuple(sorted(found, key=lambda finding: list(Severity).index(finding.severity)))


def _state(file_system: FileSystem) -> Iterator[Finding]:
    if file_system.state != "available":
        yield _finding(
            "file-system-state",
            Severity.ERROR,
            file_system,
            f"It is {file_system.state}: nodes that mount it now may fail.",
        )
    for target in file_system.mount_targets:
        if target.state != "available":
            yield _finding(
                "mount-target-state",
                Severity.ERROR,
                file_system,
                f"Its mount target {target.id} in {target.zone} is {target.state}: nodes of that "
                "zone may not reach it.",
                f"aws efs describe-mount-targets --mount-target-id {target.id}",
            )


def _mode(attached: Attached, file_system: FileSystem) -> Iterator[Finding]:
    fitting = _FITTING[attached.mode]
    if file_system.performance_mode != fitting:
        yield _finding(
            "performance-mode",
            Severity.WARNING,
            file_system,
            f"The plugins have it as {SETTINGS[attached.mode]}, for efs/{attached.mode} volumes, "
            f"and its performance mode is {file_system.performance_mode}, not {fitting}. The mode "
            "cannot be changed: a new file system and a copy of the data would be needed.",
        )


def _zones(file_system: FileSystem, zones: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    reached = {target.zone for target in file_system.mount_targets}
    for zone, hostnames in sorted(zones.items()):
        if zone not in reached:
            verb = "runs" if len(hostnames) == 1 else "run"
            yield _finding(
                "zone-without-mount-target",
                Severity.ERROR,
                file_system,
                f"There is no mount target in {zone}, where {in_words(sorted(hostnames))} {verb}: "
                "volumes cannot be mounted there, or only through another zone.",
                f"aws efs create-mount-target --file-system-id {file_system.id} "
                f"--subnet-id SUBNET-IN-{zone}",
            )


def _backup(file_system: FileSystem) -> Iterator[Finding]:
    if file_system.backup is False:
        yield _finding(
            "no-backup",
            Severity.WARNING,
            file_system,
            "Automatic backup is off: what is removed or overwritten by mistake is gone.",
            f"aws efs put-backup-policy --file-system-id {file_system.id} "
            "--backup-policy Status=ENABLED",
        )


def _limit(
    attached: Attached,
    file_system: FileSystem,
    verdicts: Sequence[Verdict],
    *,
    has_maxio: bool,
    seen: Assessment,
) -> Iterator[Finding]:
    worst = max(file_system.load.last_hour or 0.0, file_system.load.last_day or 0.0)
    if file_system.performance_mode != "generalPurpose" or worst < _NEAR:
        return
    writers = {verdict.volume.name: _writers(verdict) for verdict in verdicts}
    busiest = sorted((name for name in writers if writers[name]), key=lambda n: (-writers[n], n))
    named = ", ".join(f"{name} ({writers[name]})" for name in busiest[:_BUSIEST])
    told = f" Volumes by how many tasks write to them: {named}." if named else ""
    way = (
        " A new volume goes to the file system for maximum I/O with volume-opt=perfmode=maxio; "
        "one that exists stays where it is."
        if attached.mode == "reg" and has_maxio
        else ""
    )
    fix, copy = _moved(busiest, seen) if way else ("", "")
    yield Finding(
        code="io-limit",
        severity=Severity.WARNING,
        about=f"file system {file_system.id}",
        reason=f"It used {worst:.0f} % of its I/O limit within the last day.{told}{way}",
        fix=fix,
        copy=copy,
    )


def _moved(busiest: Sequence[VolumeName], seen: Assessment) -> tuple[str, str]:
    """Give what mounts the busiest volume of a service from the other file system, and copies it.

    Nothing where no service mounts any of them.
    """
    ground = ground_of(seen)
    for name in busiest:
        for service in seen.survey.services:
            known = known_of_service(service)
            for mount in service.mounts:
                reach = ground.reacher.of_spec(mount, known)
                if mount.kind is MountKind.VOLUME and reach and reach.matches(name) is not None:
                    options = dict(mount.options) | {OPTION: MAXIO}
                    fixed = mount._replace(
                        driver=mount.driver or ground.driver, options=tuple(sorted(options.items()))
                    )
                    moved, copy = moved_to_its_mode(service, mount, fixed, ground)
                    return ground.changed(service, moved), copy
    return "", ""


def _writers(verdict: Verdict) -> int:
    """Count the holders that have the volume in use and may write to it."""
    return len(
        {
            claim.holder.id
            for claim in verdict.claims
            if claim.writes and claim.strength is Strength.IN_USE
        }
    )


def _finding(
    code: str, severity: Severity, file_system: FileSystem, reason: str, fix: str = ""
) -> Finding:
    return Finding(
        code=code, severity=severity, about=f"file system {file_system.id}", reason=reason, fix=fix
    )
