"""Reads the options that docker was given before the name of a plugin.

docker hands a plugin its own words whole: `docker --context lab cloudstor ls` runs
`docker-cloudstor --context lab cloudstor ls` (docker/cli, cli-plugins/manager/manager.go,
PluginRunCommand). The options are those of cli/flags/options.go, written as spf13/pflag reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_SHORT = {"c": "context", "D": "debug", "H": "host", "h": "help", "l": "log-level"}
_SWITCHES = frozenset({"debug", "help", "tls", "tlsverify"})
_QUOTED = 2
"""Characters of a text that is nothing but its quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerFlags:
    """What docker's own options say; None is "not given"."""

    hosts: tuple[str, ...] = ()
    context: str | None = None
    """A context of the docker command line."""
    config: str | None = None
    """Docker's configuration folder."""
    tls: bool | None = None
    tls_verify: bool | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    debug: bool = False
    log_level: str | None = None
    """One of logrus's levels, in small letters."""
    help: bool = False

    @property
    def about_tls(self) -> bool:
        """Whether they say anything about TLS."""
        return any(
            given is not None
            for given in (self.tls, self.tls_verify, self.tls_ca, self.tls_cert, self.tls_key)
        )


NOTHING_GIVEN = DockerFlags()
"""Docker was given no option of its own."""


def docker_flags_in(words: Sequence[str]) -> tuple[DockerFlags, tuple[str, ...]]:
    """Split docker's options off `words`, up to the first word that is none.

    Raises:
        UsageError: an option that is not known here, or a value that docker would not take.
    """
    flags = NOTHING_GIVEN
    rest = list(words)
    while rest and len(rest[0]) > 1 and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, has_value, value = word[2:].partition("=")
            flags = _given(flags, name, f"--{name}", value if has_value else None, rest)
            continue
        flags = _short(flags, word[1:], rest)
    if flags.hosts and flags.context:
        raise UsageError("docker was given both --host and --context: only one can say where to go")
    return flags, tuple(rest)


def _short(flags: DockerFlags, letters: str, rest: list[str]) -> DockerFlags:
    """Take one word of short options: `-Dc lab`, `-clab`, `-D=false`."""
    while letters:
        letter, letters = letters[0], letters[1:]
        name = _SHORT.get(letter, "")
        value = None
        if letters.startswith("="):
            value, letters = letters[1:], ""
        elif letters and name not in _SWITCHES:
            value, letters = letters, ""
        flags = _given(flags, name, f"-{letter}", value, rest)
    return flags


def _given(
    flags: DockerFlags, name: str, written: str, value: str | None, rest: list[str]
) -> DockerFlags:
    """Add one option, whose value may still be among the `rest`."""
    if name in _SWITCHES:
        on = _truth(written, "true" if value is None else value)
        match name:
            case "debug":
                return replace(flags, debug=on)
            case "help":
                return replace(flags, help=on)
            case "tls":
                return replace(flags, tls=on)
            case _:
                return replace(flags, tls_verify=on)
    take = _VALUES.get(name)
    if take is None:
        raise UsageError(
            f"docker was given {written}, which docker cloudstor does not know; "
            "its own options stand after the word cloudstor"
        )
    if value is None:
        if not rest:
            raise UsageError(f"docker was given {written} without a value")
        value = rest.pop(0)
    return take(flags, value)


def _truth(written: str, value: str) -> bool:
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise UsageError(f'docker was given {written}: expected true or false, found "{value}"')


def _level(flags: DockerFlags, value: str) -> DockerFlags:
    level = value.lower()
    if level not in _LEVELS:
        raise UsageError(
            f'docker was given --log-level: expected one of {", ".join(_LEVELS)}, found "{value}"'
        )
    return replace(flags, log_level=level)


def _unquoted(value: str) -> str:
    """Take the quotes off that docker takes off too (opts/quotedstring.go)."""
    quoted = len(value) >= _QUOTED and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


_LEVELS = ("trace", "debug", "info", "warn", "warning", "error", "fatal", "panic")
_VALUES: dict[str, Callable[[DockerFlags, str], DockerFlags]] = {
    "config": lambda flags, value: replace(flags, config=value),
    "context": lambda flags, value: replace(flags, context=value),
    "host": lambda flags, value: replace(flags, hosts=(*flags.hosts, value)),
    "log-level": _level,
    "tlscacert": lambda flags, value: replace(flags, tls_ca=_unquoted(value)),
    "tlscert": lambda flags, value: replace(flags, tls_cert=_unquoted(value)),
    "tlskey": lambda flags, value: replace(flags, tls_key=_unquoted(value)),
}
