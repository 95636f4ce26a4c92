"""API payloads to records: what a manager tells of nodes, services and tasks."""

from __future__ import annotations

import pytest

from cloudstorctl.core.model import Mount, MountKind, NodeState, ServiceMode, TaskState
from cloudstorctl.errors import ShapeError
from cloudstorctl.swarm import decode_state
from tests.core.builders import DRIVER, an_id, node_id
from tests.edge import payloads
from tests.edge.payloads import body_of

W1 = node_id("w1")


def the_spec_mount(fields: payloads.Payload) -> Mount:
    """Decode one mount of a service's spec."""
    payload = payloads.service()
    payload["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"] = [fields]
    (service,) = decode_state.services_from(body_of([payload]))
    (mount,) = service.mounts
    return mount


def the_mode(mode: payloads.Payload) -> tuple[ServiceMode, int]:
    (service,) = decode_state.services_from(body_of([payloads.service(mode=mode)]))
    return service.mode, service.replicas


# /nodes


def test_a_node_is_described_in_full() -> None:
    (node,) = decode_state.nodes_from(body_of([payloads.node("w1")]))
    assert (node.id, node.hostname, node.address) == (W1, "w1", "10.0.0.1")
    assert (node.state, node.availability, node.manager) == (NodeState.READY, "active", False)
    assert (node.operating_system, node.architecture) == ("linux", "x86_64")
    assert node.volume_drivers == (DRIVER, "local")


@pytest.mark.parametrize("own", ["0.0.0.0", "127.0.0.1", "::", ""])  # noqa: S104
@pytest.mark.parametrize(
    ("as_manager", "address"), [("10.0.0.7:2377", "10.0.0.7"), ("[fd00::7]:2377", "fd00::7")]
)
def test_a_leader_that_does_not_know_its_own_address_is_taken_at_the_managers(
    own: str, as_manager: str, address: str
) -> None:
    payload = payloads.node("m1", manager=True)
    payload["Status"]["Addr"] = own
    payload["ManagerStatus"]["Addr"] = as_manager
    assert decode_state.nodes_from(body_of([payload]))[0].address == address


def test_a_worker_keeps_whatever_address_it_has() -> None:
    payload = payloads.node("w1")
    payload["Status"]["Addr"] = "127.0.0.1"
    assert decode_state.nodes_from(body_of([payload]))[0].address == "127.0.0.1"


def test_a_node_that_has_never_reported_is_named_by_its_id() -> None:
    payload = payloads.node("w1", state="unknown") | {"Description": {}}
    (node,) = decode_state.nodes_from(body_of([payload]))
    assert (node.hostname, node.state, node.volume_drivers) == (W1, NodeState.UNKNOWN, ())


def test_a_node_state_that_is_new_to_us_is_unknown() -> None:
    (node,) = decode_state.nodes_from(body_of([payloads.node(state="dreaming")]))
    assert node.state is NodeState.UNKNOWN


# /services


def test_a_service_with_its_mounts_labels_and_previous_spec() -> None:
    previous = payloads.service_spec("web", "old-data")
    previous["Labels"] = {"a": "b"}
    payload = payloads.service("web", "{{.Service.Name}}-{{.Task.Slot}}-vol", previous=previous)
    payload["Spec"]["Labels"] = {"com.docker.stack.namespace": "shop"}
    (service,) = decode_state.services_from(body_of([payload]))
    assert (service.id, service.name, service.stack) == (an_id("svcweb"), "web", "shop")
    assert [mount.source for mount in service.mounts] == ["{{.Service.Name}}-{{.Task.Slot}}-vol"]
    assert [mount.source for mount in service.previous_mounts] == ["old-data"]
    assert service.previous_labels == (("a", "b"),)
    assert service.update_state == "completed"


@pytest.mark.parametrize(
    ("mode", "decoded"),
    [
        ({"Replicated": {"Replicas": 3}}, (ServiceMode.REPLICATED, 3)),
        ({"Replicated": {"Replicas": 0}}, (ServiceMode.REPLICATED, 0)),
        ({"Replicated": {}}, (ServiceMode.REPLICATED, 1)),
        ({"Global": {}}, (ServiceMode.GLOBAL, 0)),
        ({"Global": {}, "Replicated": None}, (ServiceMode.GLOBAL, 0)),
        (
            {"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 5}},
            (ServiceMode.REPLICATED_JOB, 5),
        ),
        ({"ReplicatedJob": {}}, (ServiceMode.REPLICATED_JOB, 1)),
        ({"GlobalJob": {}}, (ServiceMode.GLOBAL_JOB, 0)),
    ],
)
def test_every_mode_of_a_service(mode: payloads.Payload, decoded: tuple[ServiceMode, int]) -> None:
    assert the_mode(mode) == decoded


@pytest.mark.parametrize("mode", [{"Sharded": {}}, {"Replicated": None}])
def test_a_mode_that_is_new_to_us_is_an_error_and_no_guess(mode: payloads.Payload) -> None:
    with pytest.raises(ShapeError, match=r"^\[0\]\.Spec\.Mode\.Replicated is missing, expected a"):
        the_mode(mode)


@pytest.mark.parametrize(
    ("fields", "mount"),
    [
        (
            {
                "Type": "volume",
                "Source": "data",
                "Target": "/d",
                "ReadOnly": True,
                "VolumeOptions": {
                    "DriverConfig": {"Name": DRIVER, "Options": {"size": "1", "a": "b"}}
                },
            },
            Mount(
                kind=MountKind.VOLUME,
                source="data",
                target="/d",
                driver=DRIVER,
                read_only=True,
                options=(("a", "b"), ("size", "1")),
            ),
        ),
        ({"Source": "data"}, Mount(kind=MountKind.VOLUME, source="data")),
        (
            {"Type": "volume", "VolumeOptions": {"NoCopy": True, "DriverConfig": None}},
            Mount(kind=MountKind.VOLUME, source="", no_copy=True),
        ),
        (
            {
                "Type": "volume",
                "Source": "data",
                "VolumeOptions": {"Labels": {"b": "1", "a": None}, "Subpath": "x/y"},
            },
            Mount(
                kind=MountKind.VOLUME,
                source="data",
                labels=(("a", ""), ("b", "1")),
                subpath="x/y",
            ),
        ),
        ({"Type": "bind", "Source": "/x"}, Mount(kind=MountKind.BIND, source="/x")),
        (
            {"Type": "tmpfs", "Target": "/t"},
            Mount(kind=MountKind.OTHER, source="", target="/t"),
        ),
        ({"Type": "cluster", "Source": "csi"}, Mount(kind=MountKind.OTHER, source="csi")),
    ],
)
def test_every_mount_of_a_spec(fields: payloads.Payload, mount: Mount) -> None:
    assert the_spec_mount(fields) == mount


def test_a_service_that_runs_a_plugin_or_an_attachment_mounts_nothing() -> None:
    payload = payloads.service()
    payload["Spec"]["TaskTemplate"] = {"PluginSpec": {}, "Runtime": "plugin"}
    assert decode_state.services_from(body_of([payload]))[0].mounts == ()


def test_constraints_and_the_labels_that_they_ask_for() -> None:
    payload = payloads.service()
    payload["Spec"]["TaskTemplate"]["Placement"] = {"Constraints": ["node.labels.a==b"]}
    (service,) = decode_state.services_from(body_of([payload]))
    assert service.constraints == ("node.labels.a==b",)
    node = {
        "ID": "n",
        "Status": {"State": "ready"},
        "Spec": {"Labels": {"a": "b"}},
        "Description": {"Engine": {"Labels": {"c": "d"}}},
    }
    (read,) = decode_state.nodes_from(body_of([node]))
    assert (read.labels, read.engine_labels) == ((("a", "b"),), (("c", "d"),))


# /tasks


def test_a_task_with_its_service_slot_node_and_mounts() -> None:
    of = payloads.service("web", "data")
    (task,) = decode_state.tasks_from(body_of([payloads.task(of, slot=2, on="w1")]))
    assert (task.id, task.service_id) == (an_id("taskweb2w1"), an_id("svcweb"))
    assert (task.slot, task.node_id, task.name) == (2, W1, "")
    assert (task.state, task.desired) == (TaskState.RUNNING, "running")
    assert [mount.source for mount in task.mounts] == ["data"]


def test_a_task_that_is_global_or_not_assigned_leaves_slot_and_node_out() -> None:
    payload = payloads.task(payloads.service())
    del payload["Slot"], payload["NodeID"]
    (task,) = decode_state.tasks_from(body_of([payload]))
    assert (task.slot, task.node_id) == (0, None)


@pytest.mark.parametrize("state", TaskState)
def test_every_state_of_a_task(state: TaskState) -> None:
    payload = payloads.task(payloads.service(), state=state.value)
    (task,) = decode_state.tasks_from(body_of([payload]))
    assert task.state is state


def test_a_task_state_that_is_new_to_us_is_unknown() -> None:
    payload = payloads.task(payloads.service(), state="dreaming")
    (task,) = decode_state.tasks_from(body_of([payload]))
    assert task.state is TaskState.UNKNOWN
