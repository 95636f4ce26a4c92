"""Writes a file so that readers find the old text or the new one, and never a part."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

READABLE = 0o644


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """Replace the file at once; with `mode`, it has that whatever the umask says.

    Raises:
        OSError: it cannot be written, and the old file is as it was.
    """
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            Path(file.name).replace(path)
        except OSError:
            with suppress(OSError):
                Path(file.name).unlink()
            raise
