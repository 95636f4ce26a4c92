"""The file by which a volume is tried, and the shell scripts that write, read and remove it.

The scripts need nothing but a POSIX shell, `cat` and `rm`, as busybox has them. Each takes the path
and the content as its arguments, and tells by its exit code alone how it went: what an engine does
with the output of containers is its administrator's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

TARGET: Final = "/cloudstorctl"
"""Where the containers have the volume: no image has files there that an engine would copy in."""
PREFIX: Final = ".cloudstorctl-verify-"


class Ended(IntEnum):
    """What an exit code of the scripts says."""

    DONE = 0
    READ_ONLY = 20
    TAKEN = 21
    CUT = 22
    CUT_AND_LEFT = 23
    ABSENT = 30
    OTHER = 31
    UNREADABLE = 32
    KEPT = 42


_LISTED: Final = 'here() { [ -e "$1" ] || [ -L "$1" ]; }\n[ -d "${1%/*}/." ] || exit 32\n'

# `set -C` opens with O_EXCL, so that a file or a link that is there already is never written to.
# The file is opened once and never again by its name, which somebody may have put elsewhere by
# then. The group runs only if it was opened: what another has made is never removed.
WRITE: Final = f"""{_LISTED}umask 022
set -C
made=
{{ made=1; printf %s "$2"; }} >"$1"
if [ -z "$made" ]; then
    if here "$1"; then exit 21; fi
    exit 20
fi
if [ "$(cat "$1")" = "$2" ]; then exit 0; fi
rm -f "$1"
if here "$1"; then exit 23; fi
exit 22
"""
# A link in the place of the file would be followed to somewhere in the container.
READ: Final = f"""{_LISTED}if [ -L "$1" ]; then exit 31; fi
if ! here "$1"; then exit 30; fi
if [ ! -f "$1" ]; then exit 31; fi
content=$(cat "$1") || exit 32
if [ "$content" != "$2" ]; then exit 31; fi
"""
REMOVE: Final = f"""{_LISTED}rm -f "$1"
if here "$1"; then exit 42; fi
"""

_CLAUSES: Final = {
    Ended.DONE: "it ended well",
    Ended.READ_ONLY: "the volume cannot be written to there",
    Ended.TAKEN: "there is a file of the marker's name already, which was left alone",
    Ended.CUT: "the marker could not be written whole, and was removed: is the disk full?",
    Ended.CUT_AND_LEFT: "the marker could be neither written whole nor removed",
    Ended.ABSENT: "the marker is not there",
    Ended.OTHER: "what is there is not the marker",
    Ended.UNREADABLE: "the volume cannot be read there",
    Ended.KEPT: "the marker could not be removed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """One marker: both parts are random, so that nobody can have put it there before."""

    token: str
    content: str

    @property
    def name(self) -> str:
        """The name of the file in the volume."""
        return f"{PREFIX}{self.token}"

    @property
    def path(self) -> str:
        """Its path in a container."""
        return f"{TARGET}/{self.name}"

    def command(self, script: str) -> tuple[str, ...]:
        """Give the command line that runs a script on this marker."""
        return ("sh", "-c", script, "sh", self.path, self.content)


def clause(code: int) -> str:
    """Say what an exit code means, without a period."""
    known = {int(ended): text for ended, text in _CLAUSES.items()}
    return known.get(code, f"its container ended with exit code {code}")
