"""The memory of unused volumes as bytes, and back."""

from __future__ import annotations

import json
import random
import zlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.core.memory_document import MOST, SCHEMA, name_of, read, written
from cloudstorctl.core.model import VolumeName
from cloudstorctl.errors import ShapeError
from tests.core.builders import NOW


@given(st.dictionaries(st.text(min_size=1).map(VolumeName), st.integers(0, 10**14), max_size=20))
def test_what_is_written_is_read_back_to_the_last_digit(ages: dict[VolumeName, int]) -> None:
    since = {name: NOW - timedelta(microseconds=age) for name, age in ages.items()}
    data, left_out = written(since)
    assert (read(data), left_out) == (since, 0)


def test_ten_thousand_anonymous_volumes_fit_into_one_config() -> None:
    chance = random.Random(1)  # noqa: S311 - the same ones each time
    names = [VolumeName(f"{chance.getrandbits(256):064x}") for _ in range(10_000)]
    since = {name: NOW - timedelta(microseconds=chance.randrange(10**12)) for name in names}
    data, left_out = written(since)
    assert left_out == 0
    assert len(data) <= MOST
    assert read(data) == since


def test_what_does_not_fit_is_the_youngest_and_is_counted() -> None:
    since = {VolumeName(f"v{age:04}"): NOW - timedelta(hours=age) for age in range(1000)}
    data, left_out = written(since, most=4000)
    assert len(data) <= 4000
    kept = read(data)
    assert 0 < left_out < 1000
    assert len(kept) == 1000 - left_out
    assert min(since[name] for name in set(since) - set(kept)) > max(kept.values())


def test_a_small_memory_can_be_read_by_people() -> None:
    data, _ = written({VolumeName("b"): NOW, VolumeName("a"): NOW})
    assert json.loads(data) == {
        "schema": SCHEMA,
        "unused": [{"since": "2026-03-01T12:00:00Z", "volumes": ["a", "b"]}],
    }


def test_of_several_times_of_one_volume_the_latest_counts() -> None:
    rows = [{"since": f"2026-03-0{day}T12:00:00Z", "volumes": ["a"]} for day in (1, 3, 2)]
    data = json.dumps({"schema": SCHEMA, "unused": rows}).encode()
    assert read(data) == {VolumeName("a"): NOW + timedelta(days=2)}


def test_versions_sort_by_name() -> None:
    assert name_of(9) < name_of(10) == "cloudstorctl.unused.0000000010"


GOOD = json.dumps({"schema": SCHEMA, "unused": []}).encode()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "cut off, or too large"),
        (b"{", "it is something else, expected JSON"),
        (b"\xff\xfe", "it is something else, expected JSON"),
        (zlib.compress(GOOD)[:-1], "cut off, or too large, expected a whole document"),
        (zlib.compress(b" " * (65 * 1024 * 1024)), "cut off, or too large"),
        (zlib.compress(b"[]"), "it is a list, expected an object"),
        (b'{"schema": "x"}', f"schema is x, expected {SCHEMA}"),
        (b"{}", "schema is missing"),
        (f'{{"schema": "{SCHEMA}"}}'.encode(), "unused is missing, expected a list"),
        (f'{{"schema": "{SCHEMA}", "unused": [{{}}]}}'.encode(), "volumes is missing"),
        (
            f'{{"schema": "{SCHEMA}", "unused": [{{"since": "now", "volumes": ["a"]}}]}}'.encode(),
            "unused[0].since is text, expected a time",
        ),
        (
            f'{{"schema": "{SCHEMA}", "unused": [{{"since": "9999-12-31T23:59:59-12:00", '
            '"volumes": ["a"]}]}'.encode(),
            "unused[0].since is text, expected a time",
        ),
        (
            f'{{"schema": "{SCHEMA}", "unused": [{{"since": "2026", "volumes": [7]}}]}}'.encode(),
            "unused[0].volumes[0] is a number, expected text",
        ),
        (b"{" * 100_000, "it is something else, expected JSON"),
    ],
)
def test_what_is_broken_is_told_with_its_place(data: bytes, told: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read(data)
    assert told in str(caught.value)
