"""The grace period: seen unused, remembered in the swarm, forgotten with any claim."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from datetime import timedelta
from hashlib import sha512
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.core.memory_document import LABELS, name_of, read, written
from cloudstorctl.core.model import VolumeName
from tests.cli.stage import LOUD, statuses
from tests.cli.worlds import NOON, a_world, run_in
from tests.edge.engine_server import json_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.cli.stage import Stage
    from tests.edge.engine_server import Reply

HOUR = timedelta(hours=1)
OLD, OLDER = VolumeName("old"), VolumeName("older")


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """The swarm of three, with a grace period of a day."""
    stage.grace = "24h"
    return stage


def put(stage: Stage, data: bytes, sequence: int = 1) -> None:
    labels = dict(LABELS)
    stage.swarm.configs.create(name_of(sequence), b64encode(data).decode(), **labels)


def before_writing(stage: Stage, act: Callable[[], Reply | None]) -> None:
    stage.swarm.before("POST", "/configs/create", act)


def test_rm_sends_nobody_past_a_broken_memory(stage: Stage) -> None:
    put(stage, b"nonsense")
    ran = stage.run("rm", "old")
    assert ran.code == 4
    assert f"'docker config rm {name_of(1)}'" in ran.err
    assert "does not wait for that" not in ran.err


def refuse(stage: Stage, method: str, path: str, status: int) -> None:
    stage.swarm.before(method, path, lambda: json_reply({"message": "no"}, status=status))


def remembered(stage: Stage) -> dict[VolumeName, datetime]:
    """Give what the swarm remembers, of which there is one version."""
    (config,) = stage.swarm.configs.configs.values()
    return read(b64decode(config["Spec"]["Data"]))


def rulings(stage: Stage, *options: str) -> dict[str, str]:
    document = stage.document("ls", "old*", *options)
    return {volume["name"]: volume["ruling"] for volume in document["volumes"]}


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


def test_what_has_not_changed_is_not_written_again(stage: Stage) -> None:
    for _ in range(3):
        stage.run("safe-prune", "--dry-run")
    assert list(stage.swarm.configs.named) == [name_of(1)]


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


def test_of_two_runs_that_write_at_once_the_other_reads_again(stage: Stage) -> None:
    def other_wins() -> Reply | None:
        if name_of(1) not in stage.swarm.configs.named:
            put(stage, written({VolumeName("web-1-vol"): NOON, OLD: NOON - 9 * HOUR})[0])
        return None

    before_writing(stage, other_wins)
    ran = stage.run("safe-prune", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert remembered(stage) == {OLD: NOON - 9 * HOUR}, "added nothing, forgot what is in use"


def test_runs_that_never_win_say_so(stage: Stage) -> None:
    def other_wins() -> Reply | None:
        number = len(stage.swarm.configs.named) + 1
        put(stage, written({VolumeName("web-1-vol"): NOON})[0], number)
        return None

    before_writing(stage, other_wins)
    ran = stage.run("safe-prune", "--dry-run")
    assert ran.code == 0
    assert "is not remembered: other runs write it again and again" in ran.err


@pytest.mark.parametrize("broken_now", [False, True])
def test_a_broken_memory_is_told_with_what_resets_it(stage: Stage, *, broken_now: bool) -> None:
    if broken_now:
        # It breaks between the look and the writing.
        def break_it() -> Reply | None:
            put(stage, b"nonsense")
            return None

        before_writing(stage, break_it)
    else:
        put(stage, b"nonsense")
    ran = stage.run("safe-prune", "--yes")
    assert f"'docker config rm {name_of(1)}'" in ran.err
    assert ran.err.count("cannot be read") == 1
    assert ran.code == (0 if broken_now else 5)
    assert "2 pending" in ran.out
    assert stage.swarm.deletes == []
    assert len(stage.swarm.configs.named) == 1, "what is broken is left for people to look at"
    writes = [seen for _, seen in stage.swarm.seen if seen.method == "POST"]
    assert len(writes) == int(broken_now), "nothing is written beside it"


def test_managers_without_configs_are_told_to_be_too_old(stage: Stage) -> None:
    refuse(stage, "GET", "/configs", 404)
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 5
    assert "managers are older than Docker 17.06" in ran.err
    assert "--grace 0s removes without a grace period" in ran.err


@pytest.mark.parametrize("status", [403, 500])
def test_a_memory_that_cannot_be_read_counts_as_never_seen(stage: Stage, status: int) -> None:
    put(stage, written({OLD: NOON - 99 * HOUR})[0])
    refuse(stage, "GET", "/configs", status)
    assert rulings(stage) == {"old": "pending", "older": "pending"}
    ran = stage.run("safe-prune", "--yes")
    assert ran.code == 5
    assert "The swarm's memory of unused volumes cannot be read:" in ran.err
    assert stage.swarm.deletes == []


def test_who_may_not_write_is_told_that_nothing_is_remembered(stage: Stage) -> None:
    refuse(stage, "POST", "/configs/create", 403)
    ran = stage.run("safe-prune", "--dry-run")
    assert ran.code == 0
    assert "What was seen unused is not remembered:" in ran.err


def test_a_memory_that_is_full_says_so(stage: Stage) -> None:
    names = [sha512(str(number).encode()).hexdigest() for number in range(9000)]
    row = stage.swarm.engines["w1"].volumes[0]
    stage.swarm.engines["w1"].volumes += ({**row, "Name": name} for name in names)
    ran = stage.run("safe-prune", "--dry-run", "--max-count", "9002", "-o", "name")
    assert ran.code == 0
    found = re.search(r"([0-9]+) unused volumes are not remembered: the swarm's memory", ran.err)
    assert found
    assert len(remembered(stage)) == len(names) + 2 - int(found[1])


def test_documents_tell_since_when_and_until_when(stage: Stage) -> None:
    put(stage, written({OLD: NOON - HOUR})[0])
    volumes: list[dict[str, Any]] = stage.document("ls", "old*", "web*")["volumes"]
    told = {v["name"]: (v["unused_since"], v["removable_from"]) for v in volumes}
    assert told == {
        "old": ("2026-11-23T11:00:00Z", "2026-11-24T11:00:00Z"),
        "older": (None, None),
        "web-1-vol": (None, None),
    }


def test_candidates_tell_what_is_pending_since_when_and_until_when(stage: Stage) -> None:
    put(stage, written({OLD: NOON - 30 * HOUR})[0])
    ran = stage.run("candidates")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split("  ") for line in ran.out.splitlines()]
    assert [[word.strip() for word in line if word] for line in lines[:3]] == [
        ["VOLUME", "BACKING", "RULING", "UNUSED SINCE (UTC)", "REMOVABLE FROM"],
        ["old", "efs/reg", "- removable", "2026-11-22 06:00", "2026-11-23 06:00"],
        ["older", "efs/reg", "… pending", "not remembered yet", "-"],
    ]
    document = stage.document("candidates", "older")
    assert document["schema"] == "cloudstorctl/candidates/v1"
    assert (document["complete"], document["grace"]) == (True, 86400)
    (older,) = document["candidates"]
    assert older.pop("reasons")
    assert older == {
        "name": "older",
        "ruling": "pending",
        "unused_since": None,
        "removable_from": None,
    }
    assert stage.names("candidates") == ["old", "older"]


def test_candidates_say_that_there_are_none_and_what_may_hide_some(stage: Stage) -> None:
    ran = stage.run("candidates", "web*")
    assert (ran.code, ran.out, ran.err) == (0, "", "No volume is unused.\n")
    stage.blind("w1")
    ran = stage.run("candidates")
    assert ran.code == 5
    assert "No volume that was seen is unused." in ran.err
    assert "Not seen:" in ran.out


def test_the_environment_and_the_file_set_it(stage: Stage) -> None:
    file = stage.folder / "config.toml"
    file.write_text('[contexts.prod.prune]\ngrace = "5m"\n')
    world = a_world(stage.folder, environ={"TERM": "dumb"})
    options = (*stage.swarm.options, "--config", str(file), "--context", "prod", "-o", "json")
    assert '"grace": 300' in run_in(world, "candidates", *options).out
