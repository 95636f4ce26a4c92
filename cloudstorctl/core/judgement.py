"""The records of what is said: claims, volumes, verdicts, plans and outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta  # noqa: TC003 - dataclass annotations are resolved at run time
from enum import StrEnum
from typing import NamedTuple

from cloudstorctl.core.model import Entry, Gap, NodeId, VolumeName  # noqa: TC001 - as above


class ClaimKind(StrEnum):
    """Why a volume must stay, strongest first (design.md section 4)."""

    MOUNTED = "mounted"
    SCHEDULED = "scheduled"
    HELD = "held"
    DECLARED = "declared"
    ROLLBACK = "rollback"
    DORMANT = "dormant"
    PROTECTED = "protected"


class Strength(StrEnum):
    """How strongly a claim holds a volume."""

    IN_USE = "in use"
    RESERVED = "reserved"


STRENGTH = {
    kind: Strength.IN_USE if kind in {ClaimKind.MOUNTED, ClaimKind.SCHEDULED} else Strength.RESERVED
    for kind in ClaimKind
}


class HolderType(StrEnum):
    """What holds a claim."""

    TASK = "task"
    CONTAINER = "container"
    SERVICE = "service"
    CONFIGURATION = "configuration"
    LABEL = "label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a claim."""

    type: HolderType
    id: str
    name: str
    """As the docker command line prints it: `ping2.1` for a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One reason to keep a volume."""

    kind: ClaimKind
    holder: Holder
    node: NodeId | None = None
    """Where the holder is; None where it has no place."""
    detail: str = ""
    """A clause for people: what was seen."""
    writes: bool = True
    """Whether the mount can be written through."""

    @property
    def strength(self) -> Strength:
        """How strongly this kind of claim holds."""
        return STRENGTH[self.kind]


class BackingKind(StrEnum):
    """Where the data of a volume is."""

    EFS = "efs"
    EBS = "ebs"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """Where the data is: an EFS file system and directory, or an EBS volume."""

    kind: BackingKind = BackingKind.UNKNOWN
    mode: str | None = None
    """`reg` or `max`: the performance mode of the EFS file system; None for EBS."""
    file_system: str | None = None
    """ID from the plugin's settings; None where the plugin does not tell."""
    path: str | None = None
    """Directory at the root of the file system."""

    def __str__(self) -> str:
        """`efs/reg`, `efs/max`, `ebs` or `unknown`."""
        return f"{self.kind}/{self.mode}" if self.mode else self.kind


class OddityKind(StrEnum):
    """What is odd about a name across the swarm."""

    SEVERAL_PLACES = "several-places"
    SEVERAL_FILE_SYSTEMS = "several-file-systems"
    SEVERAL_DRIVERS = "several-drivers"
    TWIN = "twin"
    DIFFERENT_OPTIONS = "different-options"
    OTHER_MODE = "other-mode"


class Oddity(NamedTuple):
    """Something odd about a name, as a kind and as a sentence."""

    kind: OddityKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """All entries of one name across the swarm, and the data behind them."""

    name: VolumeName
    drivers: tuple[str, ...]
    entries: tuple[Entry, ...]
    backings: tuple[Backing, ...]
    """Every distinct backing that its entries show; more than one is a trap."""
    oddities: tuple[Oddity, ...] = ()
    """What its entries alone show to be odd; their texts are among the warnings."""
    warnings: tuple[str, ...] = ()

    @property
    def backing(self) -> Backing:
        """The backing, or an unknown one where none or several were seen."""
        return self.backings[0] if len(self.backings) == 1 else Backing()


class Ruling(StrEnum):
    """The judgement on a volume; the first that applies (design.md section 5)."""

    IN_USE = "in-use"
    RESERVED = "reserved"
    UNKNOWN = "unknown"
    PENDING = "pending"
    REMOVABLE = "removable"


class EntryStatus(StrEnum):
    """What one engine's entry is worth, for display only."""

    MOUNTED = "mounted"
    HELD = "held"
    STALE = "stale"
    LISTED = "listed"
    IDLE = "idle"
    UNUSED = "unused"
    UNKNOWN = "unknown"


class EntryView(NamedTuple):
    """An entry with its status, and the claims that explain it."""

    entry: Entry
    status: EntryStatus
    used_by: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A ruling with its claims and reasons."""

    volume: Volume
    ruling: Ruling
    claims: tuple[Claim, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """The gaps that leave this volume in doubt."""
    reasons: tuple[str, ...] = ()
    """Sentences."""
    entries: tuple[EntryView, ...] = field(default=())
    unused_since: datetime | None = None
    """When it was first seen unused, of which nothing claims now; None: never before."""
    removable_from: datetime | None = None
    """When the grace period of one that is unused ends, or has ended; None for any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRef:
    """A node as plans and documents name it."""

    id: NodeId
    hostname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """An entry that a removal would send a request for, or see vanish."""

    node: NodeRef
    driver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRemoval:
    """A volume that a plan would remove, with what proved it unused."""

    volume: VolumeName
    ruling: Ruling
    reasons: tuple[str, ...]
    evidence: str
    """`sha256:…` over all that the ruling rests on."""
    entries: tuple[PlannedEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVolume:
    """A volume that a plan leaves alone, with why."""

    volume: VolumeName
    ruling: Ruling
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredBy:
    """Which files told what to keep, and what they told."""

    files: tuple[tuple[str, str], ...]
    """Each file with the name of its stack; empty: any."""
    digest: str
    """`sha256:…` over all names that they keep."""

    def __str__(self) -> str:
        """As the option is written."""
        return " ".join(
            f"--declared-by '{stack}={file}'" if stack else f"--declared-by '{file}'"
            for file, stack in self.files
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The removals that verdicts allow, with the evidence."""

    cluster_id: str
    made_at: datetime
    nodes: tuple[NodeRef, ...]
    removals: tuple[PlannedRemoval, ...]
    kept: tuple[KeptVolume, ...]
    gaps: tuple[Gap, ...] = ()
    recovery_within: timedelta | None = None
    """How young the recovery point of each backing had to be; None: none was required."""
    declared_by: DeclaredBy | None = None
    """The files whose volumes it keeps; None: no file was asked."""


class OutcomeStatus(StrEnum):
    """What happened to one planned removal."""

    REMOVED = "removed"
    REFUSED = "refused"  # by the engine
    CLAIMED = "claimed"  # something claims it since the plan was made
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # the request was sent, and what it did cannot be proved
    NOT_TRIED = "not_tried"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened to one volume that was named for removal."""

    volume: VolumeName
    status: OutcomeStatus
    detail: str
    """One sentence."""
