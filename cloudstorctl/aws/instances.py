"""EC2 instances: the machines behind the nodes, found by their private addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.aws.access import told, where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.aws.access import Access

_AT_ONCE = 200  # values of one filter (EC2 API, DescribeInstances)


def zones_of(access: Access, region: str, addresses: Iterable[str]) -> dict[str, str]:
    """Give the availability zone of each private address that an instance of the region has.

    Raises:
        AwsError: EC2 gave no answer.
    """
    wanted = sorted(set(addresses))
    zones: dict[str, str] = {}
    with told(where("EC2", region)):
        pages = access.ec2(region).get_paginator("describe_instances")
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for page in pages.paginate(Filters=[{"Name": "private-ip-address", "Values": some}]):
                for reservation in page["Reservations"]:
                    for instance in reservation["Instances"]:
                        zones[instance.get("PrivateIpAddress", "")] = instance["Placement"][
                            "AvailabilityZone"
                        ]
    return {address: zones[address] for address in wanted if address in zones}
