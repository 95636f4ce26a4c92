"""Command lines that are told under `docker cloudstor`, also within tables and documents."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.cli.worlds import a_world, run_in

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.cli.worlds import Ran

ENVIRON = {"CLOUDSTORCTL_GRACE": "24h"}


def run(stage: Stage, *words: str) -> Ran:
    world = replace(a_world(stage.folder, environ=ENVIRON), program="docker cloudstor")
    return run_in(world, *words, *stage.swarm.options)


def test_a_plan_says_how_to_see_more(stage: Stage) -> None:
    task = stage.swarm.run(stage.swarm.deploy("more", "old", replicas=1), "old", on="w1")
    assert task
    ran = run(stage, "safe-prune", "old", "--dry-run")
    assert "(1 more reason: 'docker cloudstor inspect old')" in ran.out


def test_the_findings_of_the_doctor_say_what_mends_them(stage: Stage) -> None:
    ran = run(stage, "doctor")
    assert "→ docker cloudstor safe-prune --dry-run" in ran.out
    fixes = {each["fix"] for each in json.loads(run(stage, "doctor", "-o", "json").out)["findings"]}
    assert "docker cloudstor safe-prune --dry-run" in fixes


def test_the_error_of_a_document_says_what_to_type(stage: Stage) -> None:
    document = json.loads(run(stage, "rm", "nothing", "-o", "json").out)
    assert "'docker cloudstor ls' shows those there are" in document["error"]
