"""The connection in stepped time is true: it ends as the real one does over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.demo.node.plugin import ALIAS
from cloudstorctl.demo.serve import Served
from cloudstorctl.demo.swarm import Swarm
from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.connection import open_connection
from cloudstorctl.swarm.endpoints import endpoint_from
from tests.torture.deeds import CreateVolume
from tests.torture.faults import Fault, Faults, abort
from tests.torture.lab import Lab, Layout
from tests.torture.wire import InProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cloudstorctl.swarm.ports import Carrier

SHORT = 0.6  # seconds; enough for a loaded machine to answer at once
LONG = 20.0
GET = "/volumes"
DELETE = "/volumes/data"
NEVER = {Fault.SILENT, Fault.LATE, Fault.SLOW}


async def made_in(swarm: Swarm, name: str) -> None:
    await swarm.engines["n1"].volumes.create(name, ALIAS, options={}, labels={})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with Served(lambda runtime: Swarm(folder, runtime)) as running:
        running.wait(lambda swarm: made_in(swarm, "data"))
        yield running


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(folder=tmp_path, layout=Layout())
    CreateVolume(0, "data", ALIAS, "", protected=False).do(made)
    return made


def ending(ask: Callable[[Carrier], object], connection: Carrier, place: str) -> tuple[str, ...]:
    """Say how a request ended, whatever the folder of the swarm."""
    try:
        ask(connection)
    except EngineError as error:
        return type(error).__name__, error.cause.replace(place, "…"), error.path
    return ("success",)


def compared(
    served: Served,
    lab: Lab,
    ask: Callable[[Carrier, float], object],
    *,
    fault: Fault | None = None,
    path: str = GET,
) -> tuple[str, ...]:
    """Give the ending in both worlds, which is to be one."""
    timeout = SHORT if fault in NEVER else LONG
    real = Faults(served.swarm, abort)
    for faults in (real, lab.faults):
        if fault is not None:
            faults.set["n1", path] = (fault, 1)
    served.do(lambda swarm: setattr(swarm, "before_answer", real.before_answer))
    at = endpoint_from(f"unix://{served.swarm.place.socket('n1')}")
    with open_connection(at, tls=None, timeout=timeout) as connection:
        ended = ending(lambda c: ask(c, timeout), connection, str(served.swarm.place.folder))
    in_process = InProcess(
        endpoint_from(f"unix://{lab.swarm.place.socket('n1')}"),
        timeout=timeout,
        hostname="n1",
        carry=lab.wire.carry,
    )
    stepped = ending(lambda c: ask(c, timeout), in_process, str(lab.folder))
    assert stepped == ended
    return ended


@pytest.mark.parametrize("fault", Fault)
def test_a_question_that_a_fault_befalls_ends_the_same(
    served: Served, lab: Lab, fault: Fault
) -> None:
    ended = compared(served, lab, lambda c, _: c.body(GET), fault=fault)
    # What is an answer of another kind is found out by who decodes it.
    assert (ended[0] == "success") is (fault in {Fault.PAGE, Fault.BROKEN, Fault.SHAPE})


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.RESET, Fault.SILENT])
def test_a_removal_that_a_fault_befalls_before_it_is_carried_out_ends_the_same(
    served: Served, lab: Lab, fault: Fault
) -> None:
    ended = compared(served, lab, lambda c, t: c.delete(DELETE, t), fault=fault, path=DELETE)
    assert ended[0] != "success"
    for swarm in (served.swarm, lab.swarm):
        assert (swarm.place.shared / "reg/data").is_dir()


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CUT, Fault.LATE, Fault.SLOW])
def test_a_removal_that_is_carried_out_all_the_same_ends_the_same(
    served: Served, lab: Lab, fault: Fault
) -> None:
    name = f"to-{fault.name.lower()}"
    served.wait(lambda swarm: made_in(swarm, name))
    CreateVolume(0, name, ALIAS, "", protected=False).do(lab)
    path = f"/volumes/{name}"
    ended = compared(served, lab, lambda c, t: c.delete(path, t), fault=fault, path=path)
    assert ended[0] != "success"
    for swarm in (served.swarm, lab.swarm):
        assert not (swarm.place.shared / "reg" / name).exists()


@pytest.mark.parametrize("path", ["/info", "/nodes", GET, "/nowhere", "/services/nope"])
def test_what_no_fault_befalls_ends_the_same(served: Served, lab: Lab, path: str) -> None:
    compared(served, lab, lambda c, _: c.body(path))


@pytest.mark.parametrize("name", ["gone", "a%2Fb", "../x", "ünsent"])
def test_removals_that_cannot_be_end_the_same(served: Served, lab: Lab, name: str) -> None:
    path = f"/volumes/{name}"
    assert compared(served, lab, lambda c, t: c.delete(path, t))[0] != "success"


def test_an_engine_that_has_ended_refuses_the_same(served: Served, lab: Lab) -> None:
    served.halt("n1", containers_too=False)
    lab.swarm.engines["n1"].halt(containers_too=False)
    try:
        assert compared(served, lab, lambda c, _: c.body(GET))[0] == "EngineUnreachableError"
        ended = compared(served, lab, lambda c, t: c.delete(DELETE, t))
        assert ended[0] == "EngineUnreachableError"
    finally:
        served.boot("n1")


def test_a_frozen_engine_is_late_the_same(served: Served, lab: Lab) -> None:
    for swarm in (served.swarm, lab.swarm):
        swarm.engines["n1"].frozen = True
    try:
        ended = compared(served, lab, lambda c, _: c.delete(DELETE, SHORT))
        assert ended[0] == "EngineTimeoutError"
    finally:
        served.swarm.engines["n1"].frozen = False
