"""Removing only what could be restored: `--require-recovery-point`, against engines over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.account import REGION
from tests.aws.stubs import a_point, stubbed
from tests.cli.stage import statuses
from tests.cli.worlds import NOON

if TYPE_CHECKING:
    from botocore.stub import Stubber

    from tests.aws.account import Account
    from tests.cli.stage import Stage

OPERATION = "list_recovery_points_by_resource"
HOUR = timedelta(hours=1)
REQUIRED = ("--require-recovery-point", "24h")


@pytest.fixture
def backup(stage: Stage, account: Account, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """What AWS Backup answers about the one file system of the swarm, question by question."""
    identifier = account.file_system("shop-EFS-GP", "a")
    stage.set_plugins(EFS_ID_REGULAR=identifier, AWS_REGION=REGION)
    return stubbed(monkeypatch, "backup")["backup"]


def answer(backup: Stubber, *ages: timedelta) -> None:
    points: list[dict[str, Any]] = [a_point(f"p{age}", NOON - age) for age in ages]
    backup.add_response(OPERATION, {"RecoveryPoints": points})


def test_what_could_be_restored_goes_and_every_look_asks_again(
    stage: Stage, backup: Stubber
) -> None:
    answer(backup, HOUR)
    answer(backup, HOUR)
    answer(backup, HOUR)
    document = stage.document("safe-prune", "old", "--yes", *REQUIRED)
    assert statuses(document)["old"] == "removed"
    assert stage.swarm.destroyed == ["old"]


def test_no_removal_waits_for_aws(stage: Stage, backup: Stubber) -> None:
    answer(backup, HOUR)
    answer(backup, HOUR)
    answer(backup, HOUR)
    asked: list[str] = []
    stage.swarm.hooks.append(lambda _, seen: asked.append(f"{seen.method} {seen.path}"))
    backup.client.meta.events.register("provide-client-params", lambda **_: asked.append("AWS"))
    assert stage.names("safe-prune", "old", "--yes", *REQUIRED) == ["old"]
    aws = [at for at, each in enumerate(asked) if each == "AWS"]
    removal = asked.index("DELETE /volumes/old")
    assert sum(at < removal for at in aws) == 2
    assert asked[aws[1] + 1 : removal].count("GET /tasks") == 2, "a whole look is in between"


def test_a_file_system_that_shows_up_only_in_the_last_look_is_asked_about(
    stage: Stage, backup: Stubber, account: Account
) -> None:
    other = account.file_system("other", "a")
    answer(backup, HOUR)
    answer(backup, HOUR)
    answer(backup)
    calls: list[str] = []

    def move(**_: object) -> None:
        calls.append("AWS")
        if len(calls) == 2:
            stage.set_plugins(EFS_ID_REGULAR=other, AWS_REGION=REGION)

    backup.client.meta.events.register("provide-client-params", move)
    document = stage.document("safe-prune", "old", "--yes", *REQUIRED, code=4)
    assert statuses(document)["old"] == "claimed"
    assert len(calls) == 3
    assert stage.swarm.destroyed == []


def test_what_could_not_be_restored_is_refused_with_the_reason(
    stage: Stage, backup: Stubber
) -> None:
    answer(backup, 25 * HOUR)
    ran = stage.run("safe-prune", "old", "--yes", *REQUIRED)
    assert ran.code == 4
    assert ran.err == (
        "old is refused: It is protected (a recovery point younger than 24 h is required, and the "
        "latest is 25 h old).\n"
    )
    assert stage.swarm.destroyed == []


def test_what_aws_does_not_tell_is_refused(stage: Stage, backup: Stubber) -> None:
    backup.add_client_error(OPERATION, "AccessDeniedException", "no", 403)
    ran = stage.run("safe-prune", "old", "--dry-run", *REQUIRED)
    assert ran.code == 4
    told = " ".join(ran.out.split())
    assert "it is not known: AWS Backup in eu-west-1: these credentials may not do" in told


def test_a_recovery_point_that_is_gone_before_the_removal_stops_it(
    stage: Stage, backup: Stubber
) -> None:
    answer(backup, HOUR)
    answer(backup)
    document = stage.document("safe-prune", "old", "--yes", *REQUIRED, code=4)
    assert statuses(document)["old"] == "claimed"
    assert stage.swarm.destroyed == []


def test_the_configuration_can_require_it_of_rm_too(stage: Stage, backup: Stubber) -> None:
    path = stage.folder / "c.toml"
    path.write_text('[contexts.c.prune]\nrequire_recovery_point = "2h"\n')
    answer(backup, 3 * HOUR)
    ran = stage.run("rm", "old", "--config", str(path))
    assert ran.code == 4
    assert "younger than 2 h is required, and the latest is 3 h old" in ran.err
    assert "aws backup start-backup-job" in ran.err
    assert stage.swarm.destroyed == []


def test_a_plan_keeps_the_requirement_for_apply(stage: Stage, backup: Stubber) -> None:
    plan = stage.folder / "plan.json"
    answer(backup, HOUR)
    ran = stage.run("safe-prune", "old", "--dry-run", "--plan-out", str(plan), *REQUIRED)
    assert ran.code == 0
    saved = json.loads(plan.read_text())
    assert saved["require_recovery_point"] == 86400
    assert "The latest recovery point of its backing is 1 h old." in saved["removals"][0]["reasons"]
    answer(backup)
    stale = stage.run("apply", str(plan))
    assert stale.code == 6
    assert "a recovery point younger than 24 h is required, and there is none" in stale.err
    for _ in range(3):
        answer(backup, HOUR / 2)
    assert stage.run("apply", str(plan)).code == 0
    assert stage.swarm.destroyed == ["old"]


def test_an_age_without_a_unit_is_a_usage_error(stage: Stage) -> None:
    ran = stage.run("safe-prune", "--require-recovery-point", "24")
    assert ran.code == 2
    assert "--require-recovery-point: expected" in ran.err
