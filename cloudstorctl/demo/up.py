"""Bring an embedded swarm up, with what it is shown with, and take it down again."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo import fleet, home, story
from cloudstorctl.demo.ask import AskError
from cloudstorctl.demo.serve import Served
from cloudstorctl.demo.swarm import Swarm
from cloudstorctl.errors import CloudstorctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEED: Final = 1
_FILES_A_NODE: Final = 8
"""A listener, and the two ends of connections that are open at once."""
_FILES: Final = 256


@contextmanager
def with_story(generation: int) -> Iterator[tuple[Served, str]]:
    """Bring up three engines with the story's services; also give the node that ping2.1 has left.

    Raises:
        CloudstorctlError: it does not come up.
    """
    with (
        home.folder() as folder,
        Served(lambda runtime: Swarm(folder, runtime, seed=_SEED, generation=generation)) as served,
    ):
        home.write_configuration(served.swarm)
        try:
            left = story.deploy(served)
        except AskError as error:
            raise CloudstorctlError(f"The demo did not come up: {error}") from error
        yield served, left


@contextmanager
def with_fleet(size: fleet.Size) -> Iterator[Served]:
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
        yield served
