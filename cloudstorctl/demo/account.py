"""An AWS account for the demo: the file systems that the embedded plugins name."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import boto3
from moto.server import ThreadedMotoServer

from cloudstorctl.demo.node.plugin import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_REGION: Final = SETTINGS["AWS_REGION"]
_NETWORK: Final = "10.88.0.0/16"
"""That of the embedded nodes."""
_IMAGE: Final = "ami-12c6146b"
_BUSY: Final = 86.4  # per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the account is, and what is in it."""

    endpoint: str
    regular: str
    """ID of the file system for `efs/reg`: a busy one."""
    maxio: str
    """ID of that for `efs/max`: one without backup."""

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead every AWS tool to it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
        }


@contextmanager
def account_for(addresses: Sequence[str]) -> Iterator[Account]:
    """Serve an account on a loopback port, with an instance at each of these addresses."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield _filled(f"http://{host}:{port}", addresses)
    finally:
        server.stop()


def _filled(endpoint: str, addresses: Sequence[str]) -> Account:
    session = boto3.session.Session("demo", "demo", region_name=_REGION)
    efs = session.client("efs", endpoint_url=endpoint)
    ec2 = session.client("ec2", endpoint_url=endpoint)
    network = ec2.create_vpc(CidrBlock=_NETWORK)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock=_NETWORK, AvailabilityZone=f"{_REGION}a")[
        "Subnet"
    ]["SubnetId"]
    for address in addresses:
        ec2.run_instances(
            ImageId=_IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet, PrivateIpAddress=address
        )
    identifiers = []
    for name, mode, backup in (
        ("demo-EFS-GP", "generalPurpose", True),
        ("demo-EFS-MaxIO", "maxIO", False),
    ):
        made = efs.create_file_system(
            CreationToken=name,
            PerformanceMode="maxIO" if mode == "maxIO" else "generalPurpose",
            Encrypted=True,
            Backup=backup,
            Tags=[{"Key": "Name", "Value": name}],
        )
        efs.create_mount_target(FileSystemId=made["FileSystemId"], SubnetId=subnet)
        identifiers.append(made["FileSystemId"])
    regular, maxio = identifiers
    session.client("cloudwatch", endpoint_url=endpoint).put_metric_data(
        Namespace="AWS/EFS",
        MetricData=[
            {
                "MetricName": "PercentIOLimit",
                "Dimensions": [{"Name": "FileSystemId", "Value": regular}],
                "Timestamp": datetime.now(tz=UTC) - timedelta(minutes=10),
                "Value": _BUSY,
                "Unit": "Percent",
            }
        ],
    )
    return Account(endpoint=endpoint, regular=regular, maxio=maxio)
