"""One thread keeps the deadlines of all requests."""

from __future__ import annotations

import threading
import time

import pytest

from cloudstorctl.swarm.deadlines import Deadlines

SOON = 0.02
LONG = 30.0


def test_what_takes_too_long_is_cut_off() -> None:
    cut = threading.Event()
    with Deadlines().after(SOON, cut.set):
        assert cut.wait(LONG)


def test_what_ends_in_time_is_left_alone() -> None:
    deadlines, cut, later = Deadlines(), threading.Event(), threading.Event()
    with deadlines.after(SOON, cut.set):
        pass
    with deadlines.after(3 * SOON, later.set):
        assert later.wait(LONG)
    assert not cut.is_set()


def test_an_earlier_deadline_is_kept_though_a_later_one_is_waited_for() -> None:
    deadlines, early, late = Deadlines(), threading.Event(), threading.Event()
    with deadlines.after(LONG, late.set):
        time.sleep(SOON)  # by now it is waited for
        with deadlines.after(SOON, early.set):
            assert early.wait(LONG)
    assert not late.is_set()


def test_each_of_several_deadlines_is_kept_even_where_one_fails() -> None:
    deadlines, cut = Deadlines(), threading.Event()

    def fail() -> None:
        raise RuntimeError("the connection has just ended")

    with deadlines.after(SOON, fail), deadlines.after(SOON, fail), deadlines.after(SOON, cut.set):
        assert cut.wait(LONG)


def test_an_error_in_the_block_is_passed_on_and_calls_it_off() -> None:
    deadlines, cut = Deadlines(), threading.Event()
    with pytest.raises(OSError, match="refused"), deadlines.after(SOON, cut.set):
        raise OSError("refused")
    time.sleep(3 * SOON)
    assert not cut.is_set()


def test_a_deadline_beyond_all_that_a_thread_can_wait_for_does_no_harm() -> None:
    deadlines, cut = Deadlines(), threading.Event()
    with deadlines.after(1e12, lambda: None):
        time.sleep(SOON)
        with deadlines.after(SOON, cut.set):
            assert cut.wait(LONG)


def test_any_number_of_requests_takes_one_thread() -> None:
    deadlines = Deadlines()
    before = set(threading.enumerate())
    for _ in range(20):
        with deadlines.after(LONG, lambda: None):
            pass
    assert len(set(threading.enumerate()) - before) == 1
