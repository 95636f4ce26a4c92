"""The managers' configs, through the first of them that answers for the right swarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cloudstorctl.errors import EngineAnsweredError, EngineError, NoAccessError
from cloudstorctl.swarm.manager import wrong_swarm

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudstorctl.swarm.engines import Engines
    from cloudstorctl.swarm.ports import Config, KeepsConfigs, ReadsManager

_T = TypeVar("_T")

_SERVER_ERROR = 500
_NOT_FOUND = 404


def kept_by_managers(
    engines: Engines, cluster_id: str | None, act: Callable[[KeepsConfigs, datetime | None], _T]
) -> _T:
    """Do something with the configs of the swarm `cluster_id`; None: of whichever it is.

    `act` is given a manager, and what its clock says. It may be called again with another manager
    when the first one fails, and has to find out itself what it did before.

    Raises:
        EngineAnsweredError: a manager said no.
        WrongSwarmError: a manager of another swarm answered.
        NoAccessError: none of them answered for this swarm; the text has the cause of each.
    """
    failures: list[str] = []
    for manager in engines.keepers(failures):
        try:
            identity = manager.identity()
            if not identity.cluster_id:
                failures.append(f"{manager.address} does not answer for its swarm now")
                continue
            if cluster_id is not None and identity.cluster_id != cluster_id:
                raise wrong_swarm(manager.address, identity.cluster_id, cluster_id)
            return act(manager, identity.time)
        except EngineAnsweredError as error:
            if error.status < _SERVER_ERROR:
                raise
            failures.append(str(error))
            engines.demote(manager)
        except EngineError as error:
            failures.append(str(error))
            engines.demote(manager)
        finally:
            manager.rest()
    told = "; ".join(dict.fromkeys(failures))
    raise NoAccessError(f"no manager of the swarm answers for it: {told}")


def config_named(manager: ReadsManager, name: str) -> Config | None:
    """Give the config of just this name; the managers look for the beginnings of names.

    Raises:
        EngineError: the manager does not tell.
    """
    return next((config for config in manager.configs(name) if config.name == name), None)


def keep_no_configs(error: Exception) -> bool:
    """Whether this says that the managers are older than Docker 17.06, which knows no configs."""
    return isinstance(error, EngineAnsweredError) and error.status == _NOT_FOUND
