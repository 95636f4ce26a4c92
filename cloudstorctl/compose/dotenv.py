"""Variables in files `.env`, as Compose finds them beside a stack file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def variables_beside(folder: Path) -> dict[str, str]:
    """Read the file `.env` of a folder; empty where there is none.

    Raises:
        UsageError: it is there and cannot be read.
    """
    path = folder / ".env"
    try:
        return variables_in(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(f"{path}: it cannot be read: {error.strerror}.") from error


def variables_in(text: bytes) -> dict[str, str]:
    """Read the variables of such a file; a value with a variable in it counts as any text."""
    found = dotenv_values(stream=io.StringIO(text.decode(errors="replace")), interpolate=False)
    return {
        name: ANY_TEXT if "$" in value else value
        for name, value in found.items()
        if value is not None
    }
