"""What the doctor finds, as a screen, as a document and as codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.times import rfc3339
from cloudstorctl.render.documents import head_of
from cloudstorctl.render.findings import finding_document, finding_lines, severities
from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, sentence
from cloudstorctl.render.naming import count, once
from cloudstorctl.render.symbols import SEVERITIES
from cloudstorctl.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from cloudstorctl.core.doctor import Stack
    from cloudstorctl.core.findings import Finding
    from cloudstorctl.core.verdict import Assessment
    from cloudstorctl.render.documents import Document
    from cloudstorctl.render.layout import Cell

DOCTOR_SCHEMA = "cloudstorctl/doctor/v1"


def swarm_document(
    seen: Assessment, findings: Sequence[Finding], accepted: Sequence[Finding]
) -> Document:
    """Describe what is wrong with a swarm."""
    return {
        **head_of(DOCTOR_SCHEMA, seen.survey, seen.gaps),
        "findings": [finding_document(finding) for finding in findings],
        "accepted": [finding_document(finding) for finding in accepted],
    }


def stacks_document(
    stacks: Sequence[Stack],
    findings: Sequence[Finding],
    accepted: Sequence[Finding],
    now: datetime,
) -> Document:
    """Describe what is wrong with files, which belong to no swarm and are seen whole."""
    return {
        "schema": DOCTOR_SCHEMA,
        "cluster_id": None,
        "surveyed_at": rfc3339(now),
        "complete": True,
        "gaps": [],
        "files": [stack.file for stack in stacks],
        "findings": [finding_document(finding) for finding in findings],
        "accepted": [finding_document(finding) for finding in accepted],
    }


def codes(findings: Sequence[Finding]) -> str:
    """Give each code that was found a line, the worst first."""
    return "".join(f"{visible(code)}\n" for code in once(each.code for each in findings))


def findings_screen(
    findings: Sequence[Finding], looked_at: str, *, wide: bool, accepted: int = 0
) -> RenderableType:
    """Lay out the findings, each with reason and fix, or with `wide` one row each; then sum up.

    `looked_at` says what was, where nothing is wrong, and `accepted` is how many are not shown.
    """
    more = f" {accepted} more, accepted by the configuration." if accepted else ""
    return Group(*_parts(findings, looked_at, more, wide=wide))


def _parts(
    findings: Sequence[Finding], looked_at: str, more: str, *, wide: bool
) -> Iterator[RenderableType]:
    if not findings:
        yield Paragraph(sentence(f"Nothing is wrong with {looked_at}.{more}"))
        return
    if wide:
        heads = ("SEVERITY", "CODE", "ABOUT", "REASON", "FIX")
        yield Columns([Column(head=head) for head in heads], [_row(each) for each in findings])
        yield Text()
    else:
        for finding in findings:
            yield from finding_lines([finding])
            yield Text()
    yield Paragraph(sentence(f"Found with {looked_at}: {severities(findings)}.{more}"))


def _row(finding: Finding) -> list[Cell]:
    mark = SEVERITIES[finding.severity]
    return [
        cell(str(mark), mark.style),
        cell(finding.code),
        sentence(finding.about),
        sentence(finding.reason),
        sentence(finding.fix or "-"),
    ]


def swarm_looked_at(seen: Assessment) -> str:
    """Say what a survey looked at: `3 nodes, 2 services and 1 volume`."""
    survey = seen.survey
    services = len({service.id for service in survey.services})
    return (
        f"{count(len(survey.nodes), 'node')}, {count(services, 'service')} "
        f"and {count(len(seen.verdicts), 'volume')}"
    )


def stacks_looked_at(stacks: Sequence[Stack]) -> str:
    """Say what was read: `2 services of stack.yml`."""
    services = count(sum(len(stack.services) for stack in stacks), "service")
    return f"{services} of {', '.join(stack.file for stack in stacks)}"
