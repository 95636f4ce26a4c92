"""Claims answered by volume: by name, by directory, by pattern, and by protection."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cloudstorctl.core.judgement import Claim, ClaimKind, Holder, HolderType
from cloudstorctl.core.templates import Match, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cloudstorctl.core.judgement import Volume
    from cloudstorctl.core.model import Entry
    from cloudstorctl.core.mounts import Reach

PROTECT_LABEL = "cloudstorctl.protect"
"""A volume label that keeps a volume; any value but `false`."""

BUILT_IN_PROTECTION = ("aws-backup-restore_*", "lost+found")
"""Directories at the root of EFS that no driver made, and that list as volumes all the same."""

_SEPARATOR = "_"
"""Between the name of a stack and that of a part of it (docker/cli cli/compose/convert)."""

_ORDER = {kind: position for position, kind in enumerate(ClaimKind)}


@dataclass(slots=True)
class Claims:
    """Every claim of a survey, answered by volume."""

    _exact: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    """By the path claimed."""
    _below: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    """By every ancestor of the path claimed: a claim on `a/b` is a claim on `a`."""
    _patterns: dict[str, list[tuple[Reach, Callable[[Match], Claim]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By the start of the first path component that every name they yield has."""
    _of_any_stack: dict[str, list[tuple[Reach, Callable[[Match], Claim]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """By what the first path component has behind a word: there may be very many."""
    protect: tuple[str, ...] = ()
    """Patterns of names that configuration keeps."""

    def on(self, volume: Volume) -> tuple[Claim, ...]:
        """Give the claims on a volume, strongest first.

        A holder is told once a kind and node, and a service's declared, rollback and dormant
        claims as the strongest of them.
        """
        path = canonical(volume.name)
        found = list(self._exact.get(path, ()))
        found += self._below.get(path, ())
        for ancestor in _ancestors(path):
            found += self._exact.get(ancestor, ())
        first = path.split("/", 1)[0]
        for names, claim_of in self._fitting(first):
            if (match := names.matches(volume.name)) is not None:
                found.append(claim_of(match))
        found += _protections(volume, self.protect)
        return _strongest_of_each_service(found)

    def add(self, names: Reach, claim_of: Callable[[Match], Claim]) -> None:
        """Record a claim on every name that `names` can yield."""
        if names.exact is None and names.after_word.startswith(_SEPARATOR):
            self._of_any_stack[names.after_word].append((names, claim_of))
            return
        if names.exact is None:
            self._patterns[names.prefix.split("/", 1)[0]].append((names, claim_of))
            return
        self.add_path(names.exact, claim_of(Match()))

    def _fitting(self, first: str) -> Iterator[tuple[Reach, Callable[[Match], Claim]]]:
        """Give the patterns that a name may fit which begins with this path component."""
        for length in range(len(first) + 1):
            yield from self._patterns.get(first[:length], ())
        start = first.find(_SEPARATOR, 1) if self._of_any_stack else -1
        while start > 0:
            for end in range(start + 1, len(first) + 1):
                yield from self._of_any_stack.get(first[start:end], ())
            start = first.find(_SEPARATOR, start + 1)

    def add_label(self, entry: Entry) -> None:
        """Record the claim of an entry that a label protects."""
        value = dict(entry.labels).get(PROTECT_LABEL, "false")
        if value.lower() != "false":
            claim = Claim(
                kind=ClaimKind.PROTECTED,
                holder=Holder(type=HolderType.LABEL, id=PROTECT_LABEL, name=PROTECT_LABEL),
                node=entry.node_id,
                detail=f"the label {PROTECT_LABEL} of {entry.name} is {value}",
            )
            self.add_path(entry.name, claim)

    def add_path(self, name: str, claim: Claim) -> None:
        """Record a claim on one name, or one path below the root of the file system."""
        path = canonical(name)
        self._exact[path].append(claim)
        for ancestor in _ancestors(path):
            self._below[ancestor].append(claim)


def _protections(volume: Volume, protect: tuple[str, ...]) -> Iterator[Claim]:
    for pattern in protect:
        if _protects(pattern, volume.name):
            yield Claim(
                kind=ClaimKind.PROTECTED,
                holder=Holder(type=HolderType.CONFIGURATION, id=pattern, name=pattern),
                detail=f"the configuration protects {pattern}",
            )
    for pattern in BUILT_IN_PROTECTION:
        if _protects(pattern, volume.name):
            yield Claim(
                kind=ClaimKind.PROTECTED,
                holder=Holder(type=HolderType.CONFIGURATION, id=pattern, name=pattern),
                detail=f"{pattern} is a directory that the file system or its backup made",
            )


def _protects(pattern: str, name: str) -> bool:
    """Whether a pattern names a volume, a directory that it lies in, or one in it."""
    place = canonical(name)
    return any(fnmatchcase(around, pattern) for around in (name, *_ancestors(place))) or any(
        fnmatchcase(place, around) for around in _ancestors(pattern)
    )


def _ancestors(path: str) -> tuple[str, ...]:
    if not path:
        return ()
    parts = path.split("/")
    return ("", *("/".join(parts[:length]) for length in range(1, len(parts))))


_OF_A_SPEC = (ClaimKind.DECLARED, ClaimKind.ROLLBACK, ClaimKind.DORMANT)


def _strongest_of_each_service(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    kept: dict[object, Claim] = {}
    for claim in sorted(claims, key=_rank):
        kind = ClaimKind.DECLARED if claim.kind in _OF_A_SPEC else claim.kind
        kept.setdefault((kind, claim.holder, claim.node), claim)
    return tuple(kept.values())


def _rank(claim: Claim) -> tuple[int, str, str, bool, str]:
    return (
        _ORDER[claim.kind],
        claim.holder.name,
        claim.node or "",
        not claim.writes,
        claim.detail,
    )
