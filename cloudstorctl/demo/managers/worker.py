"""Carry tasks out on their nodes (swarmkit agent; moby daemon/cluster/executor/container)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.managers.records import State
from cloudstorctl.demo.node.container import Container
from cloudstorctl.demo.node.mounting import mounts_of
from cloudstorctl.demo.refusal import RefusalError
from cloudstorctl.demo.template.expansion import Context, TemplateError, expand

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from cloudstorctl.demo.managers.cluster import Cluster
    from cloudstorctl.demo.managers.records import Member, Payload, Task
    from cloudstorctl.demo.node.engine import Engine

_POLL: Final = 0.05  # seconds between two looks at a pull that does not end


class _GivenUpError(Exception):
    """The task is not wanted any more."""


def work(cluster: Cluster) -> None:
    """Bring every task on a node that takes part one step further."""
    for task in tuple(cluster.tasks.values()):
        if task.busy or task.state < State.ASSIGNED or not cluster.alive(task.node_id):
            continue
        member = cluster.members.get(task.node_id)
        if member is not None:
            _step(cluster, cluster.engines[member.id], member, task)


def sweep(cluster: Cluster) -> None:
    """Remove the containers of tasks that the managers have deleted (swarmkit agent/worker.go)."""
    for member in cluster.members.values():
        engine = cluster.engines[member.id]
        if not cluster.alive(member.id):
            continue
        for container in tuple(engine.containers.values()):
            if container.task_id and container.task_id not in cluster.tasks:
                cluster.runtime.spawn(_clear(engine, container))


async def _clear(engine: Engine, container: Container) -> None:
    await engine.stop(container)
    if container.id in engine.containers:
        await engine.remove(container, force=True, volumes=True)


def _step(cluster: Cluster, engine: Engine, member: Member, task: Task) -> None:
    if task.desired >= State.SHUTDOWN:
        if not task.ended:
            _start(cluster, task, _shut_down(cluster, engine, task))
        return
    match task.state:
        case State.ASSIGNED:
            cluster.report(task, State.ACCEPTED, "accepted")
        case State.ACCEPTED:
            cluster.report(task, State.PREPARING, "preparing")
        case State.PREPARING:
            _start(cluster, task, _prepare(cluster, engine, member, task))
        case State.READY if task.desired >= State.RUNNING:
            cluster.report(task, State.STARTING, "starting")
        case State.STARTING:
            _start(cluster, task, _run(cluster, engine, task))
        case State.RUNNING:
            _note_end(cluster, task, engine.containers.get(task.container_id))
        case _:
            pass


def _start(cluster: Cluster, task: Task, steps: Coroutine[object, object, None]) -> None:
    """Let steps go on that may have to wait for the driver."""
    task.busy = True

    async def guarded() -> None:
        try:
            await steps
        except _GivenUpError:
            pass
        except (RefusalError, TemplateError) as error:
            final = State.REJECTED if task.state < State.STARTING else State.FAILED
            cluster.report(task, final, task.state.word, str(error))
        finally:
            task.busy = False

    cluster.runtime.spawn(guarded())


async def _prepare(cluster: Cluster, engine: Engine, member: Member, task: Task) -> None:
    """Expand, make volumes, wait for the image, make the container."""
    spec = expanded(task, member, task.spec["ContainerSpec"])
    for mount in spec.get("Mounts") or ():
        options = mount.get("VolumeOptions") or {}
        driver = options.get("DriverConfig") or {}
        if (mount.get("Type") or "volume") == "volume" and driver and mount.get("Source"):
            await engine.volumes.create(
                mount["Source"],
                driver.get("Name") or "",
                options=driver.get("Options") or {},
                labels=options.get("Labels") or {},
            )
    image = spec["Image"]
    while image.partition("@")[0] in engine.slow_images:
        _check(cluster, engine, task)
        await cluster.runtime.sleep(_POLL)
    engine.check_image(image)
    _check(cluster, engine, task)
    labels = {
        "com.docker.swarm.node.id": task.node_id,
        "com.docker.swarm.service.id": task.service_id,
        "com.docker.swarm.service.name": task.service_name,
        "com.docker.swarm.task": "",
        "com.docker.swarm.task.id": task.id,
        "com.docker.swarm.task.name": task.name,
    }
    container = Container(
        id=cluster.ids.long(),
        name=task.name,
        image=image,
        command=(*(spec.get("Command") or ()), *(spec.get("Args") or ())),
        created=cluster.runtime.now(),
        environment=dict(each.partition("=")[::2] for each in spec.get("Env") or ()),
        labels={**(spec.get("Labels") or {}), **labels},
        mounts=mounts_of((), spec.get("Mounts") or (), (), cluster.ids),
    )
    await engine.create(container)
    task.container_id = container.id
    cluster.report(task, State.READY, "prepared")


def _check(cluster: Cluster, engine: Engine, task: Task) -> None:
    """Give up what is not wanted any more, or what an engine that has ended began."""
    if task.desired >= State.SHUTDOWN or task.id not in cluster.tasks or not engine.running:
        raise _GivenUpError


async def _run(cluster: Cluster, engine: Engine, task: Task) -> None:
    container = engine.containers.get(task.container_id)
    if container is None:
        raise RefusalError("the container of the task is gone")
    await engine.start(container)
    cluster.report(task, State.RUNNING, "started")


async def _shut_down(cluster: Cluster, engine: Engine, task: Task) -> None:
    container = engine.containers.get(task.container_id)
    if container is not None:
        await engine.stop(container)
        task.exit_code = container.exit_code
    cluster.report(task, State.SHUTDOWN, "shutdown")


def _note_end(cluster: Cluster, task: Task, container: Container | None) -> None:
    """See whether the container of a running task has ended."""
    if container is None:
        cluster.report(task, State.FAILED, "started", "No such container")
        return
    if container.active:
        return
    task.exit_code = container.exit_code
    if container.exit_code == 0:
        cluster.report(task, State.COMPLETE, "finished")
    else:
        error = f"task: non-zero exit ({container.exit_code})"
        cluster.report(task, State.FAILED, "started", error)


def expanded(task: Task, member: Member, spec: Payload) -> Payload:
    """Fill in the templates of a container's spec (swarmkit template/expand.go).

    Raises:
        TemplateError: one of them cannot be filled in.
    """
    context = Context(
        service_id=task.service_id,
        service_name=task.service_name,
        service_labels=task.service_labels,
        node_id=task.node_id,
        node_hostname=member.hostname,
        node_os="linux",
        node_arch="x86_64",
        task_id=task.id,
        task_name=task.name,
        task_slot=str(task.slot) if task.slot else task.node_id,
    )

    def fill(text: str, what: str) -> str:
        with _blaming(f'expanding {what} "{text}"'):
            return expand(text, context)

    filled = dict(spec)
    with _blaming("expanding env failed"):
        filled["Env"] = [fill(each, "env") for each in spec.get("Env") or ()]
    if spec.get("Hostname"):
        with _blaming("expanding hostname failed"):
            filled["Hostname"] = expand(spec["Hostname"], context)
    with _blaming("expanding mounts failed"):
        filled["Mounts"] = [_filled_mount(mount, fill) for mount in spec.get("Mounts") or ()]
    return filled


@contextmanager
def _blaming(what: str) -> Iterator[None]:
    """Say what was being filled in."""
    try:
        yield
    except TemplateError as error:
        raise TemplateError(f"{what}: {error}") from error


def _filled_mount(mount: Payload, fill: Callable[[str, str], str]) -> Payload:
    filled = dict(mount)
    for key in ("Source", "Target"):
        if mount.get(key):
            filled[key] = fill(mount[key], f"mount {key.lower()}")
    options = dict(mount.get("VolumeOptions") or {})
    if options.get("Labels"):
        labels = options["Labels"].items()
        options["Labels"] = {key: fill(text, "volume label") for key, text in labels}
    driver = dict(options.get("DriverConfig") or {})
    if driver.get("Options"):
        wanted = driver["Options"].items()
        driver["Options"] = {key: fill(text, "volume driver option") for key, text in wanted}
    if driver:
        options["DriverConfig"] = driver
    if options:
        filled["VolumeOptions"] = options
    return filled
