"""Times and lengths of time, as people and documents have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cloudstorctl.core.times import (
    in_utc,
    moment_in,
    rfc3339,
    rfc3339_exact,
    spelled,
    spelled_in_full,
)

EAST = datetime(2026, 3, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(milliseconds=1), "1s"),
        (timedelta(seconds=61), "1m1s"),
        (timedelta(minutes=90), "1h30m"),
        (timedelta(minutes=90, seconds=1), "1h31m"),
        (timedelta(hours=24), "24h"),
        (timedelta(hours=47, minutes=59, seconds=59), "48h"),
        (timedelta(hours=48), "2d"),
        (timedelta(days=3, hours=4, minutes=1), "3d5h"),
    ],
)
def test_a_length_is_told_in_two_units_and_never_too_short(length: timedelta, told: str) -> None:
    assert spelled(length) == told


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(0), "0s"),
        (timedelta(hours=24), "24h"),
        (timedelta(hours=47, minutes=59, seconds=59), "47h59m59s"),
        (timedelta(days=3, hours=4, minutes=1, seconds=5), "3d4h1m5s"),
        (timedelta(days=365), "365d"),
    ],
)
def test_a_length_can_be_told_in_all_its_units(length: timedelta, told: str) -> None:
    assert spelled_in_full(length) == told


def test_times_are_written_in_utc() -> None:
    assert in_utc(EAST) == "2026-03-01 12:30:00 UTC"
    assert rfc3339(EAST) == "2026-03-01T12:30:00Z"


@pytest.mark.parametrize(
    "written",
    ["2026-03-01T12:30:00Z", "2026-03-01T14:30:00+02:00", "2026-03-01T12:30:00"],
)
def test_a_time_is_read_back_and_without_a_zone_it_is_utc(written: str) -> None:
    assert moment_in(written) == EAST


@pytest.mark.parametrize(
    "written", ["0001-01-01T00:00:00+14:00", "1969-12-31", "3000-01-01", "9999-12-31T23:59:59Z"]
)
def test_a_time_at_an_end_of_the_calendar_is_none(written: str) -> None:
    with pytest.raises(ValueError, match="too far away"):
        moment_in(written)


def test_a_time_is_written_with_all_its_digits_where_it_has_them() -> None:
    assert rfc3339_exact(EAST) == "2026-03-01T12:30:00Z"
    assert rfc3339_exact(EAST + timedelta(milliseconds=250)) == "2026-03-01T12:30:00.250000Z"


def test_nanoseconds_as_an_engine_writes_them_are_read() -> None:
    moment = moment_in("2026-03-01T12:30:00.123456789Z")
    assert moment == datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
