"""Stack files, with the files that they name, read into the volumes that they would mount."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.compose.deployment import Deployment
from cloudstorctl.compose.dotenv import FILES, variables_beside, variables_for
from cloudstorctl.compose.source import UntoldError, overrides_of
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cloudstorctl.compose.source import Source
    from cloudstorctl.core.declared import DeclaredStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What files declare, and sentences about the variables that were missing."""

    stacks: tuple[DeclaredStack, ...]
    unset: tuple[str, ...] = ()


def declared_in(
    source: Source, stack: str, environ: Mapping[str, str], projects: Iterable[Path] = ()
) -> Told:
    """Give what a stack file declares, deployed as `stack`; empty: under its own name, or any.

    Files that it includes or extends are read too, and the override that Compose takes with it.
    Variables come from `environ`, and where that has none from the `.env` beside the file: before
    the file's own default for `docker compose`, and behind it for `docker stack deploy`, whose
    users put them into the environment. Both may deploy it, so what either would mount is declared;
    what one of them refuses, it does not deploy. A variable that nothing tells is any text.

    `projects` are folders of other files of the stack: the first file that Compose is given has
    the `.env` for all of them, and the files that they name are beside it.

    Raises:
        UsageError: neither can deploy it: a file cannot be read or understood, or a variable that
            it demands is missing.
    """
    found: list[Deployment] = []
    refusals: list[UsageError] = []
    for deployments in (_by_compose, _by_docker):
        try:
            found += deployments(source, stack, environ)
        except UntoldError:
            raise
        except UsageError as error:
            refusals.append(error)
    if not found:
        raise refusals[0]
    unset = tuple(dict.fromkeys(each for deployment in found for each in deployment.unset))
    found += _elsewhere(source, stack, environ, projects)
    stacks = tuple(dict.fromkeys(each for deployment in found for each in deployment.stacks))
    return Told(stacks=stacks, unset=unset)


def _by_compose(source: Source, stack: str, environ: Mapping[str, str]) -> list[Deployment]:
    """Read a file alone, and with the override that Compose takes with it.

    It is Compose that would refuse the file alone; one of two that cannot be told ends the run.
    """
    variables = variables_for(source.folder, environ)
    alone = Deployment(source.file, environ, as_compose=True)
    alone.read([source], stack, variables)
    try:
        overrides = list(overrides_of(source))
        if not overrides:
            return [alone]
        together = Deployment(source.file, environ, as_compose=True)
        together.read([source, *overrides], stack, variables)
    except UsageError as error:
        raise UntoldError(str(error)) from error
    return [alone, together]


def _by_docker(source: Source, stack: str, environ: Mapping[str, str]) -> list[Deployment]:
    try:
        variables = variables_for(source.folder, environ)
    except UntoldError:
        raise
    except UsageError:
        variables = {}  # it reads no such file
    deployment = Deployment(source.file, environ, as_compose=False)
    deployment.read([source], stack, variables)
    return [deployment]


def _elsewhere(
    source: Source, stack: str, environ: Mapping[str, str], projects: Iterable[Path]
) -> Iterator[Deployment]:
    """Read a file as it would be deployed with other variables.

    Those are the ones of other folders; of its own in spite of COMPOSE_ENV_FILES; and for docker,
    which looks for no file, none. No doubt is left here: a variable that is not set is empty, and
    what is refused is not deployed.
    """
    for folder in dict.fromkeys((source.folder, *projects)):
        if folder != source.folder or environ.get(FILES):
            deployment = Deployment(source.file, environ, as_compose=True, instead="")
            with suppress(UsageError):
                deployment.read([source._replace(folder=folder)], stack, variables_beside(folder))
                yield deployment
    deployment = Deployment(source.file, environ, as_compose=False, instead="")
    with suppress(UsageError):
        if variables_for(source.folder, environ):
            deployment.read([source], stack, {})
            yield deployment
