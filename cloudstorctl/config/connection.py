"""Decides which managers to talk to, and with which TLS material."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.config import docker_cli
from cloudstorctl.config.chosen import PREFIX
from cloudstorctl.config.docker_cli import Tls
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cloudstorctl.config.chosen import Chosen
    from cloudstorctl.config.context import Flags, Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Managers:
    """Where to find the swarm's managers."""

    urls: tuple[str, ...]
    origin: str
    docker: docker_cli.DockerContext | None = None
    """The context of the docker command line that they come from."""


def managers_for(
    flags: Flags, environ: Mapping[str, str], places: Places, chosen: Chosen
) -> Managers:
    """Return the managers of the first source that names any.

    Raises:
        UsageError: a variable or Docker's own configuration that cannot be used.
    """
    return next(managers for managers in _in_order(flags, environ, places, chosen) if managers.urls)


def _in_order(
    flags: Flags, environ: Mapping[str, str], places: Places, chosen: Chosen
) -> Iterator[Managers]:
    in_file = Managers(
        urls=chosen.context.managers or (), origin=chosen.context.origin_of("managers")
    )
    if not all(flags.host):
        raise UsageError("--host: expected the URL of a manager, found an empty text")
    yield Managers(urls=flags.host, origin="flag --host")
    folder = docker_cli.folder_in(environ, places.home, flags.docker)
    host = environ.get("DOCKER_HOST")
    if by_flag := flags.docker.context:
        if docker := docker_cli.context_named(by_flag, "docker --context", folder):
            yield Managers(urls=(docker.host,), origin=docker.origin, docker=docker)
        # "default" is no context at all: DOCKER_HOST counts still (cli/command/cli.go).
        there = host or docker_cli.DEFAULT_HOST
        yield Managers(urls=(there,), origin=f"docker --context {by_flag}")
    if chosen.by_flag:
        yield in_file
    variable = f"{PREFIX}HOST"
    urls = tuple(environ.get(variable, "").replace(",", " ").split())
    yield Managers(urls=urls, origin=f"environment {variable}")
    if chosen.outright:
        yield in_file
    if host:
        yield Managers(urls=(host,), origin="environment DOCKER_HOST")
    named = environ.get("DOCKER_CONTEXT", "")
    if docker := docker_cli.context_named(named, "DOCKER_CONTEXT", folder):
        yield Managers(urls=(docker.host,), origin=docker.origin, docker=docker)
    yield in_file
    if not named and (docker := docker_cli.current_context(folder)):
        yield Managers(urls=(docker.host,), origin=docker.origin, docker=docker)
    yield Managers(urls=(docker_cli.DEFAULT_HOST,), origin="default")


def tls_for(
    flags: Flags, environ: Mapping[str, str], places: Places, chosen: Chosen, managers: Managers
) -> Tls:
    """Return the TLS material that goes with the managers.

    What docker was given as its own options comes first. That of a context named outright stays
    with it; a context of the docker command line brings its own; then come Docker's variables, and
    last the context that the file chooses.

    Raises:
        UsageError: the file names TLS material that is not there.
    """
    folder = docker_cli.folder_in(environ, places.home)  # whatever docker --config says
    if tls := _tls_given_to_docker(flags, environ, folder, managers):
        return tls
    if chosen.outright and chosen.context.has_tls:
        return _tls_in_file(chosen)
    if managers.docker is not None and managers.docker.tls is not None:
        return managers.docker.tls
    from_environ = docker_cli.tls_in(environ, folder)
    if from_environ is not None:
        return from_environ
    if chosen.context.has_tls:
        return _tls_in_file(chosen)
    return Tls(ca=None, cert=None, key=None, verify=True, origin="default")


def _tls_given_to_docker(
    flags: Flags, environ: Mapping[str, str], folder: Path, managers: Managers
) -> Tls | None:
    """Return the TLS material of the context that docker was given, or of its options for TLS."""
    given = flags.docker
    if given.context and managers.docker is not None and managers.docker.tls is not None:
        return managers.docker.tls
    if not given.about_tls:
        return None
    none = Tls(ca=None, cert=None, key=None, verify=True, origin="docker --tls")
    return docker_cli.tls_in(environ, folder, given) or none


def _tls_in_file(chosen: Chosen) -> Tls:
    context = chosen.context
    ca, cert, key = (
        _existing(path, f"{context.place}.tls.{name}")
        for name, path in (
            ("ca", context.tls_ca),
            ("cert", context.tls_cert),
            ("key", context.tls_key),
        )
    )
    return Tls(ca=ca, cert=cert, key=key, verify=True, origin=context.origin_of("tls"))


def _existing(path: Path | None, place: str) -> str | None:
    if path is None:
        return None
    try:
        with path.open("rb"):
            return str(path)
    except OSError as error:
        raise UsageError(f"{place}: {path} cannot be read: {error.strerror or error}") from error
