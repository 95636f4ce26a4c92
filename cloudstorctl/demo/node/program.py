"""What the program in a container does here: of a shell script, the files it writes and its end.

Containers of the embedded swarm are records, not processes. So that a person can see data come and
go on disk, the simplest statements of a script are carried out; all else is taken for a program
that runs until it is told to stop.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.node.marker import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHELLS: Final = {"sh", "bash", "ash"}
_ENDS: Final = {
    *("", "cat", "cd", "date", "done", "env", "export", "id", "ls", "mkdir", "set", "true", "wait"),
}
_STATEMENT: Final = re.compile(r"\s*(?:;|&&|&|\n)\s*")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_WITH_MARKER: Final = 6
"""Words: sh, -c, the script, its name, and two arguments."""
FOR_EVER: Final = float("inf")


@dataclass(slots=True, kw_only=True)
class Effects:
    """What a program does: at its start, and when it ends by itself."""

    writes: list[tuple[str, str, bool]] = field(default_factory=list)
    """Path in the container, text, and whether it is added to what is there."""
    removes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """How long it runs; infinite: until it is stopped."""
    exit_code: int = 0
    stops_well: bool = False
    """Whether it handles the signal to stop."""
    marker: tuple[str, str, str] | None = None
    """One of the scripts of `cloudstorctl verify`, the path it is for, and the content."""


def effects(words: Sequence[str], environment: Mapping[str, str]) -> Effects:
    """Tell what a command line does; `words` is empty where an image's own program runs."""
    done = Effects()
    if not words:
        done.seconds = FOR_EVER
    elif len(words) == _WITH_MARKER and words[2] in SCRIPTS:
        done.marker = (words[2], words[4], words[5])
    elif PurePosixPath(words[0]).name in _SHELLS and "-c" in words[:-1]:
        script = words[words.index("-c") + 1]
        for statement in _statements(script):
            if not _carry_out(statement, environment, done):
                break
    elif PurePosixPath(words[0]).name in _SHELLS:
        done.seconds = 0.0  # a shell without a terminal reads the end of its input
    else:
        _carry_out(shlex.join(words), environment, done)
    return done


def _statements(script: str) -> list[str]:
    """Cut a script at what separates statements outside quotes."""
    quoted = re.split(r"""("[^"]*"|'[^']*')""", script)
    marked = "".join(
        part if place % 2 else _STATEMENT.sub("\0", part) for place, part in enumerate(quoted)
    )
    return [each.strip() for each in marked.split("\0") if each.strip()]


def _carry_out(statement: str, environment: Mapping[str, str], done: Effects) -> bool:
    """Note what one statement does; False: nothing after it is reached."""
    try:
        words = [_filled(word, environment) for word in shlex.split(statement)]
    except ValueError:
        return True
    if words and words[0] == "do":
        words = words[1:]
    name, rest = (words[0], words[1:]) if words else ("", [])
    if name in {"echo", "printf"}:
        _write(rest, done, "\n" if name == "echo" else "")
    elif name == "touch":
        done.writes += ((path, "", True) for path in rest)
    elif name == "rm":
        done.removes += (path for path in rest if not path.startswith("-"))
    elif name in {"exit", "false"}:
        done.exit_code = int(_number(rest[0])) if rest else int(name == "false")
    elif name == "sleep":
        done.seconds += _number(rest[0]) if rest else 0.0
    elif name == "trap":
        done.stops_well = True
    elif name not in _ENDS:
        done.seconds = FOR_EVER
    return name != "exit"


def _write(words: list[str], done: Effects, end: str) -> None:
    for place, word in enumerate(words):
        if word.startswith(">"):
            path = word.lstrip(">") or next(iter(words[place + 1 :]), "")
            text = " ".join(words[:place]) + end
            done.writes.append((path, text, word.startswith(">>")))


def _filled(word: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda name: environment.get(name[1] or name[2], ""), word)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return FOR_EVER if text == "infinity" else 0.0
