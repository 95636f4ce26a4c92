"""Recovery points of AWS Backup: what could be restored, and how old it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cloudstorctl.aws.access import code_of, told, where
from cloudstorctl.core.storage import RecoveryPoint

if TYPE_CHECKING:
    from cloudstorctl.aws.access import Access

_WHOLE = {"COMPLETED", "AVAILABLE"}
"""States of a point that can be restored from (AWS Backup API, RecoveryPointByResource)."""


def latest_recovery_point(access: Access, region: str, arn: str) -> RecoveryPoint | None:
    """Give the newest whole recovery point of a resource; None: AWS Backup has none.

    Raises:
        AwsError: AWS Backup gave no answer.
    """
    with told(where("AWS Backup", region)):
        pages = access.backup(region).get_paginator("list_recovery_points_by_resource")
        try:
            points = [
                RecoveryPoint(
                    arn=each["RecoveryPointArn"],
                    created=each["CreationDate"],
                    vault=each.get("BackupVaultName", ""),
                )
                for page in pages.paginate(ResourceArn=arn)
                for each in page["RecoveryPoints"]
                if each["Status"] in _WHOLE
            ]
        except ClientError as error:
            # A resource that AWS Backup has never seen.
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
    return max(points, key=lambda point: (point.created, point.arn), default=None)
