"""Finds the engine that the docker command line would talk to.

The order is that of docker/cli, cli/command/cli.go (resolveContextName) and cli/flags/options.go:
DOCKER_HOST, then DOCKER_CONTEXT, then the current context of config.json, then the local socket.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_HOST = "unix:///var/run/docker.sock"
_DEFAULT_CONTEXT = "default"
"""The name that the docker command line gives to "no context"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """TLS material, as paths."""

    ca: str | None
    cert: str | None
    key: str | None
    verify: bool
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerContext:
    """A context of the docker command line."""

    name: str
    host: str
    tls: Tls | None

    @property
    def origin(self) -> str:
        """How `config show` names it."""
        return f"docker context {self.name}"


def context_named(name: str, said_by: str, folder: Path) -> DockerContext | None:
    """Return the Docker context `name` from Docker's configuration folder; None: the default one.

    Raises:
        UsageError: there is none of that name, or its files are not what Docker writes.
    """
    if name in {"", _DEFAULT_CONTEXT}:
        return None
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest / "meta.json"
    found = _json_in(meta)
    if found is None:
        known = ", ".join(_context_names(folder)) or "none"
        raise UsageError(
            f'{said_by} names the Docker context "{name}", which does not exist '
            f"(known in {folder}: {known})"
        )
    match found:
        case {"Endpoints": {"docker": {"Host": str(host)} as endpoint}}:
            verify = endpoint.get("SkipTLSVerify") is not True
        case _:
            raise UsageError(f'{meta}: the Docker context "{name}" has no docker endpoint')
    material = folder / "contexts" / "tls" / digest / "docker"
    ca, cert, key = (_if_there(material / file) for file in ("ca.pem", "cert.pem", "key.pem"))
    origin = f"docker context {name}"
    tls = Tls(ca=ca, cert=cert, key=key, verify=verify, origin=origin)
    return DockerContext(
        name=name,
        host=host or DEFAULT_HOST,
        tls=tls if ca or cert or key or not verify else None,
    )


def current_context(folder: Path) -> DockerContext | None:
    """Return the context that `docker context use` has chosen; None: the default one.

    Raises:
        UsageError: Docker's configuration cannot be understood.
    """
    file = folder / "config.json"
    match _json_in(file):
        case {"currentContext": str(name)}:
            return context_named(name, f"currentContext in {file}", folder)
        case dict() | None:
            return None
        case _:
            raise UsageError(f"{file}: expected a JSON object")


def tls_in(environ: Mapping[str, str], folder: Path) -> Tls | None:
    """Return the TLS material that Docker's variables ask for.

    DOCKER_CERT_PATH only says where the files are; DOCKER_TLS_VERIFY, or DOCKER_TLS for no check
    of the server, says that they are used. Any text counts, even "0", as it does for docker.
    """
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    material = Path(environ.get("DOCKER_CERT_PATH") or folder)
    return Tls(
        # Kept where it is missing, so that the connection fails and names it.
        ca=str(material / "ca.pem") if verify else None,
        cert=_if_there(material / "cert.pem"),
        key=_if_there(material / "key.pem"),
        verify=verify,
        origin=f"environment {'DOCKER_TLS_VERIFY' if verify else 'DOCKER_TLS'}",
    )


def folder_in(environ: Mapping[str, str], home: Path) -> Path:
    """Return Docker's configuration folder."""
    return Path(environ.get("DOCKER_CONFIG") or home / ".docker")


def _context_names(folder: Path) -> list[str]:
    names = []
    for meta in sorted(folder.glob("contexts/meta/*/meta.json")):
        match _json_in(meta):
            case {"Name": str(name)}:
                names.append(name)
            case _:
                pass
    return sorted(names)


def _json_in(file: Path) -> object:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{file} is not valid JSON: {error}") from error


def _if_there(file: Path) -> str | None:
    try:
        return str(file) if file.is_file() else None
    except OSError:
        # Not allowed to look: the connection will fail and name it.
        return str(file)
