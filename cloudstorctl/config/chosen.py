"""Chooses the configuration file, and the context in it that this run uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.config.file import ConfigFile, FileContext, expanded, read_config_file
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudstorctl.config.context import Flags, Places

PREFIX = "CLOUDSTORCTL_"
"""What the names of this program's own environment variables start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The context of the file that this run uses, and how it was named."""

    context: FileContext
    origin: str
    by_flag: bool = False
    outright: bool = False
    """Named by a flag or by CLOUDSTORCTL_CONTEXT, not by the file itself."""


def config_file(
    flags: Flags, environ: Mapping[str, str], places: Places
) -> tuple[ConfigFile | None, str]:
    """Return what the configuration file says, None where there is none, and who named it.

    Raises:
        UsageError: a file that was named is not there, or one that is there cannot be used.
    """
    if flags.config is not None:
        path, origin = expanded(flags.config, places.home), "flag --config"
    elif named := environ.get(f"{PREFIX}CONFIG"):
        path, origin = expanded(named, places.home), f"environment {PREFIX}CONFIG"
    else:
        path, origin = places.config / "config.toml", "default"
        if _is_absent(path):
            return None, f"default: there is no {path}"
    return read_config_file(path, places.home), origin


def chosen_context(flags: Flags, environ: Mapping[str, str], file: ConfigFile | None) -> Chosen:
    """Return the context that a flag, the environment or the file itself chooses.

    Raises:
        UsageError: there is none of that name, or nothing says which of several is meant.
    """
    variable = f"{PREFIX}CONTEXT"
    if flags.context is not None:
        context = _context_named(flags.context, "--context", file)
        return Chosen(context=context, origin="flag --context", by_flag=True, outright=True)
    if name := environ.get(variable):
        context = _context_named(name, variable, file)
        return Chosen(context=context, origin=f"environment {variable}", outright=True)
    if file is None or not file.contexts:
        return Chosen(context=FileContext(), origin="default")
    if file.default_context and (found := file.named(file.default_context)):
        return Chosen(context=found, origin=f"file {file.path}: default_context")
    if len(file.contexts) == 1:
        return Chosen(context=file.contexts[0], origin=f"file {file.path}: its only context")
    if flags.host or flags.docker.context or environ.get(f"{PREFIX}HOST"):
        return Chosen(context=FileContext(), origin="default")
    raise UsageError(
        f"{file.path} has several contexts and no default_context: "
        f"choose one with --context ({file.names})"
    )


def _context_named(name: str, said_by: str, file: ConfigFile | None) -> FileContext:
    found = file.named(name) if file else None
    if found is not None:
        return found
    where = f"known in {file.path}: {file.names}" if file else "there is no configuration file"
    raise UsageError(
        f'{said_by}: there is no context "{name}" ({where}); '
        "contexts of the docker command line are chosen with DOCKER_CONTEXT"
    )


def _is_absent(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # it may be there; reading it says what is wrong
    return False
