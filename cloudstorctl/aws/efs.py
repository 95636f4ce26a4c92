"""EFS file systems, with their mount targets, policies and load."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from botocore.exceptions import ClientError

from cloudstorctl.aws.access import AwsError, code_of, told, where
from cloudstorctl.core.storage import FileSystem, Load, MountTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from types_boto3_efs import EFSClient
    from types_boto3_efs.type_defs import FileSystemDescriptionTypeDef

    from cloudstorctl.aws.access import Access

T = TypeVar("T")

_CLASSES = {
    "standard": "ValueInStandard",
    "infrequent_access": "ValueInIA",
    "archive": "ValueInArchive",
}
_FIVE_MINUTES = 300  # seconds
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def file_systems(
    access: Access,
    region: str,
    identifiers: Iterable[str],
    *,
    now: datetime,
    missing: Callable[[str], None],
) -> tuple[FileSystem, ...]:
    """Describe these file systems of one region; `missing` is told what could not be read.

    What only adds to a file system (policies, mount targets, load) may be forbidden: the rest is
    shown all the same.

    Raises:
        AwsError: EFS gave no answer about a file system itself.
    """
    efs = access.efs(region)
    asked = where("EFS", region)
    found = []
    for identifier in identifiers:
        with told(f"{asked}, {identifier}"):
            try:
                (described,) = efs.describe_file_systems(FileSystemId=identifier)["FileSystems"]
            except ClientError as error:
                if code_of(error) != "FileSystemNotFound":
                    raise
                missing(f"{asked}: there is no file system {identifier} in this account")
                continue
            found.append(_file_system(access, region, described, now, missing))
    return tuple(found)


def arn_of(access: Access, region: str, identifier: str) -> str:
    """Give the name by which other services of AWS know a file system.

    Raises:
        AwsError: EFS gave no answer, or has no such file system.
    """
    with told(f"{where('EFS', region)}, {identifier}"):
        found = access.efs(region).describe_file_systems(FileSystemId=identifier)["FileSystems"]
        return found[0]["FileSystemArn"]


def _file_system(
    access: Access,
    region: str,
    described: FileSystemDescriptionTypeDef,
    now: datetime,
    missing: Callable[[str], None],
) -> FileSystem:
    efs = access.efs(region)
    identifier: str = described["FileSystemId"]
    size = cast("Mapping[str, int]", described["SizeInBytes"])

    def ask(question: Callable[[], T], otherwise: T) -> T:
        """Give the answer, or `otherwise` once it was said what is missing."""
        try:
            with told(f"{where('EFS', region)}, {identifier}"):
                return question()
        except AwsError as error:
            missing(str(error))
            return otherwise

    return FileSystem(
        id=identifier,
        arn=described.get("FileSystemArn", ""),
        name=described.get("Name", ""),
        state=described["LifeCycleState"],
        performance_mode=described["PerformanceMode"],
        throughput_mode=described.get("ThroughputMode", "bursting"),
        provisioned_mibps=described.get("ProvisionedThroughputInMibps"),
        encrypted=bool(described.get("Encrypted")),
        size=size["Value"],
        size_by_class=tuple(
            (name, size[key]) for name, key in _CLASSES.items() if size.get(key) is not None
        ),
        lifecycle=ask(lambda: _lifecycle(efs, identifier), ()),
        backup=ask(lambda: _backup(efs, identifier), None),
        mount_targets=ask(lambda: _mount_targets(efs, identifier), ()),
        load=ask(lambda: _load(access, region, identifier, now), Load()),
    )


def _lifecycle(efs: EFSClient, identifier: str) -> tuple[str, ...]:
    told = efs.describe_lifecycle_configuration(FileSystemId=identifier)["LifecyclePolicies"]
    policies = cast("Sequence[Mapping[str, str]]", told)
    return tuple(f"{key} {policy[key]}" for policy in policies for key in sorted(policy))


def _backup(efs: EFSClient, identifier: str) -> bool:
    try:
        policy = efs.describe_backup_policy(FileSystemId=identifier)["BackupPolicy"]
    except ClientError as error:
        # One that never had a policy (EFS API, DescribeBackupPolicy).
        if code_of(error) == "PolicyNotFound":
            return False
        raise
    return policy["Status"] in {"ENABLED", "ENABLING"}


def _mount_targets(efs: EFSClient, identifier: str) -> tuple[MountTarget, ...]:
    pages = efs.get_paginator("describe_mount_targets").paginate(FileSystemId=identifier)
    targets = [
        MountTarget(
            id=each["MountTargetId"],
            zone=each.get("AvailabilityZoneName") or each.get("AvailabilityZoneId", ""),
            subnet=each["SubnetId"],
            address=each.get("IpAddress", ""),
            state=each["LifeCycleState"],
        )
        for page in pages
        for each in page["MountTargets"]
    ]
    return tuple(sorted(targets, key=lambda target: (target.zone, target.id)))


def _load(access: Access, region: str, identifier: str, now: datetime) -> Load:
    points = access.cloudwatch(region).get_metric_statistics(
        Namespace="AWS/EFS",
        MetricName="PercentIOLimit",
        Dimensions=[{"Name": "FileSystemId", "Value": identifier}],
        StartTime=now - _DAY,
        EndTime=now,
        Period=_FIVE_MINUTES,
        Statistics=["Average"],
    )["Datapoints"]
    day = [point["Average"] for point in points]
    hour = [point["Average"] for point in points if point["Timestamp"] > now - _HOUR]
    return Load(last_hour=max(hour, default=None), last_day=max(day, default=None))
