"""The doctor on a stack that is not deployed yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.doctor import Declared, Stack, diagnose_stack
from cloudstorctl.core.family import Family
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import Mount, MountKind, Service, ServiceMode
from tests.core.builders import a_service

FAMILY = Family(patterns=("*cloudstor*",))
AWS = "cloudstor:aws"
ODD = Finding(code="odd", severity=Severity.NOTE, about="variable X", reason="It is not set.")


def a_declared(
    key: str = "data", source: str = "", *, driver: str = AWS, external: bool = False
) -> Declared:
    return Declared(key=key, source=source or key, driver=driver, external=external)


def mounting(
    declared: Declared, *, mode: ServiceMode = ServiceMode.REPLICATED, replicas: int = 1
) -> Service:
    mount = Mount(
        kind=MountKind.VOLUME,
        source=declared.source,
        target="/srv",
        driver=declared.driver,
        options=declared.options,
    )
    return a_service("web", mount, mode=mode, replicas=replicas)


def found(*services: Service, volumes: tuple[Declared, ...] = ()) -> list[Finding]:
    stack = Stack(file="stack.yml", services=services, volumes=volumes)
    return list(diagnose_stack(stack, FAMILY))


def the_finding(
    declared: Declared, *, mode: ServiceMode = ServiceMode.REPLICATED, replicas: int = 1
) -> Finding:
    service = mounting(declared, mode=mode, replicas=replicas)
    (finding,) = found(service, volumes=(declared,))
    return finding


def test_a_name_by_slot_is_sound() -> None:
    declared = a_declared(source="{{.Service.Name}}-{{.Task.Slot}}-data")
    assert found(mounting(declared, replicas=3), volumes=(declared,)) == []


def test_replicas_on_one_volume_get_the_declaration_that_parts_them() -> None:
    finding = the_finding(a_declared(), replicas=2)
    assert (finding.code, finding.about) == ("shared-name", "service web in stack.yml")
    assert finding.fix == (
        'volumes: {data: {"driver": "cloudstor:aws", '
        '"name": "{{.Service.Name}}-{{.Task.Slot}}-data"}}'
    )


def test_a_global_service_shares_whatever_the_number_of_nodes_will_be() -> None:
    finding = the_finding(a_declared(), mode=ServiceMode.GLOBAL)
    assert finding.code == "shared-name"
    assert finding.reason.startswith("A task on every node writes to the one volume data")


def test_a_global_service_on_one_machine_shares_with_nobody() -> None:
    declared = a_declared()
    service = replace(
        mounting(declared, mode=ServiceMode.GLOBAL), constraints=("node.hostname == n1",)
    )
    assert found(service, volumes=(declared,)) == []


def test_a_task_in_the_name_is_found_and_the_options_stay() -> None:
    declared = Declared(
        key="d", source="{{.Task.ID}}", driver="cloudstor:x", options=(("size", "5"),)
    )
    finding = the_finding(declared)
    assert finding.code == "task-in-name"
    assert finding.fix == (
        'volumes: {d: {"driver": "cloudstor:x", "driver_opts": {"size": "5"}, '
        '"name": "{{.Service.Name}}-{{.Task.Slot}}-d"}}'
    )


def test_labels_stay() -> None:
    declared = Declared(
        key="d", source="d", driver=AWS, labels=(("cloudstorctl.protect", "true"), ("x", ""))
    )
    mount = Mount(
        kind=MountKind.VOLUME, source="d", target="/d", driver=AWS, labels=declared.labels
    )
    (finding,) = found(a_service("web", mount, replicas=2), volumes=(declared,))
    assert '"labels": {"cloudstorctl.protect": "true", "x": ""}, "name"' in finding.fix


def test_a_volume_without_a_driver_is_local_data_and_gets_the_driver_of_the_others() -> None:
    local, other = a_declared(driver=""), a_declared("other", driver="cloudstor:shared")
    foreign = a_declared("foreign", driver="rexray/ebs")
    (finding,) = found(mounting(local), volumes=(local, foreign, other))
    assert (finding.code, finding.severity) == ("local-data", Severity.WARNING)
    # Under the old name a node that has run it before has a local volume.
    name = "{{.Service.Name}}-{{.Task.Slot}}-data"
    assert finding.fix == f'volumes: {{data: {{"driver": "cloudstor:shared", "name": "{name}"}}}}'
    assert "so the mount needs another name" in finding.reason
    assert finding.copy == ""
    assert f'{{"driver": "cloudstor:aws", "name": "{name}"}}' in the_finding(local).fix


def test_an_external_volume_is_found_where_its_node_lists_it_alone() -> None:
    finding = the_finding(a_declared(driver="", external=True), mode=ServiceMode.GLOBAL)
    assert (finding.code, finding.severity) == ("external-volume", Severity.WARNING)
    assert "on any other Docker makes an empty local volume" in finding.reason
    # Its whole name: the key alone would be the empty volume STACK_data.
    assert finding.fix == 'volumes: {data: {"driver": "cloudstor:aws", "name": "data"}}'


def test_a_name_that_is_the_key_is_kept() -> None:
    declared = Declared(key="data", source="data", named=True, driver=AWS, options=(("siz", "1"),))
    assert the_finding(declared).fix == (
        'volumes: {data: {"driver": "cloudstor:aws", "driver_opts": {"size": "1"}, "name": "data"}}'
    )


def test_a_volume_that_is_not_declared_is_not_deployed() -> None:
    (finding,) = found(mounting(a_declared(driver="")))
    assert (finding.code, finding.severity) == ("volume-not-declared", Severity.ERROR)
    assert finding.fix == 'volumes: {data: {"driver": "cloudstor:aws"}}'


def test_a_template_belongs_into_the_name_of_a_declared_volume() -> None:
    (finding,) = found(mounting(a_declared(source="{{.Task.Slot}}", driver="")))
    assert finding.code == "volume-not-declared"
    assert finding.fix == ('volumes: {data: {"driver": "cloudstor:aws", "name": "{{.Task.Slot}}"}}')


def test_a_volume_without_a_name_has_to_be_declared_first() -> None:
    mount = Mount(kind=MountKind.VOLUME, source="", target="/srv", driver=AWS)
    (finding,) = found(a_service("web", mount))
    assert finding.code == "no-name"
    assert finding.fix.endswith("}}  # and srv:/srv in web")


@pytest.mark.parametrize(
    ("source", "driver", "codes"),
    [
        ("{{if .Task.ID}}x{{end}}", AWS, ["template-unreadable"]),
        ("{{if .Task.ID}}x{{end}}", "rexray/ebs", []),
        ("plain", AWS, []),
    ],
)
def test_a_template_that_cannot_be_told_keeps_every_volume(
    source: str, driver: str, codes: list[str]
) -> None:
    declared = a_declared(source=source, driver=driver)
    findings = found(mounting(declared), volumes=(declared,))
    assert [each.code for each in findings] == codes


def test_binds_are_left_alone() -> None:
    bind = Mount(kind=MountKind.BIND, source="{{if .Task.ID}}", target="/a")
    assert found(a_service("web", bind)) == []


def test_a_volume_that_is_a_path_alone_has_to_be_declared_and_named() -> None:
    (finding,) = found(a_service("web", Mount(kind=MountKind.VOLUME, source="", target="/anon")))
    assert finding.code == "no-name"
    assert finding.fix == (
        'volumes: {anon: {"driver": "cloudstor:aws", '
        '"name": "{{.Service.Name}}-{{.Task.Slot}}-anon"}}  # and anon:/anon in web'
    )


def test_what_was_wrong_already_is_told_too_in_its_order() -> None:
    local = a_declared(driver="")
    stack = Stack(file="f", services=(mounting(local),), volumes=(local,), findings=(ODD, ODD))
    assert [each.code for each in diagnose_stack(stack, FAMILY)] == ["local-data", "odd"]
