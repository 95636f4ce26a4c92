"""An AWS account that a mock server keeps, with what a swarm's storage needs."""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING, Any

import boto3
from moto.server import ThreadedMotoServer

from cloudstorctl.aws.ebs import stack_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

REGION = "eu-west-1"
ENVIRON = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Account:
    """What the tests put into it; the program asks over HTTP."""

    def __init__(self, endpoint: str) -> None:
        """Use the server at `endpoint`."""
        self.endpoint = endpoint

    def reset(self) -> None:
        """Forget all there is."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset", method="POST")  # noqa: S310 - loopback
        urllib.request.urlopen(request).close()  # noqa: S310 - the same

    def client(self, service: str) -> Any:  # noqa: ANN401 - one of many kinds
        session = boto3.session.Session("testing", "testing", region_name=REGION)
        return session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    @property
    def subnets(self) -> dict[str, str]:
        """By zone, the subnets that every account begins with."""
        subnets = self.client("ec2").describe_subnets()["Subnets"]
        return {each["AvailabilityZone"]: each["SubnetId"] for each in subnets}

    def file_system(
        self,
        name: str,
        *zones: str,
        performance: str = "generalPurpose",
        backup: bool = True,
        lifecycle: bool = False,
    ) -> str:
        """Make a file system with mount targets in these zones (`a`, `b`), and give its ID."""
        efs = self.client("efs")
        made = efs.create_file_system(
            CreationToken=name,
            PerformanceMode=performance,
            Encrypted=True,
            Backup=backup,
            Tags=[{"Key": "Name", "Value": name}],
        )
        identifier: str = made["FileSystemId"]
        for zone in zones:
            subnet = self.subnets[f"{REGION}{zone}"]
            efs.create_mount_target(FileSystemId=identifier, SubnetId=subnet)
        if lifecycle:
            policies = [{"TransitionToIA": "AFTER_30_DAYS"}]
            efs.put_lifecycle_configuration(FileSystemId=identifier, LifecyclePolicies=policies)
        return identifier

    def instance(self, address: str, zone: str) -> str:
        """Run an instance with this private address, which the zone's subnet must hold."""
        made = self.client("ec2").run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets[f"{REGION}{zone}"],
            PrivateIpAddress=address,
        )
        identifier: str = made["Instances"][0]["InstanceId"]
        return identifier

    def ebs(self, name: str | None, *, stack: str, size: int = 10, zone: str = "a") -> str:
        """Make an EBS volume as the driver does; without a name it only has the stack's tag."""
        tags = [{"Key": "StackID", "Value": stack_tag(stack)}]
        if name is not None:
            tags.append({"Key": "CloudstorVolumeName", "Value": name})
        made = self.client("ec2").create_volume(
            AvailabilityZone=f"{REGION}{zone}",
            Size=size,
            VolumeType="gp2",
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )
        identifier: str = made["VolumeId"]
        return identifier

    def load(self, file_system: str, percent: float, at: datetime) -> None:
        """Record how much of its I/O limit a file system used."""
        self.client("cloudwatch").put_metric_data(
            Namespace="AWS/EFS",
            MetricData=[
                {
                    "MetricName": "PercentIOLimit",
                    "Dimensions": [{"Name": "FileSystemId", "Value": file_system}],
                    "Timestamp": at,
                    "Value": percent,
                    "Unit": "Percent",
                }
            ],
        )


def served() -> Iterator[Account]:
    """Serve an account until the end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Account(f"http://{host}:{port}")
    server.stop()
