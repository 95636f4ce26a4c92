"""EC2 instances: the machines behind the nodes, found by their private addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cloudstorctl.aws.access import parted, told, where
from cloudstorctl.core.gone import Instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from types_boto3_ec2.type_defs import InstanceTypeDef

    from cloudstorctl.aws.access import Access

_ID = re.compile(r"i-[0-9a-f]{8,17}$")


def zones_of(access: Access, region: str, addresses: Iterable[str]) -> dict[str, str]:
    """Give the availability zone of each private address that an instance of the region has.

    Raises:
        AwsError: EC2 gave no answer.
    """
    wanted = sorted({address for address in addresses if address})
    with told(where("EC2", region)):
        zones = {
            row.get("PrivateIpAddress", ""): row["Placement"]["AvailabilityZone"]
            for row in _rows(access, region, "private-ip-address", wanted)
        }
    return {address: zones[address] for address in wanted if address in zones}


def instances_at(
    access: Access, region: str, addresses: Iterable[str], hostnames: Iterable[str]
) -> tuple[Instance, ...]:
    """Describe every instance of the region, in any state, with one of these addresses or names.

    A name matches with and without its domain, and may be the instance's ID (EC2's resource names).

    Raises:
        AwsError: EC2 gave no answer.
    """
    names = {name.partition(".")[0] for name in hostnames if name}
    asked = {
        "private-ip-address": {each for each in addresses if each},
        "private-dns-name": {word for name in names for word in (name, f"{name}.*")},
        "instance-id": {each for each in names if _ID.match(each)},
    }
    with told(where("EC2", region)):
        found = {
            row["InstanceId"]: Instance(
                id=row["InstanceId"],
                state=row["State"]["Name"],
                network=row.get("VpcId", ""),
                address=row.get("PrivateIpAddress", ""),
                hostname=row.get("PrivateDnsName", ""),
            )
            for name, values in asked.items()
            for row in _rows(access, region, name, sorted(values))
        }
    return tuple(found[identifier] for identifier in sorted(found))


def _rows(
    access: Access, region: str, name: str, values: Sequence[str]
) -> Iterator[InstanceTypeDef]:
    pages = access.ec2(region).get_paginator("describe_instances")
    for some in parted(values):
        for page in pages.paginate(Filters=[{"Name": name, "Values": some}]):
            for reservation in page["Reservations"]:
                yield from reservation["Instances"]
