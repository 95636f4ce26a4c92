"""The doctor on services that write to one volume, by what their specs say."""

from __future__ import annotations

import pytest

from cloudstorctl.core.doctor import Declared, Stack, diagnose, diagnose_stack
from cloudstorctl.core.family import Family
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import EngineReading, Mount, MountKind, Service, ServiceMode
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_bind, a_reading, a_service, a_survey, a_task_container

AWS = "cloudstor:aws"


def at(
    source: str, *, driver: str = AWS, read_only: bool = False, backing: str = "shared"
) -> Mount:
    return Mount(
        MountKind.VOLUME,
        source,
        "/x",
        driver,
        read_only=read_only,
        options=(("backing", backing),),
    )


def found(*services: Service, readings: tuple[EngineReading, ...] = ()) -> list[Finding]:
    survey = a_survey(*(readings or (a_reading("w1"), a_reading("w2"))), services=services)
    return [each for each in diagnose(assess(survey)) if each.code == "several-writers"]


@pytest.mark.parametrize("source", ["share", "share/{{.Task.Slot}}", "./share"])
def test_services_at_rest_that_name_one_volume_are_found(source: str) -> None:
    (finding,) = found(
        a_service("a", at(source), replicas=0), a_service("b", at(source), replicas=0)
    )
    assert finding.severity is Severity.WARNING
    assert finding.about == ("volume share/1" if "Slot" in source else "volume share")
    assert finding.reason.startswith(
        f"The services a and b mount it to write ({source} at /x in b)"
    )
    assert "--mount-add 'type=volume,source={{.Service.Name}}-{{.Task.Slot}}-" in finding.fix
    assert finding.fix.endswith(" b")
    assert "source=b-1-" in finding.copy


def test_what_is_on_ebs_is_an_error() -> None:
    (finding,) = found(a_service("a", at("s")), a_service("b", at("s", backing="relocatable")))
    assert finding.severity is Severity.ERROR
    assert "take it away from each other" in finding.reason


@pytest.mark.parametrize(
    "other",
    [
        at("share", read_only=True),
        at("other"),
        at("share", driver="rexray/ebs"),
        at("share", driver=""),
        at(""),
        at("{{.Task.ID}}"),
        at("{{.Service.Name}}"),
        a_bind("share"),
    ],
)
def test_who_reads_or_writes_elsewhere_meets_nobody(other: Mount) -> None:
    assert found(a_service("a", at("share")), a_service("b", other)) == []


def test_a_mount_without_a_driver_meets_them_where_the_volume_exists() -> None:
    services = (a_service("a", at("share")), a_service("b", at("share", driver="")))
    (finding,) = found(*services, readings=(a_reading("w1", "share"),))
    assert finding.about == "volume share"


def test_what_runs_is_told_once() -> None:
    services = (a_service("a", at("share")), a_service("b", at("share")))
    containers = tuple(a_task_container(each, at("share")) for each in services)
    (finding,) = found(*services, readings=(a_reading("w1", "share", containers=containers),))
    assert finding.reason.startswith("2 write to it now")


def test_a_job_is_not_parted() -> None:
    job = a_service("b", at("share"), mode=ServiceMode.REPLICATED_JOB)
    (finding,) = found(a_service("a", at("share")), job)
    assert (finding.fix, finding.copy) == ("", "")


@pytest.mark.parametrize("external", [False, True])
def test_services_of_a_file_meet_in_a_declared_volume(external: bool) -> None:  # noqa: FBT001
    driver = "" if external else AWS
    declared = Declared(key="share", source="share", driver=driver, external=external)
    services = tuple(a_service(name, at("share", driver=driver)) for name in ("a", "b"))
    stack = Stack(file="s.yml", services=services, volumes=(declared,))
    findings = diagnose_stack(stack, Family(patterns=("*cloudstor*",)))
    (finding,) = (each for each in findings if each.code == "several-writers")
    assert finding.about == "volume share in s.yml"
    assert '"name": "{{.Service.Name}}-{{.Task.Slot}}-share"' in finding.fix
