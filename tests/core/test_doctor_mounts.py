"""The doctor on the mounts of services: whether the data stays with its task."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.doctor import diagnose
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import Mount, MountKind, Service, ServiceMode
from cloudstorctl.core.verdict import assess
from tests.core.builders import (
    a_bind,
    a_node,
    a_plugin,
    a_reading,
    a_service,
    a_survey,
    an_entry,
)

if TYPE_CHECKING:
    from cloudstorctl.core.model import EngineReading, Pairs

GLOBAL = ServiceMode.GLOBAL
STACK: Pairs = (("com.docker.stack.namespace", "shop"),)


def a_volume(
    source: str,
    *,
    driver: str = "cloudstor:aws",
    read_only: bool = False,
    target: str = "/data",
    options: dict[str, str] | None = None,
) -> Mount:
    return Mount(
        kind=MountKind.VOLUME,
        source=source,
        target=target,
        driver=driver,
        read_only=read_only,
        options=tuple((options or {}).items()),
    )


def found(service: Service, *readings: EngineReading) -> list[Finding]:
    survey = a_survey(*(readings or (a_reading("w1"), a_reading("w2"))), services=(service,))
    return [each for each in diagnose(assess(survey)) if each.code not in {"gap", "unused-volume"}]


def the_finding(service: Service, *readings: EngineReading) -> Finding:
    (finding,) = found(service, *readings)
    return finding


def source_in(finding: Finding) -> str:
    """The name that the fix gives to the volume."""
    return finding.fix.partition("source=")[2].partition(",")[0]


def options_in(finding: Finding) -> list[str]:
    """The driver's options that the fix gives to the volume."""
    return re.findall(r"volume-opt=([^,' ]+)", finding.fix)


@pytest.mark.parametrize(
    ("source", "mode", "code"),
    [
        ("{{.Service.Name}}-{{.Task.Slot}}-vol", ServiceMode.REPLICATED, None),
        ("{{.Service.Name}}-{{.Task.ID}}", ServiceMode.REPLICATED, "task-in-name"),
        ("{{.Task.Name}}", ServiceMode.REPLICATED, "task-in-name"),
        ("{{.Task.Slot}}-{{.Task.ID}}", ServiceMode.REPLICATED, "task-in-name"),
        ("{{.Task.ID}}", GLOBAL, "task-in-name"),
        ("h-{{.Node.Hostname}}", ServiceMode.REPLICATED, "node-in-name"),
        ("{{.Task.Slot}}-{{.Node.ID}}", ServiceMode.REPLICATED, "node-in-name"),
        ("{{.Node.Platform.OS}}", ServiceMode.REPLICATED, "node-in-name"),
        ("{{.Node.ID}}", GLOBAL, None),
        ("{{.Task.Slot}}", GLOBAL, None),
        ("data", GLOBAL, "shared-name"),
        ("{{.Node.Platform.OS}}", GLOBAL, "shared-name"),
        ("data", ServiceMode.REPLICATED, None),
        ("{{.Task.ID}}", ServiceMode.REPLICATED_JOB, None),
        ("data", ServiceMode.GLOBAL_JOB, None),
        ("{{if .Task.ID}}x{{end}}", ServiceMode.REPLICATED, None),
    ],
)
def test_what_a_name_makes_of_the_data(source: str, mode: ServiceMode, code: str | None) -> None:
    findings = found(a_service("web", a_volume(source), mode=mode))
    assert [each.code for each in findings] == ([code] if code else [])
    assert all(each.about == "service web" for each in findings)


def test_a_name_of_the_task_is_a_new_volume_at_each_restart() -> None:
    finding = the_finding(a_service("web", a_volume("x-{{ .Task.ID }}", options={"size": "5"})))
    assert finding.severity is Severity.WARNING
    assert "at each restart the new task gets a new and empty volume" in finding.reason
    assert "copy what is to be kept" in finding.reason
    assert finding.fix == (
        "docker service update --mount-add 'type=volume,"
        "source={{.Service.Name}}-{{.Task.Slot}}-x,target=/data,volume-driver=cloudstor:aws,"
        "volume-opt=size=5' web"
    )


@pytest.mark.parametrize(
    ("source", "target", "mode", "proposed"),
    [
        (
            "{{.Service.Name}}.{{.Task.ID}}",
            "/data",
            ServiceMode.REPLICATED,
            "{{.Service.Name}}.{{.Task.Slot}}",
        ),
        (
            "a-{{.Node.Hostname}}",
            "/data",
            ServiceMode.REPLICATED,
            "{{.Service.Name}}-{{.Task.Slot}}-a",
        ),
        ("{{.Task.ID}}", "/data", GLOBAL, "{{.Service.Name}}-{{.Node.ID}}-data"),
        ("{{.Service.ID}}/{{.Task.ID}}", "/data", GLOBAL, "{{.Service.ID}}/{{.Node.ID}}"),
        (
            "{{.Task.Slot}}-{{.Node.ID}}",
            "/var/lib/x/",
            ServiceMode.REPLICATED,
            "{{.Service.Name}}-{{.Task.Slot}}-var-lib-x",
        ),
        (
            "{{.Node.ID}}-{{.Node.Hostname}}",
            "/",
            ServiceMode.REPLICATED,
            "{{.Service.Name}}-{{.Task.Slot}}-vol",
        ),
        (
            '{{printf "%s" .Task.ID}}',
            "/data",
            ServiceMode.REPLICATED,
            "{{.Service.Name}}-{{.Task.Slot}}-data",
        ),
        ("web/data", "/d", GLOBAL, "{{.Service.Name}}-{{.Node.ID}}-web-data"),
    ],
)
def test_the_name_proposed_keeps_to_the_task_and_to_the_present_name(
    source: str, target: str, mode: ServiceMode, proposed: str
) -> None:
    finding = the_finding(a_service("web", a_volume(source, target=target), mode=mode))
    assert source_in(finding) == proposed


@pytest.mark.parametrize(
    ("source", "platform"), [("{{.Node.ID}}", False), ("{{.Node.Platform.OS}}", True)]
)
def test_data_stays_behind_on_a_node_or_a_platform(source: str, platform: bool) -> None:  # noqa: FBT001
    finding = the_finding(a_service("web", a_volume(source)))
    where = "a node of another platform" if platform else "another node"
    assert f"a task that moves to {where} gets another volume" in finding.reason


def test_replicas_on_a_fixed_name_share_one_volume() -> None:
    finding = the_finding(a_service("web", a_volume("data"), replicas=3))
    assert (finding.code, finding.severity) == ("shared-name", Severity.WARNING)
    assert finding.reason.startswith("3 tasks write to the one volume data at /data: the driver")
    assert source_in(finding) == "{{.Service.Name}}-{{.Task.Slot}}-data"


def test_a_relocatable_volume_cannot_be_shared_at_all() -> None:
    service = a_service("web", a_volume("data", options={"backing": "relocatable"}), replicas=2)
    finding = the_finding(service)
    assert finding.severity is Severity.ERROR
    assert "one node can have at a time" in finding.reason


@pytest.mark.parametrize("replicas", [0, 1])
def test_one_task_shares_with_nobody(replicas: int) -> None:
    assert found(a_service("web", a_volume("data"), replicas=replicas)) == []


def test_who_only_reads_may_share() -> None:
    assert found(a_service("web", a_volume("data", read_only=True), replicas=3)) == []


def test_a_name_that_cannot_be_told_is_not_called_shared() -> None:
    assert found(a_service("web", a_volume("{{if .Task.Slot}}x{{end}}"), replicas=3)) == []


def test_a_global_service_on_the_only_node_shares_with_nobody() -> None:
    assert found(a_service("web", a_volume("data"), mode=GLOBAL), a_reading("w1")) == []


@pytest.mark.parametrize(
    ("constraint", "told"),
    [
        ("node.hostname==w2", False),
        ("node.hostname != w2", False),
        ("node.labels.disk==ssd", False),
        ("node.role==worker", True),
        ("node.id==", True),
    ],
)
def test_a_global_service_that_one_node_may_run_shares_with_nobody(
    constraint: str,
    told: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    service = replace(a_service("web", a_volume("data"), mode=GLOBAL), constraints=(constraint,))
    nodes = (replace(a_node("w1"), labels=(("disk", "ssd"),)), a_node("w2"))
    survey = a_survey(a_reading("w1"), a_reading("w2"), services=(service,), nodes=nodes)
    assert [each.code for each in diagnose(assess(survey))] == (["shared-name"] if told else [])


def test_a_service_that_is_fixed_to_a_node_may_be_named_by_it() -> None:
    service = a_service("web", a_volume("h-{{.Node.Hostname}}"))
    assert found(replace(service, constraints=("node.id == abc",))) == []
    assert the_finding(replace(service, constraints=("node.id != abc",))).code == "node-in-name"
    several = a_service("web", a_volume("h-{{.Node.Hostname}}"), replicas=2)
    assert the_finding(replace(several, constraints=("node.hostname==w1",))).code == "shared-name"


def test_a_mount_without_a_name_loses_its_data_with_the_container() -> None:
    finding = the_finding(a_service("web", a_volume("")))
    assert finding.code == "no-name"
    assert "removed with the container" in finding.reason
    assert source_in(finding) == "{{.Service.Name}}-{{.Task.Slot}}-data"


@pytest.mark.parametrize("mode", [ServiceMode.REPLICATED, GLOBAL])
def test_a_mount_without_a_name_or_a_driver_loses_its_data_too(mode: ServiceMode) -> None:
    finding = the_finding(a_service("web", a_volume("", driver=""), mode=mode))
    assert (finding.code, finding.severity) == ("no-name", Severity.WARNING)
    assert "a new one and on its node alone, and its data is removed" in finding.reason
    steady = "{{.Node.ID}}" if mode is GLOBAL else "{{.Task.Slot}}"
    assert source_in(finding) == f"{{{{.Service.Name}}}}-{steady}-data"
    assert "volume-driver=cloudstor:aws" in finding.fix


def test_a_job_may_have_a_volume_for_the_time_of_its_run() -> None:
    service = a_service("web", a_volume("", driver=""), mode=ServiceMode.REPLICATED_JOB)
    assert found(service) == []


def test_a_service_of_a_stack_is_changed_in_its_file_too() -> None:
    service = a_service("shop_web", a_volume("{{.Task.ID}}"), labels=STACK)
    assert the_finding(service).reason.endswith(
        "Change it in the file of stack shop too, which deploys it again."
    )


@pytest.mark.parametrize(
    ("options", "told", "left"),
    [
        ({"perfmod": "maxio"}, "option perfmod (did you mean perfmode?)", ["perfmode=maxio"]),
        ({"zzz": "1", "size": "5"}, "option zzz", ["size=5"]),
        ({"zzz": "1", "yyy": "2"}, "options zzz, yyy", []),
        ({"siz": "1", "size": "5"}, "option siz (did you mean size?)", ["size=5"]),
    ],
    ids=" ".join,
)
def test_an_option_that_the_driver_does_not_know_is_ignored_without_a_word(
    options: dict[str, str], told: str, left: list[str]
) -> None:
    finding = the_finding(a_service("web", a_volume("data", options=options)))
    assert finding.code == "unknown-option"
    assert f"does not know the {told} of the volume data" in finding.reason
    assert options_in(finding) == left


def test_every_option_of_the_documentation_is_known() -> None:
    known = {
        "backing": "shared",
        "perfmode": "maxio",
        "size": "1",
        "ebstype": "io1",
        "iops": "100",
        "encrypted": "true",
        "ebs_tag_team": "shop",
    }
    assert found(a_service("web", a_volume("data", options=known))) == []


@pytest.mark.parametrize(("mode", "left"), [("fast", []), ("MaxIO", ["perfmode=maxio"]), ("", [])])
def test_a_performance_mode_that_is_none_is_the_regular_one(mode: str, left: list[str]) -> None:
    finding = the_finding(a_service("web", a_volume("data", options={"perfmode": mode})))
    assert finding.code == "performance-mode-value"
    assert f"perfmode={mode} of the volume data" in finding.reason
    assert options_in(finding) == left


def test_a_mount_without_a_driver_is_local_data() -> None:
    finding = the_finding(a_service("web", a_volume("data", driver="")))
    assert (finding.code, finding.severity) == ("local-data", Severity.WARNING)
    assert "a task that moves begins with an empty volume" in finding.reason
    assert "volume-driver=cloudstor:aws" in finding.fix


COPIED = (
    "docker run --rm --mount type=volume,source=data,target=/from,readonly --mount "
    "type=volume,source=web-1-data,target=/to,volume-driver=cloudstor:aws busybox "
    "cp -a /from/. /to/"
)


@pytest.mark.parametrize("replicas", [0, 1])
def test_local_data_gets_another_name_where_a_node_has_or_may_have_the_volume(
    replicas: int,
) -> None:
    service = a_service("web", a_volume("data", driver=""), replicas=replicas)
    local = an_entry("data", on="w2", driver="local")
    finding = the_finding(service, a_reading("w1"), a_reading("w2", local))
    assert source_in(finding) == "{{.Service.Name}}-{{.Task.Slot}}-data"
    assert "refuses the driver's (volume name must be unique)" in finding.reason
    assert "The data is not carried over: stop what writes to it and copy it first, on w2." in (
        finding.reason
    )
    assert finding.copy == f"{COPIED}  # on w2"
    finding = the_finding(service)
    if replicas:
        assert source_in(finding) == "{{.Service.Name}}-{{.Task.Slot}}-data"
        assert "copy it first, on the node that has it." in finding.reason
        assert finding.copy == COPIED
    else:
        assert (source_in(finding), finding.copy) == ("data", "")


def test_a_node_that_was_not_read_may_have_a_local_volume() -> None:
    service = a_service("web", a_volume("data", driver=""), replicas=0)
    survey = a_survey(a_reading("w1"), services=(service,), nodes=(a_node("w1"), a_node("w2")))
    (finding,) = (each for each in diagnose(assess(survey)) if each.code == "local-data")
    assert source_in(finding) == "{{.Service.Name}}-{{.Task.Slot}}-data"


def test_what_writes_to_one_volume_is_copied_to_that_of_its_first_slot() -> None:
    asked = a_volume("data", options={"size": "5"})._replace(no_copy=True, subpath="x")
    finding = the_finding(a_service("web", asked, replicas=2))
    assert finding.copy == (
        "docker run --rm --mount type=volume,source=data,target=/from,volume-driver=cloudstor:aws,"
        "readonly --mount type=volume,source=web-1-data,target=/to,volume-driver=cloudstor:aws,"
        "volume-opt=size=5 busybox cp -a /from/. /to/"
    )
    assert the_finding(a_service("web", a_volume("{{.Task.ID}}"))).copy == ""
    assert the_finding(a_service("web", a_volume("data"), mode=GLOBAL)).copy == ""


@pytest.mark.parametrize("taken", [(), ("data-shared",), ("data-shared", "data-shared-2")])
def test_a_cloudstor_volume_with_a_local_twin_gets_another_name(taken: tuple[str, ...]) -> None:
    service = a_service("web", a_volume("data", driver=""))
    readings = (
        a_reading("w1", "data", *taken),
        a_reading("w2", an_entry("data", on="w2", driver="local")),
    )
    (finding,) = (e for e in found(service, *readings) if e.code == "driver-not-named")
    assert finding.severity is Severity.WARNING
    expected = f"data-shared-{len(taken) + 1}" if taken else "data-shared"
    assert source_in(finding) == expected
    assert "A local volume of that name is on w2: an engine that has one refuses" in finding.reason
    assert "source=data,target=/from,volume-driver=cloudstor:aws,readonly" in finding.copy
    assert f"source={expected},target=/to,volume-driver=cloudstor:aws" in finding.copy


def test_the_driver_is_asked_for_by_the_name_that_most_nodes_have() -> None:
    readings = [
        a_reading(name, plugins=(a_plugin(name, name="cloudstor:shared"),)) for name in ("w1", "w2")
    ]
    finding = the_finding(a_service("web", a_volume("data", driver="")), *readings)
    assert "volume-driver=cloudstor:shared" in finding.fix


def test_per_node_local_data_is_where_it_belongs() -> None:
    assert found(a_service("web", a_volume("data", driver=""), mode=GLOBAL)) == []


@pytest.mark.parametrize("source", ["data", "{{.Service.Name}}-{{.Task.Slot}}"])
def test_a_mount_without_a_driver_gets_the_cloudstor_volume_that_exists(source: str) -> None:
    names = ["data", "web-1"]
    service = a_service("web", a_volume(source, driver=""))
    everywhere = [a_reading("w1", *names), a_reading("w2", *names)]
    finding = the_finding(service, *everywhere)
    assert (finding.code, finding.severity) == ("driver-not-named", Severity.NOTE)
    found_name = "data" if source == "data" else "web-1"
    assert f"gets the Cloudstor volume {found_name} because there is one." in finding.reason
    finding = the_finding(service, a_reading("w1", *names), a_reading("w2"))
    assert (finding.code, finding.severity) == ("driver-not-named", Severity.WARNING)
    assert "a node that does not list it gives the task an empty local volume" in finding.reason


def test_a_template_that_could_be_any_name_resolves_to_none() -> None:
    finding = the_finding(
        a_service("web", a_volume("{{if .Task.ID}}x{{end}}", driver="")), a_reading("w1", "data")
    )
    assert finding.code == "local-data"


def test_other_kinds_and_other_drivers_are_not_our_business() -> None:
    mounts = (
        a_bind("/srv/{{.Task.ID}}"),
        a_volume("{{.Task.ID}}", driver="rexray/ebs", options={"zzz": "1"}),
        a_volume("logs", driver="local"),
        Mount(kind=MountKind.OTHER, source="", target="/tmp"),  # noqa: S108 - a path in a container
    )
    entry = an_entry("data", on="w1")
    assert found(a_service("web", *mounts, replicas=3), a_reading("w1", entry)) == []


def test_a_source_with_a_comma_is_quoted_as_docker_reads_it() -> None:
    service = a_service(
        "web", a_volume("{{.Task.ID}}", read_only=True, options={"ebs_tag_a": 'x,"y"'})
    )
    assert the_finding(service).fix == (
        "docker service update --mount-add 'type=volume,"
        "source={{.Service.Name}}-{{.Task.Slot}}-data,target=/data,volume-driver=cloudstor:aws,"
        '"volume-opt=ebs_tag_a=x,""y""",readonly\' web'
    )


def test_what_a_mount_asks_for_besides_is_kept() -> None:
    asked = a_volume("{{.Task.ID}}")._replace(
        labels=(("cloudstorctl.protect", "true"), ("note", 'a,"b"')), no_copy=True, subpath="a/b"
    )
    assert the_finding(a_service("web", asked)).fix == (
        "docker service update --mount-add 'type=volume,"
        "source={{.Service.Name}}-{{.Task.Slot}}-data,target=/data,volume-driver=cloudstor:aws,"
        'volume-label=cloudstorctl.protect=true,"volume-label=note=a,""b""",volume-nocopy=true,'
        "volume-subpath=a/b' web"
    )
