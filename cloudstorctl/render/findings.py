"""Findings: what is wrong, each with its reason and the command that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from cloudstorctl.core.findings import Severity
from cloudstorctl.render.layout import Paragraph, cell, sentence
from cloudstorctl.render.symbols import SEVERITIES
from cloudstorctl.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from cloudstorctl.core.findings import Finding


def finding_lines(findings: Iterable[Finding]) -> Iterator[RenderableType]:
    """Give each finding a paragraph: sign, code and what it is about; reason; commands."""
    for finding in findings:
        mark = SEVERITIES[finding.severity]
        head = (Text(f"{visible(finding.code)}: ", mark.style), *sentence(finding.about))
        yield Paragraph(head, label=Text(f"{mark.sign} ", mark.style))
        yield Paragraph(sentence(finding.reason), indent=2)
        for command in filter(None, (finding.copy, finding.fix)):
            # In one piece: it is there to be copied.
            yield Paragraph(cell(command), indent=2, label=Text("→ ", "dim"))


def finding_document(finding: Finding) -> dict[str, Any]:
    """Describe a finding; a command that there is none of is null."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "about": finding.about,
        "reason": finding.reason,
        "fix": finding.fix or None,
        "copy": finding.copy or None,
    }


def severities(findings: Iterable[Finding]) -> str:
    """Count findings by severity: `1 error, 2 warnings`; empty where there are none."""
    counts = dict.fromkeys(Severity, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return ", ".join(
        f"{number} {severity.value}{'' if number == 1 else 's'}"
        for severity, number in counts.items()
        if number
    )
