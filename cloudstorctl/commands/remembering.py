"""The swarm's memory of unused volumes: read for each look, and written after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.marking import after_looks, after_losing, without
from cloudstorctl.core.memory import Memory
from cloudstorctl.errors import (
    CloudstorctlError,
    EngineAnsweredError,
    NotRememberedError,
    WrongSwarmError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from cloudstorctl.core.marking import Notes
    from cloudstorctl.core.memory import Since
    from cloudstorctl.core.model import VolumeName
    from cloudstorctl.swarm.engines import Engines
    from cloudstorctl.swarm.ports import KeepsConfigs

_ATTEMPTS = 5
_LOST = "What was seen unused or claimed is not remembered"
_TOO_OLD = (
    "This swarm's managers are older than Docker 17.06, and cannot remember since when a volume is "
    "unused: every one counts as never seen unused. --grace 0s removes without a grace period."
)


def recalled(engines: Engines, cluster_id: str) -> Memory:
    """Give what the swarm remembers; where that cannot be had, `trouble` says why.

    Raises:
        WrongSwarmError: a manager of another swarm answered.
    """
    from cloudstorctl.swarm.keeping import keep_no_configs, kept_by_managers  # noqa: PLC0415
    from cloudstorctl.swarm.memory import recall  # noqa: PLC0415 - docker-py is slow

    try:
        return kept_by_managers(engines, cluster_id, lambda manager, _: recall(manager))
    except WrongSwarmError:
        raise
    except CloudstorctlError as error:
        if keep_no_configs(error):
            return Memory(trouble=_TOO_OLD)
        return Memory(
            trouble=f"The swarm's memory of unused volumes cannot be read: {error}. Every volume "
            "counts as never seen unused."
        )


def marked(engines: Engines, notes: Notes) -> str:
    """Remember what looks have seen unused, and forget what they have seen claimed or gone.

    Gives a sentence that says what did not fit, or an empty text.

    Raises:
        NotRememberedError: the swarm does not remember any of it; the text says why.
    """
    memory = notes.last.memory
    if memory.trouble:
        return ""  # that has been told
    return _swapped(engines, notes, memory, after_looks(memory.since, notes))


def forgotten(engines: Engines, cluster_id: str | None, gone: Collection[VolumeName]) -> str:
    """Forget volumes that are removed; gives and raises as `marked` does."""
    from cloudstorctl.swarm.keeping import keep_no_configs  # noqa: PLC0415 - as above
    from cloudstorctl.swarm.memory import recall  # noqa: PLC0415 - as above

    def forget(manager: KeepsConfigs) -> str:
        try:
            memory = recall(manager)
        except EngineAnsweredError as error:
            if keep_no_configs(error):
                return ""
            raise
        wanted = without(memory.since, gone)
        if wanted == memory.since:
            return ""
        return _written(manager, memory, wanted, lambda since: without(since, gone))

    return _by_a_manager(engines, cluster_id, forget)


def unmarked(engines: Engines, notes: Notes) -> str:
    """Forget what looks without a grace period have seen claimed or gone; they add nothing.

    A volume that is made anew under a name, or used no longer, begins to wait then.

    Raises:
        NotRememberedError: the swarm does not forget it; the text says why.
    """
    try:
        memory = recalled(engines, notes.last.survey.cluster_id)
    except WrongSwarmError as error:
        raise NotRememberedError(f"{_LOST}: {error}.") from error
    # What cannot be read counts for nobody.
    return _swapped(engines, notes, memory, after_losing(memory.since, notes))


def _swapped(engines: Engines, notes: Notes, memory: Memory, wanted: Since) -> str:
    if wanted == memory.since:
        return ""
    return _by_a_manager(
        engines,
        notes.last.survey.cluster_id,
        lambda manager: _written(manager, memory, wanted, lambda since: after_losing(since, notes)),
    )


def _by_a_manager(
    engines: Engines, cluster_id: str | None, act: Callable[[KeepsConfigs], str]
) -> str:
    """Change the memory through a manager.

    Raises:
        NotRememberedError: it is not known to be changed; the text says why.
    """
    from cloudstorctl.swarm.keeping import kept_by_managers  # noqa: PLC0415 - as above

    try:
        return kept_by_managers(engines, cluster_id, lambda manager, _: act(manager))
    except NotRememberedError:
        raise
    except CloudstorctlError as error:
        raise NotRememberedError(f"{_LOST}: {error}.") from error


def _written(
    manager: KeepsConfigs, memory: Memory, wanted: Since, otherwise: Callable[[Since], Since]
) -> str:
    """Write what is wanted; `otherwise` says what, where another run has written before."""
    from cloudstorctl.swarm.memory import recall, remember  # noqa: PLC0415 - as above

    for _ in range(_ATTEMPTS):
        left_out = remember(manager, memory, wanted)
        if left_out is not None:
            return _told(left_out)
        memory = recall(manager)
        if memory.trouble:
            raise NotRememberedError(memory.trouble)
        wanted = otherwise(memory.since)
        if wanted == memory.since:
            return ""
    raise NotRememberedError(f"{_LOST}: other runs write it again and again.")


def _told(left_out: int) -> str:
    if not left_out:
        return ""
    return (
        f"{left_out} unused volumes are not remembered: the swarm's memory of them is full, and "
        "their grace period begins when others are removed."
    )
