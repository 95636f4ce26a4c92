"""A performance mode that a service asks for, and the volume does not have."""

from __future__ import annotations

import pytest

from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.verdict import assess
from tests.core.builders import DRIVER, a_reading, a_service, a_survey, an_entry


def a_wish(source: str, value: str | None, *, driver: str = DRIVER) -> Mount:
    options = () if value is None else (("perfmode", value),)
    return Mount(kind=MountKind.VOLUME, source=source, driver=driver, options=options)


def warnings(mount: Mount, *, place: str, name: str = "web-1-vol") -> tuple[str, ...]:
    entry = an_entry(name, place=place, used_here=False)
    survey = a_survey(a_reading("w1", entry), services=(a_service("web", mount),))
    (verdict,) = assess(survey).verdicts
    return verdict.volume.warnings


@pytest.mark.parametrize(
    ("value", "place"), [("maxio", "efs/reg"), ("regular", "efs/max"), ("", "efs/max")]
)
@pytest.mark.parametrize("source", ["web-1-vol", "{{.Service.Name}}-{{.Task.Slot}}-vol"])
def test_a_wish_that_comes_too_late_is_a_warning(source: str, value: str, place: str) -> None:
    assert warnings(a_wish(source, value), place=place) == (
        (
            f"Service web asks for perfmode={value}, and the volume is in {place}: "
            "the driver ignores the option for a volume that exists."
        ),
    )


@pytest.mark.parametrize(
    ("mount", "place"),
    [
        (a_wish("web-1-vol", "maxio"), "efs/max"),
        (a_wish("web-1-vol", "regular"), "efs/reg"),
        (a_wish("web-1-vol", None), "efs/max"),
        (a_wish("other", "maxio"), "efs/reg"),
        (a_wish("web-1-vol", "maxio", driver="local"), "efs/reg"),
        (a_wish("web-1-vol", "maxio"), "ebs"),
        (a_wish("web-1-vol", "maxio"), ""),
    ],
)
def test_anything_else_is_none(mount: Mount, place: str) -> None:
    assert warnings(mount, place=place) == ()
