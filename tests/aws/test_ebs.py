"""EBS volumes, as a server of the EC2 API tells of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudstorctl.aws.ebs import stack_tag, volumes_of_stack
from tests.aws.account import REGION
from tests.aws.stubs import NOW, stubbed

if TYPE_CHECKING:
    import pytest

    from cloudstorctl.aws.access import Access
    from tests.aws.account import Account

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"


def test_the_tag_of_a_stack_is_the_md5_of_its_arn() -> None:
    assert stack_tag("arn:aws:cloudformation:x") == "53e72bae0066b001456a588b8063d8af"


def test_volumes_of_the_stack_are_described_by_name(account: Account, access: Access) -> None:
    data = account.ebs("data", stack=STACK, size=20, zone="b")
    also = account.ebs("also", stack=STACK)
    account.ebs("other", stack="arn:another")
    account.ebs(None, stack=STACK)
    ec2 = account.client("ec2")
    instance = account.instance("172.31.16.10", "b")
    ec2.attach_volume(VolumeId=data, InstanceId=instance, Device="/dev/sdf")
    first, second = volumes_of_stack(access, REGION, STACK)
    assert (first.id, first.name, first.size_gib, first.type) == (also, "also", 10, "gp2")
    assert (first.zone, first.state, first.instance) == (f"{REGION}a", "available", None)
    assert (second.id, second.name, second.size_gib) == (data, "data", 20)
    assert (second.state, second.instance) == ("in-use", instance)


def test_the_latest_snapshot_is_told(account: Account, access: Access) -> None:
    data = account.ebs("data", stack=STACK)
    ec2 = account.client("ec2")
    ec2.create_snapshot(VolumeId=data)
    last = ec2.create_snapshot(VolumeId=data)["SnapshotId"]
    (volume,) = volumes_of_stack(access, REGION, STACK)
    assert volume.snapshot is not None
    times = {
        row["SnapshotId"]: row["StartTime"]
        for row in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    }
    assert volume.snapshot.created == max(times.values()) == times[last]


def test_ten_thousand_volumes_come_page_by_page(
    account: Account, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    stub = stubbed(monkeypatch, "ec2")["ec2"]
    for page in range(20):
        rows: list[dict[str, Any]] = [
            {
                "VolumeId": f"vol-{page:02}{number:03}",
                "Size": 1,
                "VolumeType": "gp2",
                "AvailabilityZone": "eu-west-1a",
                "State": "available",
                "CreateTime": NOW,
                "Tags": [{"Key": "CloudstorVolumeName", "Value": f"v{page:02}{number:03}"}],
            }
            for number in range(500)
        ]
        more = {"NextToken": f"t{page}"} if page < 19 else {}
        stub.add_response("describe_volumes", {"Volumes": rows, **more})
    for _ in range(50):
        stub.add_response("describe_snapshots", {"Snapshots": []})
    volumes = volumes_of_stack(access, REGION, STACK)
    assert len({volume.id for volume in volumes}) == 10_000
    stub.assert_no_pending_responses()
