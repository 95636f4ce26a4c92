"""EFS, as a server of its API tells of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cloudstorctl.aws.efs import file_systems
from cloudstorctl.aws.instances import zones_of
from cloudstorctl.core.storage import Load
from tests.aws.account import REGION

if TYPE_CHECKING:
    from cloudstorctl.aws.access import Access
    from cloudstorctl.core.storage import FileSystem
    from tests.aws.account import Account

NOW = datetime.now(tz=UTC)


def described(access: Access, *identifiers: str) -> tuple[tuple[FileSystem, ...], list[str]]:
    missing: list[str] = []
    found = file_systems(access, REGION, identifiers, now=NOW, missing=missing.append)
    return found, missing


def test_a_file_system_with_all_that_belongs_to_it(account: Account, access: Access) -> None:
    identifier = account.file_system("shop-EFS-GP", "b", "a", lifecycle=True)
    account.load(identifier, 40.0, NOW - timedelta(minutes=10))
    account.load(identifier, 91.5, NOW - timedelta(hours=5))
    account.load(identifier, 99.0, NOW - timedelta(hours=30))
    (found,), missing = described(access, identifier)
    assert (found.id, found.name, found.state) == (identifier, "shop-EFS-GP", "available")
    assert (found.performance_mode, found.throughput_mode) == ("generalPurpose", "bursting")
    assert (found.encrypted, found.size, found.backup) == (True, 0, True)
    assert found.size_by_class == (("standard", 0), ("infrequent_access", 0))
    assert found.lifecycle == ("TransitionToIA AFTER_30_DAYS",)
    assert [target.zone for target in found.mount_targets] == [f"{REGION}a", f"{REGION}b"]
    assert {target.state for target in found.mount_targets} == {"available"}
    assert found.load == Load(last_hour=40.0, last_day=91.5)
    assert found.arn.endswith(f":file-system/{identifier}")
    assert missing == []


def test_what_a_file_system_does_not_have_is_empty(account: Account, access: Access) -> None:
    identifier = account.file_system("shop-EFS-MaxIO", performance="maxIO", backup=False)
    (found,), missing = described(access, identifier)
    assert (found.performance_mode, found.backup) == ("maxIO", False)
    assert (found.mount_targets, found.lifecycle, found.load) == ((), (), Load())
    assert missing == []


def test_a_file_system_that_is_not_there_is_said_and_the_others_are_told(
    account: Account, access: Access
) -> None:
    identifier = account.file_system("shop-EFS-GP")
    found, missing = described(access, "fs-00000000", identifier)
    assert [each.id for each in found] == [identifier]
    assert missing == [f"EFS in {REGION}: there is no file system fs-00000000 in this account"]


def test_zones_are_those_of_the_instances_with_these_addresses(
    account: Account, access: Access
) -> None:
    account.instance("172.31.0.10", "a")
    account.instance("172.31.16.10", "b")
    account.instance("172.31.16.11", "b")
    zones = zones_of(access, REGION, ["172.31.0.10", "172.31.16.10", "10.0.0.1"])
    assert zones == {"172.31.0.10": f"{REGION}a", "172.31.16.10": f"{REGION}b"}


def test_many_addresses_are_asked_for_in_parts(account: Account, access: Access) -> None:
    account.instance("172.31.0.10", "a")
    many = [f"10.1.{number // 250}.{number % 250}" for number in range(450)]
    assert zones_of(access, REGION, [*many, "172.31.0.10"]) == {"172.31.0.10": f"{REGION}a"}
