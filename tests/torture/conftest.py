"""Says at the end of a run what the torture came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.torture.counts import Counts

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the numbers."""
    for line in Counts.told():
        terminalreporter.write_line(line)
