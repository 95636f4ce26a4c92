"""A plan as a JSON document, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloudstorctl.core.fields import Fields
from cloudstorctl.core.judgement import (
    DeclaredBy,
    KeptVolume,
    NodeRef,
    Plan,
    PlannedEntry,
    PlannedRemoval,
    Ruling,
)
from cloudstorctl.core.model import Gap, NodeId, VolumeName
from cloudstorctl.core.times import moment_in
from cloudstorctl.errors import ShapeError, UsageError

SCHEMA = "cloudstorctl/plan/v1"


def plan_document(plan: Plan) -> dict[str, object]:
    """Write a plan as a document of JSON types (`cloudstorctl/plan/v1`)."""
    hostnames = {node.id: node.hostname for node in plan.nodes}
    made_at = plan.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "schema": SCHEMA,
        "cluster_id": plan.cluster_id,
        "surveyed_at": made_at,
        "complete": not plan.gaps,
        "gaps": [
            {
                "source": gap.source,
                "node": gap.node
                and {"id": gap.node, "hostname": hostnames.get(gap.node, gap.node)},
                "cause": gap.cause,
            }
            for gap in plan.gaps
        ],
        "made_at": made_at,
        "require_recovery_point": None
        if plan.recovery_within is None
        else int(plan.recovery_within.total_seconds()),
        "declared_by": None
        if plan.declared_by is None
        else {
            "files": [
                {"file": file, "stack": stack or None} for file, stack in plan.declared_by.files
            ],
            "digest": plan.declared_by.digest,
        },
        "nodes": [{"id": node.id, "hostname": node.hostname} for node in plan.nodes],
        "removals": [
            {
                "volume": removal.volume,
                "ruling": removal.ruling.value,
                "reasons": list(removal.reasons),
                "evidence": removal.evidence,
                "nodes": [
                    {"id": e.node.id, "hostname": e.node.hostname, "driver": e.driver}
                    for e in removal.entries
                ],
            }
            for removal in plan.removals
        ],
        "kept": [
            {"volume": k.volume, "ruling": k.ruling.value, "reasons": list(k.reasons)}
            for k in plan.kept
        ],
    }


def plan_from(document: object) -> Plan:
    """Read a plan back.

    Raises:
        UsageError: the document is no plan of this version; the text names the field.
    """
    try:
        return _plan(Fields(document))
    except ShapeError as error:
        raise UsageError(f"This is not a plan that can be carried out: {error}.") from error


def _plan(top: Fields) -> Plan:
    schema = top.text("schema")
    if schema != SCHEMA:
        top.refuse("schema", f"{SCHEMA!r} (it is {schema!r})")
    return Plan(
        cluster_id=top.text("cluster_id"),
        made_at=_time(top, "made_at"),
        nodes=tuple(_node(item) for item in top.items("nodes", required=True)),
        removals=tuple(
            PlannedRemoval(
                volume=VolumeName(item.text("volume")),
                ruling=_ruling(item),
                reasons=item.texts("reasons", required=True),
                evidence=item.text("evidence"),
                entries=tuple(
                    PlannedEntry(node=_node(entry), driver=entry.text("driver"))
                    for entry in item.items("nodes", required=True)
                ),
            )
            for item in top.items("removals", required=True)
        ),
        kept=tuple(
            KeptVolume(
                volume=VolumeName(item.text("volume")),
                ruling=_ruling(item),
                reasons=item.texts("reasons", required=True),
            )
            for item in top.items("kept", required=True)
        ),
        gaps=tuple(_gap(item) for item in top.items("gaps", required=True)),
        recovery_within=timedelta(seconds=top.integer("require_recovery_point"))
        if top.has("require_recovery_point")
        else None,
        declared_by=_declared_by(top.child("declared_by")) if top.has("declared_by") else None,
    )


def _declared_by(item: Fields) -> DeclaredBy:
    return DeclaredBy(
        files=tuple(
            (each.text("file"), each.text("stack") if each.has("stack") else "")
            for each in item.items("files", required=True)
        ),
        digest=item.text("digest"),
    )


def _node(item: Fields) -> NodeRef:
    return NodeRef(id=NodeId(item.text("id")), hostname=item.text("hostname"))


def _gap(item: Fields) -> Gap:
    node = NodeId(item.child("node").text("id")) if item.has("node") else None
    return Gap(source=item.text("source"), cause=item.text("cause"), node=node)


def _time(item: Fields, key: str) -> datetime:
    try:
        return moment_in(item.text(key))
    except ValueError:
        item.refuse(key, "a time such as 2026-01-31T12:00:00Z")


def _ruling(item: Fields) -> Ruling:
    try:
        return Ruling(item.text("ruling"))
    except ValueError:
        item.refuse("ruling", f"one of {', '.join(Ruling)}")
