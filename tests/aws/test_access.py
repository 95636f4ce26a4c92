"""Whatever keeps AWS from answering is a sentence that says what to do."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.aws.access import Access, AwsError
from cloudstorctl.aws.efs import file_systems
from cloudstorctl.errors import ExitCode
from tests.aws.account import REGION
from tests.aws.stubs import NOW, stubbed
from tests.edge.engine_server import EngineServer, Reply, html_reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.account import Account

DESCRIBED = {
    "FileSystems": [
        {
            "OwnerId": "1",
            "CreationToken": "x",
            "FileSystemId": "fs-1",
            "CreationTime": NOW,
            "LifeCycleState": "available",
            "NumberOfMountTargets": 0,
            "SizeInBytes": {"Value": 7},
            "PerformanceMode": "generalPurpose",
            "Tags": [],
        }
    ]
}


def ask() -> AwsError:
    with pytest.raises(AwsError) as caught:
        file_systems(Access(timeout=2), REGION, ["fs-1"], now=NOW, missing=pytest.fail)
    assert caught.value.exit_code is ExitCode.NO_ACCESS
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("ExpiredTokenException", 403, "the credentials have expired: renew them"),
        ("UnrecognizedClientException", 403, "AWS does not know these credentials (Unrecognized"),
        (
            "AccessDeniedException",
            403,
            "these credentials may not do DescribeFileSystems (AccessDeniedException): allow it",
        ),
        ("ThrottlingException", 400, "AWS throttles DescribeFileSystems (ThrottlingException)"),
        ("InternalServerError", 500, "DescribeFileSystems failed: InternalServerError: oh no"),
    ],
)
def test_a_refusal_is_a_sentence(
    account: Account, monkeypatch: pytest.MonkeyPatch, code: str, status: int, told: str
) -> None:
    del account
    stubs = stubbed(monkeypatch)
    stubs["efs"].add_client_error("describe_file_systems", code, "oh no\nmore", status)
    error = ask()
    assert str(error).startswith(f"EFS in {REGION}, fs-1: {told}")
    assert "\n" not in str(error)


def test_without_credentials_it_says_how_to_give_them(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "there are no AWS credentials: set AWS_PROFILE" in str(ask())


def test_a_profile_that_is_not_there_is_named(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    with pytest.raises(AwsError, match=r"EFS: .*\(nobody\).*check 'aws.profile'"):
        Access(profile="nobody").efs("")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError, match=r"\(nobody\)"):
        Access().efs("")


def test_without_a_region_it_says_how_to_give_it(account: Account) -> None:
    del account
    with pytest.raises(AwsError, match=r"^EFS: no region is known: set AWS_REGION"):
        Access().efs("")


@pytest.mark.parametrize(
    ("access", "region"),
    [
        (Access(region="eu-central-1", environ={"AWS_REGION": "us-east-1"}), "eu-central-1"),
        (Access(environ={"AWS_REGION": "us-east-1"}), "us-east-1"),
    ],
)
def test_the_region_is_that_of_the_configuration_or_the_environment(
    account: Account, access: Access, region: str
) -> None:
    del account
    assert access.ec2("").meta.region_name == region
    assert access.cloudwatch("eu-north-1").meta.region_name == "eu-north-1"


def test_an_endpoint_that_nobody_serves_is_named(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", nowhere)
        assert f"{nowhere}/2015-02-01/file-systems" in str(ask())
    assert "cannot be reached" in str(ask())


def test_an_endpoint_that_says_nothing_is_a_time_out(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(AwsError, match="no answer in time from http://127"):
            file_systems(Access(timeout=0.3), REGION, ["fs-1"], now=NOW, missing=pytest.fail)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(body=b'{"FileSystems": [{"FileSystemId": "fs-1"}]}', cut_at=9),
        Reply(body=b'{"FileSystems": [{"Fi'),
        Reply(reset=True),
        html_reply("Log in"),
    ],
    ids=["cut", "broken", "reset", "page"],
)
def test_an_answer_that_is_not_whole_is_an_error(
    account: Account, monkeypatch: pytest.MonkeyPatch, answer: Reply
) -> None:
    del account
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with EngineServer(otherwise=answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url.replace("tcp:", "http:"))
        told = str(ask())
    assert told.startswith(f"EFS in {REGION}, fs-1: ")
    assert "\n" not in told


def test_what_only_adds_to_a_file_system_may_be_forbidden(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    stubs = stubbed(monkeypatch)
    stubs["efs"].add_response("describe_file_systems", DESCRIBED)
    for operation in (
        "describe_lifecycle_configuration",
        "describe_backup_policy",
        "describe_mount_targets",
    ):
        stubs["efs"].add_client_error(operation, "AccessDeniedException", "no", 403)
    stubs["cloudwatch"].add_client_error("get_metric_statistics", "AccessDenied", "no", 403)
    missing: list[str] = []
    (found,) = file_systems(Access(), REGION, ["fs-1"], now=NOW, missing=missing.append)
    assert (found.size, found.backup, found.mount_targets) == (7, None, ())
    assert [sentence.partition("may not do ")[2].split()[0] for sentence in missing] == [
        "DescribeLifecycleConfiguration",
        "DescribeBackupPolicy",
        "DescribeMountTargets",
        "GetMetricStatistics",
    ]


def test_a_file_system_that_never_had_a_backup_policy_has_none(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    stubs = stubbed(monkeypatch)
    answers: list[tuple[str, dict[str, Any]]] = [
        ("describe_file_systems", DESCRIBED),
        ("describe_lifecycle_configuration", {"LifecyclePolicies": []}),
    ]
    for operation, answer in answers:
        stubs["efs"].add_response(operation, answer)
    stubs["efs"].add_client_error("describe_backup_policy", "PolicyNotFound", "none", 404)
    stubs["efs"].add_response("describe_mount_targets", {"MountTargets": []})
    stubs["cloudwatch"].add_response("get_metric_statistics", {"Datapoints": []})
    (found,) = file_systems(Access(), REGION, ["fs-1"], now=NOW, missing=pytest.fail)
    assert found.backup is False


def test_credentials_come_from_the_shared_files_too(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    identifier = account.file_system("shop")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / "credentials").write_text(
        "[ops]\naws_access_key_id = a\naws_secret_access_key = b\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    found = file_systems(Access(profile="ops"), "", [identifier], now=NOW, missing=pytest.fail)
    assert [each.id for each in found] == [identifier]


def test_keys_and_endpoint_are_those_of_the_given_environment(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = account.file_system("shop")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    environ = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:1",
    }
    access = Access(environ=environ)
    found = file_systems(access, REGION, [identifier], now=NOW, missing=pytest.fail)
    assert [each.id for each in found] == [identifier]
    assert access.ec2(REGION).meta.endpoint_url == "http://127.0.0.1:1"
