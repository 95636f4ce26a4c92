"""The comparison of the two kinds of swarm goes red where they differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.swarm.embedded.lab import embedded_lab
from tests.swarm.rows import difference
from tests.swarm.scene import container, mount, running_service, volume
from tests.swarm.witness import EmbeddedWitness, Told, seen_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudstorctl.demo.swarm import Swarm
    from tests.swarm.embedded.lab import Lab


@pytest.fixture
def embedded() -> Iterator[Lab]:
    """A swarm with something in it, and no real one beside it."""
    with embedded_lab() as lab:
        volume(lab, "data", on="n1")
        container(lab, "n2", "create", "--mount", mount("data"))
        running_service(lab, "web", "{{.Service.Name}}-{{.Task.Slot}}-vol", replicas=2)
        yield lab


def test_two_swarms_of_the_same_scene_do_not_differ(embedded: Lab) -> None:
    with embedded_lab() as other:
        volume(other, "data", on="n1")
        container(other, "n2", "create", "--mount", mount("data"))
        running_service(other, "web", "{{.Service.Name}}-{{.Task.Slot}}-vol", replicas=2)
        assert difference(seen_now(embedded).rows, seen_now(other).rows) == ""


def labels_that_are_empty_rather_than_null(swarm: Swarm) -> None:
    stored = swarm.engines["n2"].volumes.stored("data")
    assert stored is not None
    stored.labels = {}


def another_state_of_a_container(swarm: Swarm) -> None:
    (found,) = (c for c in swarm.engines["n2"].containers.values() if not c.task_id)
    found.state = "exited"


def another_node_of_a_task(swarm: Swarm) -> None:
    task = next(iter(swarm.cluster.tasks.values()))
    task.node_id = next(m.id for m in swarm.cluster.members.values() if m.hostname == "n3")


def another_setting_of_a_plugin(swarm: Swarm) -> None:
    next(iter(swarm.engines["n1"].plugins)).settings["DEBUG"] = "0"


def a_manager_more(swarm: Swarm) -> None:
    swarm.cluster.member("n3").manager = True


def a_task_more_on_record(swarm: Swarm) -> None:
    task = next(iter(swarm.cluster.tasks.values()))
    copy = swarm.cluster.new_task(swarm.cluster.services[task.service_id], slot=task.slot)
    copy.spent = True


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (labels_that_are_empty_rather_than_null, "entry data on <n2>"),
        (another_state_of_a_container, "container <unnamed> on <n2>"),
        (another_node_of_a_task, "task <task web.1>"),
        (another_setting_of_a_plugin, "plugin cloudstor:aws on <n1>"),
        (a_manager_more, "node n3"),
        (a_task_more_on_record, "task <task web.1>"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_whatever_differs_is_told_with_both_sides(
    embedded: Lab, change: Callable[[Swarm], None], told: str
) -> None:
    before = seen_now(embedded).rows
    embedded.served.do(change)
    found = difference(before, seen_now(embedded).rows).splitlines()
    place = found.index(told)
    assert found[place + 1].startswith("  real ")
    assert any(line.startswith("  embedded ") for line in found[place + 2 :])


def test_drivers_that_managers_have_not_learnt_of_yet_are_no_difference(embedded: Lab) -> None:
    plugin = embedded.node("n3").plugin()
    plugin.disable()
    late = seen_now(embedded).rows
    assert any("late" in line for line in late["node", "n3"])

    def learn(swarm: Swarm) -> None:
        swarm.cluster.member("n3").described = 0.0

    embedded.served.do(learn)
    embedded.served.do(lambda swarm: swarm.advance())
    told = seen_now(embedded).rows
    assert told["node", "n3"] != late["node", "n3"]
    assert difference(late, told) == ""


def test_a_scenario_that_looks_less_often_than_before_fails(embedded: Lab) -> None:
    rows = seen_now(embedded).rows
    witness = EmbeddedWitness(told=Told(looks=[rows, rows, rows]), tally=Counter())
    witness.look(embedded)
    with pytest.raises(AssertionError, match="looked more"):
        witness.end(embedded)
    assert witness.tally["entry"] == 2 * sum(
        len(lines) for (kind, _), lines in rows.items() if kind == "entry"
    )
