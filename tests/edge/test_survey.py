"""A survey reads the manager, every engine and the manager again, and what fails is a gap."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from cloudstorctl.core.judgement import ClaimKind, Ruling
from cloudstorctl.core.model import EngineReading, Gap, VolumeName
from cloudstorctl.core.verdict import assess
from cloudstorctl.swarm.survey import SurveySettings, survey
from tests.core.builders import CLUSTER, NOW, a_container, a_service, a_task, an_entry, node_id
from tests.edge.fake_swarm import FakeSwarm, failing, nonsense
from tests.edge.surveys import PATHS, a_swarm, reading_of, ruling_on_data, surveyed, void

# What is read.


def test_everything_that_was_read_is_in_the_survey() -> None:
    swarm = a_swarm()
    web = a_service("web", "web-data")
    swarm.services = [web]
    swarm.tasks = [a_task(web)]
    swarm.hosts["w1"].containers = [a_container("web-data")]
    swarm.list_volume("web-data", "w1")
    swarm.hosts["w1"].cluster_volumes = (VolumeName("csi"),)
    seen = surveyed(swarm)
    assert (seen.cluster_id, seen.taken_at, seen.gaps) == (CLUSTER, NOW, ())
    assert [node.hostname for node in seen.nodes] == ["m1", "w1", "w2"]
    assert (seen.services, seen.tasks) == ((web,), tuple(swarm.tasks)), "each once"
    assert reading_of(seen, "w1") == EngineReading(
        node_id=node_id("w1"),
        entries=(an_entry("data", on="w1"), an_entry("web-data", on="w1")),
        cluster_volumes=(VolumeName("csi"),),
        containers=tuple(swarm.hosts["w1"].containers),
        plugins=tuple(swarm.hosts["w1"].plugins),
        root_dir="/var/lib/docker",
    )
    assert ruling_on_data(seen) is Ruling.REMOVABLE


@pytest.mark.parametrize("volumes", [0, 40])
def test_a_node_is_asked_four_questions_however_much_it_holds(volumes: int) -> None:
    swarm = FakeSwarm("m1", "w1")
    for number in range(volumes):
        swarm.list_volume(f"v{number}")
        swarm.hosts["w1"].containers.append(a_container(f"v{number}", name=f"c{number}"))
    surveyed(swarm)
    assert Counter(path for host, path in swarm.asked if host == "w1") == dict.fromkeys(PATHS, 1)
    manager = {"/info": 3, "/nodes": 2, "/services": 2, "/tasks": 2}
    own = dict.fromkeys(("/volumes", "/containers/json", "/plugins"), 1)
    assert Counter(path for host, path in swarm.asked if host == "m1") == manager | own


def test_no_connection_is_kept_after_a_survey() -> None:
    swarm = FakeSwarm("m1", "w1", "w2", "w3")
    swarm.hosts["w2"].reports = node_id("w1")
    swarm.on("w3", "/volumes", failing(nonsense("w3", "/volumes")))
    with swarm.engines() as engines:
        survey(engines, SurveySettings(), now=lambda: NOW)
        assert len(swarm.live) == 5
        assert all(engine.resting for engine in swarm.live)


def test_progress_counts_the_nodes_that_were_read() -> None:
    told: list[tuple[int, int]] = []
    with a_swarm().engines() as engines:
        survey(
            engines,
            SurveySettings(),
            now=lambda: NOW,
            progress=lambda done, nodes: told.append((done, nodes)),
        )
    assert told == [(0, 3), (1, 3), (2, 3)]


# Rule 6: the manager before and after.


def test_the_manager_is_read_before_and_after_the_engines() -> None:
    swarm = a_swarm()
    surveyed(swarm)
    order = [path for host, path in swarm.asked if path == "/tasks" or host != "m1"]
    assert (order[0], order[-1]) == ("/tasks", "/tasks")
    assert len(order) == 2 + 2 * len(PATHS)


def test_a_service_and_a_task_that_appear_meanwhile_claim_their_volume() -> None:
    swarm = a_swarm()
    web = a_service("web", "data")

    def deploy() -> None:
        swarm.services = [web]
        swarm.tasks = [a_task(web, on="w2")]

    swarm.on("w1", "/volumes", deploy)
    seen = surveyed(swarm)
    assert (seen.services, len(seen.tasks)) == ((web,), 1)
    assert ruling_on_data(seen) is Ruling.IN_USE


def test_a_task_that_moves_meanwhile_is_seen_on_both_nodes_and_falls_between_none() -> None:
    swarm = a_swarm()
    web = a_service("web", "data")
    first, second = a_task(web, on="w1"), a_task(web, on="w2")
    swarm.services, swarm.tasks = [web], [first]

    def move() -> None:
        swarm.tasks = [second]

    swarm.on("w1", "/containers/json", move)
    seen = surveyed(swarm)
    assert set(seen.tasks) == {first, second}
    claims = assess(seen).verdicts[0].claims
    scheduled = {claim.node for claim in claims if claim.kind is ClaimKind.SCHEDULED}
    assert scheduled == {node_id("w1"), node_id("w2")}


def test_a_service_that_is_removed_meanwhile_still_claims_its_volume() -> None:
    swarm = a_swarm()
    swarm.services = [a_service("web", "data")]
    swarm.on("w1", "/info", swarm.services.clear)
    assert ruling_on_data(surveyed(swarm)) is Ruling.RESERVED


def test_a_service_that_changes_meanwhile_claims_by_both_specs() -> None:
    swarm = a_swarm()
    swarm.list_volume("more")
    swarm.services = [a_service("web", "data")]

    def update() -> None:
        swarm.services = [a_service("web", "more")]

    swarm.on("w1", "/info", update)
    verdicts = assess(surveyed(swarm)).verdicts
    assert [verdict.ruling for verdict in verdicts] == [Ruling.RESERVED] * 2


def test_a_node_that_joins_meanwhile_is_a_gap() -> None:
    swarm = a_swarm()
    swarm.on("w1", "/info", lambda: None if "w9" in swarm.hosts else void(swarm.join("w9")))
    seen = surveyed(swarm)
    cause = "it joined the swarm during the survey, and its engine was not read"
    assert seen.gaps == (Gap(source="node w9", node=node_id("w9"), cause=cause),)
    assert "w9" in [node.hostname for node in seen.nodes]
    assert ruling_on_data(seen) is Ruling.UNKNOWN


def test_a_node_that_leaves_meanwhile_is_still_a_node_of_the_survey() -> None:
    swarm = a_swarm()

    def leave() -> None:
        swarm.nodes = [node for node in swarm.nodes if node.hostname != "w2"]

    swarm.on("w1", "/info", leave)
    seen = surveyed(swarm)
    assert [node.hostname for node in seen.nodes] == ["m1", "w1", "w2"]
    assert len(seen.engines) == 3


def test_a_node_is_described_as_the_later_reading_has_it() -> None:
    swarm = a_swarm()

    def drain() -> None:
        swarm.nodes = [replace(node, availability="drain") for node in swarm.nodes]

    swarm.on("w1", "/info", drain)
    assert {node.availability for node in surveyed(swarm).nodes} == {"drain"}
