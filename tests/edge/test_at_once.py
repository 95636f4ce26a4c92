"""Work on several nodes at once: its order, its limit, its bugs and its interruptions."""

from __future__ import annotations

import signal
import threading

import pytest

from cloudstorctl.swarm.at_once import at_once


def never() -> None:
    raise AssertionError


def interrupt() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_results_come_in_the_order_of_the_items() -> None:
    first_may_end = threading.Event()

    def work(number: int) -> int:
        if number:
            first_may_end.set()
        else:
            assert first_may_end.wait(10)
        return number * number

    assert at_once([0, 1, 2], work, most=2, cut=never) == [0, 1, 4]
    assert at_once([], work, most=2, cut=never) == []


def test_no_more_than_the_limit_are_busy_at_a_time() -> None:
    lock = threading.Lock()
    busy: set[int] = set()
    most: list[int] = []
    both = threading.Barrier(2)

    def work(number: int) -> None:
        with lock:
            busy.add(number)
            most.append(len(busy))
        both.wait(10)
        with lock:
            busy.remove(number)

    at_once(range(6), work, most=2, cut=never)
    assert max(most) == 2


def test_a_bug_is_raised_when_all_the_work_has_ended() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        if number == 0:
            raise ZeroDivisionError
        done.append(number)

    with pytest.raises(ZeroDivisionError):
        at_once([0, 1, 2], work, most=1, cut=never)
    assert done == [1, 2]


def test_the_first_interruption_cuts_and_the_results_come_all_the_same() -> None:
    cut = threading.Event()

    def work(_: int) -> str:
        interrupt()
        return "cut" if cut.wait(10) else "not cut"

    assert at_once([0], work, most=1, cut=cut.set) == ["cut"]


def test_the_second_interruption_waits_for_nothing() -> None:
    let_go = threading.Event()
    cuts: list[bool] = []

    def work(_: int) -> None:
        interrupt()
        assert let_go.wait(10)

    def cut() -> None:
        cuts.append(True)
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        at_once([0], work, most=1, cut=cut)
    assert cuts == [True]
    let_go.set()
