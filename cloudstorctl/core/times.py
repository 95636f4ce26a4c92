"""Times and lengths of time, written for people and for documents, and read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DAYS_FROM = 2
"""Below so many days, hours are told: `36h`."""
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_YEARS = range(1970, 3000)
"""Of times that are read: any length of time that can be configured may be added to one of them."""


def spelled(length: timedelta) -> str:
    """Write a length in its two largest units, rounded up to the smaller: `3d4h`, `24h`, `0s`."""
    seconds = _seconds(length)
    units = _units(seconds)
    first = next((i for i, (_, size) in enumerate(units) if seconds >= size), len(units) - 1)
    shown = units[first : first + 2]
    smallest = shown[-1][1]
    return _told(-(-seconds // smallest) * smallest, shown)


def spelled_in_full(length: timedelta) -> str:
    """Write a length in all its units, to the second: `3d4h5m`, `24h`, `0s`."""
    seconds = _seconds(length)
    return _told(seconds, _units(seconds))


def _seconds(length: timedelta) -> int:
    return -(-max(length, timedelta(0)) // timedelta(seconds=1))


def _units(seconds: int) -> tuple[tuple[str, int], ...]:
    return _UNITS if seconds >= _DAYS_FROM * _UNITS[0][1] else _UNITS[1:]


def _told(seconds: int, units: tuple[tuple[str, int], ...]) -> str:
    told = ""
    for unit, size in units:
        number, seconds = divmod(seconds, size)
        told += f"{number}{unit}" if number else ""
    return told or "0s"


def in_utc(at: datetime) -> str:
    """Write an aware time for people, in UTC: `2026-03-01 12:00:00 UTC`."""
    return f"{at.astimezone(UTC):%F %T} UTC"


def rfc3339(at: datetime) -> str:
    """Write an aware time in UTC with seconds: `2026-03-01T12:00:00Z` (RFC 3339)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_exact(at: datetime) -> str:
    """Write an aware time in the same way with all its digits: `2026-03-01T12:00:00.250000Z`."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def moment_in(written: str) -> datetime:
    """Read a time as RFC 3339 has it; one without a zone is taken as UTC.

    Raises:
        ValueError: it is no such time, or so far away that it is none.
    """
    moment = datetime.fromisoformat(written)
    if moment.year not in _YEARS:
        raise ValueError(f"{written} is too far away")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
