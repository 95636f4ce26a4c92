"""The names that the doctor proposes: nothing else has them, nor could get them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.doctor import Declared, Stack, diagnose, diagnose_stack
from cloudstorctl.core.family import Family
from cloudstorctl.core.model import Mount, MountKind, Service, ServiceMode
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_bind, a_reading, a_service, a_survey, an_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudstorctl.core.findings import Finding

SLOTTED = "{{.Service.Name}}-{{.Task.Slot}}"
GLOBAL = ServiceMode.GLOBAL
AWS = "cloudstor:aws"


def at(target: str, source: str, driver: str = AWS) -> Mount:
    return Mount(kind=MountKind.VOLUME, source=source, target=target, driver=driver)


def renaming(*services: Service, names: tuple[str, ...] = ()) -> dict[tuple[str, str], str]:
    """The names that findings propose, by service and target."""
    local = an_entry("local-1-a", on="w1", driver="local")
    seen = assess(a_survey(a_reading("w1", *names, local), a_reading("w2"), services=services))
    return proposals(each for each in diagnose(seen) if each.code.endswith(("-name", "-data")))


def proposals(findings: Iterable[Finding]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for each in findings:
        source = re.search(r"source=([^,']+)", each.fix)
        target = re.search(r"target=([^,']+)", each.fix)
        assert source
        assert target
        key = (each.about.removeprefix("service "), target[1])
        assert found.setdefault(key, source[1]) == source[1]
    return found


@pytest.mark.parametrize(
    "source", ["tid-{{.Task.ID}}", "data-{{.Node.Hostname}}", "v-{{.Task.Name}}", "shared"]
)
def test_services_that_had_volumes_apart_keep_them_apart(source: str) -> None:
    services = [a_service(name, at("/a", source), replicas=2) for name in ("tid", "tid2")]
    names = renaming(*services)
    assert len(names) == len(services)
    assert all(SLOTTED in name for name in names.values())


def test_mounts_of_one_service_keep_apart_what_was() -> None:
    service = a_service(
        "web",
        a_bind("/x"),
        at("/a", "x-{{.Task.ID}}"),
        at("/b", "x-{{.Task.Name}}"),
        at("/c", "{{.Task.ID}}-x"),
    )
    assert renaming(service) == {
        ("web", "/a"): f"{SLOTTED}-x",
        ("web", "/b"): f"x-{SLOTTED}",
        ("web", "/c"): f"{SLOTTED}-c",
    }


def test_mounts_of_one_service_that_differ_in_nothing_are_numbered() -> None:
    service = a_service(
        "web", at("/a b", "{{.Task.ID}}"), at("/a-b", "{{ .Task.ID }}"), at("/a/b", "")
    )
    assert renaming(service) == {
        ("web", "/a b"): f"{SLOTTED}-a-b",
        ("web", "/a-b"): f"{SLOTTED}-a-b-2",
        ("web", "/a/b"): f"{SLOTTED}-a-b-3",
    }


def test_a_volume_that_a_service_has_twice_stays_one() -> None:
    service = a_service("web", at("/a", "x"), at("/b", "x"), replicas=2)
    assert set(renaming(service).values()) == {f"{SLOTTED}-x"}


def test_a_name_that_the_service_has_at_another_path_is_taken() -> None:
    other = at("/b", "{{ .Service.Name }}-{{.Task.Slot}}")
    service = a_service("web", other, at("/a", "{{.Service.Name}}-{{.Task.ID}}"))
    assert renaming(service) == {("web", "/a"): f"{SLOTTED}-a"}


@pytest.mark.parametrize("name", ["web-1-x", "web-7-x", "web-7-x/deep"])
def test_a_name_whose_volume_exists_is_taken(name: str) -> None:
    service = a_service("web", at("/a", "x-{{.Task.ID}}"))
    assert renaming(service, names=(name, "web", "web-1-xy", "web-1-w")) == {
        ("web", "/a"): f"{SLOTTED}-a"
    }


def test_a_name_whose_volume_is_local_is_taken_too() -> None:
    service = a_service("local", at("/a", "{{.Task.ID}}"))
    assert renaming(service) == {("local", "/a"): f"{SLOTTED}-a-2"}


@pytest.mark.parametrize("source", ["web-3-x", "web-{{.Task.Slot}}-x", "{{.Service.Name}}-1-x"])
def test_a_name_that_another_service_has_or_may_get_is_taken(source: str) -> None:
    web = a_service("web", at("/a", "x-{{.Task.ID}}"))
    other = a_service("web" if "Name" in source else "other", at("/b", source), replicas=0)
    assert renaming(web, *([] if other.name == "web" else [other]))[("web", "/a")] == (
        f"{SLOTTED}-x" if other.name == "web" else f"{SLOTTED}-a"
    )


def test_what_another_service_would_roll_back_to_is_taken() -> None:
    web = a_service("web", at("/a", "x-{{.Task.ID}}"))
    other = a_service("other", previous=(at("/b", "web-3-x"),))
    assert renaming(web, other) == {("web", "/a"): f"{SLOTTED}-a"}


def test_what_cannot_meet_is_not_taken() -> None:
    web = a_service("web", at("/a", "x-{{.Task.ID}}"))
    others = a_service(
        "other",
        a_bind("/web-1-x"),
        at("/b", "web-1-x", "local"),
        at("/c", "{{if .Task.ID}}{{end}}"),
    )
    assert renaming(web, others)[("web", "/a")] == f"{SLOTTED}-x"


def test_what_of_a_name_cannot_be_told_is_left_out() -> None:
    source = '{{.Service.Name}}-{{index .Service.Labels "a"}}-{{.Task.ID}}'
    assert renaming(a_service("web", at("/a", source))) == {("web", "/a"): f"{SLOTTED}-a"}


def test_a_name_that_has_the_slot_already_is_made_anew() -> None:
    source = "{{.Service.Name}}-{{.Task.Slot}}-{{.Task.ID}}-log"
    assert renaming(a_service("web", at("/a", source))) == {("web", "/a"): f"{SLOTTED}-log"}


def test_a_task_s_name_holds_the_service_s() -> None:
    service = a_service("web", at("/a", "{{.Service.ID}}/{{.Task.Name}}"))
    assert renaming(service) == {("web", "/a"): f"{{{{.Service.ID}}}}/{SLOTTED}"}
    service = a_service("web", at("/a", "{{.Service.Name}}/{{.Task.Name}}"))
    assert renaming(service) == {("web", "/a"): "{{.Service.Name}}/{{.Task.Slot}}"}


def test_a_node_is_told_apart_by_its_id_and_a_name_of_two_parts_is_one_too_many() -> None:
    service = a_service("web", at("/a", "{{.Service.Name}}.{{.Task.ID}}"), mode=GLOBAL)
    assert renaming(service) == {("web", "/a"): "{{.Service.Name}}.{{.Node.ID}}"}
    service = a_service("web", at("/a", "{{.Service.Name}}{{.Node.ID}}{{.Node.Hostname}}"))
    assert renaming(service) == {("web", "/a"): f"{SLOTTED}-a"}


def test_a_path_without_letters_is_called_a_volume() -> None:
    service = a_service("web", at("/é", "{{.Task.ID}}"), at("/ü", "{{ .Task.ID}}"))
    assert renaming(service) == {
        ("web", "/é"): f"{SLOTTED}-vol",
        ("web", "/ü"): f"{SLOTTED}-vol-2",
    }


def test_a_declaration_gets_one_name_whatever_the_services_are() -> None:
    declared = Declared(key="data", source="data", driver=AWS)
    web = a_service("web", at("/a", "data"), replicas=2)
    glob = a_service("glob", at("/b", "data"), mode=GLOBAL)
    stack = Stack(file="f", services=(web, glob), volumes=(declared,))
    fixes = {each.fix for each in diagnose_stack(stack, Family(patterns=("*cloudstor*",)))}
    assert fixes == {f'volumes: {{data: {{"driver": "{AWS}", "name": "{SLOTTED}-data"}}}}'}


def test_a_name_of_another_declaration_is_taken() -> None:
    volumes = (
        Declared(key="data", source="data-{{.Task.ID}}", driver=AWS),
        Declared(key="other", source="web-2-data", driver=AWS),
    )
    stack = Stack(
        file="f", services=(a_service("web", at("/a", "data-{{.Task.ID}}")),), volumes=volumes
    )
    (finding,) = diagnose_stack(stack, Family(patterns=("*cloudstor*",)))
    assert f'"name": "{SLOTTED}-data-2"' in finding.fix
