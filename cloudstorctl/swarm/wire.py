"""What engines answer, as far as it is read: the shapes of the Engine API, checked on arrival.

Field names are those of moby's api/swagger.yaml, from version 1.26 on. What an older engine leaves
out may be missing here, null counts as missing as Go's decoder has it, and what is not named here
is skipped unread.
"""

from __future__ import annotations

from msgspec import Struct, field

TextMap = dict[str, str | None]


class Answer(Struct, rename="pascal", gc=False):
    """A part of an answer: every field has the name below in Go's spelling."""


class Cluster(Answer):
    """The swarm that a manager answers for."""

    id: str | None = field(default=None, name="ID")


class SwarmInfo(Answer):
    """An engine's part in its swarm."""

    node_id: str | None = field(default=None, name="NodeID")
    cluster: Cluster | None = None
    control_available: bool | None = None
    error: str | None = None


class InfoPlugins(Answer):
    """The plugins that are no volumes' alone."""

    authorization: list[str] | None = None


class Info(Answer):
    """`/info`."""

    name: str
    swarm: SwarmInfo | None = None
    docker_root_dir: str | None = None
    system_time: str | None = None
    plugins: InfoPlugins | None = None


class VolumeRow(Answer):
    """One row of `/volumes`."""

    name: str
    driver: str | None = None
    mountpoint: str | None = None
    labels: TextMap | None = None
    options: TextMap | None = None
    cluster_volume: object = None


class Volumes(Answer):
    """`/volumes`; an engine without any says null."""

    volumes: list[VolumeRow] | None
    warnings: list[str] | None = None


class ContainerMount(Answer):
    """One mount of a container."""

    type: str | None = None
    name: str | None = None
    source: str | None = None
    destination: str | None = None
    driver: str | None = None
    writable: bool | None = field(default=None, name="RW")


class ContainerLabels(Struct, gc=False):
    """The labels of a task's container that tell the task (moby daemon/cluster/executor)."""

    task_id: str | None = field(default=None, name="com.docker.swarm.task.id")
    task_name: str | None = field(default=None, name="com.docker.swarm.task.name")
    service_name: str | None = field(default=None, name="com.docker.swarm.service.name")


class ContainerRow(Answer):
    """One row of `/containers/json`."""

    id: str
    state: str
    mounts: list[ContainerMount] | None
    names: list[str] | None = None
    labels: ContainerLabels | None = None


class Interface(Answer):
    """What a plugin serves."""

    types: list[str] | None = None


class PluginConfig(Answer):
    """What a plugin was built with."""

    interface: Interface | None = None


class PluginSettings(Answer):
    """What a plugin was set to."""

    env: list[str] | None = None


class PluginRow(Answer):
    """One row of `/plugins`."""

    name: str
    enabled: bool
    id: str | None = None
    plugin_reference: str | None = None
    settings: PluginSettings | None = None
    config: PluginConfig | None = None


class Platform(Answer):
    """What a node runs on."""

    os: str | None = field(default=None, name="OS")
    architecture: str | None = None


class EnginePlugin(Answer):
    """One plugin of the node's engine."""

    name: str
    type: str | None = None


class NodeEngine(Answer):
    """The node's engine."""

    plugins: list[EnginePlugin] | None = None
    labels: TextMap | None = None


class Description(Answer):
    """What a node has reported of itself."""

    hostname: str | None = None
    platform: Platform | None = None
    engine: NodeEngine | None = None


class NodeStatus(Answer):
    """What the managers think of a node."""

    state: str
    addr: str | None = None


class ManagerStatus(Answer):
    """A manager among the managers."""

    addr: str | None = None
    reachability: str | None = None


class NodeSpec(Answer):
    """What was asked of a node."""

    availability: str | None = None
    labels: TextMap | None = None


class NodeRow(Answer):
    """One row of `/nodes`."""

    status: NodeStatus
    id: str = field(name="ID")
    spec: NodeSpec | None = None
    description: Description | None = None
    manager_status: ManagerStatus | None = None


class DriverConfig(Answer):
    """The volume driver that a mount asks for."""

    name: str | None = None
    options: TextMap | None = None


class VolumeOptions(Answer):
    """How a mount wants its volume."""

    driver_config: DriverConfig | None = None
    labels: TextMap | None = None
    no_copy: bool | None = None
    subpath: str | None = None


class SpecMount(Answer):
    """One mount of a service's or a task's spec."""

    type: str | None = None
    source: str | None = None
    target: str | None = None
    read_only: bool | None = None
    volume_options: VolumeOptions | None = None


class ContainerSpec(Answer):
    """The container of a task."""

    mounts: list[SpecMount] | None = None


class Placement(Answer):
    """Where tasks may run."""

    constraints: list[str] | None = None


class TaskSpec(Answer):
    """What a task is made from; without a container for plugins and attachments."""

    container_spec: ContainerSpec | None = None
    placement: Placement | None = None


class Replicated(Answer):
    """The mode of a replicated service."""

    replicas: int | None = None


class ReplicatedJob(Answer):
    """The mode of a replicated job."""

    total_completions: int | None = None


class Mode(Answer):
    """How a service makes tasks: one of these is there."""

    replicated: Replicated | None = None
    replicated_job: ReplicatedJob | None = None
    # `global` is a word of Python's.
    everywhere: object = field(default=None, name="Global")
    global_job: object = None


class PreviousSpec(Answer):
    """The spec that a rollback would bring back."""

    task_template: TaskSpec | None = None
    mode: Mode | None = None
    labels: TextMap | None = None


class ServiceSpec(PreviousSpec, kw_only=True):
    """The spec of a service, which has a name."""

    name: str


class UpdateStatus(Answer):
    """How far an update has come."""

    state: str | None = None


class ServiceRow(Answer):
    """One row of `/services`."""

    spec: ServiceSpec
    id: str = field(name="ID")
    previous_spec: PreviousSpec | None = None
    update_status: UpdateStatus | None = None


class TaskStatus(Answer):
    """How far a task has come."""

    state: str


class TaskRow(Answer):
    """One row of `/tasks`."""

    status: TaskStatus
    id: str = field(name="ID")
    service_id: str | None = field(default=None, name="ServiceID")
    node_id: str | None = field(default=None, name="NodeID")
    name: str | None = None
    slot: int | None = None
    desired_state: str | None = None
    spec: TaskSpec | None = None
