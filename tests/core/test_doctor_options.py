"""The doctor on options: what mends one fault of a mount mends the others, and undoes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.doctor import Declared, Stack, diagnose, diagnose_stack
from cloudstorctl.core.doctor.options import mended
from cloudstorctl.core.family import Family
from cloudstorctl.core.model import EngineReading, Mount, MountKind, Service, ServiceMode
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_reading, a_service, a_survey, an_entry

if TYPE_CHECKING:
    from cloudstorctl.core.findings import Finding

AWS = "cloudstor:aws"
SLOTTED = "{{.Service.Name}}-{{.Task.Slot}}"
FAST = (("perfmod", "maxio"),)


def at(source: str, **options: str) -> Mount:
    return Mount(MountKind.VOLUME, source, "/x", AWS, options=tuple(options.items()))


def found(service: Service, *readings: EngineReading) -> dict[str, Finding]:
    survey = a_survey(*(readings or (a_reading("w1"),)), services=(service,))
    findings = [each for each in diagnose(assess(survey)) if each.code != "unused-volume"]
    by_code = {each.code: each for each in findings}
    assert len(by_code) == len(findings)
    return by_code


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"perfmod": "MaxIO", "zzz": "1"}, {"perfmode": "maxio"}),
        ({"perfmod": "maxio", "perfmode": "maxio"}, {"perfmode": "maxio"}),
        ({"perfmode": "fast", "size": "5"}, {"size": "5"}),
        ({"ebs_tag_a": "b"}, {"ebs_tag_a": "b"}),
    ],
)
def test_the_options_that_were_meant(options: dict[str, str], meant: dict[str, str]) -> None:
    assert mended(tuple(options.items())) == tuple(meant.items())


def test_a_new_name_comes_with_the_options_that_were_meant() -> None:
    findings = found(a_service("web", at("data", perfmod="maxio"), replicas=2))
    assert set(findings) == {"shared-name", "unknown-option"}
    assert f"source={SLOTTED}-data," in findings["shared-name"].fix
    assert "volume-opt=perfmode=maxio" in findings["shared-name"].fix
    option = findings["unknown-option"]
    assert "source=data," in option.fix
    assert "take the fix of shared-name, which mends both" in option.reason


@pytest.mark.parametrize("source", ["x-{{.Task.ID}}", "x-{{.Node.ID}}"])
def test_a_name_that_is_wrong_in_any_case_is_mended_with_the_options(source: str) -> None:
    findings = found(a_service("web", at(source, siz="5")))
    assert len(findings) == len({each.fix for each in findings.values()}) + 1
    assert "The name is mended with it." in findings["unknown-option"].reason


def test_a_name_by_node_is_right_where_each_node_has_its_task() -> None:
    service = a_service("web", at("x-{{.Node.ID}}", siz="5"), mode=ServiceMode.GLOBAL)
    assert "source=x-{{.Node.ID}}," in found(service)["unknown-option"].fix
    job = a_service("web", at("x-{{.Task.ID}}", siz="5"), mode=ServiceMode.REPLICATED_JOB)
    assert "source=x-{{.Task.ID}}," in found(job)["unknown-option"].fix


def test_a_mode_that_was_meant_is_one_of_a_new_volume_where_there_is_an_old_one() -> None:
    service = a_service("web", at("data", perfmod="maxio"))
    finding = found(service)["unknown-option"]
    assert "source=data," in finding.fix
    assert "one that exists stays where it is." in finding.reason
    finding = found(service, a_reading("w1", "data"))["unknown-option"]
    assert "so the mount gets a new name, which begins empty." in finding.reason
    assert "source=data-max," in finding.fix
    assert finding.copy == (
        "docker run --rm --mount type=volume,source=data,target=/from,volume-driver=cloudstor:aws,"
        "readonly --mount type=volume,source=data-max,target=/to,volume-driver=cloudstor:aws,"
        "volume-opt=perfmode=maxio busybox cp -a /from/. /to/"
    )
    reading = a_reading("w1", an_entry("data", place="efs/max"))
    assert "source=data," in found(service, reading)["unknown-option"].fix


def test_a_mode_that_comes_too_late_is_that_of_a_new_volume() -> None:
    service = a_service("web", at("data", perfmode="maxio"))
    finding = found(service, a_reading("w1", "data", "data-max"))["performance-mode-ignored"]
    assert "A mount with another name gets a new volume there" in finding.reason
    assert "source=data-max-2," in finding.fix
    assert "source=data-max-2,target=/to" in finding.copy
    service = a_service("web", at("data", perfmode="slow"))
    reading = a_reading("w1", an_entry("data", place="efs/max"))
    finding = found(service, reading)["performance-mode-ignored"]
    assert finding.reason.endswith("Leave the option away to ask for what there is.")
    assert "volume-opt" not in finding.fix


def test_the_options_of_a_declaration_are_told_once_and_no_fix_undoes_another() -> None:
    declared = Declared(key="d", source="d", driver=AWS, options=FAST)
    mount = at("d", **dict(FAST))
    services = (
        a_service("web", mount, replicas=2),
        a_service("glob", mount, mode=ServiceMode.GLOBAL),
    )
    stack = Stack(file="f", services=services, volumes=(declared,))
    findings = diagnose_stack(stack, Family(patterns=("*cloudstor*",)))
    assert [(each.code, each.about) for each in findings] == [
        ("shared-name", "service glob in f"),
        ("shared-name", "service web in f"),
        ("several-writers", "volume d in f"),
        ("unknown-option", "volume d in f"),
    ]
    whole = (
        'volumes: {d: {"driver": "cloudstor:aws", "driver_opts": {"perfmode": "maxio"}, '
        f'"name": "{SLOTTED}-d"}}}}'
    )
    assert [each.fix for each in findings[:3]] == [whole] * 3
    assert "take the fix of shared-name" in findings[3].reason


def test_what_is_not_declared_is_its_service_s() -> None:
    service = a_service("web", at("", siz="5"))
    findings = diagnose_stack(
        Stack(file="f", services=(service,)), Family(patterns=("*cloudstor*",))
    )
    assert ("unknown-option", "service web in f") in [(e.code, e.about) for e in findings]
