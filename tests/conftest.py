"""What holds for every test: which engines are used, and how random values are drawn."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from hypothesis import settings

# The same examples on every run, and none that fails because a machine is slow.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# A job in the background of a script is born deaf to these (POSIX sh, 2.11), and would hand that
# down to the programs whose ends are tested.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        default = signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL
        signal.signal(number, default)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the kind of swarm be chosen that the scenarios of tests/swarm run on."""
    parser.addoption(
        "--swarm",
        choices=("embedded", "real", "both"),
        default="embedded",
        help="run the scenarios on the embedded swarm, on real engines (as root), or on both, and "
        "compare what is seen",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs engines that were not asked for, or a program that is not here."""
    asked = config.getoption("--swarm")
    no_docker = shutil.which("docker") is None and os.environ.get("CI") != "true"
    for item in items:
        only_real = item.get_closest_marker("real_only")
        if only_real is not None and asked == "embedded":
            (reason,) = only_real.args
            item.add_marker(pytest.mark.skip(reason=f"only on real engines: {reason}"))
        elif no_docker and {"kind", "docker"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.skip(reason="it needs the docker command line"))
