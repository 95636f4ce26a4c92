"""A small swarm to render: the documentation's three services, an orphan, and a reserved volume."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudstorctl.core.judgement import (
    Backing,
    BackingKind,
    Claim,
    ClaimKind,
    EntryStatus,
    EntryView,
    Holder,
    HolderType,
    KeptVolume,
    NodeRef,
    Outcome,
    OutcomeStatus,
    Plan,
    PlannedEntry,
    PlannedRemoval,
    Ruling,
    Verdict,
    Volume,
)
from cloudstorctl.core.model import Entry, Gap, Node, NodeId, Survey, VolumeName

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
DRIVER = "cloudstor:aws"
REGULAR = "fs-0a1b2c3d"
MAXIO = "fs-9f8e7d6c"
HOSTILE = "[red]evil\x1b[31m\nname "
HOSTILE_SHOWN = r"[red]evil\x1b[31m\nname\x20"
"""A name that a directory may have, and how it must look wherever it is printed."""


def a_node(number: int = 1, hostname: str = "") -> Node:
    return Node(id=NodeId(f"id-w{number}"), hostname=hostname or f"w{number}")


def a_survey(nodes: int = 3, *, cluster_id: str = "swarm-1") -> Survey:
    return Survey(
        cluster_id=cluster_id,
        taken_at=NOON,
        nodes=tuple(a_node(number) for number in range(1, nodes + 1)),
    )


def a_claim(  # noqa: PLR0913 - a builder has a default for each part
    name: str = "ping2.1",
    node: int | None = 3,
    *,
    kind: ClaimKind = ClaimKind.MOUNTED,
    holder: HolderType = HolderType.TASK,
    detail: str = "",
    writes: bool = True,
) -> Claim:
    return Claim(
        kind=kind,
        holder=Holder(type=holder, id=f"id-{name}", name=name),
        node=None if node is None else NodeId(f"id-w{node}"),
        detail=detail or f"container {name} is running",
        writes=writes,
    )


def a_view(
    volume: str,
    node: int = 1,
    status: EntryStatus = EntryStatus.UNUSED,
    *used_by: Claim,
    driver: str = DRIVER,
    options: dict[str, str] | None = None,
) -> EntryView:
    return EntryView(
        entry=Entry(
            node_id=NodeId(f"id-w{node}"),
            name=VolumeName(volume),
            driver=driver,
            options=tuple((options or {}).items()),
        ),
        status=status,
        used_by=used_by,
    )


def a_backing(path: str = "old-data", mode: str | None = "reg") -> Backing:
    return Backing(
        kind=BackingKind.EFS if mode else BackingKind.EBS,
        mode=mode,
        file_system={"reg": REGULAR, "max": MAXIO}.get(mode or ""),
        path=path if mode else None,
    )


def a_verdict(  # noqa: PLR0913 - a builder has a default for each part
    name: str = "old-data",
    ruling: Ruling = Ruling.REMOVABLE,
    *entries: EntryView,
    claims: tuple[Claim, ...] = (),
    reasons: tuple[str, ...] = ("Nothing claims it, and every engine was read.",),
    backings: tuple[Backing, ...] | None = None,
    warnings: tuple[str, ...] = (),
) -> Verdict:
    entries = entries or (a_view(name),)
    drivers = tuple(dict.fromkeys(view.entry.driver for view in entries))
    return Verdict(
        volume=Volume(
            name=VolumeName(name),
            drivers=drivers,
            entries=tuple(view.entry for view in entries),
            backings=(a_backing(name),) if backings is None else backings,
            warnings=warnings,
        ),
        ruling=ruling,
        claims=claims,
        reasons=reasons,
        entries=entries,
    )


def documented_volumes() -> tuple[Verdict, ...]:
    """Give the verdicts on the documentation's three services, an orphan and a reserved volume."""
    pings = tuple(a_claim(f"ping1.{slot}", slot) for slot in (1, 2, 3))
    ping2 = a_claim("ping2.1", 3, detail="container ping2.1 is running and mounts ping2-1-vol")
    of_ping2 = a_claim(
        "ping2",
        None,
        kind=ClaimKind.DECLARED,
        holder=HolderType.SERVICE,
        detail="the service mounts {{.Service.Name}}-{{.Task.Slot}}-vol",
    )
    ping3 = a_claim("ping3.1", 1)
    web = a_claim(
        "web",
        None,
        kind=ClaimKind.DECLARED,
        holder=HolderType.SERVICE,
        detail="the service mounts web-data",
    )
    return (
        a_verdict(
            "maxvol",
            Ruling.IN_USE,
            a_view("maxvol", 1, EntryStatus.MOUNTED, ping3, options={"perfmode": "maxio"}),
            claims=(ping3,),
            backings=(a_backing("maxvol", "max"),),
            reasons=("Task ping3.1 on w1 has it mounted.",),
        ),
        a_verdict(reasons=("Nothing claims it, and every engine was read.",)),
        a_verdict(
            "ping2-1-vol",
            Ruling.IN_USE,
            a_view("ping2-1-vol", 2, EntryStatus.STALE, ping2),
            a_view("ping2-1-vol", 3, EntryStatus.MOUNTED, ping2),
            claims=(ping2, of_ping2),
            reasons=("Task ping2.1 on w3 has it mounted.", "Service ping2 mounts it."),
        ),
        a_verdict(
            "sharedvol1",
            Ruling.IN_USE,
            *(
                a_view("sharedvol1", node, EntryStatus.MOUNTED, pings[node - 1])
                for node in (1, 2, 3)
            ),
            claims=pings,
            reasons=("Three tasks have it mounted.",),
            warnings=("3 tasks write to it, and the driver does no locking.",),
        ),
        a_verdict(
            "web-data",
            Ruling.RESERVED,
            a_view("web-data", 1, EntryStatus.IDLE, web),
            a_view("web-data", 2, EntryStatus.IDLE, web),
            claims=(web,),
            reasons=("Service web mounts it and has no task now.",),
        ),
    )


def a_gap(
    source: str = "ssh://docker@10.0.0.4 /volumes",
    node: int | None = 4,
    *hidden: str,
    cause: str = "no answer within 10 s",
) -> Gap:
    return Gap(
        source=source,
        node=None if node is None else NodeId(f"id-w{node}"),
        cause=cause,
        volumes=frozenset(map(VolumeName, hidden)) if hidden else None,
    )


def a_removal(name: str = "old-data", nodes: tuple[int, ...] = (1,)) -> PlannedRemoval:
    return PlannedRemoval(
        volume=VolumeName(name),
        ruling=Ruling.REMOVABLE,
        reasons=("Nothing claims it, and every engine was read.",),
        evidence="sha256:0",
        entries=tuple(
            PlannedEntry(node=NodeRef(id=NodeId(f"id-w{node}"), hostname=f"w{node}"), driver=DRIVER)
            for node in nodes
        ),
    )


def a_kept(name: str = "sharedvol1", ruling: Ruling = Ruling.IN_USE, *reasons: str) -> KeptVolume:
    return KeptVolume(
        volume=VolumeName(name), ruling=ruling, reasons=reasons or ("A task has it mounted.",)
    )


def a_plan(
    removals: tuple[PlannedRemoval, ...] = (),
    kept: tuple[KeptVolume, ...] = (),
    gaps: tuple[Gap, ...] = (),
) -> Plan:
    return Plan(
        cluster_id="swarm-1",
        made_at=NOON,
        nodes=tuple(NodeRef(id=NodeId(f"id-w{n}"), hostname=f"w{n}") for n in (1, 2, 3, 4)),
        removals=removals,
        kept=kept,
        gaps=gaps,
    )


def an_outcome(
    name: str = "old-data",
    status: OutcomeStatus = OutcomeStatus.REMOVED,
    detail: str = "No engine lists it any more.",
) -> Outcome:
    return Outcome(volume=VolumeName(name), status=status, detail=detail)
