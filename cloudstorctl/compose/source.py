"""Stack files on their way in: bytes with the folder in which paths of theirs start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOUND = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The files that Compose takes by itself (compose-go cli/options.go, DefaultFileNames)."""
_BESIDE = tuple(name.replace("compose.", "compose.override.") for name in _FOUND)


class UntoldError(UsageError):
    """What a file declares cannot be told here, but it may well be deployed from elsewhere."""


class Source(NamedTuple):
    """A stack file, read."""

    file: str
    """As messages call it."""
    folder: Path
    """Where relative paths in it start."""
    text: bytes


def source_at(path: Path, file: str) -> Source:
    """Read a file, which messages call `file`.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return Source(file, path.parent, path.read_bytes())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{file}: it cannot be read: {why}.") from error


def named_beside(source: Source, named: str) -> Source:
    """Read a file that another one names.

    Raises:
        UsageError: it cannot be read.
    """
    return source_at(source.folder / named, str(Path(source.file).parent / named))


def overrides_of(source: Source) -> Iterator[Source]:
    """Read the files that Compose takes with one that it finds by itself.

    Raises:
        UsageError: one is there and cannot be read.
    """
    if Path(source.file).name in _FOUND:
        for name in _BESIDE:
            if (source.folder / name).exists():
                yield named_beside(source, name)
