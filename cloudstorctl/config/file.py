"""Reads the configuration file: every key is known, every value checked, every error placed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cloudstorctl.config import values
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

    from cloudstorctl.core.model import Pairs

T = TypeVar("T")

_KEYS = {
    "node_overrides": "nodes",
    "protect_volumes": "protect.volumes",
    "declared_by": "protect.declared_by",
    "doctor_accept": "doctor.accept",
    "grace": "prune.grace",
    "max_count": "prune.max_count",
    "max_percent": "prune.max_percent",
    "require_recovery_point": "prune.require_recovery_point",
    "notify": "prune.notify",
    "aws_profile": "aws.profile",
    "aws_region": "aws.region",
    "aws_stack": "aws.stack",
    "efs_regular": "aws.efs_regular",
    "efs_maxio": "aws.efs_maxio",
}
"""Settings whose key in the file is another than their name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContext:
    """One `[contexts.NAME]` table; None is a key that is not there, and no name is no context."""

    name: str | None = None
    place: str = ""
    """The file and the table, as errors and `config show` name them."""
    cluster_id: str | None = None
    managers: tuple[str, ...] | None = None
    node_endpoint: str | None = None
    nodes: Pairs | None = None
    drivers: tuple[str, ...] | None = None
    timeout: float | None = None
    survey_timeout: float | None = None
    parallel: int | None = None
    audit_log: Path | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    protect_volumes: tuple[str, ...] | None = None
    declared_by: tuple[str, ...] | None = None
    doctor_accept: tuple[str, ...] | None = None
    grace: timedelta | None = None
    max_count: int | None = None
    max_percent: float | None = None
    require_recovery_point: timedelta | None = None
    notify: tuple[str, ...] | None = None
    aws_profile: str | None = None
    aws_region: str | None = None
    aws_stack: str | None = None
    efs_regular: str | None = None
    efs_maxio: str | None = None

    def origin_of(self, setting: str) -> str:
        """Return where the file gives the setting that other modules call `setting`."""
        return f"file {self.place}.{_KEYS.get(setting, setting)}"

    @property
    def has_tls(self) -> bool:
        """Whether it names any TLS material."""
        return any((self.tls_ca, self.tls_cert, self.tls_key))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """All that one configuration file says."""

    path: Path
    default_context: str | None
    contexts: tuple[FileContext, ...]

    @property
    def names(self) -> str:
        """The names of its contexts, for a message."""
        return ", ".join(str(context.name) for context in self.contexts) or "none"

    def named(self, name: str) -> FileContext | None:
        """Return the context of that name."""
        return next((context for context in self.contexts if context.name == name), None)


def read_config_file(path: Path, home: Path) -> ConfigFile:
    """Read `path`; relative paths in it start at its own folder, `~` is `home`.

    Raises:
        UsageError: it cannot be read, is no TOML, or has a key or value that is not understood.
    """
    root = _Table(path, "", _toml_in(path), home)
    root.only("default_context", "contexts")
    contexts = root.table("contexts")
    found = ConfigFile(
        path=path,
        default_context=root.get("default_context", values.text),
        contexts=tuple(_context_in(contexts.table(name), name) for name in contexts),
    )
    if found.default_context is not None and found.named(found.default_context) is None:
        raise root.refused(
            "default_context",
            f'there is no context "{found.default_context}" (known: {found.names})',
        )
    return found


def expanded(written: str, home: Path) -> Path:
    """Return the path that `written` names, with a leading `~` as `home`."""
    return home / written[2:] if written == "~" or written.startswith("~/") else Path(written)


def _toml_in(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"the configuration file {path} cannot be read: {error.strerror or error}"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not a text in UTF-8: {error.reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error


def _context_in(table: _Table, name: str) -> FileContext:
    table.only(
        "cluster_id",
        "managers",
        "node_endpoint",
        "drivers",
        "timeout",
        "survey_timeout",
        "parallel",
        "audit_log",
        "nodes",
        "tls",
        "protect",
        "doctor",
        "prune",
        "aws",
    )
    tls = table.table("tls")
    tls.only("ca", "cert", "key")
    if (tls.get("cert", values.text) is None) != (tls.get("key", values.text) is None):
        raise tls.refused("", "cert and key are only of use together; one of them is missing")
    protect = table.table("protect")
    protect.only("volumes", "declared_by")
    doctor = table.table("doctor")
    doctor.only("accept")
    prune = table.table("prune")
    prune.only("grace", "max_count", "max_percent", "require_recovery_point", "notify")
    aws = table.table("aws")
    aws.only("profile", "region", "stack", "efs_regular", "efs_maxio")
    return FileContext(
        name=name,
        place=f"{table.file}: {table.place}",
        cluster_id=table.get("cluster_id", values.text),
        managers=table.get("managers", values.texts),
        node_endpoint=table.get("node_endpoint", values.text),
        nodes=_nodes_in(table.table("nodes")),
        drivers=table.get("drivers", values.texts),
        timeout=table.get("timeout", values.seconds),
        survey_timeout=table.get("survey_timeout", values.seconds),
        parallel=table.get("parallel", values.positive_count),
        audit_log=table.path("audit_log"),
        tls_ca=tls.path("ca"),
        tls_cert=tls.path("cert"),
        tls_key=tls.path("key"),
        protect_volumes=protect.get("volumes", values.texts),
        declared_by=protect.globs("declared_by"),
        doctor_accept=doctor.get("accept", values.texts),
        grace=prune.get("grace", values.duration),
        max_count=prune.get("max_count", values.count),
        max_percent=prune.get("max_percent", values.percent),
        require_recovery_point=prune.get("require_recovery_point", values.duration),
        notify=prune.get("notify", values.web_addresses),
        aws_profile=aws.get("profile", values.text),
        aws_region=aws.get("region", values.text),
        aws_stack=aws.get("stack", values.text),
        efs_regular=aws.get("efs_regular", values.text),
        efs_maxio=aws.get("efs_maxio", values.text),
    )


def _nodes_in(table: _Table) -> Pairs | None:
    pairs = []
    for node in table:
        if table.is_table(node):
            # `worker.example.com = "…"` without quotes is three nested tables in TOML.
            raise table.refused(
                node, "expected a text, found a table; quote a node name that has dots"
            )
        pairs.append((node, table.get(node, values.text) or ""))
    return tuple(sorted(pairs)) or None


class _Table:
    """One table of the file, which knows where it is."""

    def __init__(self, file: Path, place: str, raw: Mapping[str, object], home: Path) -> None:
        self.file = file
        self.place = place
        self._raw = raw
        self._home = home

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def only(self, *known: str) -> None:
        """Refuse a key that is none of `known`."""
        for key in self._raw:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(known)}"
                raise self.refused(key, f"unknown key; {hint}")

    def is_table(self, key: str) -> bool:
        """Whether `key` holds a table."""
        return isinstance(self._raw.get(key), dict)

    def table(self, key: str) -> _Table:
        """Return the table `key`, empty where there is none."""
        raw = self._raw.get(key, {})
        if not isinstance(raw, dict):
            raise self.refused(key, f"expected a table: write it as [{self._place_of(key)}]")
        return _Table(self.file, self._place_of(key), raw, self._home)

    def get(self, key: str, check: Callable[[object], T]) -> T | None:
        """Return the checked value of `key`, None where there is none."""
        if key not in self._raw:
            return None
        try:
            return check(self._raw[key])
        except ValueError as error:
            raise self.refused(key, str(error)) from error

    def path(self, key: str) -> Path | None:
        """Return the path that `key` holds, from the file's folder and with `~` expanded."""
        written = self.get(key, values.text)
        return None if written is None else self.file.parent / expanded(written, self._home)

    def globs(self, key: str) -> tuple[str, ...] | None:
        """Return the `[STACK=]GLOB`s that `key` holds, with their files as `path` gives them."""
        written = self.get(key, values.stacks_and_globs)
        if written is None:
            return None
        parted = map(values.stack_and_glob, written)
        return tuple(
            f"{stack}={path}" if stack else str(path)
            for stack, pattern in parted
            for path in (self.file.parent / expanded(pattern, self._home),)
        )

    def refused(self, key: str, problem: str) -> UsageError:
        """Return the error about `key`."""
        return UsageError(f"{self.file}: {self._place_of(key)}: {problem}")

    def _place_of(self, key: str) -> str:
        return ".".join(part for part in (self.place, key) if part)
