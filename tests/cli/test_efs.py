"""`cloudstorctl efs`, from the plugins' settings over HTTP to what a person reads."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.account import REGION
from tests.cli.worlds import NOON

if TYPE_CHECKING:
    from tests.aws.account import Account
    from tests.cli.stage import Stage


@pytest.fixture
def shop(stage: Stage, account: Account) -> tuple[Stage, str, str]:
    """A swarm on two file systems: one near its limit, one with a hole."""
    regular = account.file_system("shop-EFS-GP", "a", "b", "c", lifecycle=True)
    maxio = account.file_system("shop-EFS-MaxIO", "a", performance="maxIO", backup=False)
    account.load(regular, 93.4, NOON - timedelta(minutes=20))
    stage.set_plugins(EFS_ID_REGULAR=regular, EFS_ID_MAXIO=maxio, AWS_REGION=REGION)
    for number, engine in enumerate(stage.swarm.engines.values()):
        address = f"172.31.{16 * number}.10"
        engine.node["Status"]["Addr"] = address
        account.instance(address, "abc"[number])
    return stage, regular, maxio


def test_people_see_both_file_systems_and_what_is_wrong(shop: tuple[Stage, str, str]) -> None:
    stage, regular, maxio = shop
    ran = stage.run("efs")
    assert (ran.code, ran.err) == (0, "")
    head, first, second = (line.split() for line in ran.out.splitlines()[:3])
    assert head[:3] == ["FILE", "SYSTEM", "FOR"]
    assert first[:4] == [regular, "efs/reg", "available", "generalPurpose"]
    assert second[:4] == [maxio, "efs/max", "available", "maxIO"]
    assert "93% hour, 93% day" in ran.out
    for told in (
        f"! io-limit: file system {regular}",
        f"! no-backup: file system {maxio}",
        f"✗ zone-without-mount-target: file system {maxio}",
        "There is no mount target in eu-west-1b, where w1 runs",
        f"→ aws efs put-backup-policy --file-system-id {maxio} --backup-policy Status=ENABLED",
    ):
        assert told in ran.out.replace("\n  ", " "), told


def test_the_document_has_it_all(shop: tuple[Stage, str, str]) -> None:
    stage, regular, _ = shop
    document = stage.document("efs")
    assert document["schema"] == "cloudstorctl/efs/v1"
    assert (document["complete"], document["missing"]) == (True, [])
    first: dict[str, Any] = document["file_systems"][0]
    assert (first["id"], first["mode"], first["region"]) == (regular, "reg", REGION)
    assert [node["hostname"] for node in first["nodes"]] == ["m1", "w1", "w2"]
    told = first["aws"]
    assert told["io_limit_percent"] == {"last_hour": 93.4, "last_day": 93.4}
    assert [target["zone"] for target in told["mount_targets"]] == [
        f"{REGION}{letter}" for letter in "abc"
    ]
    assert told["lifecycle"] == ["TransitionToIA AFTER_30_DAYS"]
    assert [finding["code"] for finding in first["findings"]] == ["io-limit"]


def test_wide_and_names(shop: tuple[Stage, str, str]) -> None:
    stage, regular, maxio = shop
    assert stage.names("efs") == [regular, maxio]
    wide = stage.run("efs", "-o", "wide").out
    assert "shop-EFS-GP" in wide
    assert "TransitionToIA AFTER_30_DAYS" in wide
    assert f"{REGION}a available" in wide
    assert "CLASSES" in wide.splitlines()[0]


def test_a_file_system_that_aws_does_not_have_is_said_beside_the_others(
    shop: tuple[Stage, str, str],
) -> None:
    stage, regular, _ = shop
    stage.set_plugins(EFS_ID_REGULAR=regular, EFS_ID_MAXIO="fs-0", AWS_REGION=REGION)
    ran = stage.run("efs")
    assert ran.code == 0
    assert "not told by AWS" in ran.out
    assert ran.err == (
        f"Not told by AWS: EFS in {REGION}: there is no file system fs-0 in this account.\n"
    )


def test_without_access_to_aws_it_exits_8_and_says_how_to_get_it(
    shop: tuple[Stage, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, _, _ = shop
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = stage.run("efs")
    assert (ran.code, ran.out) == (8, "")
    assert "there are no AWS credentials: set AWS_PROFILE" in ran.err
    assert "Traceback" not in ran.err


def test_a_swarm_without_efs_is_said(stage: Stage, account: Account) -> None:
    del account
    stage.set_plugins(EFS_SUPPORTED="0")
    ran = stage.run("efs")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("No plugin of this swarm names an EFS file system")


def test_the_configuration_names_what_the_plugins_do_not(stage: Stage, account: Account) -> None:
    identifier = account.file_system("shop-EFS-GP", "a")
    stage.set_plugins()
    path = stage.folder / "c.toml"
    path.write_text(f'[contexts.c.aws]\nefs_regular = "{identifier}"\nregion = "{REGION}"\n')
    (told,) = stage.document("efs", "--config", str(path))["file_systems"]
    assert (told["id"], told["nodes"], told["aws"]["name"]) == (identifier, [], "shop-EFS-GP")
