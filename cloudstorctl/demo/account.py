"""An AWS account for the demo: the file systems that the embedded plugins name."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from cloudstorctl.demo.node.plugin import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_REGION: Final = SETTINGS["AWS_REGION"]
_NETWORK: Final = "10.88.0.0/16"
"""That of the embedded nodes."""
_IMAGE: Final = "ami-12c6146b"
_BUSY: Final = 86.4  # per cent
_BACKED_UP: Final = timedelta(hours=7)
"""How old the recovery point of the busy file system is; the other has none."""


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
    backed_up: list[str] = []
    app = _WithBackup(DomainDispatcherApplication(create_backend_app), backed_up)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        account = _filled(f"http://127.0.0.1:{server.server_port}", addresses)
        backed_up.append(account.regular)
        yield account
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


class _WithBackup:
    """Adds the one question to AWS Backup that the mock does not know: of recovery points."""

    def __init__(self, others: WSGIApplication, backed_up: Sequence[str]) -> None:
        """Answer it for the file systems `backed_up`, and let `others` answer the rest."""
        self._others = others
        self._backed_up = backed_up

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path: str = environ["PATH_INFO"]
        if not path.startswith("/resources/"):
            return self._others(environ, start)
        created = datetime.now(tz=UTC) - _BACKED_UP
        points = [
            {
                "RecoveryPointArn": f"arn:aws:backup:{_REGION}:123456789012:recovery-point:demo",
                "CreationDate": created.timestamp(),
                "Status": "COMPLETED",
                "BackupVaultName": "Default",
            }
            for each in self._backed_up
            if f"file-system/{each}/" in path
        ]
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"RecoveryPoints": points}).encode()]


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
