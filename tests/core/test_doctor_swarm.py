"""The doctor on drivers that services name, on updates, on volumes and on gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.doctor import diagnose
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import (
    ContainerState,
    EngineReading,
    Gap,
    Mount,
    MountKind,
    Service,
    ServiceMode,
    Survey,
    VolumeName,
)
from cloudstorctl.core.verdict import assess
from tests.core.builders import (
    a_container,
    a_mount,
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

SLOTTED = "{{.Service.Name}}-{{.Task.Slot}}"


def findings_on(survey: Survey) -> dict[str, Finding]:
    """What is found, by code."""
    found = diagnose(assess(survey))
    by_code = {each.code: each for each in found}
    assert len(by_code) == len(found), found
    return by_code


def naming(driver: str, *readings: EngineReading) -> dict[str, Finding]:
    """What is found where a service names a driver."""
    service = a_service("web", a_mount(SLOTTED, driver=driver))
    return findings_on(a_survey(*readings, services=(service,)))


def on_nodes(name: str, *hostnames: str, enabled: bool = True) -> list[EngineReading]:
    return [a_reading(h, plugins=(a_plugin(h, name=name, enabled=enabled),)) for h in hostnames]


@pytest.mark.parametrize(
    ("named", "installed"),
    [
        ("cloudstor:aws", "cloudstor:aws"),
        ("cloudstor", "cloudstor:latest"),
        ("cloudstor:latest", "cloudstor:latest"),
    ],
)
def test_a_driver_that_every_node_has_is_sound(named: str, installed: str) -> None:
    assert naming(named, *on_nodes(installed, "w1", "w2")) == {}


def test_a_driver_that_no_node_has_leaves_tasks_pending() -> None:
    (finding,) = naming("cloudstor:azure", *on_nodes("cloudstor:aws", "w1", "w2")).values()
    assert (finding.code, finding.severity) == ("driver-nowhere", Severity.ERROR)
    assert finding.about == "service web"
    assert "which no node has installed and enabled" in finding.reason
    assert finding.reason.endswith("Nodes have it as cloudstor:aws.")
    assert "volume-driver=cloudstor:aws" in finding.fix


def test_what_a_finding_about_the_plugin_explains_is_not_said_of_each_service() -> None:
    sound = on_nodes("cloudstor:aws", "w1", "w2")
    found = naming("cloudstor:aws", *sound, *on_nodes("cloudstor:aws", "w3", enabled=False))
    assert "driver-not-everywhere" not in found
    assert "plugin-disabled" in found
    found = naming("cloudstor:aws", *sound, a_reading("w3", plugins=()))
    assert set(found) == {"plugin-missing"}
    found = naming(
        "cloudstor", *on_nodes("cloudstor:latest", "w1", "w2"), a_reading("w3", plugins=())
    )
    assert set(found) == {"plugin-missing"}


def test_latest_is_added_to_a_name_without_it_and_never_taken_away() -> None:
    (finding,) = naming("cloudstor:aws:latest", *on_nodes("cloudstor:aws", "w1", "w2")).values()
    assert finding.code == "driver-nowhere"
    assert "volume-driver=cloudstor:aws'" in finding.fix
    described = replace(a_node("w1"), volume_drivers=("cloudstor:aws",))
    service = a_service("web", a_mount(SLOTTED, driver="cloudstor:aws:latest"))
    gap = Gap(source="w1", cause="down", node=node_id("w1"))
    survey = a_survey(services=(service,), nodes=(described,), gaps=(gap,))
    assert set(findings_on(survey)) == {"gap", "driver-nowhere"}


def test_a_tag_is_part_of_the_name() -> None:
    found = naming("cloudstor", *on_nodes("cloudstor:aws", "w1"))
    assert list(found) == ["driver-nowhere"]


def test_where_it_is_disabled_everywhere_it_is_enabled_and_not_renamed() -> None:
    seen = assess(
        a_survey(
            *on_nodes("cloudstor:aws", "w1", enabled=False), services=(a_service("web", SLOTTED),)
        )
    )
    finding = next(each for each in diagnose(seen) if each.code == "driver-nowhere")
    assert finding.fix == "docker plugin ls  # on each node"


def test_without_any_plugin_there_is_no_other_name_to_offer() -> None:
    found = naming("cloudstor:aws", a_reading("w1", plugins=()))
    assert set(found) == {"no-plugin", "driver-nowhere"}
    assert found["driver-nowhere"].fix == "docker plugin ls  # on each node"


def test_a_driver_that_some_nodes_lack_limits_where_tasks_run() -> None:
    found = naming(
        "cloudstor:aws",
        *on_nodes("cloudstor:aws", "w1"),
        *(a_reading(name, plugins=()) for name in ("w2", "w3")),
    )
    finding = found["driver-not-everywhere"]
    assert (finding.about, finding.severity) == ("service web", Severity.WARNING)
    assert "which w2 and w3 do not have" in finding.reason
    assert finding.reason.endswith("its tasks can run on w1 alone.")


def test_a_drained_node_needs_no_driver() -> None:
    service = a_service("web", SLOTTED)
    nodes = (a_node("w1"), replace(a_node("w2"), availability="drain"))
    survey = a_survey(
        a_reading("w1"), a_reading("w2", plugins=()), services=(service,), nodes=nodes
    )
    assert set(findings_on(survey)) == {"plugin-missing"}


def test_what_is_not_known_of_a_node_is_not_held_against_a_driver() -> None:
    service = a_service("web", a_mount(SLOTTED, driver="cloudstor:azure"))
    gap = Gap(source="node w2", cause="no endpoint", node=node_id("w2"))
    survey = a_survey(
        a_reading("w1"), services=(service,), nodes=(a_node("w1"), a_node("w2")), gaps=(gap,)
    )
    found = findings_on(survey)
    assert set(found) == {"gap", "driver-not-everywhere"}
    assert found["driver-not-everywhere"].reason.endswith("its tasks can run on the others alone.")


def test_other_drivers_and_mounts_without_one_are_not_looked_for() -> None:
    assert naming("rexray/ebs", *on_nodes("cloudstor:aws", "w1")) == {}
    service = a_service("web", a_mount(SLOTTED, driver="cloudstor:aws", kind=MountKind.BIND))
    assert findings_on(a_survey(a_reading("w1", plugins=()), services=(service,))).keys() == {
        "no-plugin"
    }


def test_a_service_that_both_readings_show_is_told_as_it_is_now() -> None:
    before = a_service("web", "{{.Task.ID}}")
    now = replace(before, mounts=a_service("web", SLOTTED).mounts)
    assert findings_on(a_survey(a_reading("w1"), services=(before, now))) == {}


@pytest.mark.parametrize(
    ("state", "previous", "told"),
    [
        ("paused", "old", True),
        ("rollback_paused", "old", True),
        ("updating", "old", False),
        ("paused", SLOTTED, False),
        ("", "old", False),
    ],
)
def test_an_update_of_volumes_that_stopped_half_way(state: str, previous: str, told: bool) -> None:  # noqa: FBT001
    service = replace(a_service("web", SLOTTED, previous=(previous,)), update_state=state)
    found = findings_on(a_survey(a_reading("w1"), services=(service,)))
    assert set(found) == ({"update-stopped"} if told else set())
    if told:
        assert f"is {state.replace('_', ' ')}: some of its tasks" in found["update-stopped"].reason
        assert found["update-stopped"].fix == "docker service ps web"


def test_an_update_of_other_mounts_is_not_our_business() -> None:
    of_other = a_mount("x", driver="rexray/ebs")
    service = replace(a_service("web", of_other, previous=()), update_state="paused")
    assert findings_on(a_survey(a_reading("w1"), services=(service,))) == {}


def test_an_update_of_labels_alone_moves_no_data() -> None:
    mount = a_mount(SLOTTED)
    service = a_service("web", mount, previous=(mount._replace(labels=(("a", "b"),)),))
    stopped = replace(service, update_state="paused")
    assert findings_on(a_survey(a_reading("w1"), services=(stopped,))) == {}


def running(service: Service, name: str, *, slot: int = 1, on: str = "w1") -> EngineReading:
    container = a_task_container(service, name, slot=slot, on=on)
    return a_reading(on, name, containers=(container,))


def test_a_stale_entry_names_its_nodes_and_the_task_that_uses_the_data() -> None:
    web = a_service("web", SLOTTED)
    survey = a_survey(
        running(web, "web-1", on="w2"),
        a_reading("w1", "web-1"),
        a_reading("w3", an_entry("web-1", on="w3", used_here=False)),
        services=(web,),
        tasks=(a_task(web, on="w2"),),
    )
    (finding,) = findings_on(survey).values()
    assert (finding.code, finding.severity) == ("stale-entry", Severity.NOTE)
    assert finding.about == "volume web-1"
    assert finding.reason == (
        "It is listed on w1 from an earlier use, and looks unused there. It is used by task web.1 "
        "on w2. The data is the same: never remove it there, which would delete what is used."
    )
    assert finding.fix == "cloudstorctl ls --per-node --status stale web-1"


def test_a_stale_entry_of_what_a_stopped_container_holds() -> None:
    stopped = a_container("it's", on="w2", name="app", state=ContainerState.EXITED)
    survey = a_survey(a_reading("w1", "it's"), a_reading("w2", "it's", containers=(stopped,)))
    (finding,) = findings_on(survey).values()
    assert "It is still held by container app on w2." in finding.reason
    assert finding.fix.endswith("""stale 'it'"'"'s'""")


def test_tasks_of_two_services_that_write_to_one_volume_are_named() -> None:
    web, api = a_service("web", "data"), a_service("api", "data")
    survey = a_survey(
        running(web, "data", on="w1"),
        running(api, "data", on="w2"),
        services=(web, api),
        tasks=(a_task(web), a_task(api, on="w2")),
    )
    (finding,) = findings_on(survey).values()
    assert (finding.code, finding.severity) == ("several-writers", Severity.WARNING)
    assert finding.reason.startswith(
        "2 write to it now: task api.1 on w2, task web.1 on w1. The driver does no locking"
    )
    assert finding.fix == "cloudstorctl inspect data"


def shared(place: str = "efs/reg", *, read_only: bool = False) -> Survey:
    """Two tasks of one service on a fixed name."""
    web = a_service("web", "data", replicas=2)
    mount = a_mount("data", read_only=read_only)
    readings = [
        a_reading(
            on,
            an_entry("data", on=on, place=place),
            containers=(a_task_container(web, mount, slot=slot, on=on),),
        )
        for slot, on in ((1, "w1"), (2, "w2"))
    ]
    return a_survey(*readings, services=(web,), tasks=(a_task(web), a_task(web, slot=2, on="w2")))


def test_tasks_of_one_service_on_a_fixed_name_are_told_once() -> None:
    assert set(findings_on(shared())) == {"shared-name"}


def test_on_ebs_they_are_an_error_all_the_same() -> None:
    found = findings_on(shared("ebs"))
    assert set(found) == {"shared-name", "several-writers"}
    assert found["several-writers"].severity is Severity.ERROR
    assert "one node can have at a time" in found["several-writers"].reason


def test_who_mounts_it_read_only_does_not_write() -> None:
    assert set(findings_on(shared(read_only=True))) == {"shared-name"}


def test_one_that_writes_and_one_that_reads_are_in_nobodys_way() -> None:
    containers = (
        a_container("data", name="a"),
        a_container(a_mount("data", read_only=True), name="b"),
    )
    assert findings_on(a_survey(a_reading("w1", "data", containers=containers))) == {}


def test_plain_containers_that_write_to_one_volume() -> None:
    containers = (a_container("data", name="a"), a_container("data", name="b"))
    (finding,) = findings_on(a_survey(a_reading("w1", "data", containers=containers))).values()
    assert finding.code == "several-writers"
    assert "container a on w1, container b on w1" in finding.reason


def test_a_name_in_two_places_is_told_beside_its_gap() -> None:
    survey = a_survey(
        a_reading("w1", "data"), a_reading("w2", an_entry("data", on="w2", place="efs/max"))
    )
    found = findings_on(survey)
    assert set(found) == {"name-in-several-places", "gap"}
    assert found["name-in-several-places"].about == "volume data"
    assert found["gap"].about == "volume data"
    assert found["gap"].reason.endswith("is not certain. It leaves data in doubt.")


def test_a_name_under_several_drivers_and_options_that_differ() -> None:
    asked = an_entry("data", on="w2", driver="cloudstor:old", options=(("size", "1"),))
    found = findings_on(a_survey(a_reading("w1", "data"), a_reading("w2", asked)))
    assert set(found) == {"several-drivers", "different-options", "unused-volume"}
    assert found["several-drivers"].severity is Severity.WARNING
    assert found["different-options"].severity is Severity.NOTE


def test_local_twins_are_told_together_and_not_all_of_many() -> None:
    extra = [an_entry("data", driver=f"local{number}") for number in range(6)]
    found = findings_on(a_survey(a_reading("w1", "data", *extra)))
    assert set(found) == {"local-twin", "gap"}
    assert "the driver local0," in found["local-twin"].reason
    assert "the driver local5," not in found["local-twin"].reason
    assert found["local-twin"].reason.endswith("And 1 more nodes.")
    few = a_survey(a_reading("w1", "data"), a_reading("w2", an_entry("data", driver="local")))
    assert findings_on(few)["local-twin"].reason.endswith("may get that one.")


def test_plugins_on_other_file_systems_are_told_of_the_node_and_not_of_each_volume() -> None:
    other = replace(a_plugin("w2"), settings=(("EFS_ID_REGULAR", "fs-other"),))
    survey = a_survey(a_reading("w1", "data"), a_reading("w2", "data", plugins=(other,)))
    assert set(findings_on(survey)) == {"plugin-other-settings", "unused-volume"}


def test_a_performance_mode_that_comes_too_late() -> None:
    mount = a_mount("data")._replace(options=(("perfmode", "maxio"),))
    survey = a_survey(a_reading("w1", "data"), services=(a_service("web", mount),))
    (finding,) = findings_on(survey).values()
    assert finding.code == "performance-mode-ignored"
    assert "ignores the option for a volume that exists" in finding.reason


def test_unused_volumes_are_one_note_with_the_command_that_plans_their_removal() -> None:
    names = [f"v{number}" for number in range(7)]
    (finding,) = findings_on(a_survey(a_reading("w1", *names))).values()
    assert (finding.code, finding.severity) == ("unused-volume", Severity.NOTE)
    assert finding.about == "7 volumes"
    assert finding.reason.startswith("Nothing uses v0, v1, v2, v3, v4 and 2 more: no container")
    assert finding.fix == "cloudstorctl safe-prune --dry-run"
    (finding,) = findings_on(a_survey(a_reading("w1", "data"))).values()
    assert finding.about == "1 volume"


@pytest.mark.parametrize(
    ("gap", "about", "doubt"),
    [
        (
            Gap(source="unix:///w1 /volumes", cause="no answer", node=node_id("w1")),
            "unix:///w1 /volumes",
            "While this is not seen, no volume without a claim can be proved unused.",
        ),
        (
            Gap(source="tcp://w10 /volumes", cause="no answer", node=node_id("w1")),
            "w1, tcp://w10 /volumes",
            "While this is not seen, no volume without a claim can be proved unused.",
        ),
        (
            Gap(source="service x", cause="no answer", volumes=frozenset([VolumeName("v")])),
            "service x",
            "It leaves v in doubt.",
        ),
        (
            Gap(source="service x", cause="no answer", volumes=frozenset()),
            "service x",
            "It leaves no volume of now in doubt.",
        ),
    ],
    ids=["node in source", "another node in source", "some volumes", "no volumes"],
)
def test_each_gap_is_a_finding(gap: Gap, about: str, doubt: str) -> None:
    (finding,) = findings_on(a_survey(a_reading("w1"), gaps=(gap,))).values()
    assert (finding.code, finding.severity) == ("gap", Severity.WARNING)
    assert (finding.about, finding.reason) == (about, f"No answer. {doubt}")


def test_the_worst_comes_first_and_then_the_order_of_what_it_is_about() -> None:
    services = (
        a_service("b", a_mount("x", driver="cloudstor:none")),
        a_service("c", "{{.Task.ID}}", mode=ServiceMode.GLOBAL),
        a_service("a", "{{.Task.ID}}"),
        a_service("d", "{{.Task.ID}}", Mount(kind=MountKind.VOLUME, source="l", target="/l")),
    )
    found = diagnose(assess(a_survey(a_reading("w1", "old"), services=services)))
    assert [(each.severity.value, each.about, each.code) for each in found] == [
        ("error", "service b", "driver-nowhere"),
        ("warning", "service a", "task-in-name"),
        ("warning", "service c", "task-in-name"),
        ("warning", "service d", "local-data"),
        ("warning", "service d", "task-in-name"),
        ("note", "1 volume", "unused-volume"),
    ]


@pytest.mark.parametrize(
    ("severity", "reached"),
    [
        (Severity.ERROR, {Severity.ERROR, Severity.WARNING, Severity.NOTE}),
        (Severity.WARNING, {Severity.WARNING, Severity.NOTE}),
        (Severity.NOTE, {Severity.NOTE}),
    ],
)
def test_a_severity_reaches_itself_and_what_is_less_bad(
    severity: Severity, reached: set[Severity]
) -> None:
    assert {other for other in Severity if severity.reaches(other)} == reached


def test_a_sound_swarm_has_no_findings() -> None:
    web = a_service("web", SLOTTED)
    survey = a_survey(running(web, "web-1"), a_reading("w2"), services=(web,), tasks=(a_task(web),))
    assert diagnose(assess(survey)) == ()


def test_a_mode_that_an_engine_asked_for_too_late_is_found() -> None:
    entry = an_entry("data", options=(("perfmode", "maxio"),))
    found = findings_on(a_survey(a_reading("w1", entry)))
    assert found["performance-mode-ignored"].about == "volume data"
    assert "was asked for on w1" in found["performance-mode-ignored"].reason


def test_a_stale_entry_of_a_name_in_two_places_names_its_node_once() -> None:
    web = a_service("web", SLOTTED)
    twice = (an_entry("web-1"), an_entry("web-1", place="efs/max"))
    survey = a_survey(running(web, "web-1", on="w2"), a_reading("w1", *twice), services=(web,))
    assert "It is listed on w1 from" in findings_on(survey)["stale-entry"].reason
