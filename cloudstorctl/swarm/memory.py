"""The memory of unused volumes in the swarm: configs with a sequence in their names.

The next version is made under the next number, which the managers let only one run do; that is
the swap. Who finds a still newer one afterwards came too late for a number that was free again,
and has lost as well; so has who finds that the one it read is gone, for somebody has reset it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from cloudstorctl.core.memory import Memory
from cloudstorctl.core.memory_document import LABELS, PREFIX, name_of, read, written
from cloudstorctl.errors import EngineAnsweredError, EngineError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudstorctl.core.memory import Since
    from cloudstorctl.swarm.ports import Config, KeepsConfigs, ReadsManager

_NAME = re.compile(re.escape(PREFIX) + r"([0-9]{10,})")
_CONFLICT = 409


def recall(manager: ReadsManager) -> Memory:
    """Read the newest version.

    One that is broken, or that another program has made, is told in `trouble`.

    Raises:
        EngineError: the manager does not give it.
    """
    configs = manager.configs(PREFIX)
    for config in configs:
        if not _is_ours(config):
            return Memory(trouble=_trouble([config], "was not made by cloudstorctl"))
    if not configs:
        return Memory()
    newest = max(configs, key=_sequence)
    try:
        return Memory(since=read(newest.data), sequence=_sequence(newest))
    except ShapeError as error:
        # An older one that could not be removed does not know what has been claimed since.
        older = [config for config in configs if config is not newest]
        return Memory(trouble=_trouble([*older, newest], f"is broken ({error})"))


def remember(manager: KeepsConfigs, memory: Memory, since: Since) -> int | None:
    """Write the version after `memory`, and remove the older ones.

    Gives how many volumes did not fit, or None where another run has written since `memory` was
    read, or somebody has reset it: it has to be read again, then.

    Raises:
        EngineError: it is not known to be written.
    """
    data, left_out = written(since)
    sequence = memory.sequence + 1
    try:
        manager.create_config(name_of(sequence), labels=LABELS, data=data)
    except EngineAnsweredError as error:
        if error.status == _CONFLICT:
            return None
        raise
    versions = [config for config in manager.configs(PREFIX) if _is_ours(config)]
    numbers = set(map(_sequence, versions))
    newest = max(numbers, default=0)
    reset = newest == sequence > 1 and memory.sequence not in numbers
    for config in versions:
        if reset and config.name == name_of(sequence):
            manager.remove_config(config.id)
        elif not reset and _sequence(config) < newest:
            # What stays is removed by the next run.
            with suppress(EngineError):
                manager.remove_config(config.id)
    return None if reset or newest != sequence else left_out


def _is_ours(config: Config) -> bool:
    return _NAME.fullmatch(config.name) is not None and set(LABELS) <= set(config.labels)


def _sequence(config: Config) -> int:
    return int(config.name.removeprefix(PREFIX))


def _trouble(configs: Sequence[Config], what: str) -> str:
    """Say what is wrong with the last of some configs, of which none is to stay."""
    names = " ".join(config.name for config in configs)
    return (
        f"The swarm's memory of unused volumes cannot be read: the config {configs[-1].name} "
        f"{what}. Every volume counts as never seen unused, and nothing is remembered, until it is "
        f"gone: 'docker config rm {names}' on a manager."
    )
