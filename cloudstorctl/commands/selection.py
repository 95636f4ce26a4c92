"""Which volumes a command is about: name patterns and the filters of `ls`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from cloudstorctl.commands.completion import volume_names
from cloudstorctl.core.judgement import HolderType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudstorctl.core.judgement import Claim, EntryStatus, EntryView, Ruling, Verdict
    from cloudstorctl.core.model import Survey, VolumeName
    from cloudstorctl.core.verdict import Assessment

Patterns = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATTERN",
        help="Only volumes of these names, or patterns such as 'ci-*'.",
        autocompletion=volume_names,
    ),
]

_STACK = "com.docker.stack.namespace"
_WILD = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Filters that a volume must all pass; an empty one passes every volume."""

    patterns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    """Hostnames or IDs."""
    statuses: tuple[EntryStatus, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    services: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()

    def of(self, verdicts: tuple[Verdict, ...], survey: Survey) -> tuple[Verdict, ...]:
        """Keep the verdicts that pass, in order."""
        return tuple(verdict for verdict in verdicts if self._passes(verdict, survey))

    def entries_of(self, verdict: Verdict, survey: Survey) -> Verdict:
        """Keep the entries that pass the filters on entries."""
        views = tuple(view for view in verdict.entries if self._entry_passes(view, survey))
        return replace(verdict, entries=views)

    def names(self, name: VolumeName) -> bool:
        """Whether a name passes the patterns."""
        included = not self.patterns or any(fnmatchcase(name, p) for p in self.patterns)
        return included and not any(fnmatchcase(name, pattern) for pattern in self.exclude)

    def _passes(self, verdict: Verdict, survey: Survey) -> bool:
        about_entries = self.nodes or self.statuses
        return (
            self.names(verdict.volume.name)
            and (not self.rulings or verdict.ruling in self.rulings)
            and (
                not about_entries
                or any(self._entry_passes(view, survey) for view in verdict.entries)
            )
            and (not self.services or not self.services_of(verdict).isdisjoint(self.services))
            and (not self.stacks or not _stacks_of(verdict, survey).isdisjoint(self.stacks))
        )

    def _entry_passes(self, view: EntryView, survey: Survey) -> bool:
        hostnames = {node.id: node.hostname for node in survey.nodes}
        node = view.entry.node_id
        at = {str(node), hostnames.get(node, node)}
        return (not self.nodes or not at.isdisjoint(self.nodes)) and (
            not self.statuses or view.status in self.statuses
        )

    @staticmethod
    def services_of(verdict: Verdict) -> set[str]:
        """The services that claim a volume, themselves or by a task."""
        return {name for claim in verdict.claims if (name := _service_of(claim))}


def without_match(patterns: Iterable[str], seen: Assessment) -> Iterator[str]:
    """Say of each pattern that no volume matches, and what the user may have meant."""
    names = [verdict.volume.name for verdict in seen.verdicts]
    for pattern in patterns:
        if any(fnmatchcase(name, pattern) for name in names):
            continue
        if _WILD.search(pattern):
            sure = "" if seen.complete else " that was seen"
            yield f"No volume{sure} matches {quote(pattern)}."
        else:
            yield unlisted(pattern, seen)


def unlisted(name: str, seen: Assessment) -> str:
    """Say that no engine lists a volume, and what the user may have meant."""
    known = [verdict.volume.name for verdict in seen.verdicts]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; 'cloudstorctl ls' shows those there are."
    sure = "" if seen.complete else " that could be read"
    return f"{name}: no engine{sure} lists a Cloudstor volume of this name{hint}"


def _service_of(claim: Claim) -> str:
    match claim.holder.type:
        case HolderType.SERVICE:
            return claim.holder.name
        case HolderType.TASK:
            return claim.holder.name.rpartition(".")[0]
        case _:
            return ""


def _stacks_of(verdict: Verdict, survey: Survey) -> set[str]:
    """The stacks of the services that claim it, and the one whose label its entries carry."""
    claimants = Selection.services_of(verdict)
    stacks = {service.stack for service in survey.services if service.name in claimants}
    stacks |= {dict(entry.labels).get(_STACK, "") for entry in verdict.volume.entries}
    return stacks - {""}
