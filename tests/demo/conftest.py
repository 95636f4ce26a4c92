"""Fixtures of the demo's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.demo.running import Runner, a_runner

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def runner() -> Iterator[Runner]:
    with a_runner() as made:
        yield made
