"""Records with defaults, so that a test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cloudstorctl.core.model import (
    Container,
    ContainerId,
    ContainerState,
    EngineReading,
    Entry,
    Gap,
    Mount,
    MountKind,
    Node,
    NodeId,
    NodeState,
    Pairs,
    Plugin,
    Service,
    ServiceId,
    ServiceMode,
    Survey,
    Task,
    TaskId,
    TaskState,
    VolumeName,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DRIVER = "cloudstor:aws"
CLUSTER = "cluster00000000000000000a"


def an_id(name: str) -> str:
    """Make an ID of the form that SwarmKit gives (25 characters of base 36)."""
    return name.replace("-", "").replace("_", "").replace(".", "").lower().ljust(25, "0")[:25]


def node_id(hostname: str) -> NodeId:
    return NodeId(an_id(hostname))


def a_node(hostname: str = "w1", *, state: NodeState = NodeState.READY) -> Node:
    return Node(id=node_id(hostname), hostname=hostname, state=state, address="10.0.0.1")


def a_mount(
    source: str,
    *,
    driver: str = DRIVER,
    kind: MountKind = MountKind.VOLUME,
    read_only: bool = False,
) -> Mount:
    return Mount(kind=kind, source=source, driver=driver, read_only=read_only)


def a_bind(source: str) -> Mount:
    return a_mount(source, driver="", kind=MountKind.BIND)


def a_service(  # noqa: PLR0913 - all have defaults
    name: str = "web",
    *sources: str | Mount,
    mode: ServiceMode = ServiceMode.REPLICATED,
    replicas: int = 1,
    previous: tuple[str | Mount, ...] = (),
    previous_replicas: int | None = None,
    labels: Pairs = (),
) -> Service:
    return Service(
        id=ServiceId(an_id(f"svc{name}")),
        name=name,
        mode=mode,
        replicas=0 if mode.per_node else replicas,
        mounts=_mounts(sources),
        previous_mounts=_mounts(previous),
        previous_replicas=replicas if previous_replicas is None else previous_replicas,
        labels=labels,
    )


def a_task(
    service: Service,
    *sources: str | Mount,
    slot: int = 1,
    on: str | None = "w1",
    state: TaskState = TaskState.RUNNING,
    desired: str = "running",
) -> Task:
    return Task(
        id=TaskId(an_id(f"task{service.name}{slot}{on or ''}")),
        service_id=service.id,
        node_id=node_id(on) if on else None,
        slot=slot,
        state=state,
        desired=desired,
        mounts=_mounts(sources) or service.mounts,
    )


def a_container(
    *sources: str | Mount,
    on: str = "w1",
    name: str = "app",
    state: ContainerState = ContainerState.RUNNING,
) -> Container:
    return Container(
        id=ContainerId(f"c-{name}-{on}"),
        node_id=node_id(on),
        name=name,
        state=state,
        mounts=_mounts(sources),
    )


def a_task_container(
    service: Service,
    *sources: str | Mount,
    slot: int = 1,
    on: str = "w1",
    state: ContainerState = ContainerState.RUNNING,
) -> Container:
    task = a_task(service, slot=slot, on=on)
    return Container(
        id=ContainerId(f"c-{service.name}-{slot}-{on}"),
        node_id=node_id(on),
        name=f"{service.name}.{slot or node_id(on)}.{task.id}",
        state=state,
        mounts=_mounts(sources),
        task_id=task.id,
        task_name=f"{service.name}.{slot or node_id(on)}.{task.id}",
        service_name=service.name,
    )


def an_entry(  # noqa: PLR0913 - all have defaults
    name: str = "data",
    *,
    on: str = "w1",
    driver: str = DRIVER,
    place: str = "efs/reg",
    used_here: bool = True,
    options: Pairs = (),
    labels: Pairs = (),
) -> Entry:
    root = f"/var/lib/docker/plugins/{plugin_id(on)}/propagated-mount"
    return Entry(
        node_id=node_id(on),
        name=VolumeName(name),
        driver=driver,
        mountpoint=f"{root}/{place}/{name}" if place else "",
        used_here=used_here,
        options=options,
        labels=labels,
    )


def plugin_id(hostname: str) -> str:
    return f"{hostname}plugin".ljust(64, "f")


def a_plugin(
    on: str = "w1", *, name: str = DRIVER, enabled: bool = True, reference: str = ""
) -> Plugin:
    return Plugin(
        id=plugin_id(on),
        name=name,
        enabled=enabled,
        reference=reference,
        settings=(("EFS_ID_MAXIO", "fs-max"), ("EFS_ID_REGULAR", "fs-reg")),
    )


def a_reading(
    on: str = "w1",
    *names: str | Entry,
    containers: tuple[Container, ...] = (),
    plugins: tuple[Plugin, ...] | None = None,
    cluster_volumes: tuple[str, ...] = (),
) -> EngineReading:
    return EngineReading(
        node_id=node_id(on),
        entries=tuple(n if isinstance(n, Entry) else an_entry(n, on=on) for n in names),
        containers=containers,
        plugins=(a_plugin(on),) if plugins is None else plugins,
        cluster_volumes=tuple(VolumeName(name) for name in cluster_volumes),
        root_dir="/var/lib/docker",
    )


def a_survey(
    *readings: EngineReading,
    services: tuple[Service, ...] = (),
    tasks: tuple[Task, ...] = (),
    nodes: tuple[Node, ...] | None = None,
    gaps: tuple[Gap, ...] = (),
    drivers: tuple[str, ...] = ("*cloudstor*",),
) -> Survey:
    """A survey whose nodes are those of the readings, unless told otherwise."""
    known = {node_id(name): name for name in ("w1", "w2", "w3", "w4")}
    return Survey(
        cluster_id=CLUSTER,
        taken_at=NOW,
        nodes=tuple(a_node(known[r.node_id]) for r in readings) if nodes is None else nodes,
        services=services,
        tasks=tasks,
        engines=readings,
        gaps=gaps,
        drivers=drivers,
    )


def _mounts(sources: tuple[str | Mount, ...]) -> tuple[Mount, ...]:
    return tuple(s if isinstance(s, Mount) else a_mount(s) for s in sources)
