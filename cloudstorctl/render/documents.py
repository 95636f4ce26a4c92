"""Documents: surveys, verdicts and outcomes as JSON types, and those as JSON or YAML text.

The names of the fields are those of design.md section 8. Scripts depend on them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.times import rfc3339
from cloudstorctl.render.json_text import pieces_of
from cloudstorctl.render.naming import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from cloudstorctl.core.ending import Ending
    from cloudstorctl.core.judgement import Backing, Claim, EntryView, NodeRef, Outcome, Verdict
    from cloudstorctl.core.model import Gap, Node, NodeId, Survey
    from cloudstorctl.core.storage import Restorable

Document = dict[str, Any]
"""A mapping that holds nothing but what JSON has."""

VOLUMES_SCHEMA = "cloudstorctl/volumes/v1"
OUTCOMES_SCHEMA = "cloudstorctl/outcomes/v1"


def volumes_document(survey: Survey, verdicts: Sequence[Verdict], gaps: Sequence[Gap]) -> Document:
    """Describe the volumes that were judged, and what could not be seen."""
    places = _Documented(survey.nodes)
    rulings = [verdict.ruling for verdict in verdicts]
    return {
        **head_of(VOLUMES_SCHEMA, survey, gaps),
        "counts": {
            "volumes": len(verdicts),
            **{ruling.name.lower(): rulings.count(ruling) for ruling in Ruling},
        },
        "volumes": [_volume(verdict, places) for verdict in verdicts],
    }


def head_of(schema: str, survey: Survey, gaps: Sequence[Gap]) -> Document:
    """Begin a document about a survey: what it is, of which swarm and when, and what is missing."""
    places = _Documented(survey.nodes)
    return {
        "schema": schema,
        "cluster_id": survey.cluster_id,
        "surveyed_at": rfc3339(survey.taken_at),
        "complete": not gaps,
        "gaps": [_gap(gap, places) for gap in gaps],
    }


def outcomes_document(  # noqa: PLR0913 - one for each part of the document
    cluster_id: str | None,
    at: datetime | None,
    outcomes: Sequence[Outcome],
    gaps: Sequence[Gap],
    complete: bool,  # noqa: FBT001 - its name is the field's
    *,
    ending: Ending,
    nodes: Iterable[Node | NodeRef] = (),
) -> Document:
    """Describe what happened to each volume; `nodes` tell the hostnames of those in the gaps.

    `cluster_id` and `at` are None where no manager answered.
    """
    places = _Documented(nodes)
    return {
        "schema": OUTCOMES_SCHEMA,
        "cluster_id": cluster_id,
        "surveyed_at": at and rfc3339(at),
        "complete": complete,
        "gaps": [_gap(gap, places) for gap in gaps],
        "command": ending.command,
        "exit_code": int(ending.exit_code),
        "error": ending.error,
        "outcomes": [
            {
                "volume": str(outcome.volume),
                "status": outcome.status.value,
                "detail": outcome.detail,
            }
            for outcome in outcomes
        ],
    }


def waiting(verdict: Verdict) -> Document:
    """Describe the wait of a volume that is unused; null for one that is not, or is not known yet.

    The time of one that was never seen unused only begins when a look is remembered.
    """
    since, until = verdict.unused_since, verdict.removable_from
    return {
        "unused_since": since and rfc3339(since),
        "removable_from": since and until and rfc3339(until),
    }


def recovery(restorable: Mapping[str, Restorable]) -> list[Document]:
    """Describe whether file systems could be restored; `unknown` says why that is not known."""
    return [
        {
            "file_system": identifier,
            "recovery_point": each.point
            and {
                "arn": each.point.arn,
                "created_at": rfc3339(each.point.created),
                "vault": each.point.vault or None,
            },
            "unknown": each.unknown or None,
        }
        for identifier, each in sorted(restorable.items())
    ]


def as_json(document: Document) -> str:
    """Write a document as JSON, in ASCII alone so that no terminal can take it amiss."""
    return "".join(json_pieces(document))


def json_pieces(document: Document) -> Iterator[str]:
    """Write the same in pieces: that of a large swarm is never in memory as a whole."""
    yield from pieces_of(document)
    yield "\n"


def as_yaml(document: Document) -> str:
    """Write a document as YAML, in ASCII alone and without anchors."""
    import yaml  # noqa: PLC0415 - 50 ms that only this format costs

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - its base calls it so
            return True

    # Lines are not folded: a tool that reads them one by one would get half a reason.
    return yaml.dump(document, Dumper=Plain, sort_keys=False, allow_unicode=False, width=2**31)


class _Documented(Places):
    """The nodes of a swarm as documents show them, each described once."""

    def __init__(self, nodes: Iterable[Node | NodeRef]) -> None:
        """Learn `nodes`."""
        super().__init__(nodes)
        self._nodes: dict[NodeId, Document] = {}

    def document(self, node: NodeId) -> Document:
        """Describe a node: always with the same object, which is not to be changed."""
        known = self._nodes.get(node)
        if known is None:
            known = self._nodes[node] = {"id": str(node), "hostname": self.hostname(node)}
        return known


def _volume(verdict: Verdict, places: _Documented) -> Document:
    volume = verdict.volume
    return {
        "name": str(volume.name),
        "drivers": list(volume.drivers),
        "backing": _backing(volume.backing),
        "backings": [_backing(backing) for backing in volume.backings],
        "ruling": verdict.ruling.value,
        **waiting(verdict),
        "reasons": list(verdict.reasons),
        "claims": [_claim(claim, places) for claim in verdict.claims],
        "entries": _entries(verdict.entries, places),
        "warnings": list(volume.warnings),
    }


def _backing(backing: Backing) -> Document:
    return {
        "kind": backing.kind.value,
        "mode": backing.mode,
        "file_system": backing.file_system,
        "path": backing.path,
    }


def _claim(claim: Claim, places: _Documented) -> Document:
    return {
        "kind": claim.kind.value,
        "strength": claim.strength.value,
        "holder": {
            "type": claim.holder.type.value,
            "id": claim.holder.id,
            "name": claim.holder.name,
        },
        "node": _node(claim.node, places),
        "detail": claim.detail,
        "writes": claim.writes,
    }


def _entries(views: Sequence[EntryView], places: _Documented) -> list[Document]:
    # On most nodes of a large swarm a volume has the same users: those elsewhere.
    users: dict[int, list[Document]] = {}
    for view in views:
        if id(view.used_by) not in users:
            users[id(view.used_by)] = _users(view.used_by, places)
    return [
        {
            "node": places.document(view.entry.node_id),
            "driver": view.entry.driver,
            "status": view.status.value,
            "options": dict(view.entry.options),
            "used_by": users[id(view.used_by)],
        }
        for view in views
    ]


def _users(claims: Iterable[Claim], places: _Documented) -> list[Document]:
    return [
        {
            "task": claim.holder.name,
            "node": None if claim.node is None else places.hostname(claim.node),
            "type": claim.holder.type.value,
        }
        for claim in claims
    ]


def _gap(gap: Gap, places: _Documented) -> Document:
    return {
        "source": gap.source,
        "node": _node(gap.node, places),
        "cause": gap.cause,
        "volumes": None if gap.volumes is None else sorted(gap.volumes),
    }


def _node(node: NodeId | None, places: _Documented) -> Document | None:
    return None if node is None else places.document(node)
