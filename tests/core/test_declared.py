"""What stack files would mount is kept, under every name that it could have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.declared import (
    ANY_LABELS,
    DeclaredService,
    DeclaredStack,
    DeclaredVolume,
    declared_by,
)
from cloudstorctl.core.judgement import ClaimKind, HolderType, Ruling
from cloudstorctl.core.model import Mount, MountKind, VolumeName
from cloudstorctl.core.plan import changes_since, plan_removals
from cloudstorctl.core.plan_document import plan_document, plan_from
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.core.verdict import Assessment, assess
from tests.core.builders import (
    DRIVER,
    a_bind,
    a_mount,
    a_reading,
    a_survey,
    an_id,
    plugin_id,
)

FILE = "deploy/shop.yml"
OLD = frozenset({VolumeName("old")})


def a_key(key: str) -> Mount:
    return a_mount(key, driver="")


def a_stack(
    *volumes: DeclaredVolume | str,
    web: tuple[str | Mount, ...] = (),
    labels: tuple[tuple[str, str], ...] = (),
    stack: str = "shop",
    file: str = FILE,
) -> DeclaredStack:
    mounts = tuple(each if isinstance(each, Mount) else a_key(each) for each in web)
    service = DeclaredService(name="web", mounts=mounts, labels=labels)
    return DeclaredStack(
        file=file,
        stack=stack,
        services=(service,) if web else (),
        volumes=tuple(
            DeclaredVolume(key=v, driver=DRIVER) if isinstance(v, str) else v for v in volumes
        ),
    )


def judged(*names: str, declared: tuple[DeclaredStack, ...]) -> Assessment:
    return assess(a_survey(a_reading("w1", *names)), declared=declared)


def kept(*stacks: DeclaredStack, among: tuple[str, ...]) -> set[str]:
    verdicts = judged(*among, declared=stacks).verdicts
    return {str(v.volume.name) for v in verdicts if v.ruling is Ruling.RESERVED}


def named(name: str, driver: str = DRIVER, *, external: bool = False) -> DeclaredVolume:
    return DeclaredVolume(key="data", name=name, driver=driver, external=external)


def test_what_a_service_of_a_file_mounts_is_protected_and_the_reason_names_both() -> None:
    (verdict,) = judged("shop_data", declared=(a_stack("data", web=("data",)),)).verdicts
    (claim,) = verdict.claims
    assert (claim.kind, claim.holder.type) == (ClaimKind.PROTECTED, HolderType.CONFIGURATION)
    assert claim.holder.name == FILE
    assert verdict.reasons == (
        "It is protected (declared by service web in deploy/shop.yml, as stack shop).",
    )


def test_what_no_service_mounts_is_protected_too() -> None:
    (verdict,) = judged("shop_data", declared=(a_stack("data"),)).verdicts
    assert verdict.reasons == ("It is protected (declared in deploy/shop.yml, as stack shop).",)


@pytest.mark.parametrize("mounted", [True, False], ids=["mounted", "not mounted"])
@pytest.mark.parametrize(
    ("volume", "name"),
    [
        (DeclaredVolume(key="data", driver=DRIVER), "shop_data"),
        (DeclaredVolume(key="data"), "shop_data"),
        (named("own"), "own"),
        (DeclaredVolume(key="data", external=True), "data"),
        (named("there", "", external=True), "there"),
        (named("a/b"), "a"),
        (named("a"), "a/b"),
        (named(f"x-{ANY_TEXT}"), "x-1"),
        (named(f"{ANY_TEXT}-x"), "1-x"),
        (named("vol", ANY_TEXT), "vol"),
        (named("vol", "not-installed"), "vol"),
    ],
)
def test_a_volume_is_kept_under_the_name_that_docker_would_give_it(
    volume: DeclaredVolume, name: str, *, mounted: bool
) -> None:
    others = ("other", "shop_other", "blog_data", "xdata", "shop_data2", "x", "1-xx")
    stack = a_stack(volume, web=("data",) if mounted else ())
    assert kept(stack, among=(*others, name)) == {name}


def test_a_volume_of_another_driver_keeps_none_of_cloudstors() -> None:
    local = DeclaredVolume(key="data", driver="local")
    assert kept(a_stack(local, web=("data",)), among=("shop_data", "data")) == set()


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{.Service.Name}}-{{.Task.Slot}}-vol", {"shop_web-1-vol", "shop_web-17-vol"}),
        ("{{.Task.Slot}}-vol", {"7-vol", f"{an_id('n')}-vol"}),
        ("on-{{.Node.Hostname}}", {"on-w1", "on-gone"}),
        ("{{.Task.Name}}", {f"shop_web.3.{an_id('t')}"}),
        ('{{index .Service.Labels "tier"}}-tier', {"gold-tier"}),
        (f"{{{{.Service.Name}}}}-{ANY_TEXT}", {"shop_web-", "shop_web-x"}),
    ],
)
def test_templates_are_filled_with_what_the_file_tells(template: str, names: set[str]) -> None:
    others = {"shop_webx-1-vol", "web-1-vol", "x-vol", "o", "shop_web.3.x", "tier", "blog_web-x"}
    stack = a_stack(named(template), web=("data",))
    assert kept(stack, among=(*names, *others)) == names


def test_a_label_with_a_slash_may_name_a_directory_around_the_volume() -> None:
    template = named('x{{index .Service.Labels "tier"}}-tier')
    assert kept(a_stack(template, web=("data",)), among=("xa",)) == set()
    stack = a_stack(template, web=("data",), labels=ANY_LABELS)
    assert kept(stack, among=("xa", "b")) == {"xa"}
    assert kept(a_stack(template), among=("xa", "b")) == {"xa"}


def test_a_template_in_no_mount_is_kept_for_any_service() -> None:
    stack = a_stack(named("{{.Service.Name}}-{{.Task.Slot}}-vol"))
    assert kept(stack, among=("shop_web-1-vol", "any-2-vol", "vol")) == {
        "shop_web-1-vol",
        "any-2-vol",
    }


def test_without_a_stack_every_stack_is_meant_and_the_bare_key() -> None:
    stack = a_stack("data", named("{{.Service.Name}}-1"), web=("data",), stack="")
    others = ("data2", "xdata", "_data", "web-1", "a_webx-1")
    assert kept(stack, among=("data", "a_data", "a_b_data", "a_web-1", *others)) == {
        "data",
        "a_data",
        "a_b_data",
        "a_web-1",
    }
    (verdict,) = judged("data", declared=(stack,)).verdicts
    assert verdict.reasons == (
        "It is protected (declared by service web in deploy/shop.yml, as any stack).",
    )


def test_a_name_of_the_service_in_a_name_stays_what_it_is_under_any_stack() -> None:
    stack = a_stack(named("{{.Service.Name}}_x"), web=("data",), stack="")
    assert kept(stack, among=("a_web_x", "a_x", "x")) == {"a_web_x"}


def test_a_part_of_the_stacks_name_may_be_any_text() -> None:
    stack = a_stack("data", web=("data",), stack=f"{ANY_TEXT}-shop")
    assert kept(stack, among=("ci-shop_data", "shop_data")) == {"ci-shop_data"}
    (verdict,) = judged("ci-shop_data", declared=(stack,)).verdicts
    assert "as stack *-shop" in verdict.reasons[0]


def test_files_of_one_stack_are_taken_together() -> None:
    base = a_stack(DeclaredVolume(key="data", name="own", driver="local"), web=("data",))
    over = a_stack(DeclaredVolume(key="data", driver="my-cloudstor"), file="over.yml")
    assert kept(base, over, among=("own", "shop_data", "x")) == {"own", "shop_data"}
    other = replace(over, stack="blog")
    assert kept(base, other, among=("own", "blog_data", "x")) == {"blog_data"}


def test_without_a_stack_only_files_of_one_project_are_taken_together() -> None:
    base = a_stack(DeclaredVolume(key="data", name="own", driver="local"), web=("data",), stack="")
    over = a_stack("data", stack="", file="over.yml")
    assert kept(base, over, among=("own", "a_data")) == {"a_data"}
    assert kept(base, replace(over, project=FILE), among=("own", "a_data")) == {"own", "a_data"}


def test_patterns_of_any_stack_are_found_wherever_the_stacks_name_ends() -> None:
    stack = a_stack("b_data", "d/e", stack="")
    among = ("a_b_data", "a_c_b_data", "_b_data", "a_b_data_x", "a_b_data/x", "a_b", "a_d", "a_d/e")
    assert kept(stack, among=among) == {"a_b_data", "a_c_b_data", "a_b_data/x", "a_d", "a_d/e"}


def test_a_volume_that_no_file_declares_is_kept_as_it_is_named_and_as_of_the_stack() -> None:
    stack = a_stack(web=("data",))
    assert kept(stack, among=("data", "shop_data", "blog_data")) == {"data", "shop_data"}


def test_a_mount_whose_key_is_not_known_may_be_of_every_volume_that_fits() -> None:
    template = DeclaredVolume(key="data-a", name="{{.Service.Name}}-a", driver=DRIVER)
    stack = a_stack(template, "logs", web=(f"data-{ANY_TEXT}",))
    among = ("shop_web-a", "x-a", "shop_logs", "data-b", "shop_data-c", "other")
    assert kept(stack, among=among) == {"shop_web-a", "shop_logs", "data-b", "shop_data-c"}


def test_a_mount_of_nobody_knows_what_keeps_every_volume() -> None:
    assert kept(a_stack(web=(ANY_TEXT,)), among=("a", "b")) == {"a", "b"}


def test_a_bind_of_a_path_in_the_plugins_mount_keeps_the_volume_there() -> None:
    root = f"/var/lib/docker/plugins/{plugin_id('w1')}/propagated-mount/efs/reg"
    stack = a_stack(web=(a_bind(f"{root}/data/sub"), a_bind("/etc"), a_bind("./here")))
    assert kept(stack, among=("data", "other")) == {"data"}


def test_mounts_without_a_volume_keep_nothing() -> None:
    tmpfs = Mount(MountKind.OTHER, "data")
    assert kept(a_stack(web=(tmpfs, a_key(""))), among=("data", "shop_")) == set()


# Plans


def plan_and_digest(*stacks: DeclaredStack) -> tuple[Assessment, str]:
    now = judged("old", declared=stacks)
    assert now.declared_by is not None
    return now, now.declared_by.digest


def test_a_plan_tells_which_files_had_a_say_and_comes_back_from_its_document() -> None:
    now, _ = plan_and_digest(a_stack("data"), a_stack("more", stack="", file="more.yml"))
    plan = plan_removals(now, OLD)
    assert plan.declared_by is not None
    assert plan.declared_by.files == ((FILE, "shop"), ("more.yml", ""))
    assert plan_from(plan_document(plan)) == plan
    assert changes_since(plan, now) == ()


def test_a_plan_without_files_says_so_and_its_evidence_is_what_it_was() -> None:
    plan = plan_removals(judged("old", declared=()), OLD)
    assert plan_document(plan)["declared_by"] is None
    assert plan_from(plan_document(plan)).declared_by is None
    with_files = plan_removals(judged("old", declared=(a_stack("data"),)), OLD)
    assert plan.removals[0].evidence != with_files.removals[0].evidence


def test_a_plan_is_stale_without_the_files_that_it_was_made_with() -> None:
    now, _ = plan_and_digest(a_stack("data"), a_stack("more", stack="", file="more.yml"))
    plan = plan_removals(now, OLD)
    (change,) = changes_since(plan, judged("old", declared=()))
    assert change == (
        "It was made with --declared-by 'shop=deploy/shop.yml' --declared-by 'more.yml', which is "
        "not given now."
    )


def test_a_plan_is_stale_when_the_files_declare_something_else() -> None:
    plan = plan_removals(judged("old", declared=(a_stack("data"),)), OLD)
    (change,) = changes_since(plan, judged("old", declared=(a_stack("other"),)))
    assert change == (
        "The files of --declared-by 'shop=deploy/shop.yml' keep other volumes now, or these are "
        "other files."
    )


def test_more_files_than_at_the_plan_are_judged_by_what_they_keep() -> None:
    plan = plan_removals(judged("old", declared=()), OLD)
    assert changes_since(plan, judged("old", declared=(a_stack("data"),))) == ()
    (change,) = changes_since(plan, judged("old", declared=(a_stack(named("old")),)))
    assert change.startswith("old: it is reserved now. It is protected (declared in")


def test_the_digest_is_of_the_names_and_not_of_the_place_of_the_files() -> None:
    _, here = plan_and_digest(a_stack("data", web=("data",)))
    _, there = plan_and_digest(a_stack("data", web=("data",), file="/ci/7/shop.yml"))
    assert here == there
    digests = {
        here,
        plan_and_digest(a_stack("data"))[1],
        plan_and_digest(a_stack("data", stack="blog"))[1],
        plan_and_digest(a_stack(named("{{.Service.Name}}"), web=("data",)))[1],
        plan_and_digest(a_stack(DeclaredVolume(key="data")))[1],
    }
    assert len(digests) == 4, "a mount of a name that is no template is the same by any service"
    assert declared_by(()) is None
