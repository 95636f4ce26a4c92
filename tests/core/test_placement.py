"""Where constraints let a service run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.placement import eligible, is_fixed
from tests.core.builders import a_node, a_service, node_id

NODES = (
    replace(a_node("w1"), manager=True, labels=(("Disk", "SSD"),), engine_labels=(("zone", "a"),)),
    replace(a_node("w2"), operating_system="windows", architecture="aarch64"),
)


@pytest.mark.parametrize(
    ("constraints", "hostnames"),
    [
        ([], "w1 w2"),
        (["node.hostname==w1"], "w1"),
        ([" NODE.Hostname == W1 "], "w1"),
        (["node.hostname != w1"], "w2"),
        ([f"node.id=={node_id('w2')}"], "w2"),
        (["node.role==manager"], "w1"),
        (["node.role==worker"], "w2"),
        (["node.platform.os==windows"], "w2"),
        (["node.platform.arch==arm64"], "w2"),
        (["node.platform.arch==x86_64"], "w1"),
        (["node.labels.Disk==ssd"], "w1"),
        (["node.labels.disk==ssd"], ""),
        (["node.labels.Disk!=ssd"], "w2"),
        (["engine.labels.zone==a"], "w1"),
        (["node.role==manager", "node.hostname==w2"], ""),
        (["node.ip==10.0.0.0/8"], "w1 w2"),
        (["nonsense"], "w1 w2"),
        (["other.labels.x==y"], "w1 w2"),
        (["node.labels.==y"], "w1 w2"),
    ],
)
def test_a_node_is_eligible_that_fits_all_constraints(
    constraints: list[str], hostnames: str
) -> None:
    service = replace(a_service("web"), constraints=tuple(constraints))
    assert " ".join(node.hostname for node in eligible(service, NODES)) == hostnames


@pytest.mark.parametrize(
    ("constraint", "fixed"),
    [
        ("node.hostname==w1", True),
        ("node.id == x", True),
        ("node.id != x", False),
        ("node.labels.disk==ssd", False),
        ("nonsense", False),
    ],
)
def test_a_service_is_fixed_by_what_a_machine_is(constraint: str, fixed: bool) -> None:  # noqa: FBT001
    assert is_fixed(replace(a_service("web"), constraints=(constraint,))) is fixed
