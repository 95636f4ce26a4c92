"""The doctor: every check on a swarm, or on a stack, and the order of what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.doctor.meeting import SEVERAL_WRITERS, meeting_findings
from cloudstorctl.core.doctor.mounts import SHARED_NAME, mount_findings
from cloudstorctl.core.doctor.plugins import plugin_findings
from cloudstorctl.core.doctor.stack import StackGround, as_declared, stack_findings
from cloudstorctl.core.doctor.swarm import (
    driver_findings,
    ground_of,
    services_now,
    update_findings,
)
from cloudstorctl.core.doctor.volumes import gap_findings, volume_findings
from cloudstorctl.core.findings import Finding, by_severity

if TYPE_CHECKING:
    from cloudstorctl.core.doctor.stack import Stack
    from cloudstorctl.core.family import Family
    from cloudstorctl.core.verdict import Assessment


def diagnose(seen: Assessment) -> tuple[Finding, ...]:
    """Find what is wrong in a swarm with its plugins, services and volumes, the worst first."""
    ground = ground_of(seen)
    findings = [*plugin_findings(ground.installed)]
    sharing = set()
    for service in services_now(seen.survey):
        own = [*mount_findings(service, ground)]
        if any(finding.code == SHARED_NAME for finding in own):
            sharing.add(service.name)
        findings += own
        findings += driver_findings(service, ground)
        findings += update_findings(service, ground)
    of_volumes = [*volume_findings(seen, ground, sharing)]
    told = {each.about for each in of_volumes if each.code == SEVERAL_WRITERS}
    findings += of_volumes
    findings += meeting_findings(services_now(seen.survey), ground, told)
    findings += gap_findings(seen.gaps, {node.id: node.hostname for node in seen.survey.nodes})
    return by_severity(findings)


def diagnose_stack(stack: Stack, family: Family) -> tuple[Finding, ...]:
    """Find what would be wrong with the services of a file, the worst first."""
    ground = StackGround(stack=stack, family=family)
    findings = [*stack.findings]
    for service in stack.services:
        findings += mount_findings(as_declared(service, stack), ground)
        findings += stack_findings(service, ground)
    declared = [as_declared(service, stack) for service in stack.services]
    findings += meeting_findings(declared, ground, ())
    # What is wrong with a declaration is told once, and not by each service that mounts it.
    return by_severity({_once(each): each for each in reversed(findings)}.values())


def _once(finding: Finding) -> object:
    return (finding.code, finding.about) if finding.about.startswith("volume ") else finding
