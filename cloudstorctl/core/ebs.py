"""EBS volumes beside what the engines list: which names are there twice, and which in no list."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.family import family_of
from cloudstorctl.core.model import Gap, VolumeName
from cloudstorctl.core.storage import EbsVolume  # noqa: TC001 - dataclass annotations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.model import NodeId, Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A CloudFormation stack whose plugins make EBS volumes."""

    arn: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocatable:
    """One EBS volume of the swarm."""

    volume: EbsVolume
    nodes: tuple[NodeId, ...]
    """Whose engines list a volume of its name; empty: no engine does."""
    namesakes: tuple[str, ...] = ()
    """IDs of other EBS volumes of the same name: the driver takes any of them."""


def stacks_in(survey: Survey, *, region: str = "", stack: str = "") -> tuple[Stack, ...]:
    """Find the stacks that the plugins name; `region` and `stack` stand in where none does."""
    family = family_of(survey)
    found = set()
    for engine in survey.engines:
        for plugin in engine.plugins:
            told = dict(plugin.settings)
            if family.has(plugin) and told.get("AWS_STACK_ID"):
                found.add((told["AWS_STACK_ID"], told.get("AWS_REGION") or region))
    if not found and stack:
        found.add((stack, region))
    return tuple(Stack(arn=arn, region=at) for arn, at in sorted(found))


def relocatable(survey: Survey, volumes: Iterable[EbsVolume]) -> tuple[Relocatable, ...]:
    """Tie EBS volumes to the engines that list them."""
    family = family_of(survey)
    nodes: dict[str, list[NodeId]] = defaultdict(list)
    for engine in survey.engines:
        ours = family.through(engine.entries)
        for name in dict.fromkeys(e.name for e in engine.entries if e.driver in ours):
            nodes[name].append(engine.node_id)
    all_volumes = tuple(volumes)
    bearers: dict[str, list[str]] = defaultdict(list)
    for volume in all_volumes:
        bearers[volume.name].append(volume.id)
    return tuple(
        Relocatable(
            volume=volume,
            nodes=tuple(nodes.get(volume.name, ())),
            namesakes=tuple(each for each in bearers[volume.name] if each != volume.id),
        )
        for volume in all_volumes
    )


def on_ebs(survey: Survey) -> bool:
    """Whether any engine lists a volume that is on EBS."""
    return any("/ebs/" in entry.mountpoint for e in survey.engines for entry in e.entries)


def name_gaps(found: Iterable[Relocatable]) -> tuple[Gap, ...]:
    """Leave in doubt every name that several EBS volumes have (design.md section 5)."""
    ids: dict[str, set[str]] = defaultdict(set)
    for each in found:
        if each.namesakes:
            ids[each.volume.name] |= {each.volume.id, *each.namesakes}
    return tuple(
        Gap(
            source=f"volume {name}",
            cause=(
                f"several EBS volumes have this name ({', '.join(sorted(several))}): "
                "which one would be removed is not certain"
            ),
            volumes=frozenset({VolumeName(name)}),
        )
        for name, several in sorted(ids.items())
    )
