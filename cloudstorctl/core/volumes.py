"""Entries to volumes: one record a name across the swarm, with its backing and its oddities."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from cloudstorctl.core.backing import backings_of
from cloudstorctl.core.family import family_of
from cloudstorctl.core.judgement import Oddity, OddityKind, Volume
from cloudstorctl.core.perfmode import OPTION, mode_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cloudstorctl.core.judgement import Backing
    from cloudstorctl.core.model import Entry, NodeId, Survey, VolumeName


def volumes_in(survey: Survey) -> tuple[Volume, ...]:
    """Group the Cloudstor entries of every engine by name, sorted.

    An entry without a driver counts: an engine whose plugin is disabled shows such rows
    (measured on 20.10).
    """
    family = family_of(survey)
    settings = {
        (engine.node_id, plugin.name.removesuffix(":latest")): dict(plugin.settings)
        for engine in survey.engines
        for plugin in engine.plugins
        if family.has(plugin)
    }
    entries: dict[VolumeName, list[Entry]] = defaultdict(list)
    twins: dict[VolumeName, list[Entry]] = defaultdict(list)
    hostnames = {node.id: node.hostname for node in survey.nodes}
    for engine in sorted(survey.engines, key=lambda e: hostnames.get(e.node_id, e.node_id)):
        ours = family.through(engine.entries)
        for entry in engine.entries:
            (entries if entry.driver in ours else twins)[entry.name].append(entry)
    return tuple(
        _volume(name, entries[name], twins.get(name, ()), settings, hostnames)
        for name in sorted(entries)
    )


def _volume(
    name: VolumeName,
    entries: Sequence[Entry],
    twins: Iterable[Entry],
    settings: Mapping[tuple[NodeId, str], dict[str, str]],
    hostnames: Mapping[NodeId, str],
) -> Volume:
    ordered = tuple(entries)
    drivers = tuple(sorted({entry.driver for entry in ordered if entry.driver}))
    backings = backings_of(ordered, settings)
    odd = tuple(_oddities(ordered, drivers, backings, twins, hostnames))
    return Volume(
        name=name,
        drivers=drivers,
        entries=ordered,
        backings=backings,
        oddities=odd,
        warnings=tuple([oddity.text for oddity in odd]),
    )


def _oddities(
    entries: Sequence[Entry],
    drivers: Sequence[str],
    backings: Sequence[Backing],
    twins: Iterable[Entry],
    hostnames: Mapping[NodeId, str],
) -> Iterator[Oddity]:
    if len({str(backing) for backing in backings}) > 1:
        places = " and ".join(sorted({str(backing) for backing in backings}))
        yield Oddity(
            OddityKind.SEVERAL_PLACES,
            f"The name exists in {places}: the driver takes the first of efs/reg, efs/max, ebs.",
        )
    elif len(backings) > 1:
        systems = ", ".join(sorted(backing.file_system or "unknown" for backing in backings))
        yield Oddity(
            OddityKind.SEVERAL_FILE_SYSTEMS,
            f"The nodes' plugins are set to different file systems: {systems}.",
        )
    if len(drivers) > 1:
        yield Oddity(
            OddityKind.SEVERAL_DRIVERS,
            f"Listed under several drivers ({', '.join(drivers)}): an engine that has both "
            "rejects tasks that mount it ('volume name must be unique').",
        )
    for twin in twins:
        yield Oddity(
            OddityKind.TWIN,
            f"{hostnames.get(twin.node_id, twin.node_id)} also has a volume of this name under "
            f"the driver {twin.driver}, with other data: a mount that names no driver may get "
            "that one.",
        )
    if len({entry.options for entry in entries if entry.used_here}) > 1:
        yield Oddity(
            OddityKind.DIFFERENT_OPTIONS,
            "The nodes asked for it with different options; only the first request counted.",
        )
    yield from _other_mode(entries, backings, hostnames)


def _other_mode(
    entries: Sequence[Entry], backings: Sequence[Backing], hostnames: Mapping[NodeId, str]
) -> Iterator[Oddity]:
    """Say which engines remember that another performance mode was asked for."""
    modes = {backing.mode for backing in backings} or {None}
    asked: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        for name, value in entry.options:
            if name == OPTION and None not in modes and mode_of(value) not in modes:
                asked[value].append(hostnames.get(entry.node_id, entry.node_id))
    for value, nodes in asked.items():
        yield Oddity(
            OddityKind.OTHER_MODE,
            f"{OPTION}={value} was asked for on {', '.join(dict.fromkeys(nodes))}, and the volume "
            f"is in {backings[0]}: the driver ignores the option for a volume that exists.",
        )
