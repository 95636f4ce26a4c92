"""EBS volumes of a Cloudstor stack, with their latest snapshots."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cloudstorctl.aws.access import parted, told, where
from cloudstorctl.core.storage import EbsVolume, Snapshot

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_ec2.type_defs import VolumeTypeDef

    from cloudstorctl.aws.access import Access

_NAME, _STACK = "CloudstorVolumeName", "StackID"
"""Tags that the driver puts on every volume it makes (cloudstor.md)."""
_PAGE = 500  # volumes of one answer (EC2 API, DescribeVolumes)


def stack_tag(stack: str) -> str:
    """Give what the driver tags a stack's volumes with: the MD5 of its ARN, in hex."""
    return hashlib.md5(stack.encode(), usedforsecurity=False).hexdigest()


def volumes_of_stack(access: Access, region: str, stack: str) -> tuple[EbsVolume, ...]:
    """Describe every volume that the driver has made for a stack, by name and ID.

    Raises:
        AwsError: EC2 gave no answer.
    """
    with told(where("EC2", region)):
        ec2 = access.ec2(region)
        pages = ec2.get_paginator("describe_volumes").paginate(
            Filters=[{"Name": f"tag:{_STACK}", "Values": [stack_tag(stack)]}],
            PaginationConfig={"PageSize": _PAGE},
        )
        rows = [row for page in pages for row in page["Volumes"] if _NAME in _tags(row)]
        snapshots = _latest_snapshots(ec2, [row["VolumeId"] for row in rows])
        volumes = [_volume(row, snapshots.get(row["VolumeId"])) for row in rows]
    return tuple(sorted(volumes, key=lambda volume: (volume.name, volume.id)))


def _volume(row: VolumeTypeDef, snapshot: Snapshot | None) -> EbsVolume:
    attached = [each["InstanceId"] for each in row.get("Attachments", ())]
    return EbsVolume(
        id=row["VolumeId"],
        name=_tags(row)[_NAME],
        size_gib=row["Size"],
        type=row["VolumeType"],
        iops=row.get("Iops"),
        zone=row["AvailabilityZone"],
        state=row["State"],
        encrypted=row.get("Encrypted", False),
        instance=attached[0] if attached else None,
        snapshot=snapshot,
    )


def _tags(row: VolumeTypeDef) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in row.get("Tags", ())}


def _latest_snapshots(ec2: EC2Client, volumes: list[str]) -> dict[str, Snapshot]:
    latest: dict[str, Snapshot] = {}
    pages = ec2.get_paginator("describe_snapshots")
    for some in parted(volumes):
        for page in pages.paginate(
            OwnerIds=["self"],
            Filters=[
                {"Name": "volume-id", "Values": some},
                {"Name": "status", "Values": ["completed"]},
            ],
        ):
            for row in page["Snapshots"]:
                known = latest.get(row["VolumeId"])
                if known is None or known.created < row["StartTime"]:
                    latest[row["VolumeId"]] = Snapshot(
                        id=row["SnapshotId"], created=row["StartTime"]
                    )
    return latest
