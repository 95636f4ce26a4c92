"""`inspect` says whether the data could be restored, where AWS is set up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.render.detail import age
from tests.aws.account import REGION
from tests.aws.stubs import a_point, stubbed
from tests.cli.worlds import NOON

if TYPE_CHECKING:
    from tests.aws.account import Account
    from tests.cli.stage import Stage

OPERATION = "list_recovery_points_by_resource"


@pytest.fixture
def set_up(stage: Stage, account: Account) -> str:
    """AWS is set up for the swarm; the ID of its regular file system."""
    (stage.folder / "home/.aws").mkdir(parents=True)
    (stage.folder / "home/.aws/config").touch()
    identifier = account.file_system("shop-EFS-GP", "a")
    stage.set_plugins(EFS_ID_REGULAR=identifier, AWS_REGION=REGION)
    return identifier


def test_the_latest_recovery_point_is_shown_with_its_age(
    stage: Stage, set_up: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = stubbed(monkeypatch, "backup")["backup"]
    answer: dict[str, Any] = {"RecoveryPoints": [a_point("p", NOON - timedelta(hours=7))]}
    stub.add_response(OPERATION, answer)
    stub.add_response(OPERATION, answer)
    shown = stage.run("inspect", "web-1-vol").out
    assert "  Restore  recovery point of 2026-11-23T05:00:00Z, 7 h old in vault Default\n" in shown
    assert stage.document("inspect", "web-1-vol")["recovery"] == [
        {
            "file_system": set_up,
            "recovery_point": {
                "arn": f"arn:aws:backup:{REGION}:1:recovery-point:p",
                "created_at": "2026-11-23T05:00:00Z",
                "vault": "Default",
            },
            "unknown": None,
        }
    ]


def test_without_one_it_says_so(stage: Stage, set_up: str, monkeypatch: pytest.MonkeyPatch) -> None:
    del set_up
    stub = stubbed(monkeypatch, "backup")["backup"]
    stub.add_response(OPERATION, {"RecoveryPoints": []})
    shown = stage.run("inspect", "web-1-vol").out
    assert "  Restore  AWS Backup has no recovery point of its file system\n" in shown


def test_what_aws_does_not_tell_is_said_and_all_else_is_shown(
    stage: Stage, set_up: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = stubbed(monkeypatch, "backup")["backup"]
    stub.add_client_error(OPERATION, "AccessDeniedException", "no", 403)
    stub.add_client_error(OPERATION, "AccessDeniedException", "no", 403)
    ran = stage.run("inspect", "web-1-vol")
    assert (ran.code, ran.err) == (0, "")
    assert "  Restore  not known: AWS Backup in eu-west-1: these credentials may not do" in ran.out
    (told,) = stage.document("inspect", "web-1-vol")["recovery"]
    assert (told["file_system"], told["recovery_point"]) == (set_up, None)
    assert "may not do ListRecoveryPointsByResource" in told["unknown"]


def test_where_aws_is_not_set_up_it_is_not_asked(stage: Stage) -> None:
    stage.set_plugins(EFS_ID_REGULAR="fs-reg", AWS_REGION=REGION)
    assert "Restore" not in stage.run("inspect", "web-1-vol").out
    assert stage.document("inspect", "web-1-vol")["recovery"] == []


@pytest.mark.parametrize(
    ("passed", "told"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_ages(passed: timedelta, told: str) -> None:
    assert age(passed) == told
