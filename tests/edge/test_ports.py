"""Reading and removing are different types (design.md section 3, rule 3)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cloudstorctl
from cloudstorctl.swarm.ports import ReadsEngine, ReadsManager, RunsContainers

PACKAGE = Path(cloudstorctl.__file__).parent


@pytest.mark.parametrize("protocol", [ReadsEngine, ReadsManager])
def test_what_reads_has_no_way_to_remove(protocol: type) -> None:
    words = ("remove", "delete", "prune", "force", "create", "start", "kill", "pull")
    assert not [name for name in dir(protocol) if any(word in name for word in words)]


def modules_that_name(attribute: str) -> set[str]:
    """Find the modules in which an attribute of this name is used."""
    return {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == attribute
    }


def test_one_module_asks_for_removals_and_one_sends_them() -> None:
    assert modules_that_name("remove_volume") == {"swarm/remove.py"}
    assert modules_that_name("delete") == {"swarm/client.py"}


def test_one_module_runs_containers_and_one_sends_what_that_takes() -> None:
    for deed in ("create_container", "start_container", "kill_container", "remove_container"):
        assert modules_that_name(deed) == {"swarm/container_runs.py"}
    assert modules_that_name("post") == {"swarm/client.py"}


def test_only_verify_is_handed_the_means_to_run_containers() -> None:
    assert modules_that_name("runner_of") == {
        "commands/verify.py",
        "swarm/container_runs.py",
        "swarm/verify.py",
    }


def test_what_runs_containers_has_no_way_to_remove_a_volume() -> None:
    deeds = {name for name in dir(RunsContainers) if "remove" in name or "prune" in name}
    assert deeds == {"remove_container"}


def test_configs_are_written_by_the_memory_the_lock_and_tickets_alone() -> None:
    for deed in ("create_config", "remove_config"):
        homes = {"swarm/lock.py", "swarm/memory.py", "swarm/tickets.py"}
        assert modules_that_name(deed) == homes
    assert modules_that_name("relabel_config") == {"swarm/lock.py"}
    assert modules_that_name("keepers") == {"swarm/keeping.py"}


def test_only_what_carries_out_a_plan_is_handed_the_means() -> None:
    assert modules_that_name("remover_of") == {"commands/removal.py", "swarm/remove.py"}
