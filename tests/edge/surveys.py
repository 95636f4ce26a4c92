"""Takes surveys of a FakeSwarm, and reads out of them what tests ask about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.model import EngineReading, Survey, VolumeName
from cloudstorctl.core.verdict import assess
from cloudstorctl.swarm.survey import SurveySettings, survey
from tests.core.builders import NOW, node_id
from tests.edge.fake_swarm import FakeSwarm

if TYPE_CHECKING:
    from cloudstorctl.core.judgement import Ruling
    from cloudstorctl.swarm.engines import Engines

PATHS = ("/info", "/volumes", "/containers/json", "/plugins")
DATA = VolumeName("data")


def a_swarm(*names: str) -> FakeSwarm:
    """A manager and two workers that list an unused volume."""
    swarm = FakeSwarm("m1", *(names or ("w1", "w2")))
    swarm.list_volume("data")
    return swarm


def surveyed(
    swarm: FakeSwarm, *, engines: Engines | None = None, parallel: int = 16, deadline: float = 60.0
) -> Survey:
    settings = SurveySettings(parallel=parallel, deadline=deadline)
    if engines is not None:
        return survey(engines, settings, now=lambda: NOW)
    with swarm.engines() as own:
        return survey(own, settings, now=lambda: NOW)


def ruling_on_data(seen: Survey) -> Ruling:
    verdict = assess(seen).on(DATA)
    assert verdict is not None
    return verdict.ruling


def reading_of(seen: Survey, hostname: str) -> EngineReading:
    (reading,) = (each for each in seen.engines if each.node_id == node_id(hostname))
    return reading


def void(_: object) -> None:
    """Throw a value away."""
