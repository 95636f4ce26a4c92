"""Replaces a file as a whole: whoever reads it meets the old text or the new, never a part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_file(file: Path, text: str, *, mode: int | None = None) -> None:
    """Put `text` into `file`, making its folders.

    What is there keeps its owner and, unless `mode` says otherwise, its mode; a new file gets
    `mode`, or 0644. A link is followed: what it leads to is replaced.

    Raises:
        OSError: it cannot be done; `file` is as it was.
    """
    file = Path(os.path.realpath(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat() if file.exists() else None
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if before is not None:
                os.fchown(stream.fileno(), before.st_uid, before.st_gid)
            kept = 0o644 if before is None else before.st_mode & 0o7777
            os.fchmod(stream.fileno(), kept if mode is None else mode)
            os.fsync(stream.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
