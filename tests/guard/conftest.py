"""Fixtures of the guard's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.guard.machine import Machine, a_machine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def machine() -> Iterator[Machine]:
    with a_machine() as made:
        yield made
