"""What the guard answers: whether a name may be removed, and whether a plugin may be changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudstorctl.core.advice import advice_on
from cloudstorctl.core.claims import MAY_MOUNT, claims_in, short_name
from cloudstorctl.core.judgement import Ruling, Volume
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.mounts import known_of_task, reacher_for
from cloudstorctl.core.pluginname import plugins_named
from cloudstorctl.core.templates import canonical, nests
from cloudstorctl.core.verdict import Patience, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.core.declared import DeclaredStack
    from cloudstorctl.core.judgement import Verdict
    from cloudstorctl.core.model import EngineReading, NodeId, Survey
    from cloudstorctl.core.mounts import Reacher
    from cloudstorctl.core.verdict import Assessment

_TOLD = 3
"""Reasons that are told; of more, their number: a message is one paragraph."""

_DELETES = "Removing it here deletes its data."
_NOT_READ = (
    "This node is not in the swarm that was read, so it is not known what its containers use."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one request is answered, and why."""

    allow: bool
    reason: str
    """One paragraph, for whoever made the request."""


def on_removal(
    seen: Assessment,
    names: Iterable[str],
    *,
    node: NodeId | None = None,
    protect: tuple[str, ...] = (),
    declared: tuple[DeclaredStack, ...] = (),
) -> Answer:
    """Answer a removal by any of `names`, which are the readings of the one name in a request.

    `node` is the one that is asked, None where that was not told: one that has left the swarm was
    not read, and its containers may use what nobody else does.

    Each has to be removable: as a volume, as a directory in one, and as one with others in it. A
    name that no engine lists is judged all the same: a driver whose backend fails lists nothing,
    without an error, and deletes what it finds when it has come back.
    """
    allowed = []
    for name in names:
        if not canonical(name):
            return Answer(allow=False, reason=f"{name} is no directory of a volume.")
        listed = [verdict for verdict in seen.verdicts if nests(verdict.volume.name, name)]
        if all(canonical(verdict.volume.name) != canonical(name) for verdict in listed):
            listed.append(_unlisted(seen, name, protect, declared))
        for verdict in listed:
            if verdict.ruling is not Ruling.REMOVABLE:
                return Answer(allow=False, reason=_denied(verdict, seen.survey))
            allowed.append(verdict)
    if node is not None and all(each.id != node for each in seen.survey.nodes):
        return Answer(allow=False, reason=f"{_NOT_READ} {_DELETES}")
    return Answer(allow=True, reason=" ".join(_first(reasons_of(allowed))))


def reasons_of(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """The reasons of some verdicts, each once."""
    return tuple(dict.fromkeys(reason for verdict in verdicts for reason in verdict.reasons))


def _unlisted(
    seen: Assessment,
    name: str,
    protect: tuple[str, ...],
    declared: tuple[DeclaredStack, ...],
) -> Verdict:
    """Judge a name that no engine lists."""
    survey = seen.survey
    volume = Volume(name=VolumeName(canonical(name)), drivers=(), entries=(), backings=())
    verdict = judge(
        volume,
        claims_in(survey, reacher_for(survey), protect, declared).on(volume),
        seen.gaps,
        Patience(now=survey.taken_at),
        {node.id: node.hostname for node in survey.nodes},
    )
    if verdict.ruling is not Ruling.REMOVABLE:
        return verdict
    return replace(verdict, reasons=(f"No engine lists {name}, and nothing refers to it.",))


def _denied(verdict: Verdict, survey: Survey) -> str:
    reasons = " ".join(_first(verdict.reasons))
    advice = advice_on(verdict, survey)[:1]
    return " ".join((f"{verdict.volume.name} is {verdict.ruling}: {reasons}", _DELETES, *advice))


def _first(reasons: tuple[str, ...]) -> tuple[str, ...]:
    more = len(reasons) - _TOLD
    told = "There is one reason more." if more == 1 else f"There are {more} reasons more."
    return reasons if more <= 0 else (*reasons[:_TOLD], told)


def on_plugin(seen: Assessment, node: NodeId, names: Iterable[str], change: str) -> Answer:
    """Answer a change of a plugin on one node: what it is to be, as in "disabled".

    A plugin removed by force takes with it the mount through which containers reach their data,
    and what is below it where the unmount fails (moby plugin/backend_linux.go, Remove); one that is
    disabled, set or upgraded serves no mount, unmount or look-up meanwhile.
    """
    survey = seen.survey
    reader = next((engine for engine in survey.engines if engine.node_id == node), None)
    hostname = next(
        (each.hostname for each in survey.nodes if each.id == node), node or "this node"
    )
    doubts = tuple(f"{gap.source}: {gap.cause}." for gap in survey.gaps if gap.node in {None, node})
    if reader is None or doubts:
        why = " ".join(_first(doubts)) or "its engine was not read."
        return Answer(
            allow=False,
            reason=f"Whether Cloudstor volumes are in use on {hostname} cannot be told: {why}",
        )
    reacher = reacher_for(survey)
    asked = tuple(names)
    found = {each for name in asked for each in plugins_named(reader.plugins, name)}
    if found and not any(reacher.family.has(plugin) for plugin in found):
        return Answer(allow=True, reason="The plugin is none of Cloudstor.")
    if not found and not any(reacher.family.includes(name) for name in asked):
        return Answer(allow=True, reason="The node has no such plugin.")
    users = tuple(dict.fromkeys(_users(survey, reader, reacher)))
    if users:
        what = min((plugin.name for plugin in found), default=asked[0])
        return Answer(
            allow=False,
            reason=(
                f"{what} may not be {change} while Cloudstor volumes are in use on {hostname}: "
                f"{' '.join(_first(users))} Move or remove what uses them first: "
                f"'docker node update --availability drain {hostname}' moves the tasks."
            ),
        )
    return Answer(allow=True, reason=f"Nothing on {hostname} uses a Cloudstor volume.")


def _users(survey: Survey, reader: EngineReading, reacher: Reacher) -> Iterator[str]:
    """What has, holds or is about to have a Cloudstor volume on a node."""
    for container in reader.containers:
        for mount in container.mounts:
            path = reacher.of_container(mount, reader.node_id)
            if path is not None:
                yield f"Container {container.name}, which is {container.state}, has {path or '/'}."
    services = {service.id: service for service in survey.services}
    nodes = {node.id: node for node in survey.nodes}
    for task in survey.tasks:
        if task.node_id != reader.node_id or not MAY_MOUNT[task.state]:
            continue
        service = services.get(task.service_id)
        known = known_of_task(task, service, nodes.get(reader.node_id))
        for mount in task.mounts:
            if reacher.of_spec(mount, known) is not None:
                source = mount.source or "a volume without a name"
                yield f"Task {short_name(task, service)}, which is {task.state}, mounts {source}."
