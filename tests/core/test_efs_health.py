"""What is wrong with the file systems behind the volumes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.attached import Attached
from cloudstorctl.core.efs_health import Report, reports
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.storage import FileSystem, Load, MountTarget
from cloudstorctl.core.verdict import Assessment, assess
from tests.core.builders import (
    a_bind,
    a_container,
    a_node,
    a_plugin,
    a_reading,
    a_service,
    a_survey,
    a_task,
    a_task_container,
    an_entry,
    node_id,
)

W1, W2 = node_id("w1"), node_id("w2")
REGULAR = Attached(id="fs-reg", mode="reg", region="r", nodes=(W1, W2))
MAXIO = Attached(id="fs-max", mode="max", region="r", nodes=(W1,))


def target(zone: str, *, state: str = "available") -> MountTarget:
    return MountTarget(id=f"fsmt-{zone}", zone=zone, subnet="s", address="10.0.0.9", state=state)


SOUND = FileSystem(id="fs-reg", arn="arn", backup=True, mount_targets=(target("ra"), target("rb")))


def an_assessment() -> Assessment:
    web = a_service("web", "data")
    api = a_service("api", "data", "logs")
    tasks = [a_task(web), a_task(api), a_task(api, slot=2)]
    containers = (
        a_task_container(web, "data"),
        a_task_container(api, "data", "logs"),
        a_task_container(api, "data", "logs", slot=2),
    )
    entries = ("data", "idle", "logs", an_entry("fast", place="efs/max"))
    survey = a_survey(
        a_reading("w1", *entries, containers=containers),
        a_reading("w2", "data"),
        services=(web, api),
        tasks=tuple(tasks),
        nodes=(
            replace(a_node("w1"), address="10.0.0.1"),
            replace(a_node("w2"), address="10.0.0.2"),
        ),
    )
    return assess(survey)


def the_report(
    file_system: FileSystem | None, *others: Attached, zones: dict[str, str] | None = None
) -> Report:
    described = {} if file_system is None else {"fs-reg": file_system}
    return reports(an_assessment(), (REGULAR, *others), described, zones or {})[0]


def the_finding(file_system: FileSystem, *others: Attached) -> Finding:
    (finding,) = the_report(file_system, *others).findings
    return finding


def test_a_sound_file_system_has_no_findings_and_the_volumes_on_it() -> None:
    regular, maxio = reports(an_assessment(), (REGULAR, MAXIO), {"fs-reg": SOUND}, {})
    assert (regular.volumes, regular.findings, regular.file_system) == (3, (), SOUND)
    assert (maxio.volumes, maxio.findings, maxio.file_system) == (1, (), None)


def test_a_volume_counts_wherever_a_node_s_plugin_puts_it() -> None:
    odd = replace(a_plugin("w2"), settings=(("EFS_ID_REGULAR", "fs-old"),))
    survey = a_survey(
        a_reading("w1", "data", "logs"), a_reading("w2", "data", plugins=(odd,)), nodes=()
    )
    other = replace(REGULAR, id="fs-old", nodes=(W2,))
    found = reports(assess(survey), (REGULAR, other), {}, {})
    assert [report.volumes for report in found] == [2, 1]


@pytest.mark.parametrize(
    ("attached", "mode", "fits"),
    [
        (REGULAR, "generalPurpose", True),
        (REGULAR, "maxIO", False),
        (replace(MAXIO, id="fs-reg"), "maxIO", True),
        (replace(MAXIO, id="fs-reg"), "generalPurpose", False),
    ],
)
def test_a_performance_mode_that_does_not_fit_is_found(
    attached: Attached,
    mode: str,
    fits: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    described = {"fs-reg": replace(SOUND, performance_mode=mode)}
    (report,) = reports(an_assessment(), (attached,), described, {})
    assert [finding.code for finding in report.findings] == ([] if fits else ["performance-mode"])
    if not fits:
        assert f"its performance mode is {mode}, not" in report.findings[0].reason


def test_a_zone_with_nodes_and_without_a_mount_target_is_found() -> None:
    zones = {"10.0.0.1": "ra", "10.0.0.2": "rc", "10.0.0.9": "rd"}
    (finding,) = the_report(SOUND, zones=zones).findings
    assert (finding.code, finding.severity) == ("zone-without-mount-target", Severity.ERROR)
    assert finding.reason.startswith("There is no mount target in rc, where w2 runs")
    assert "--subnet-id SUBNET-IN-rc" in finding.fix


@pytest.mark.parametrize(("backup", "codes"), [(False, ["no-backup"]), (None, []), (True, [])])
def test_backup_that_is_off_is_found_and_what_is_not_known_is_not(
    backup: bool | None,  # noqa: FBT001 - a parameter of pytest
    codes: list[str],
) -> None:
    found = the_report(replace(SOUND, backup=backup)).findings
    assert [finding.code for finding in found] == codes


def test_states_other_than_available_are_found_worst_first() -> None:
    targets = (target("ra"), target("rb", state="deleting"))
    odd = replace(SOUND, state="updating", mount_targets=targets, backup=False)
    found = the_report(odd).findings
    assert [finding.code for finding in found] == [
        "file-system-state",
        "mount-target-state",
        "no-backup",
    ]
    assert "fsmt-rb in rb is deleting" in found[1].reason


def test_near_its_limit_the_busiest_volumes_are_named_with_the_way_to_maxio() -> None:
    finding = the_finding(replace(SOUND, load=Load(last_hour=20.0, last_day=80.0)), MAXIO)
    assert (finding.code, finding.severity) == ("io-limit", Severity.WARNING)
    assert "It used 80 % of its I/O limit within the last day." in finding.reason
    assert "by how many tasks write to them: data (3), logs (2)." in finding.reason
    assert finding.fix == (
        "docker service update --mount-add type=volume,source=data-max,target=,"
        "volume-driver=cloudstor:aws,volume-opt=perfmode=maxio web"
    )
    assert "source=data-max,target=/to" in finding.copy


def test_without_a_file_system_for_maxio_there_is_no_such_way() -> None:
    finding = the_finding(replace(SOUND, load=Load(last_hour=99.0, last_day=99.0)))
    assert "perfmode" not in finding.reason
    assert finding.fix == ""


@pytest.mark.parametrize(
    "file_system",
    [
        replace(SOUND, load=Load(last_hour=79.9, last_day=79.9)),
        replace(SOUND, load=Load(last_hour=79.9)),
    ],
)
def test_below_the_limit_nothing_is_said(file_system: FileSystem) -> None:
    assert the_report(file_system, MAXIO).findings == ()


def test_a_swarm_at_rest_names_no_volume() -> None:
    survey = a_survey(a_reading("w1", "idle"), nodes=(a_node("w1"),))
    loaded = replace(SOUND, load=Load(last_hour=90.0, last_day=90.0))
    (report, _) = reports(assess(survey), (REGULAR, MAXIO), {"fs-reg": loaded}, {})
    assert "tasks write" not in report.findings[0].reason
    assert report.findings[0].fix == ""


def test_a_busy_volume_of_no_service_is_moved_by_hand() -> None:
    bind = a_service("bind", a_bind("/var/data"))
    container = a_container("data", name="app")
    survey = a_survey(a_reading("w1", "data", containers=(container,)), services=(bind,))
    loaded = replace(SOUND, load=Load(last_hour=90.0, last_day=90.0))
    (report, _) = reports(assess(survey), (REGULAR, MAXIO), {"fs-reg": loaded}, {})
    assert "tasks write to them: data (1)" in report.findings[0].reason
    assert report.findings[0].fix == ""


def test_nodes_that_are_set_to_another_file_system_are_found_with_it() -> None:
    other = replace(REGULAR, id="fs-old", nodes=(W2,), plugins=("cloudstor:aws",))
    first = replace(REGULAR, nodes=(W1, node_id("w3")))
    _, odd = reports(an_assessment(), (first, other), {}, {})
    assert [finding.code for finding in odd.findings] == ["other-file-system"]
