"""What holds for every test: where real engines are needed, and how random values are drawn."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

REAL_ENGINES = Path(__file__).parent / "swarm"

# The same examples on every run, and none that fails because a machine is slow.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# A job in the background of a script is born deaf to these (POSIX sh, 2.11), and would hand that
# down to the programs whose ends are tested.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        default = signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL
        signal.signal(number, default)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave real engines alone unless they are asked for: `pytest tests/swarm`."""
    if collection_path != REAL_ENGINES:
        return None
    named = (Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args)
    asked_for = any(path.resolve().is_relative_to(REAL_ENGINES) for path in named)
    return None if asked_for else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs real engines."""
    for item in items:
        if item.path.is_relative_to(REAL_ENGINES):
            item.add_marker(pytest.mark.swarm)
