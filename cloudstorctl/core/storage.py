"""The records of what AWS says of the storage behind the volumes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - dataclass annotations are resolved at run time


@dataclass(frozen=True, slots=True, kw_only=True)
class MountTarget:
    """Where a file system is reached in one zone."""

    id: str
    zone: str
    """Availability zone by its name in this account, such as `eu-west-1a`."""
    subnet: str
    address: str
    """IP address."""
    state: str
    """`available`, `creating`, `deleting`, … (EFS API, LifeCycleState)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much of its I/O limit a file system uses, in per cent; None: no such figure is known.

    The largest of the averages of five minutes (CloudWatch AWS/EFS, PercentIOLimit; kept for
    `generalPurpose` alone).
    """

    last_hour: float | None = None
    last_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """An EFS file system (EFS API, FileSystemDescription, and what belongs to it)."""

    id: str
    arn: str
    name: str = ""
    state: str = "available"
    performance_mode: str = "generalPurpose"
    """`generalPurpose` or `maxIO`."""
    throughput_mode: str = "bursting"
    """`bursting`, `elastic` or `provisioned`."""
    provisioned_mibps: float | None = None
    """MiB a second, where provisioned."""
    encrypted: bool = False
    size: int = 0
    """Bytes, as last measured by EFS, of all storage classes."""
    size_by_class: tuple[tuple[str, int], ...] = ()
    """Bytes of `standard`, `infrequent_access` and `archive`, as far as EFS tells."""
    lifecycle: tuple[str, ...] = ()
    """Its policies, such as `TransitionToIA AFTER_30_DAYS`."""
    backup: bool | None = None
    """Whether automatic backup is on; None: it could not be read."""
    mount_targets: tuple[MountTarget, ...] = ()
    load: Load = Load()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """A whole backup in AWS Backup."""

    arn: str
    created: datetime
    vault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorable:
    """Whether a file system could be restored."""

    point: RecoveryPoint | None = None
    """The newest recovery point; None: there is none, or it is not known."""
    unknown: str = ""
    """Why it is not known; empty where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A whole snapshot of an EBS volume."""

    id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EbsVolume:
    """An EBS volume that the driver has made: a relocatable volume of the swarm."""

    id: str
    name: str
    """Of the Cloudstor volume, from its tag."""
    size_gib: int
    """GiB that it costs, used or not."""
    type: str
    """Such as `gp2`."""
    zone: str
    state: str
    """`available`, `in-use`, …; `in-use` does not mean mounted: an unmount does not detach."""
    iops: int | None = None
    encrypted: bool = False
    instance: str | None = None
    """ID of the EC2 instance that it is attached to."""
    snapshot: Snapshot | None = None
    """The latest whole one."""
