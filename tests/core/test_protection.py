"""Which nodes' engines ask the guard."""

from __future__ import annotations

from dataclasses import replace

from cloudstorctl.core.protection import Protection, protections_in
from tests.core.builders import a_node, a_reading, a_survey, node_id


def test_what_an_engine_did_counts_and_not_what_it_names() -> None:
    nodes = (a_node("w1"), a_node("w2"), a_node("w3"), a_node("w4"))
    readings = (
        a_reading("w1"),
        replace(a_reading("w2"), authorization=("other", "guard")),
        a_reading("w3"),
    )
    survey = replace(a_survey(), nodes=nodes, engines=readings)
    asks = {node_id("w1"): True, node_id("w2"): False, node_id("w4"): True}
    assert protections_in(survey, asks) == (
        Protection(node=nodes[0], protected=True),
        Protection(node=nodes[1], protected=False, plugins=("other", "guard")),
        Protection(node=nodes[2], protected=None),
        Protection(node=nodes[3], protected=None),
    )
