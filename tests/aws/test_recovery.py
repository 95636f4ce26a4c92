"""Recovery points, which the mock server does not know: from botocore's own stub."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.aws.access import AwsError
from cloudstorctl.aws.recovery import latest_recovery_point
from cloudstorctl.core.storage import RecoveryPoint
from tests.aws.stubs import NOW, a_point, stubbed

if TYPE_CHECKING:
    from cloudstorctl.aws.access import Access
    from tests.aws.account import Account

ARN = "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1"
OPERATION = "list_recovery_points_by_resource"


def test_the_newest_whole_point_of_all_pages_is_taken(
    account: Account, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    stub = stubbed(monkeypatch)["backup"]
    first: dict[str, Any] = {
        "RecoveryPoints": [
            a_point("old", NOW - timedelta(days=3)),
            a_point("broken", NOW, status="PARTIAL"),
        ],
        "NextToken": "more",
    }
    stub.add_response(OPERATION, first, {"ResourceArn": ARN})
    second = {"RecoveryPoints": [a_point("new", NOW - timedelta(hours=5))]}
    stub.add_response(OPERATION, second, {"ResourceArn": ARN, "NextToken": "more"})
    assert latest_recovery_point(access, "eu-west-1", ARN) == RecoveryPoint(
        arn="arn:aws:backup:eu-west-1:1:recovery-point:new",
        created=NOW - timedelta(hours=5),
        vault="Default",
    )
    stub.assert_no_pending_responses()


def test_a_resource_without_any_has_none(
    account: Account, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    stub = stubbed(monkeypatch)["backup"]
    stub.add_response(OPERATION, {"RecoveryPoints": []})
    stub.add_client_error(OPERATION, "ResourceNotFoundException", "no such resource", 404)
    assert latest_recovery_point(access, "eu-west-1", ARN) is None
    assert latest_recovery_point(access, "eu-west-1", ARN) is None


def test_a_refusal_is_an_error_and_not_none(
    account: Account, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    stub = stubbed(monkeypatch)["backup"]
    stub.add_client_error(OPERATION, "AccessDeniedException", "no", 403)
    with pytest.raises(AwsError, match="may not do ListRecoveryPointsByResource"):
        latest_recovery_point(access, "eu-west-1", ARN)
