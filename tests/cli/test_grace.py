"""The grace period: seen unused, remembered in the swarm, forgotten with any claim."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from cloudstorctl.core.memory_document import name_of, written
from cloudstorctl.core.model import VolumeName
from tests.cli.grace import HOUR, OLD, OLDER, patient_stage, put, remembered, rulings
from tests.cli.stage import LOUD, statuses
from tests.cli.worlds import NOON, a_world, run_in

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.edge.engine_server import Reply

stage = patient_stage


def test_what_is_unused_is_removed_after_it_has_been_seen_so_for_a_day(stage: Stage) -> None:
    first = stage.run("safe-prune", "--yes")
    assert first.code == 0
    assert "Kept: 1 in use, 7 reserved, 2 pending" in first.out
    assert (
        "it was not seen unused before, and a removal waits for a grace period of 24h" in first.out
    )
    assert remembered(stage) == {OLD: NOON, OLDER: NOON}

    stage.now = NOON + 23 * HOUR
    assert stage.names("safe-prune", "--yes") == []
    assert stage.swarm.deletes == []
    assert rulings(stage) == {"old": "pending", "older": "pending"}

    stage.now = NOON + 24 * HOUR
    assert rulings(stage) == {"old": "removable", "older": "removable"}
    assert stage.names("safe-prune", "--yes") == ["old", "older"]


def test_a_dry_run_remembers_as_well_and_reading_commands_do_not(stage: Stage) -> None:
    for command in (("ls",), ("inspect", "old"), ("candidates",), ("doctor",)):
        stage.run(*command)
    assert not stage.swarm.configs.configs
    assert stage.run("safe-prune", "--dry-run").code == 0
    assert remembered(stage) == {OLD: NOON, OLDER: NOON}


def test_any_claim_forgets_since_when_it_was_unused(stage: Stage) -> None:
    stage.run("safe-prune", "--dry-run")
    service = stage.swarm.deploy("web2", "old")
    stage.now = NOON + 30 * HOUR
    stage.run("safe-prune", "--dry-run")
    assert remembered(stage) == {OLDER: NOON}
    stage.swarm.services.remove(service)
    assert rulings(stage) == {"old": "pending", "older": "removable"}


def test_a_look_that_is_not_complete_neither_counts_nor_forgets(stage: Stage) -> None:
    put(stage, written({OLD: NOON - HOUR, VolumeName("unlisted"): NOON})[0])
    stage.blind("w1", "/containers/json")
    assert stage.run("safe-prune", "--dry-run").code == 5
    assert remembered(stage) == {OLD: NOON - HOUR, VolumeName("unlisted"): NOON}


def test_what_a_look_between_removals_sees_claimed_is_forgotten_too(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR, OLDER: NOON - 99 * HOUR})[0])

    def use_older() -> Reply | None:
        stage.swarm.deploy("late", "older")
        return None

    stage.on_delete("old", use_older)
    document = stage.document("safe-prune", "--yes", code=4)
    assert statuses(document)["older"] == "claimed"
    assert OLDER not in remembered(stage)


def test_a_volume_that_is_made_anew_after_its_removal_waits_anew(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR, OLDER: NOON})[0])
    assert stage.names("safe-prune", "--yes") == ["old"]
    stage.swarm.list_volume("old", "w1")
    assert rulings(stage) == {"old": "pending", "older": "pending"}
    assert stage.names("safe-prune", "--yes") == []
    assert stage.swarm.destroyed == ["old"]


def test_a_run_without_a_grace_period_forgets_what_it_removed_or_saw_claimed(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR, OLDER: NOON - 99 * HOUR})[0])
    stage.swarm.deploy("web2", "older")
    assert stage.run("rm", "old", "--grace", "0s").code == 0
    assert remembered(stage) == {}, "and it remembers nothing of what it saw unused"
    stage.swarm.list_volume("old", "w1")
    assert rulings(stage, "--grace", "24h")["old"] == "pending"


def test_nothing_is_asked_between_the_last_look_and_its_removal(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR, OLDER: NOON - 99 * HOUR})[0])

    def list_more() -> Reply | None:
        # Each look sees a volume that is to be remembered from then on.
        stage.swarm.list_volume(f"new-{len(stage.swarm.seen)}", "w1")
        return None

    asked: list[str] = []
    stage.swarm.hooks.append(lambda _, seen: asked.append(f"{seen.method} {seen.path}"))
    stage.swarm.before("GET", "/configs", list_more)
    assert stage.run("safe-prune", "--yes", "old*").code == 0
    removals = [at for at, each in enumerate(asked) if each.startswith("DELETE /volumes/")]
    assert [asked[at - 1] for at in removals] == ["GET /tasks"] * 2
    assert len(remembered(stage)) > 2, "the looks between removals are remembered, too"


def test_a_large_memory_is_written_once_for_all_volumes_that_go(stage: Stage) -> None:
    many = [VolumeName(f"v{number}") for number in range(2100)]
    for name in many:
        stage.swarm.list_volume(name, "w1")
    put(stage, written(dict.fromkeys((OLD, OLDER, *many), NOON - 99 * HOUR))[0])
    assert stage.names("safe-prune", "--yes", "old*") == ["old", "older"]
    assert list(stage.swarm.configs.named) == [name_of(2)]
    assert remembered(stage).keys() == set(many)


def test_what_is_forgotten_while_a_run_goes_on_is_not_removed(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR, OLDER: NOON - 99 * HOUR})[0])

    def forget() -> Reply | None:
        config = stage.swarm.configs.named[name_of(1)]
        config["Spec"]["Data"] = b64encode(written({OLD: NOON - 99 * HOUR})[0]).decode()
        return None

    stage.on_delete("old", forget)
    document = stage.document("safe-prune", "--yes", code=5)
    assert statuses(document)["older"] == "not_tried"
    assert stage.swarm.destroyed == ["old"]


def test_a_memory_that_is_reset_while_a_run_goes_on_stays_so(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR, OLDER: NOON - 99 * HOUR})[0])

    def list_more() -> Reply | None:
        # Each look sees a volume that is to be remembered from then on.
        stage.swarm.list_volume(f"new-{len(stage.swarm.seen)}", "w1")
        return None

    def reset() -> Reply | None:
        stage.swarm.configs.configs.clear()
        return None

    stage.swarm.before("GET", "/nodes", list_more)
    stage.on_delete("old", reset)
    document = stage.document("safe-prune", "--yes", "--no-lock", "old*", code=5)
    assert statuses(document)["older"] == "not_tried"
    assert stage.swarm.destroyed == ["old"]
    assert remembered(stage)[OLDER] == NOON


def test_rm_and_apply_keep_the_grace_period(stage: Stage) -> None:
    ran = stage.run("rm", "old")
    assert ran.code == 4
    assert "old is pending and was not removed:" in ran.err
    assert "'cloudstorctl rm old --grace 0s' does not wait for that." in ran.err
    plan = stage.folder / "plan.json"
    stage.now = NOON + 25 * HOUR
    assert stage.run("safe-prune", "old", "--dry-run", "--plan-out", str(plan)).code == 0
    stage.run("rm", "older")
    service = stage.swarm.deploy("web2", "old")
    stage.run("safe-prune", "--dry-run")
    stage.swarm.services.remove(service)
    ran = stage.run("apply", str(plan))
    assert ran.code == 6
    assert "old: it is pending now." in ran.err


def test_no_grace_period_is_possible_and_said_loudly(stage: Stage) -> None:
    ran = stage.run("rm", "old", "--grace", "0s", "--quiet")
    assert (ran.code, ran.err) == (
        0,
        LOUD.replace("environment CLOUDSTORCTL_GRACE", "flag --grace"),
    )
    assert stage.swarm.destroyed == ["old"]
    assert not stage.swarm.configs.configs


def test_the_grace_period_can_be_set_for_one_run(stage: Stage) -> None:
    stage.run("safe-prune", "--dry-run")
    stage.now = NOON + 25 * HOUR
    assert rulings(stage, "--grace", "3d") == {"old": "pending", "older": "pending"}
    told = stage.run("ls", "old", "--grace", "3d").out
    assert "old     cloudstor:aws  efs/reg  … pending 47h  3 unused" in told


def test_a_bad_grace_period_is_refused(stage: Stage) -> None:
    ran = stage.run("ls", "--grace", "1 day")
    assert ran.code == 2
    assert '--grace: expected a duration such as "24h"' in ran.err


def test_documents_tell_since_when_and_until_when(stage: Stage) -> None:
    put(stage, written({OLD: NOON - HOUR})[0])
    volumes: list[dict[str, Any]] = stage.document("ls", "old*", "web*")["volumes"]
    told = {v["name"]: (v["unused_since"], v["removable_from"]) for v in volumes}
    assert told == {
        "old": ("2026-11-23T11:00:00Z", "2026-11-24T11:00:00Z"),
        "older": (None, None),
        "web-1-vol": (None, None),
    }


def test_the_environment_and_the_file_set_it(stage: Stage) -> None:
    file = stage.folder / "config.toml"
    file.write_text('[contexts.prod.prune]\ngrace = "5m"\n')
    world = a_world(stage.folder, environ={"TERM": "dumb"})
    options = (*stage.swarm.options, "--config", str(file), "--context", "prod", "-o", "json")
    assert '"grace": 300' in run_in(world, "candidates", *options).out
