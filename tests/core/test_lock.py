"""The lock of the swarm as a document, and how long it holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cloudstorctl.core.lock import LEAST_LEFT, TERM, Lock, expiry_of, read, written
from cloudstorctl.errors import ShapeError
from tests.core.builders import NOW

MINUTE = timedelta(minutes=1)
RUN = "t1"
LOCK = Lock(holder="ann@ci-7", token=RUN, since=NOW, expires=NOW + TERM)


def test_a_lock_is_read_back() -> None:
    assert read(written(LOCK), expiry_of(LOCK)) == LOCK


def test_it_holds_until_it_expires() -> None:
    assert LOCK.holds(NOW + TERM - timedelta(seconds=1))
    assert not LOCK.holds(NOW + TERM)


def test_a_removal_may_begin_while_enough_of_it_is_left() -> None:
    assert LOCK.lasts(NOW + TERM - LEAST_LEFT - timedelta(seconds=1))
    assert not LOCK.lasts(NOW + TERM - LEAST_LEFT)


def test_it_may_be_renewed_until_another_run_might_be_taking_it_over() -> None:
    assert LOCK.may_be_renewed(NOW + TERM - 2 * MINUTE)
    assert not LOCK.may_be_renewed(NOW + TERM - MINUTE)
    assert LOCK.renewed(NOW + MINUTE).expires == NOW + MINUTE + TERM
    assert LOCK.renewed(NOW + MINUTE).since == NOW


def test_it_is_told_with_who_holds_it_since_when_and_until_when() -> None:
    assert LOCK.told(NOW + 3 * MINUTE) == (
        "ann@ci-7 has had the lock for 3m, since 2026-03-01 12:00:00 UTC, and it ends at "
        "2026-03-01 12:15:00 UTC unless that run renews it"
    )


@pytest.mark.parametrize(
    ("data", "expiry", "told"),
    [
        (b"", "", "it is something else, expected JSON"),
        (b"[" * 100_000, "", "it is something else, expected JSON"),
        (b"{}", "", "schema is missing"),
        (b'{"schema": "x"}', "", "schema is x, expected cloudstorctl/lock/v1"),
        (written(LOCK), "", "the time at which it expires is '', expected a time"),
        (written(LOCK).replace(b"2026", b"MMXX"), expiry_of(LOCK), "since is 'MMXX-"),
        (written(LOCK), "9999-12-31T23:59:59-12:00", "it expires is '9999-12-31T23:59:59-12:00'"),
        (written(LOCK).replace(b'"t1"', b"7"), expiry_of(LOCK), "token is a number, expected text"),
    ],
)
def test_what_is_no_lock_is_told(data: bytes, expiry: str, told: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read(data, expiry)
    assert told in str(caught.value)
