"""What `mount` warns of: names that others have, and volumes that are elsewhere already."""

from __future__ import annotations

import pytest

from cloudstorctl.core.model import Mount, MountKind, ServiceMode, Survey
from cloudstorctl.core.mounting import Wanted, per_task
from cloudstorctl.core.taken import service_of, warnings_about
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_container, a_reading, a_service, a_survey, a_task, an_entry

BIND = MountKind.BIND


def warned(survey: Survey, shared: str | None = None, *, maxio: bool = False) -> tuple[str, ...]:
    wanted = Wanted(service="web", target="/data", shared=shared, maxio=maxio)
    return warnings_about(wanted, assess(survey, protect=("*",)))


def test_a_name_that_nobody_has_is_nothing_to_warn_of() -> None:
    seen = a_survey(a_reading("w1", "other", "web-1-volume"))
    assert warned(seen, "data") == ()
    assert warned(seen) == ()


def test_the_service_itself_may_have_its_volumes() -> None:
    web = a_service("web", at("/data", per_task("/data")), at("/x", "x"), replicas=2)
    seen = a_survey(
        a_reading("w1", "web-1-data"), services=(web,), tasks=(a_task(web, slot=1, on="w1"),)
    )
    assert warned(seen) == ()
    wanted = Wanted(service="web", target="/data")
    assert service_of(wanted, assess(seen)) is web
    assert service_of(Wanted(service="db", target="/data"), assess(seen)) is None


def test_a_name_that_another_service_or_a_container_has_is_told_once_each() -> None:
    shop = a_service("shop", "data")
    task = a_task(shop, on="w1")
    seen = a_survey(
        a_reading("w1", "data", containers=(a_container("data", name="backup"),)),
        services=(shop,),
        tasks=(task,),
    )
    assert warned(seen, "data") == (
        "data is already used by container backup: both would write to the same directory.",
        "data is already used by service shop: both would write to the same directory.",
    )


def test_a_name_is_taken_before_its_volume_exists() -> None:
    seen = a_survey(a_reading("w1"), services=(a_service("shop", "data", replicas=0),))
    assert warned(seen, "data") == (
        "data is already used by service shop: both would write to the same directory.",
    )


def test_volumes_of_the_tasks_to_be_are_looked_for_under_all_their_names() -> None:
    web = a_service("web", replicas=2)
    shop = a_service("shop", "web-1-data", "web-2-data", "web-3-data", "web-9-data")
    seen = a_survey(a_reading("w1", "web-9-data"), services=(web, shop))
    assert warned(seen) == (
        (
            "web-9-data, web-1-data, web-2-data are already used by service shop: both would "
            "write to the "
            "same directory."
        ),
    )


def test_a_global_service_has_no_slots_to_name_volumes_by() -> None:
    web = a_service("web", mode=ServiceMode.GLOBAL)
    shop = a_service("shop", "web-1-data")
    assert warned(a_survey(a_reading("w1"), services=(web, shop))) == ()


@pytest.mark.parametrize(
    ("maxio", "place", "asks"),
    [
        (True, "efs/reg", "perfmode=maxio"),
        (False, "efs/max", "no perfmode, which is efs/reg"),
        (True, "ebs", "perfmode=maxio"),
        (False, "ebs", "no perfmode, which is efs/reg"),
    ],
)
def test_a_volume_that_exists_elsewhere_is_told(maxio: bool, place: str, asks: str) -> None:  # noqa: FBT001
    seen = a_survey(a_reading("w1", an_entry("data", place=place)))
    assert warned(seen, "data", maxio=maxio) == (
        (
            f"data is in {place} already, and this mount asks for {asks}: the driver "
            f"ignores that for "
            "a volume that exists."
        ),
    )


@pytest.mark.parametrize(("maxio", "place"), [(False, "efs/reg"), (True, "efs/max"), (True, "")])
def test_a_volume_that_is_where_it_is_wanted_is_nothing_to_warn_of(
    maxio: bool,  # noqa: FBT001 - a parameter of the test
    place: str,
) -> None:
    assert (
        warned(a_survey(a_reading("w1", an_entry("data", place=place))), "data", maxio=maxio) == ()
    )


def test_what_only_configuration_keeps_is_used_by_nobody() -> None:
    assert warned(a_survey(a_reading("w1", "lost+found")), "lost+found") == ()


def test_of_many_volumes_five_are_named() -> None:
    names = [f"web-{slot}-data" for slot in range(1, 8)]
    assert warned(a_survey(a_reading("w1", *names)), maxio=True) == (
        (
            "web-1-data, web-2-data, web-3-data, web-4-data, web-5-data and 2 more are in "
            "efs/reg already, "
            "and this mount asks for perfmode=maxio: the driver ignores that for a volume "
            "that exists."
        ),
    )


def test_a_name_with_a_slash_lies_in_another_volume() -> None:
    shop = a_service("shop", "a")
    assert warned(a_survey(a_reading("w1"), services=(shop,)), "a/b") == (
        (
            "a/b is a directory within the volume a: engines list a alone, and removing "
            "that removes "
            "both."
        ),
        "a/b is already used by service shop: both would write to the same directory.",
    )


def at(target: str, source: str, kind: MountKind = MountKind.VOLUME) -> Mount:
    return Mount(kind=kind, source=source, target=target, driver="cloudstor:aws")


def test_what_the_service_has_at_the_path_already_is_replaced() -> None:
    web = a_service("web", at("/data/", "old"), at("/x", ""), at("/y", "/web-1-data", BIND))
    assert warned(a_survey(a_reading("w1"), services=(web,))) == (
        "web has old at /data/ already: this takes its place, and its data is not carried over.",
    )
    web = a_service("web", at("/data", ""))
    (warning,) = warned(a_survey(a_reading("w1"), services=(web,)))
    assert warning.startswith("web has a volume without a name at /data already")
    web = a_service("web", at("/data", per_task("/data")))
    assert warned(a_survey(a_reading("w1"), services=(web,))) == ()


@pytest.mark.parametrize(
    ("source", "mode"),
    [
        ("web-1-data", ServiceMode.REPLICATED),
        ("{{ .Service.Name }}-{{.Task.Slot}}-data", ServiceMode.REPLICATED),
        (per_task("/data"), ServiceMode.GLOBAL),
    ],
)
def test_two_paths_of_one_volume_are_told(source: str, mode: ServiceMode) -> None:
    web = a_service("web", at("/x", source), mode=mode)
    name = per_task("/data") if mode is ServiceMode.GLOBAL else "web-1-data"
    assert warned(a_survey(a_reading("w1"), services=(web,))) == (
        f"{name} is what web has at /x already: both paths would show the same directory.",
    )
