"""Variables in files `.env`, as Compose finds them beside a stack file and reads them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cloudstorctl.compose.source import UntoldError, source_at
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPACE = "\t\v\f\r \x85\xa0"
"""What parts words within a line (compose-go dotenv/parser.go, isSpace)."""
FILES = "COMPOSE_ENV_FILES"
"""Names files, parted by commas, that Compose reads in the place of `.env`."""
_STATEMENT = re.compile(
    rf"(?:\s|\#[^\n]*)*(?:export\s+)?(?P<name>[\w.\[\]{_SPACE}-]*)(?P<behind>[=:\n]?)[{_SPACE}]*"
)
_QUOTED = re.compile(r"""(["'])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)


def variables_for(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Read the variables for files in a folder: of its `.env`, or of the files named in its place.

    Raises:
        UntoldError: a file is there and cannot be read.
        UsageError: a file is not there, or Compose would not understand it.
    """
    files = [name for name in environ.get(FILES, "").split(",") if name]
    found = {} if files else variables_beside(folder)
    for name in files:
        found.update(variables_in(source_at(Path(name), name).text, name))
    return found


def variables_beside(folder: Path) -> dict[str, str]:
    """Read the file `.env` of a folder; empty where there is none.

    Raises:
        UntoldError: it is there and cannot be read.
        UsageError: Compose would not understand it.
    """
    path = folder / ".env"
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except OSError as error:
        raise UntoldError(f"{path}: it cannot be read: {error.strerror}.") from error
    return variables_in(text, str(path))


def variables_in(text: bytes, file: str) -> dict[str, str]:
    """Read the variables of such a file, which messages call `file` (compose-go dotenv/parser.go).

    A value with a variable or an escape in it counts as any text.

    Raises:
        UsageError: Compose would not understand it.
    """
    rest = text.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    found: dict[str, str] = {}
    at = 0
    while statement := _STATEMENT.match(rest, at):
        name, behind = statement["name"].rstrip(_SPACE), statement["behind"]
        at = statement.end()
        if " " in name or (not behind and at < len(rest)):
            raise _unreadable(rest, statement.end("name"), file)
        if behind in {"=", ":"}:
            quoted = _QUOTED.match(rest, at)
            if quoted is None and rest.startswith(('"', "'"), at):
                raise _unreadable(rest, at, file)
            end = (rest + "\n").index("\n", at)
            value = quoted[2] if quoted else rest[at:end].partition(" #")[0].rstrip()
            at = quoted.end() if quoted else end
            found[name] = ANY_TEXT if "$" in value or (quoted and "\\" in value) else value
        if at == len(rest):
            break
    return found


def _unreadable(text: str, at: int, file: str) -> UsageError:
    line = text.count("\n", 0, at) + 1
    return UsageError(f"{file}, line {line}: expected NAME=VALUE, as Compose reads it.")
