"""The one error of a benchmark that cannot be run."""

from __future__ import annotations


class BenchError(Exception):
    """The benchmark cannot be run; the text says why and what to do."""
