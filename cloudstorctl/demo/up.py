"""Bring an embedded swarm up, with what it is shown with, and take it down again."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo import fleet, home, story
from cloudstorctl.demo.ask import AskError
from cloudstorctl.demo.serve import Served
from cloudstorctl.demo.swarm import Swarm
from cloudstorctl.errors import CloudstorctlError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SEED: Final = 1
_FILES_A_NODE: Final = 8
"""A listener, and the two ends of connections that are open at once."""
_FILES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A swarm that is up."""

    served: Served
    left: str = ""
    """In the story, the node that ping2.1 has left."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The variables that lead to its AWS account; empty where it has none."""


@contextmanager
def with_story(generation: int, *, aws: bool) -> Iterator[Up]:
    """Bring up three engines with the story's services, and with `aws` what is behind them.

    Raises:
        CloudstorctlError: it does not come up.
    """
    with (
        home.folder() as folder,
        Served(lambda runtime: Swarm(folder, runtime, seed=_SEED, generation=generation)) as served,
        _account_of(served, wanted=aws) as environ,
    ):
        home.write_configuration(served.swarm)
        try:
            left = story.deploy(served)
        except AskError as error:
            raise CloudstorctlError(f"The demo did not come up: {error}") from error
        yield Up(served=served, left=left, environ=environ)


@contextmanager
def _account_of(served: Served, *, wanted: bool) -> Iterator[dict[str, str]]:
    """Serve an AWS account with the swarm's file systems, and set the plugins to them."""
    if not wanted:
        yield {}
        return
    from cloudstorctl.demo.account import account_for  # noqa: PLC0415 - slow to import

    addresses = served.do(lambda swarm: [m.address for m in swarm.cluster.members.values()])
    with account_for(addresses) as account:
        own = {"EFS_ID_REGULAR": account.regular, "EFS_ID_MAXIO": account.maxio}

        def set_plugins(swarm: Swarm) -> None:
            for engine in swarm.engines.values():
                for plugin in engine.plugins:
                    plugin.settings.update(own)

        served.do(set_plugins)
        yield account.environ


@contextmanager
def with_fleet(size: fleet.Size) -> Iterator[Up]:
    """Bring up a large swarm.

    Raises:
        CloudstorctlError: this process may not have that many files open.
    """
    wanted = _FILES + _FILES_A_NODE * size.nodes
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            raise CloudstorctlError(
                f"{size.nodes} engines need {wanted} open files, and {hard} are allowed: "
                f"raise the limit with 'ulimit -Hn {wanted}' as root, or ask for fewer nodes."
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with (
        home.folder() as folder,
        Served(lambda runtime: fleet.build(folder, runtime, size)) as served,
    ):
        home.write_configuration(served.swarm)
        yield Up(served=served)
