"""Replaces a file as a whole: whoever reads it meets the old text or the new, never a part."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path


def replace_file(
    file: Path, text: str, *, mode: int | None = None, make_folders: bool = False
) -> None:
    """Put `text` into `file`, and its folders there if they are to be made.

    What is there keeps its owner and, unless `mode` says otherwise, its mode; a new file gets
    `mode`, or 0644. A link is followed: what it leads to is replaced.

    Raises:
        OSError: it cannot be done, as with a device or a pipe; `file` is as it was.
    """
    file = Path(os.path.realpath(file))
    refuse_special(file)
    if make_folders:
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


def refuse_special(file: Path) -> None:
    """Refuse what would be lost if a file took its place, such as /dev/null, or would hang.

    Raises:
        OSError: it is a folder, a device, a pipe or a socket.
    """
    if file.exists() and not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
