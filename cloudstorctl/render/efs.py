"""The file systems of a swarm, as a table and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from cloudstorctl.core.findings import Severity
from cloudstorctl.render.documents import head_of
from cloudstorctl.render.findings import finding_document, finding_lines
from cloudstorctl.render.layout import Column, Columns, cell, listing
from cloudstorctl.render.naming import Places, once
from cloudstorctl.render.notes import not_seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from cloudstorctl.core.efs_health import Report
    from cloudstorctl.core.model import Gap, Survey
    from cloudstorctl.core.storage import FileSystem, Load
    from cloudstorctl.render.documents import Document
    from cloudstorctl.render.layout import Cell

EFS_SCHEMA = "cloudstorctl/efs/v1"

_HEADS = ("FOR", "STATE", "PERFORMANCE", "SIZE", "VOLUMES", "ZONES", "BACKUP", "I/O LIMIT")
_WIDE = ("NAME", "REGION", "THROUGHPUT", "ENCRYPTED", "LIFE CYCLE", "CLASSES", "TARGETS")
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024


def efs_document(
    survey: Survey, reports: Sequence[Report], gaps: Sequence[Gap], missing: Sequence[str]
) -> Document:
    """Describe the file systems; `missing` are sentences about what AWS did not tell."""
    places = Places(survey.nodes)
    return {
        **head_of(EFS_SCHEMA, survey, gaps),
        "missing": list(missing),
        "file_systems": [_described(report, places) for report in reports],
    }


def _described(report: Report, places: Places) -> Document:
    attached, told = report.attached, report.file_system
    return {
        "id": attached.id,
        "mode": attached.mode,
        "region": attached.region or None,
        "nodes": [{"id": str(node), "hostname": places.hostname(node)} for node in attached.nodes],
        "volumes": report.volumes,
        "aws": None if told is None else _told(told),
        "findings": [finding_document(finding) for finding in report.findings],
    }


def _told(told: FileSystem) -> dict[str, Any]:
    return {
        "name": told.name or None,
        "arn": told.arn,
        "state": told.state,
        "performance_mode": told.performance_mode,
        "throughput_mode": told.throughput_mode,
        "provisioned_mibps": told.provisioned_mibps,
        "encrypted": told.encrypted,
        "size": told.size,
        "size_by_class": dict(told.size_by_class),
        "lifecycle": list(told.lifecycle),
        "backup": told.backup,
        "mount_targets": [
            {
                "id": target.id,
                "zone": target.zone,
                "subnet": target.subnet,
                "address": target.address,
                "state": target.state,
            }
            for target in told.mount_targets
        ],
        "io_limit_percent": {
            "last_hour": _rounded(told.load.last_hour),
            "last_day": _rounded(told.load.last_day),
        },
    }


def efs_table(
    survey: Survey, reports: Sequence[Report], gaps: Sequence[Gap], *, wide: bool
) -> RenderableType:
    """Lay out one row a file system and mode, then what is wrong with each."""
    return Group(*_parts(survey, reports, gaps, wide=wide))


def _parts(
    survey: Survey, reports: Sequence[Report], gaps: Sequence[Gap], *, wide: bool
) -> Iterator[RenderableType]:
    if reports:
        heads = (*_HEADS, *(_WIDE if wide else ()))
        columns = [Column(head="FILE SYSTEM", whole=True), *(Column(head=head) for head in heads)]
        yield Columns(columns, [_row(report, wide=wide) for report in reports])
    findings = sorted(
        (finding for report in reports for finding in report.findings),
        key=lambda finding: list(Severity).index(finding.severity),
    )
    for finding in findings:
        yield Text()
        yield from finding_lines([finding])
    yield from not_seen(gaps, Places(survey.nodes))


def _row(report: Report, *, wide: bool) -> list[Cell]:
    attached, told = report.attached, report.file_system
    row = [cell(attached.id), cell(f"efs/{attached.mode}")]
    if told is None:
        row += [cell("not told by AWS", "yellow"), cell("-"), cell("-"), cell(str(report.volumes))]
        row += [cell("-")] * (3 + (len(_WIDE) if wide else 0))
        return row
    row += [
        cell(told.state, "" if told.state == "available" else "bold red"),
        cell(told.performance_mode),
        cell(size(told.size)),
        cell(str(report.volumes)),
        listing(once(target.zone for target in told.mount_targets)) or cell("-"),
        cell({True: "on", False: "off", None: "?"}[told.backup]),
        cell(_load(told.load)),
    ]
    if wide:
        throughput = told.throughput_mode
        if told.provisioned_mibps is not None:
            throughput += f" {told.provisioned_mibps:g} MiB/s"
        row += [
            cell(told.name or "-"),
            cell(attached.region or "-"),
            cell(throughput),
            cell("yes" if told.encrypted else "no"),
            listing(told.lifecycle) or cell("-"),
            listing(f"{name} {size(number)}" for name, number in told.size_by_class) or cell("-"),
            listing(f"{target.zone} {target.state}" for target in told.mount_targets) or cell("-"),
        ]
    return row


def size(number: int) -> str:
    """Write a number of bytes for people: `5.0 GiB`."""
    value, unit = float(number), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{number} B"


def _load(load: Load) -> str:
    if load.last_day is None:
        return "-"
    hour = "-" if load.last_hour is None else f"{load.last_hour:.0f}%"
    return f"{hour} hour, {load.last_day:.0f}% day"


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)
