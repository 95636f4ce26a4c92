"""The values of a stack file with their variables filled in: texts, flags and mounts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from cloudstorctl.compose.document import Place
    from cloudstorctl.compose.interpolation import Interpolation, Unset

_ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_BIND = ("/", ".", "~", "\\")
"""What a source in the short form begins with where it is a path."""
_FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "on"), True),
    **dict.fromkeys(("", "false", "no", "n", "off"), False),
}
"""As docker and Compose read them (compose-go loader/interpolate.go, toBoolean)."""
_KINDS = {"volume": MountKind.VOLUME, "bind": MountKind.BIND}


class Values:
    """Reads values, and remembers the variables that were missing."""

    def __init__(self, variables: Interpolation) -> None:
        """Fill in these variables."""
        self._variables = variables
        self.unset: dict[Unset, int] = {}
        """Each with the first line that it was missed in."""

    def text(self, place: Place) -> str:
        """Give a value as text; null is empty.

        Raises:
            UsageError: it is no text, or a dollar sign in it begins no variable.
        """
        if place.value is None:
            return ""
        if not isinstance(place.value, str):
            place.refuse("text")
        try:
            text = self._variables.filled(place.value)
        except ValueError as error:
            raise UsageError(
                f"{place.file}, line {place.line}: in {place.name}, {error}."
            ) from error
        for unset in self._variables.missing:
            self.unset.setdefault(unset, place.line)
        return text

    def flag(self, place: Place) -> bool:
        """Give a value as true or false; null is false.

        Raises:
            UsageError: it is something else.
        """
        written = self.text(place).lower()
        if written not in _FLAGS:
            place.refuse("true or false")
        return _FLAGS[written]

    def mount(self, place: Place) -> Mount:
        """Read a mount, in the short form or the long one, with its source as it is written.

        Raises:
            UsageError: a part of it has not the shape that it must have.
        """
        if not isinstance(place.value, dict):
            source, target, options = _parted(self.text(place))
            kind = MountKind.BIND if _is_path(source) else MountKind.VOLUME
            return Mount(kind, source, target, read_only="ro" in options.split(","))
        written = self.text(place.child("type"))
        source = self.text(
            place.child("source" if place.child("source").value is not None else "src")
        )
        kind = _KINDS.get(written, MountKind.OTHER)
        if not written or ANY_TEXT in written:
            kind = MountKind.BIND if _is_path(source) else MountKind.VOLUME
        return Mount(
            kind,
            source,
            self.text(place.child("target")),
            read_only=self.flag(place.child("read_only")),
        )


def _parted(written: str) -> tuple[str, str, str]:
    """Part `source:target:options`; a lone path is a target, of a volume without a name."""
    drive = written[:2] if _ON_WINDOWS.match(written) else ""
    parts = written.removeprefix(drive).split(":")
    parts[0] = drive + parts[0]
    if len(parts) == 1:
        return "", parts[0], ""
    return parts[0], parts[1], ",".join(parts[2:])


def _is_path(source: str) -> bool:
    return source.startswith(_BIND) or _ON_WINDOWS.match(source) is not None


def external_name(place: Place) -> Place:
    """Find the name of a volume: in older files that of an external one stands under `external`."""
    external = place.child("external")
    return external.child("name") if isinstance(external.value, dict) else place.child("name")
