"""Clients of AWS that answer from a script, where no server can."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.stub import Stubber

from cloudstorctl.aws.access import Access
from tests.aws.account import REGION

if TYPE_CHECKING:
    import pytest

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVICES = ("backup", "cloudwatch", "ec2", "efs")


def stubbed(monkeypatch: pytest.MonkeyPatch, *services: str) -> dict[str, Stubber]:
    """Let every client of these services, or of all, answer from a script from now on."""
    stubs: dict[str, Stubber] = {}
    for service in services or SERVICES:
        client = getattr(Access(), service)(REGION)
        stubs[service] = Stubber(client)
        stubs[service].activate()
        monkeypatch.setattr(Access, service, lambda _self, _region, client=client: client)
    return stubs


def a_point(name: str, created: datetime, *, status: str = "COMPLETED") -> dict[str, Any]:
    """A row of a resource's recovery points."""
    return {
        "RecoveryPointArn": f"arn:aws:backup:{REGION}:1:recovery-point:{name}",
        "CreationDate": created,
        "Status": status,
        "BackupVaultName": "Default",
    }
