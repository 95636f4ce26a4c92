"""Every kind of claim, for every mode of service and every state (design.md section 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.claim_index import PROTECT_LABEL
from cloudstorctl.core.claims import HAS_CONTAINER, MAY_MOUNT
from cloudstorctl.core.judgement import Claim, ClaimKind, HolderType
from cloudstorctl.core.model import ContainerState, Mount, MountKind, ServiceMode, Survey, TaskState
from cloudstorctl.core.verdict import assess
from tests.core.builders import (
    a_bind,
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
    plugin_id,
)

PER_SLOT = "{{.Service.Name}}-{{.Task.Slot}}-vol"
ROOT = f"/var/lib/docker/plugins/{plugin_id('w1')}/propagated-mount"


def claims_on(name: str, survey: Survey, protect: tuple[str, ...] = ()) -> tuple[Claim, ...]:
    for verdict in assess(survey, protect=protect).verdicts:
        if verdict.volume.name == name:
            return verdict.claims
    raise AssertionError(f"no volume {name}")


def kinds_on(name: str, survey: Survey, protect: tuple[str, ...] = ()) -> list[ClaimKind]:
    return [claim.kind for claim in claims_on(name, survey, protect)]


# Containers


@pytest.mark.parametrize("state", ContainerState)
def test_a_container_in_any_state_claims_its_volume(state: ContainerState) -> None:
    survey = a_survey(a_reading("w1", "data", containers=(a_container("data", state=state),)))
    assert kinds_on("data", survey) == [HAS_CONTAINER[state]]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (ContainerState.RUNNING, ClaimKind.MOUNTED),
        (ContainerState.PAUSED, ClaimKind.MOUNTED),
        (ContainerState.RESTARTING, ClaimKind.MOUNTED),
        (ContainerState.REMOVING, ClaimKind.MOUNTED),
        (ContainerState.CREATED, ClaimKind.HELD),
        (ContainerState.EXITED, ClaimKind.HELD),
        (ContainerState.DEAD, ClaimKind.HELD),
        (ContainerState.UNKNOWN, ClaimKind.MOUNTED),
    ],
)
def test_a_live_container_mounts_and_an_ended_one_holds(
    state: ContainerState, kind: ClaimKind
) -> None:
    assert HAS_CONTAINER[state] is kind


def test_a_container_on_another_node_claims_the_volume_listed_here() -> None:
    survey = a_survey(
        a_reading("w1", "data"), a_reading("w2", containers=(a_container("data", on="w2"),))
    )
    (claim,) = claims_on("data", survey)
    assert (claim.kind, claim.node) == (ClaimKind.MOUNTED, node_id("w2"))


def test_every_container_of_every_engine_claims() -> None:
    survey = a_survey(
        a_reading("w1", "a", "b", containers=(a_container("a"), a_container("b"))),
        a_reading("w2", "c", containers=(a_container("x", on="w2"), a_container("c", on="w2"))),
    )
    assert [kinds_on(name, survey) for name in "abc"] == [[ClaimKind.MOUNTED]] * 3


def test_a_tasks_container_is_held_by_the_task_under_its_short_name() -> None:
    web = a_service("web")
    survey = a_survey(a_reading("w1", "data", containers=(a_task_container(web, "data", slot=2),)))
    (claim,) = claims_on("data", survey)
    assert (claim.holder.type, claim.holder.name) == (HolderType.TASK, "web.2")


@pytest.mark.parametrize(
    ("driver", "claimed"),
    [
        ("cloudstor:aws", True),
        ("docker4x/cloudstor:aws-v17.03.0-ce", True),
        ("Cloudstor:azure", True),
        ("", True),
        ("local", False),
        ("rexray/efs:latest", False),
        ("rexray/efs", False),
        ("netshare", False),
        # no node has these: they may be aliases whose plugin is not installed just now
        ("sharedlogs:latest", True),
        ("rexray/efs:old", True),
    ],
)
def test_a_mount_claims_through_any_driver_but_those_known_to_be_others(
    driver: str,
    claimed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    other = a_plugin(name="rexray/efs:latest")
    reading = a_reading(
        "w1",
        "data",
        containers=(a_container(a_mount("data", driver=driver)),),
        plugins=(a_plugin(), other),
    )
    node = replace(a_node("w1"), volume_drivers=("cloudstor:aws", "local", "netshare"))
    assert bool(claims_on("data", a_survey(reading, nodes=(node,)))) is claimed


def test_a_service_whose_driver_is_not_installed_just_now_keeps_its_volume() -> None:
    web = a_service("web", a_mount("data", driver="sharedlogs"), replicas=0)
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert [claim.kind for claim in claims_on("data", survey)] == [ClaimKind.DECLARED]
    assert not claims_on(
        "data", replace(survey, services=(a_service("web", a_mount("data", driver="local")),))
    )


def test_an_alias_without_cloudstor_in_its_name_is_known_by_its_origin() -> None:
    alias = a_plugin("w1", name="sharedlogs:latest", reference="docker4x/cloudstor:18.03")
    survey = a_survey(
        a_reading(
            "w1",
            an_entry("data", driver="sharedlogs:latest"),
            containers=(a_container(a_mount("data", driver="sharedlogs")),),
            plugins=(alias,),
        )
    )
    assert kinds_on("data", survey) == [ClaimKind.MOUNTED]


def test_a_tmpfs_mount_claims_nothing() -> None:
    tmpfs = a_mount("data", kind=MountKind.OTHER)
    web = a_service("web", tmpfs)
    survey = a_survey(a_reading("w1", "data", containers=(a_container(tmpfs),)), services=(web,))
    assert claims_on("data", survey) == ()


@pytest.mark.parametrize(
    "elsewhere", [a_bind("/srv"), a_mount("logs", driver="local"), a_mount("", driver="")]
)
def test_a_mount_of_something_else_hides_none_of_those_after_it(elsewhere: Mount) -> None:
    app = a_container(elsewhere, "data")
    seen = a_survey(a_reading("w1", "data", containers=(app,)))
    assert kinds_on("data", seen) == [ClaimKind.MOUNTED]
    task = a_task(a_service("web"), elsewhere, "data", state=TaskState.PREPARING)
    assert kinds_on("data", a_survey(a_reading("w1", "data"), tasks=(task,))) == [
        ClaimKind.SCHEDULED
    ]
    web = a_service("web", elsewhere, "data", previous=(elsewhere, "old"))
    survey = a_survey(a_reading("w1", "data", "old"), services=(web,))
    assert kinds_on("data", survey) == [ClaimKind.DECLARED]
    assert kinds_on("old", survey) == [ClaimKind.ROLLBACK]


# Nested names and bind mounts


@pytest.mark.parametrize(
    ("mounted", "listed"), [("a/b", "a"), ("a", "a/b"), ("./a", "a"), ("a//b/c", "a/b")]
)
def test_a_claim_on_a_directory_is_one_on_what_holds_it_and_on_what_it_holds(
    mounted: str, listed: str
) -> None:
    survey = a_survey(a_reading("w1", listed, "other", containers=(a_container(mounted),)))
    assert kinds_on(listed, survey) == [ClaimKind.MOUNTED]
    assert kinds_on("other", survey) == []


def test_a_volume_whose_name_merely_starts_the_same_is_not_nested() -> None:
    survey = a_survey(a_reading("w1", "a", "ab", containers=(a_container("ab/c"),)))
    assert kinds_on("a", survey) == []


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        (f"{ROOT}/efs/reg/data", {"data"}),
        (f"{ROOT}/efs/reg/data/deep/er", {"data"}),
        (f"{ROOT}/efs/max/data", {"data"}),
        (f"{ROOT}/efs/reg", {"data", "other"}),
        (f"{ROOT}/efs/reg/", {"data", "other"}),
        (f"{ROOT}/efs", {"data", "other"}),
        (ROOT, {"data", "other"}),
        ("/var/lib/docker/plugins", set()),
        ("/", set()),
        ("/srv/data", set()),
        (f"{ROOT}/efs/reg/../reg/data", {"data"}),
    ],
)
def test_a_bind_mount_into_the_file_system_claims_what_it_reaches(
    path: str, claimed: set[str]
) -> None:
    survey = a_survey(a_reading("w1", "data", "other", containers=(a_container(a_bind(path)),)))
    assert {n for n in ("data", "other") if claims_on(n, survey)} == claimed


@pytest.mark.parametrize("flag", ["bind", "ro,rbind"])
def test_a_local_volume_that_binds_into_the_file_system_claims_what_it_reaches(flag: str) -> None:
    options = (("type", "none"), ("o", flag), ("device", f"{ROOT}/efs/reg/data"))
    other = (("type", "nfs"), ("o", "addr=10.0.0.1"), ("device", ":/data"))
    mine = an_entry("mine", driver="local", options=options)
    container = a_container(a_mount("mine", driver="local"), a_mount("nfs", driver="local"))
    survey = a_survey(
        a_reading(
            "w1",
            *("data", "other", mine, an_entry("nfs", driver="local", options=other)),
            containers=(container,),
        ),
        a_reading("w2", containers=(a_container(a_mount("mine", driver="local")),)),
    )
    (claim,) = claims_on("data", survey)
    assert (claim.kind, claim.node) == (ClaimKind.MOUNTED, node_id("w1"))
    assert claims_on("other", survey) == ()


def test_a_service_s_local_volume_that_binds_into_the_file_system_declares_the_volume() -> None:
    options = (("o", "bind"), ("device", f"{ROOT}/efs/reg/data"))
    web = a_service("web", a_mount("mine", driver="local")._replace(options=options))
    survey = a_survey(a_reading("w1", "data", "other"), services=(web,))
    assert kinds_on("data", survey) == [ClaimKind.DECLARED]
    assert kinds_on("other", survey) == []


@pytest.mark.parametrize("below", ["/efs/reg/data", "/efs/reg", "/efs", ""])
def test_a_bind_of_another_nodes_path_reaches_nothing_here(below: str) -> None:
    elsewhere = f"/var/lib/docker/plugins/{plugin_id('w2')}/propagated-mount{below}"
    survey = a_survey(
        a_reading("w1", "data", containers=(a_container(a_bind(elsewhere)),)),
        a_reading("w2", "data"),
    )
    assert claims_on("data", survey) == ()


def test_a_mountpoint_that_does_not_end_in_the_name_tells_of_no_place() -> None:
    entry = an_entry("data")._replace(mountpoint="/mnt/elsewhere")
    bound = a_container(a_bind("/mnt"), a_bind("/mnt/elsewhere"), a_bind("/mnt/data"))
    assert claims_on("data", a_survey(a_reading("w1", entry, containers=(bound,)))) == ()


@pytest.mark.parametrize("below", ["web-1", "web-{{.Task.Slot}}", "{{.Service.Name}}-1/logs"])
def test_a_services_bind_into_the_file_system_declares_the_volume(below: str) -> None:
    web = a_service("web", a_bind(f"{ROOT}/efs/reg/{below}"))
    survey = a_survey(a_reading("w1", "web-1", "other"), services=(web,))
    assert kinds_on("web-1", survey) == [ClaimKind.DECLARED]
    assert kinds_on("other", survey) == []


def test_a_services_bind_of_the_root_declares_every_volume() -> None:
    web = a_service("web", a_bind(f"{ROOT}/efs/reg"))
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert kinds_on("data", survey) == [ClaimKind.DECLARED]


def test_a_services_bind_elsewhere_declares_nothing() -> None:
    web = a_service("web", a_bind("/srv/data"))
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert claims_on("data", survey) == ()


# Tasks


LIVE = {
    TaskState.NEW,
    TaskState.ALLOCATED,
    TaskState.PENDING,
    TaskState.ASSIGNED,
    TaskState.ACCEPTED,
    TaskState.PREPARING,
    TaskState.READY,
    TaskState.STARTING,
    TaskState.RUNNING,
    TaskState.REMOVE,
    TaskState.ORPHANED,
    TaskState.UNKNOWN,
}


@pytest.mark.parametrize("state", TaskState)
@pytest.mark.parametrize("desired", ["running", "shutdown", "remove", "ready", "complete"])
def test_a_task_claims_by_its_observed_state_whatever_is_desired(
    state: TaskState, desired: str
) -> None:
    gone = a_service("web")
    task = a_task(gone, "data", state=state, desired=desired)
    survey = a_survey(a_reading("w1", "data"), tasks=(task,))
    assert kinds_on("data", survey) == ([ClaimKind.SCHEDULED] if state in LIVE else [])


def test_the_table_of_task_states_is_complete() -> None:
    assert set(MAY_MOUNT) == set(TaskState)
    assert {state for state, may in MAY_MOUNT.items() if may} == LIVE


def test_a_tasks_template_is_expanded_for_its_own_slot() -> None:
    web = a_service("web", PER_SLOT, replicas=0)
    task = a_task(web, slot=7, on="w1", state=TaskState.PREPARING)
    survey = a_survey(a_reading("w1", "web-7-vol", "web-8-vol"), services=(web,), tasks=(task,))
    assert kinds_on("web-7-vol", survey) == [ClaimKind.SCHEDULED, ClaimKind.DORMANT]
    assert kinds_on("web-8-vol", survey) == [ClaimKind.DORMANT]


def test_a_tasks_template_is_expanded_with_the_names_of_its_service_and_node() -> None:
    services = (a_service("api"), a_service("web"))
    tasks = tuple(
        a_task(each, "{{.Service.Name}}-{{.Node.Hostname}}", state=TaskState.PREPARING)
        for each in services
    )
    survey = a_survey(
        a_reading("w1", "api-w1", "web-w1", "web-w2", "db-w1"), services=services, tasks=tasks
    )
    for name in ("api-w1", "web-w1"):
        assert [c.holder.name for c in claims_on(name, survey)] == [f"{name[:3]}.1"]
    for name in ("web-w2", "db-w1"):
        assert claims_on(name, survey) == ()


def test_a_tasks_template_is_expanded_with_its_service_as_it_was_read_last() -> None:
    before = a_service("web", labels=(("x", "ab"),))
    after = replace(before, labels=(("x", "a/b"),))
    task = a_task(before, 'vol-{{index .Service.Labels "x"}}-x', state=TaskState.PREPARING)
    survey = a_survey(a_reading("w1", "vol-a"), services=(before, after), tasks=(task,))
    assert kinds_on("vol-a", survey) == [ClaimKind.SCHEDULED]


def test_a_task_may_be_older_than_the_labels_that_its_service_has_now() -> None:
    source = 'vol-{{index .Service.Labels "x"}}-x'
    web = replace(a_service("web"), labels=(("x", "ab"),), previous_labels=(("x", "a/b"),))
    task = a_task(web, source, state=TaskState.PREPARING)
    for services in ((web,), ()):
        survey = a_survey(a_reading("w1", "vol-a"), services=services, tasks=(task,))
        assert kinds_on("vol-a", survey) == [ClaimKind.SCHEDULED], services
    plain = replace(web, previous_labels=())
    survey = a_survey(a_reading("w1", "vol-a"), services=(plain,), tasks=(task,))
    assert kinds_on("vol-a", survey) == []


def test_a_task_of_a_global_service_is_expanded_for_its_node() -> None:
    agent = a_service("agent", "log-{{.Node.Hostname}}-{{.Task.Slot}}", mode=ServiceMode.GLOBAL)
    task = a_task(agent, slot=0, on="w1", state=TaskState.READY)
    name = f"log-w1-{node_id('w1')}"
    survey = a_survey(a_reading("w1", name), services=(agent,), tasks=(task,))
    assert kinds_on(name, survey) == [ClaimKind.SCHEDULED, ClaimKind.DECLARED]
    assert claims_on(name, survey)[0].holder.name == f"agent.{node_id('w1')}"


def test_a_pending_task_may_come_to_any_node() -> None:
    web = a_service("web", "d-{{.Node.Hostname}}")
    task = a_task(web, on=None, state=TaskState.PENDING)
    survey = a_survey(a_reading("w1", "d-w1", "d-w9"), services=(web,), tasks=(task,))
    assert kinds_on("d-w9", survey) == [ClaimKind.SCHEDULED, ClaimKind.DORMANT]
    assert claims_on("d-w9", survey)[0].holder.name == "web.1"


def test_a_task_whose_service_is_gone_claims_every_name_its_template_can_yield() -> None:
    gone = a_service("gone", PER_SLOT)
    survey = a_survey(a_reading("w1", "gone-2-vol", "gone-3-vol"), tasks=(a_task(gone, slot=2),))
    assert kinds_on("gone-2-vol", survey) == [ClaimKind.SCHEDULED]
    assert kinds_on("gone-3-vol", survey) == []


def test_a_starting_task_with_an_unnamed_mount_claims_names_that_the_engine_makes_up() -> None:
    web = a_service("web", "")
    made_up = "0123456789abcdef" * 4
    starting = a_task(web, state=TaskState.PREPARING)
    survey = a_survey(a_reading("w1", made_up, "data"), services=(web,), tasks=(starting,))
    assert kinds_on(made_up, survey) == [ClaimKind.SCHEDULED]
    assert kinds_on("data", survey) == []


def test_a_running_task_with_an_unnamed_mount_is_seen_by_its_container_alone() -> None:
    web = a_service("web", "")
    survey = a_survey(
        a_reading("w1", "0123456789abcdef" * 4), services=(web,), tasks=(a_task(web),)
    )
    assert kinds_on("0123456789abcdef" * 4, survey) == []


def test_an_unnamed_mount_without_a_driver_is_local_and_claims_nothing() -> None:
    web = a_service("web", a_mount("", driver=""))
    task = a_task(web, state=TaskState.PREPARING)
    survey = a_survey(a_reading("w1", "0123456789abcdef" * 4), services=(web,), tasks=(task,))
    assert kinds_on("0123456789abcdef" * 4, survey) == []


# Services


@pytest.mark.parametrize(
    ("mode", "replicas"),
    [
        (ServiceMode.REPLICATED, 3),
        (ServiceMode.REPLICATED, 0),
        (ServiceMode.GLOBAL, 0),
        (ServiceMode.REPLICATED_JOB, 1),
        (ServiceMode.GLOBAL_JOB, 0),
    ],
)
def test_a_fixed_name_is_declared_in_every_mode_also_at_no_replicas(
    mode: ServiceMode, replicas: int
) -> None:
    web = a_service("web", "data", mode=mode, replicas=replicas)
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert kinds_on("data", survey) == [ClaimKind.DECLARED]


@pytest.mark.parametrize(
    ("mode", "replicas", "slot", "kind"),
    [
        (ServiceMode.REPLICATED, 3, "1", ClaimKind.DECLARED),
        (ServiceMode.REPLICATED, 3, "3", ClaimKind.DECLARED),
        (ServiceMode.REPLICATED, 3, "4", ClaimKind.DORMANT),
        (ServiceMode.REPLICATED, 0, "1", ClaimKind.DORMANT),
        (ServiceMode.REPLICATED, 3, "0", None),
        (ServiceMode.REPLICATED_JOB, 3, "1", ClaimKind.DECLARED),
        (ServiceMode.REPLICATED_JOB, 3, "2", ClaimKind.DECLARED),
        (ServiceMode.REPLICATED_JOB, 3, "3", ClaimKind.DORMANT),
        (ServiceMode.REPLICATED_JOB, 3, node_id("w1"), ClaimKind.DECLARED),
        (ServiceMode.GLOBAL, 0, node_id("w1"), ClaimKind.DECLARED),
        (ServiceMode.GLOBAL, 0, node_id("w4"), ClaimKind.DORMANT),
        (ServiceMode.GLOBAL, 0, "1", None),
        (ServiceMode.GLOBAL_JOB, 0, node_id("w1"), ClaimKind.DECLARED),
        (ServiceMode.GLOBAL_JOB, 0, node_id("w4"), ClaimKind.DORMANT),
    ],
)
def test_a_slot_is_declared_up_to_the_replicas_and_dormant_beyond(
    mode: ServiceMode, replicas: int, slot: str, kind: ClaimKind | None
) -> None:
    web = a_service("web", PER_SLOT, mode=mode, replicas=replicas)
    survey = a_survey(a_reading("w1", f"web-{slot}-vol"), services=(web,))
    assert kinds_on(f"web-{slot}-vol", survey) == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("template", "name", "kind"),
    [
        ("x-{{.Node.Hostname}}", "x-w1", ClaimKind.DECLARED),
        ("x-{{.Node.Hostname}}", "x-w4", ClaimKind.DORMANT),
        ("x-{{.Node.ID}}", f"x-{node_id('w1')}", ClaimKind.DECLARED),
        ("x-{{.Node.ID}}", f"x-{node_id('w4')}", ClaimKind.DORMANT),
        ("x-{{.Task.ID}}", f"x-{node_id('task')}", ClaimKind.DORMANT),
        ('x-{{index .Service.Labels "tier"}}', "x-anything", ClaimKind.DORMANT),
        ("x-{{html .Service.Name}}", "x-anything", ClaimKind.DORMANT),
        ("x-{{.Service.ID}}", "x-svcweb0000000000000000000", ClaimKind.DECLARED),
    ],
)
def test_what_a_template_yields_now_is_declared_and_what_it_could_yield_is_dormant(
    template: str, name: str, kind: ClaimKind
) -> None:
    survey = a_survey(a_reading("w1", name), services=(a_service("web", template),))
    assert kinds_on(name, survey) == [kind]


def test_a_name_belongs_to_the_service_that_yields_it_and_to_no_other() -> None:
    survey = a_survey(
        a_reading("w1", "web-7-vol"),
        services=(a_service("web", PER_SLOT, replicas=9), a_service("web-7", PER_SLOT)),
    )
    assert [claim.holder.name for claim in claims_on("web-7-vol", survey)] == ["web"]


def test_a_previous_spec_claims_what_a_rollback_would_mount() -> None:
    web = a_service("web", "new", previous=("old", PER_SLOT), replicas=1, previous_replicas=3)
    survey = a_survey(a_reading("w1", "old", "web-3-vol", "web-4-vol"), services=(web,))
    assert kinds_on("old", survey) == [ClaimKind.ROLLBACK]
    assert kinds_on("web-3-vol", survey) == [ClaimKind.ROLLBACK]
    assert kinds_on("web-4-vol", survey) == [ClaimKind.DORMANT]


def test_replicas_of_the_previous_spec_say_nothing_of_the_present_one() -> None:
    web = a_service("web", PER_SLOT, replicas=3, previous_replicas=1)
    survey = a_survey(a_reading("w1", "web-3-vol"), services=(web,))
    assert kinds_on("web-3-vol", survey) == [ClaimKind.DECLARED]


def test_labels_of_the_previous_spec_tell_what_directories_a_rollback_would_mount() -> None:
    plain, slashed = (("x", "ab"),), (("x", "a/b"),)
    source = 'vol-{{index .Service.Labels "x"}}-x'
    survey = a_survey(
        a_reading("w1", "vol-a"),
        services=(
            replace(a_service("web", previous=(source,)), labels=plain, previous_labels=slashed),
            replace(a_service("api", previous=(source,)), labels=slashed, previous_labels=plain),
        ),
    )
    assert [claim.holder.name for claim in claims_on("vol-a", survey)] == ["web"]


def test_of_one_services_claims_only_the_strongest_is_told() -> None:
    web = a_service("web", "data", previous=("data",))
    survey = a_survey(a_reading("w1", "data"), services=(web,))
    assert kinds_on("data", survey) == [ClaimKind.DECLARED]


def test_two_services_both_claim() -> None:
    survey = a_survey(
        a_reading("w1", "data"), services=(a_service("a", "data"), a_service("b", "data"))
    )
    assert [claim.holder.name for claim in claims_on("data", survey)] == ["a", "b"]


def test_a_service_seen_twice_claims_by_both_of_its_specs() -> None:
    before, after = a_service("web", "old"), a_service("web", "new")
    survey = a_survey(a_reading("w1", "old", "new"), services=(before, after))
    assert kinds_on("old", survey) == [ClaimKind.DECLARED]
    assert kinds_on("new", survey) == [ClaimKind.DECLARED]


def test_an_unnamed_mount_of_a_service_declares_nothing() -> None:
    survey = a_survey(a_reading("w1", "0123456789abcdef" * 4), services=(a_service("web", ""),))
    assert kinds_on("0123456789abcdef" * 4, survey) == []


def test_a_mount_can_say_whether_it_writes() -> None:
    reader: Mount = a_mount("data", read_only=True)
    survey = a_survey(
        a_reading("w1", "data", containers=(a_container(reader),)),
        services=(a_service("web", reader),),
    )
    assert [claim.writes for claim in claims_on("data", survey)] == [False, False]


# Protection


def test_configuration_protects_by_pattern() -> None:
    survey = a_survey(a_reading("w1", "prod-db", "dev-db"))
    assert kinds_on("prod-db", survey, ("prod-*",)) == [ClaimKind.PROTECTED]
    assert kinds_on("dev-db", survey, ("prod-*",)) == []


@pytest.mark.parametrize("name", ["lost+found", "aws-backup-restore_2026-01-01T00-00-00"])
def test_directories_that_no_driver_made_are_protected_by_default(name: str) -> None:
    assert kinds_on(name, a_survey(a_reading("w1", name))) == [ClaimKind.PROTECTED]


@pytest.mark.parametrize(("value", "kept"), [("true", True), ("", True), ("false", False)])
def test_a_label_on_any_entry_protects(value: str, kept: bool) -> None:  # noqa: FBT001
    survey = a_survey(
        a_reading("w1", "data"),
        a_reading("w2", an_entry("data", on="w2", labels=((PROTECT_LABEL, value),))),
    )
    assert kinds_on("data", survey) == ([ClaimKind.PROTECTED] if kept else [])


def test_a_label_of_another_drivers_volume_protects_nothing_of_the_same_name() -> None:
    labels = ((PROTECT_LABEL, "true"),)
    twin = an_entry("data", on="w2", driver="local", labels=labels)
    survey = a_survey(a_reading("w1", "data"), a_reading("w2", twin))
    assert kinds_on("data", survey) == []


def test_nodes_of_both_readings_count_as_in_the_swarm() -> None:
    agent = a_service("agent", "x-{{.Node.Hostname}}", mode=ServiceMode.GLOBAL)
    survey = a_survey(
        a_reading("w1", "x-w4"), services=(agent,), nodes=(a_node("w1"), a_node("w4"))
    )
    assert kinds_on("x-w4", survey) == [ClaimKind.DECLARED]


def test_protection_of_a_nested_volume_keeps_the_one_around_it() -> None:
    """A removal of `nest` would take `nest/a` with it."""
    labels = ((PROTECT_LABEL, "true"),)
    survey = a_survey(a_reading("w1", "nest", "next", an_entry("nest/a", labels=labels)))
    assert kinds_on("nest", survey) == [ClaimKind.PROTECTED]
    assert kinds_on("next", survey) == []


@pytest.mark.parametrize("pattern", ["nest/a", "nest/*", "n*", "nest"])
def test_a_pattern_protects_what_lies_around_and_in_what_it_names(pattern: str) -> None:
    survey = a_survey(a_reading("w1", "nest", "nest/a", "other/a", "other"))
    assert kinds_on("nest", survey, (pattern,)) == [ClaimKind.PROTECTED]
    assert kinds_on("nest/a", survey, (pattern,)) == [ClaimKind.PROTECTED]
    assert kinds_on("other", survey, (pattern,)) == []
    assert kinds_on("other/a", survey, (pattern,)) == []
