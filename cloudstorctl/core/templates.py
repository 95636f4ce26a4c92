"""SwarmKit's mount-source templates: expand them, and match a volume's name back to one."""

from __future__ import annotations

import re
from collections.abc import Mapping  # noqa: TC003 - dataclass annotations are resolved at run time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloudstorctl.core.gotemplate import Field, Opaque, Part, joined, parts_of
from cloudstorctl.core.namepattern import ID, NUMBER, NamePattern, is_any, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.model import Pairs

__all__ = ["ANY_TEXT", "Field", "Known", "Match", "Names", "canonical", "fields", "nests", "yields"]

ANY_TEXT = '{{index .Service.Labels ""}}'
"""What a source holds in the place of a text that is not known: it yields any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the task that would mount; None or an empty text is not known."""

    service_id: str | None = None
    service_name: str | None = None
    """A template where only a part is known: `{{.Service.Name}}` in it is any one word."""
    node_id: str | None = None
    node_hostname: str | None = None
    node_os: str | None = None
    node_arch: str | None = None
    task_id: str | None = None
    task_name: str | None = ""
    """Annotations.Name; empty: made up, as it is by every orchestrator; None: not known."""
    slot: int | None = None
    """0: the task has no slot, and `.Task.Slot` is its node's ID (template/context.go)."""
    per_node: bool = False
    """Global services and jobs: where the slot is not known, it is a node's ID."""
    job: bool = False
    """Replicated jobs count from 0: an unknown slot is a number, or a node's ID for the first."""
    service_labels: Pairs = ()
    """The current labels: not for expansion, but their slashes tell what label text may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How a template yields a name: the text of each field that was not known."""

    values: Mapping[Field, str] = field(default_factory=dict)
    """In modes per node the slot shows as NODE_ID. A field that the name does not reach is absent:
    the name is a parent directory, for whatever value.
    """

    @property
    def slot(self) -> int | None:
        """The slot, 0 for a node's ID in its place (a job's first); None where it does not show."""
        slot = self.values.get(Field.SLOT)
        if slot is None:
            return None
        return int(slot) if re.fullmatch(NUMBER, slot) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that a template can yield: exactly one, or all that fit a pattern."""

    exact: str | None
    """The one name, as SwarmKit expands it and not yet canonical; None for a pattern."""
    prefix: str
    """What each yielded name starts with when canonical; the parents of those may be shorter."""
    unexpandable: bool
    """Whether an action could not be expanded: a gap that names the service is due."""
    anything: bool
    """Whether it could yield every name, or a directory that holds every volume."""
    pattern: NamePattern | None = field(default=None, repr=False)

    @property
    def after_word(self) -> str:
        """What each yielded name has behind a first word that is not known; empty: not so."""
        return self.pattern.after_word if self.pattern else ""

    def matches(self, name: str) -> Match | None:
        """Tell how this holds the volume `name`: yields it, a directory in it, or one around it."""
        if self.exact == "":
            return None  # a mount without a source is an anonymous volume
        if self.pattern is None:
            return Match() if nests(self.exact or "", name) else None
        values = self.pattern.match(canonical(name))
        return None if values is None else Match(values=values)


def canonical(name: str) -> str:
    """Return the directory of a volume as its path from the root of the file system.

    The root itself is empty, and so is a path that climbs out of it: the driver joins the name to
    its mount point, so `../max/a` is in another file system, and no name is safe from it.
    """
    path: list[str] = []
    for component in name.split("/"):
        if component == "..":
            if not path:
                return ""
            path.pop()
        elif component not in {"", "."}:
            path.append(component)
    return "/".join(path)


def nests(one: str, other: str) -> bool:
    """Whether two names are one directory, or one of them lies in the other."""
    one, other = canonical(one), canonical(other)
    if not one or not other:
        return True
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def fields(source: str) -> frozenset[Field]:
    """Name the fields that the text of a template depends on, as far as it can be expanded."""
    return frozenset(part for part in parts_of(source) if isinstance(part, Field))


def yields(source: str, known: Known) -> Names:
    """Tell which names a mount source yields (swarmkit template/expand.go, context.go).

    What is known is filled in; what is not is matched by its form, and where it comes twice by the
    same value. Text of labels is any text, but a name does not end within it (and so hold what the
    template yields) unless a current label of the service has a slash.
    """
    pieces = joined([piece for part in parts_of(source) for piece in _filled(part, known)])
    if all(isinstance(piece, str) for piece in pieces):
        exact = "".join(map(str, pieces))
        place = canonical(exact)
        anything = bool(exact) and not place
        return Names(exact=exact, prefix=place, unexpandable=False, anything=anything)
    unexpandable = Opaque.ACTION in pieces
    texts = [text for _, text in known.service_labels]
    pattern = pattern_of(
        pieces,
        slot=f"{NUMBER}|{re.escape(known.node_id or '') or ID}" if known.job else NUMBER,
        slashes=any("/" in text for text in texts),
        climbs=(unexpandable and ".." in source)
        or (any(map(is_any, pieces)) and any(".." in text.split("/") for text in texts)),
    )
    return Names(
        exact=None,
        prefix=pattern.prefix,
        unexpandable=unexpandable,
        anything=pattern.anything,
        pattern=pattern,
    )


def _filled(part: Part, known: Known) -> Iterator[Part]:
    """Put in what is known; SLOT stays only where it can be a number."""
    if part is Field.SLOT and (known.slot == 0 or (known.slot is None and known.per_node)):
        yield from _filled(Field.NODE_ID, known)
    elif part is Field.SLOT:
        yield str(known.slot) if known.slot else part
    elif part is Field.SERVICE_NAME and known.service_name:
        yield from parts_of(known.service_name)
    elif part is Field.TASK_NAME and known.task_name == "":
        # swarmkit api/naming/naming.go, Task
        yield from _filled(Field.SERVICE_NAME, known)
        yield "."
        yield from _filled(Field.SLOT, known)
        yield "."
        yield from _filled(Field.TASK_ID, known)
    elif isinstance(part, Field) and part is not Field.SERVICE_LABELS:
        yield getattr(known, part.value) or part
    else:
        yield part
