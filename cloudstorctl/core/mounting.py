"""A service's mount of a Cloudstor volume as its users write it: a flag, and a compose snippet."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.perfmode import OPTION
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAXIO = "maxio"

_SERVICE = re.compile(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*")
"""Names that managers take (swarmkit manager/controlapi/common.go, validateAnnotations)."""
_LONGEST_SERVICE = 63
_LONGEST_NAME = 255
"""Bytes of a file's name, which a volume's is on the shared file system."""
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ODD = re.compile(r"[^\w.-]+|-{2,}", re.ASCII)
_LONGEST_WORD = 100
_PLAIN = "vol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The mount that is asked for."""

    service: str
    target: str
    """The path in the container."""
    shared: str | None = None
    """The one volume of all tasks; None: each task has its own."""
    maxio: bool = False

    @property
    def source(self) -> str:
        """The mount's source: a name, or a template that workers expand."""
        return per_task(self.target) if self.shared is None else self.shared

    @property
    def key(self) -> str:
        """What the volume goes by in a compose file."""
        return as_word(self.target if self.shared is None else self.shared) or _PLAIN


def per_task(target: str) -> str:
    """Give the source for a volume a task, which moves with the task.

    That of Cloudstor's documentation, but for its end: it is that of the path, so that two mounts
    of a service are two volumes.
    """
    return f"{{{{.Service.Name}}}}-{{{{.Task.Slot}}}}-{as_word(target) or _PLAIN}"


def as_word(text: str) -> str:
    """Give the letters of a path, or of a name outside its actions, that fit into a name."""
    return _ODD.sub("-", _ACTION.sub("-", text)).strip("-._")[:_LONGEST_WORD]


def check(wanted: Wanted) -> None:
    """See that an engine could take the mount.

    Raises:
        UsageError: a name or the path is none that it takes.
    """
    service = wanted.service
    if not _SERVICE.fullmatch(service) or len(service) > _LONGEST_SERVICE:
        raise UsageError(
            f"{service!r} cannot be the name of a service: up to {_LONGEST_SERVICE} letters, "
            "digits, - and _, with a letter or digit at both ends."
        )
    if wanted.shared is not None and (trouble := _trouble_of_name(wanted.shared)):
        raise UsageError(f"{wanted.shared!r} cannot be the name of a volume: {trouble}.")
    target = wanted.target
    if not target.startswith("/") or not target.strip("/") or _unprintable(target):
        raise UsageError(
            f"--target {target!r} is not a path in a container: give an absolute one, such as "
            "/data."
        )


def value_of(mount: Mount) -> str:
    """Write a volume mount as the value of `--mount`: one record of CSV (docker/cli opts/mount.go).

    A field that holds a comma, a quote or a line's end is quoted in there.
    """
    fields = (
        f"type={mount.kind}",
        *([f"source={mount.source}"] if mount.source else []),
        f"target={mount.target}",
        *([f"volume-driver={mount.driver}"] if mount.driver else []),
        *(f"volume-opt={name}={value}" for name, value in mount.options),
        *(f"volume-label={name}={value}" for name, value in mount.labels),
        *(["volume-nocopy=true"] if mount.no_copy else []),
        *([f"volume-subpath={mount.subpath}"] if mount.subpath else []),
        *(["readonly"] if mount.read_only else []),
    )
    return ",".join(map(_csv, fields))


def flag_of(mount: Mount) -> str:
    """Write the `--mount` flag for `docker service create`, quoted for a POSIX shell."""
    return f"--mount {shlex.quote(value_of(mount))}"


def update_of(mount: Mount, service: str) -> str:
    """Write the command that gives a service a mount, in the place of that at its target.

    `--mount-add` alone does so; a `--mount-rm` of the same target beside it would win, and take
    both away (docker/cli cli/command/service/update.go, updateMounts).
    """
    return (
        f"docker service update --mount-add {shlex.quote(value_of(mount))} {shlex.quote(service)}"
    )


def mount_of(wanted: Wanted, driver: str) -> Mount:
    """Give the mount that is wanted."""
    return Mount(
        kind=MountKind.VOLUME,
        source=wanted.source,
        target=wanted.target,
        driver=driver,
        options=((OPTION, MAXIO),) if wanted.maxio else (),
    )


def compose(wanted: Wanted, driver: str, *, stack: str = "") -> str:
    """Write the part of a compose file, version 3.4 or newer, that does the same.

    Within its stack a service goes by a shorter name.
    """
    return "\n".join(_compose(wanted, driver, wanted.service.removeprefix(f"{stack}_"))) + "\n"


def _compose(wanted: Wanted, driver: str, service: str) -> Iterator[str]:
    yield "services:"
    yield f"  {_yaml(service)}:"
    yield "    volumes:"
    yield "      - type: volume"
    yield f"        source: {_yaml(wanted.key)}"
    yield f"        target: {_yaml(wanted.target)}"
    yield "volumes:"
    yield f"  {_yaml(wanted.key)}:"
    yield f"    name: {_yaml(wanted.source)}"
    yield f"    driver: {_yaml(driver)}"
    if wanted.maxio:
        yield "    driver_opts:"
        yield f"      {OPTION}: {MAXIO}"


def _csv(field: str) -> str:
    quoted = field.replace('"', '""')
    return f'"{quoted}"' if {",", '"', "\n"} & set(field) else field


def _yaml(text: str) -> str:
    """Quote text as YAML; `docker stack deploy` puts variables in for a single dollar."""
    plain = re.fullmatch(r"[A-Za-z/][\w/-]*", text, re.ASCII) and text.lower() not in _WORDS
    return text if plain else json.dumps(text.replace("$", "$$"), ensure_ascii=False)


_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
"""What YAML 1.1 does not take for text."""


def _trouble_of_name(name: str) -> str:
    """Say why a name cannot be a directory's at the root of the file system."""
    if not name:
        return "without one the engine makes a new volume for each task, and deletes it after"
    if name != name.strip() or _unprintable(name):
        return "it has blanks at an end, or characters that do not print"
    if "{{" in name:
        return "it is a template, which gives tasks volumes of their own"
    if name.startswith("/") or {".", ".."} & set(name.split("/")):
        return "it is a path"
    if any(len(part.encode()) > _LONGEST_NAME for part in name.split("/")):
        return f"it is longer than {_LONGEST_NAME} bytes"
    return ""


def _unprintable(text: str) -> bool:
    return not text.isprintable()
