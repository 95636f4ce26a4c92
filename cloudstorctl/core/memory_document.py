"""The memory of unused volumes as bytes, and back (`cloudstorctl/unused/v1`).

Volumes stand under the time when they were first seen unused, which many share: the names of
10,000 anonymous volumes, which do not compress, and their times fit in 500 kB.
"""

from __future__ import annotations

import json
import zlib
from itertools import groupby
from typing import TYPE_CHECKING

from cloudstorctl.core.fields import document_in
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.times import moment_in, rfc3339_exact
from cloudstorctl.errors import ShapeError

if TYPE_CHECKING:
    from datetime import datetime

    from cloudstorctl.core.fields import Fields
    from cloudstorctl.core.memory import Since

SCHEMA = "cloudstorctl/unused/v1"
PREFIX = "cloudstorctl.unused."
"""What the name of its config begins with; the number of its version follows, in ten digits."""
LABELS = (("cloudstorctl.kind", "unused"),)
"""Tell that cloudstorctl has made it."""
MOST = 500_000
"""Bytes of a config's data: 500 kB in older managers (swarmkit manager/controlapi/config.go)."""
_LARGEST = 64 * 1024 * 1024
"""Bytes that a document may unfold to."""


def name_of(sequence: int) -> str:
    """Name the config of a version."""
    return f"{PREFIX}{sequence:010}"


def written(since: Since, most: int = MOST) -> tuple[bytes, int]:
    """Write a memory in at most `most` bytes, and count the volumes that did not fit.

    Those that were seen unused last are left out first: they count as never seen.
    """
    rows = sorted((moment, name) for name, moment in since.items())
    kept = len(rows)
    while True:
        data = _packed(rows[:kept], most)
        if len(data) <= most:
            return data, len(rows) - kept
        kept = min(kept - 1, kept * most // len(data))


def read(data: bytes) -> dict[VolumeName, datetime]:
    """Read a memory back; of several times of one volume the latest counts.

    Raises:
        ShapeError: it is none, or is broken; the text says where.
    """
    if not data.startswith(b"{"):
        data = _unfolded(data)
    top = document_in(data, SCHEMA)
    since: dict[VolumeName, datetime] = {}
    for item in top.items("unused", required=True):
        for name in map(VolumeName, item.texts("volumes", required=True)):
            moment = _moment(item)
            since[name] = max(moment, since.get(name, moment))
    return since


def _packed(rows: list[tuple[datetime, VolumeName]], most: int) -> bytes:
    document = {
        "schema": SCHEMA,
        "unused": [
            {"since": stamp, "volumes": [name for _, name in group]}
            # To the last digit: a time cut short would make a grace period shorter.
            for stamp, group in groupby(rows, key=lambda row: rfc3339_exact(row[0]))
        ],
    }
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    # As text, 'docker config inspect --pretty' shows it.
    return plain if len(plain) <= most // 2 else zlib.compress(plain, 9)


def _moment(item: Fields) -> datetime:
    try:
        return moment_in(item.text("since"))
    except ValueError:
        item.refuse("since", "a time such as 2026-01-31T12:00:00Z")


def _unfolded(data: bytes) -> bytes:
    unfolding = zlib.decompressobj()
    try:
        plain = unfolding.decompress(data, _LARGEST)
    except zlib.error:
        raise ShapeError(where="it", wanted="JSON", found="something else") from None
    if not unfolding.eof:
        raise ShapeError(where="it", wanted="a whole document", found="cut off, or too large")
    return plain
