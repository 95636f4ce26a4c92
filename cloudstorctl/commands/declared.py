"""`--declared-by`: which stack files are meant, and what they keep."""

from __future__ import annotations

from collections import defaultdict
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from cloudstorctl.config import stack_and_glob
from cloudstorctl.core.declared import of_any_name
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.commands.invocation import World
    from cloudstorctl.compose.source import Source
    from cloudstorctl.config import Context
    from cloudstorctl.core.declared import DeclaredStack
    from cloudstorctl.render.console import Console

_STANDARD_INPUT = "-"
_ENDINGS = (".yml", ".yaml")


def declared_stacks(context: Context, world: World, console: Console) -> tuple[DeclaredStack, ...]:
    """Read every file that the option and the configuration name.

    Raises:
        UsageError: a pattern matches no file, or a file cannot be read or understood: what it
            declares would silently not be kept.
    """
    if not context.declared_by:
        return ()
    from cloudstorctl.compose import declared_in  # noqa: PLC0415 - yaml is slow to import

    given: dict[str, list[Source]] = defaultdict(list)
    typed: list[bytes] = []
    for written in dict.fromkeys(context.declared_by):
        stack, pattern = stack_and_glob(written)
        given[stack] += _sources(pattern, world, typed)
    stacks: dict[DeclaredStack, None] = {}
    for stack, sources in given.items():
        projects = dict.fromkeys(source.folder for source in sources if stack)
        for source in sources:
            told = declared_in(source, stack, world.environ, projects)
            stacks.update(dict.fromkeys(told.stacks))
            for sentence in told.unset:
                console.message(sentence)
    for template, file in of_any_name(stacks):
        console.message(
            f"{file}: what {template.replace(ANY_TEXT, '*')} yields cannot be told, so that it "
            "keeps every volume."
        )
    return tuple(stacks)


def refuse_unquoted(context: Context, names: Iterable[str] | None) -> None:
    """Refuse names of volumes that look like files, which a shell has made of a pattern.

    Raises:
        UsageError: there is one; its file would be taken for a volume, and not be read.
    """
    for name in names or ():
        if context.declared_by and name.endswith(_ENDINGS) and Path(name).exists():
            raise UsageError(
                f"{name} is a file, and stands here for a volume: put the pattern of --declared-by "
                "in quotes, so that the shell leaves it alone."
            )


def _sources(pattern: str, world: World, typed: list[bytes]) -> Iterator[Source]:
    from cloudstorctl.compose.source import Source, source_at  # noqa: PLC0415 - as above

    if pattern == _STANDARD_INPUT:
        if not typed:
            typed.append(world.stdin.read().encode("utf-8", "surrogateescape"))
        yield Source("standard input", Path(), typed[0])
        return
    found = [pattern]
    if not Path(pattern).exists():  # a name may hold brackets, which a pattern reads otherwise
        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207 - it may be absolute
    if not found:
        raise UsageError(
            f"{pattern}: there is no such file, which --declared-by or 'protect.declared_by' names."
        )
    for path in found:
        yield source_at(Path(path), path)
