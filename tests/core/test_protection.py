"""Which nodes' engines ask the guard."""

from __future__ import annotations

from dataclasses import replace

from cloudstorctl.core.protection import Protection, protections_in
from tests.core.builders import a_node, a_reading, a_survey


def test_an_engine_that_names_the_plugin_is_protected_and_one_not_read_is_unknown() -> None:
    nodes = (a_node("w1"), a_node("w2"), a_node("w3"), a_node("w4"))
    readings = (
        replace(a_reading("w1"), authorization=("other", "guard")),
        replace(a_reading("w2"), authorization=("other", "guardian")),
        a_reading("w3"),
    )
    survey = replace(a_survey(), nodes=nodes, engines=readings)
    assert protections_in(survey, "guard") == (
        Protection(node=nodes[0], protected=True, plugins=("other", "guard")),
        Protection(node=nodes[1], protected=False, plugins=("other", "guardian")),
        Protection(node=nodes[2], protected=False),
        Protection(node=nodes[3], protected=None),
    )
