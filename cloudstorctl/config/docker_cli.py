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

from cloudstorctl.config.docker_flags import NOTHING_GIVEN, DockerFlags
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


def tls_in(
    environ: Mapping[str, str], folder: Path, given: DockerFlags = NOTHING_GIVEN
) -> Tls | None:
    """Return the TLS material that Docker's variables ask for, or what was `given` to docker.

    DOCKER_CERT_PATH only says where the files are; DOCKER_TLS_VERIFY, or DOCKER_TLS for no check
    of the server, says that they are used. Any text counts, even "0", as it does for docker, and
    so does `--tlsverify=false`, which asks for TLS without a check (cli/flags/options.go,
    SetDefaultOptions).
    """
    variables = bool(environ.get("DOCKER_TLS_VERIFY")), bool(environ.get("DOCKER_TLS"))
    verify = variables[0] if given.tls_verify is None else given.tls_verify
    tls = variables[1] if given.tls is None else given.tls
    if not (verify or tls or given.tls_verify is not None):
        return None
    material = Path(environ.get("DOCKER_CERT_PATH") or folder)
    variable = "DOCKER_TLS_VERIFY" if verify else "DOCKER_TLS"
    return Tls(
        # Kept where it is missing, so that the connection fails and names it.
        ca=(given.tls_ca or str(material / "ca.pem")) if verify else None,
        cert=given.tls_cert or _if_there(material / "cert.pem"),
        key=given.tls_key or _if_there(material / "key.pem"),
        verify=verify,
        origin="docker --tls" if given.about_tls else f"environment {variable}",
    )


def folder_in(environ: Mapping[str, str], home: Path, given: DockerFlags = NOTHING_GIVEN) -> Path:
    """Return Docker's configuration folder.

    Certificates are not looked for where `docker --config` says, but where the variables do: that
    is how docker reads its options.
    """
    return Path(given.config or environ.get("DOCKER_CONFIG") or home / ".docker")


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
