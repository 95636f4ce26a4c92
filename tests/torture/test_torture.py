"""Tortures an embedded swarm and the program together (`make torture N=20000`)."""

from __future__ import annotations

import os
import re

import hypothesis
from hypothesis import HealthCheck, Phase, reproduce_failure, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.torture.counts import Counts
from tests.torture.machine import Torture
from tests.torture.over_http import TortureOverHttp

RUNS = int(os.environ.get("TORTURE_RUNS") or 1000)
SEED = os.environ.get("TORTURE_SEED") or ""
REPLAY = os.environ.get("TORTURE_REPLAY") or ""
_STORY = 14
"""Steps of a run at most: most of what can go wrong takes four, and the rest gets in their way."""


def test_whatever_befalls_the_swarm_no_claimed_data_is_lost() -> None:
    torture(Torture, RUNS)


def test_nor_over_real_sockets() -> None:
    """A fiftieth of the runs: what is in the way is the program's own."""
    if not REPLAY:
        torture(TortureOverHttp, max(RUNS // 50, 1))


def torture(kind: type[Torture], runs: int) -> None:
    """Run the machine so many times; a failure tells the shortest story, and how to replay it."""
    machine = type(kind.__name__, (kind,), {})
    if SEED:
        Counts.seed = SEED
        machine = seed(int(SEED))(machine)
    if REPLAY:
        machine = reproduce_failure(hypothesis.__version__, REPLAY.encode())(machine)
    try:
        run_state_machine_as_test(machine, settings=_chosen(runs))
    except Exception as failure:
        told = "\n".join(getattr(failure, "__notes__", ()))
        blob = re.search(r"@reproduce_failure\('[^']*', b'([^']*)'\)", told)
        if blob is not None:
            failure.add_note(f"\nReplay this story with: make torture REPLAY={blob[1]}")
        raise


def _chosen(runs: int) -> settings:
    return settings(
        max_examples=runs,
        stateful_step_count=_STORY,
        derandomize=not SEED,
        deadline=None,  # a busy machine is no failure
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        # A run drives a whole swarm: it is slow and draws much, by intent.
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
