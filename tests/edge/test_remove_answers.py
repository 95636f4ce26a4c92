"""Every way in which two engines can answer: what is said of a volume is true after each."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.judgement import OutcomeStatus
from cloudstorctl.core.model import VolumeName
from tests.edge.fake_swarm import FakeSwarm, answered, failing, in_turn, refused, timeout
from tests.edge.removals import carried_out

if TYPE_CHECKING:
    from tests.edge.removals import Record

DELETE = "DELETE data"
BEHAVIOURS = ("removes", "keeps", "409", "500", "times out", "removes and times out", "unreachable")


def behave(swarm: FakeSwarm, hostname: str, how: str) -> None:
    path = f"/volumes/{VolumeName('data')}"

    def drop() -> None:
        swarm.drop_volume("data", *(() if swarm.shared else (hostname,)))

    match how:
        case "keeps":
            swarm.keeps.add(hostname)
        case "409" | "500":
            swarm.on(hostname, DELETE, failing(answered(hostname, path, int(how), "no")))
        case "times out":
            swarm.on(hostname, DELETE, failing(timeout(hostname, path)))
        case "removes and times out":
            swarm.on(hostname, DELETE, in_turn(drop, failing(timeout(hostname, path))))
        case "unreachable":
            swarm.on(hostname, DELETE, failing(refused(hostname, path)))
        case _:
            assert how == "removes"


@pytest.mark.parametrize(("first", "second"), list(product(BEHAVIOURS, repeat=2)))
@pytest.mark.parametrize("shared", [True, False])
def test_removed_is_said_if_and_only_if_no_engine_lists_it(
    record: Record,
    first: str,
    second: str,
    shared: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    swarm = FakeSwarm("m1", "w1")
    swarm.shared = shared
    swarm.list_volume("data")
    swarm.list_volume("kept")
    behave(swarm, "m1", first)
    behave(swarm, "w1", second)
    status, _ = carried_out(swarm, record, "data").only
    listed = any(entry.name == "data" for host in swarm.hosts.values() for entry in host.entries)
    assert (status is OutcomeStatus.REMOVED) is not listed
