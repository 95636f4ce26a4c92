"""Answers of 17.03 (API 1.26), 20.10 (1.41) and 26.1 (1.45) come to the same records."""

from __future__ import annotations

import pytest

from cloudstorctl.core.model import Mount, MountKind, NodeState, ServiceMode, TaskState
from cloudstorctl.swarm import decode, decode_state
from tests.core.builders import CLUSTER, an_id, node_id
from tests.edge import payloads
from tests.edge.payloads import body_of

W1 = node_id("w1")
OLD_DRIVER = "cloudstor:aws"
TIME = "2017-03-30T09:00:00.0Z"
OLD_WORKER: payloads.Payload = {
    "ID": "ABCD:EFGH",
    "Name": "w1",
    "DockerRootDir": "/var/lib/docker",
    "Plugins": {"Volume": ["local"], "Network": ["bridge"], "Authorization": None},
    "ServerVersion": "17.03.2-ce",
    "ClusterStore": "",
    "ClusterAdvertise": "",
    "Swarm": {
        "NodeID": W1,
        "NodeAddr": "10.0.0.1",
        "LocalNodeState": "active",
        "ControlAvailable": False,
        "Error": "",
        "RemoteManagers": [{"NodeID": "x", "Addr": "10.0.0.2:2377"}],
        "Nodes": 0,
        "Managers": 0,
        "Cluster": {"ID": "", "Version": {}, "CreatedAt": "0001-01-01T00:00:00Z", "Spec": {}},
    },
}
OLD_NODE: payloads.Payload = {
    "ID": W1,
    "Version": {"Index": 9},
    "Spec": {"Role": "worker", "Availability": "active"},
    "Description": {
        "Hostname": "w1",
        "Platform": {"Architecture": "x86_64", "OS": "linux"},
        "Resources": {"NanoCPUs": 1000000000, "MemoryBytes": 1044123648},
        "Engine": {
            "EngineVersion": "17.03.2-ce",
            "Plugins": [{"Type": "Volume", "Name": OLD_DRIVER}],
        },
    },
    "Status": {"State": "ready", "Addr": "10.0.0.1"},
}
OLD_SERVICE: payloads.Payload = {
    "ID": an_id("svcweb"),
    "Version": {"Index": 30},
    "Spec": {
        "Name": "web",
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "alpine",
                "Mounts": [
                    {
                        "Type": "volume",
                        "Source": "{{.Service.Name}}-{{.Task.Slot}}-vol",
                        "Target": "/data",
                        "VolumeOptions": {"DriverConfig": {"Name": OLD_DRIVER}},
                    }
                ],
                "DNSConfig": {},
            },
            "ForceUpdate": 0,
        },
        "Mode": {"Replicated": {"Replicas": 2}},
        "EndpointSpec": {"Mode": "vip"},
    },
    "Endpoint": {"Spec": {}},
    "UpdateStatus": {"StartedAt": "0001-01-01T00:00:00Z", "CompletedAt": "0001-01-01T00:00:00Z"},
}
OLD_TASK: payloads.Payload = {
    "ID": "t1",
    "Spec": OLD_SERVICE["Spec"]["TaskTemplate"],
    "ServiceID": OLD_SERVICE["ID"],
    "Slot": 1,
    "NodeID": W1,
    "Status": {"Timestamp": TIME, "State": "running", "ContainerStatus": {"PID": 1}},
    "DesiredState": "running",
}
OLD_CONTAINER: payloads.Payload = {
    "Id": "f" * 64,
    "Names": ["/web.1.t1"],
    "Image": "alpine",
    "Labels": {
        "com.docker.swarm.task": "",
        "com.docker.swarm.task.id": "t1",
        "com.docker.swarm.task.name": "web.1.t1",
        "com.docker.swarm.service.name": "web",
    },
    "State": "running",
    "Mounts": [
        {
            "Type": "volume",
            "Name": "web-1-vol",
            "Source": "/var/lib/docker/plugins/x/rootfs/mnt/web-1-vol",
            "Destination": "/data",
            "Driver": OLD_DRIVER,
            "Mode": "",
            "RW": True,
            "Propagation": "",
        }
    ],
}
OLD_VOLUMES: payloads.Payload = {
    "Volumes": [
        {
            "Driver": OLD_DRIVER,
            "Labels": None,
            "Mountpoint": "",
            "Name": "web-1-vol",
            "Options": {},
            "Scope": "local",
        }
    ],
    "Warnings": None,
}
OLD_PLUGIN: payloads.Payload = {
    "Config": {"Interface": {"Socket": "c.sock", "Types": ["docker.volumedriver/1.0"]}},
    "Enabled": True,
    "Id": "p" * 64,
    "Name": OLD_DRIVER,
    "Settings": {"Args": None, "Devices": None, "Env": ["EFS_SUPPORTED=1"], "Mounts": None},
}


def test_17_03_who_answers() -> None:
    identity = decode.identity_from(body_of(OLD_WORKER))
    assert (identity.node_id, identity.cluster_id, identity.manager) == (W1, "", False)


def test_17_03_nodes_services_and_tasks() -> None:
    (node,) = decode_state.nodes_from(body_of([OLD_NODE]))
    assert (node.hostname, node.state, node.address) == ("w1", NodeState.READY, "10.0.0.1")
    assert node.volume_drivers == (OLD_DRIVER,)
    (service,) = decode_state.services_from(body_of([OLD_SERVICE]))
    assert (service.mode, service.replicas) == (ServiceMode.REPLICATED, 2)
    assert (service.labels, service.previous_mounts, service.update_state) == ((), (), "")
    (task,) = decode_state.tasks_from(body_of([OLD_TASK]))
    assert (task.slot, task.state, task.mounts) == (1, TaskState.RUNNING, service.mounts)


def test_17_03_containers_volumes_and_plugins() -> None:
    (container,) = decode.containers_from(body_of([OLD_CONTAINER]), W1)
    assert (container.task_id, container.task_name) == ("t1", "web.1.t1")
    assert container.mounts == (
        Mount(kind=MountKind.VOLUME, source="web-1-vol", target="/data", driver=OLD_DRIVER),
    )
    (entry,) = decode.listing_from(body_of(OLD_VOLUMES), W1).entries
    assert (entry.driver, entry.mountpoint, entry.used_here) == (OLD_DRIVER, "", True)
    (plugin,) = decode.plugins_from(body_of([OLD_PLUGIN]))
    assert (plugin.name, plugin.reference) == (OLD_DRIVER, "")
    assert plugin.settings == (("EFS_SUPPORTED", "1"),)


def as_20_10(service: payloads.Payload) -> payloads.Payload:
    """Shape a service of 26.1 as 20.10 shows it: jobs carry a status of their own."""
    return service | {
        "ServiceStatus": {"RunningTasks": 1, "DesiredTasks": 1, "CompletedTasks": 0},
        "JobStatus": {"JobIteration": {"Index": 0}, "LastExecution": TIME},
    }


@pytest.mark.parametrize("shaped", [as_20_10, dict], ids=["20.10", "26.1"])
def test_20_10_and_26_1_services_and_their_jobs(shaped: type[payloads.Payload]) -> None:
    job = payloads.service("job", "data", mode={"ReplicatedJob": {"TotalCompletions": 2}})
    agent = payloads.service("agent", "data-{{.Node.Hostname}}", mode={"Global": {}})
    services = decode_state.services_from(body_of([shaped(job), shaped(agent)]))
    assert [(s.name, s.mode, s.replicas) for s in services] == [
        ("job", ServiceMode.REPLICATED_JOB, 2),
        ("agent", ServiceMode.GLOBAL, 0),
    ]


def test_26_1_the_task_of_a_job_has_slot_and_iteration() -> None:
    job = payloads.service("job", "data", mode={"ReplicatedJob": {"TotalCompletions": 2}})
    payload = payloads.task(job, slot=1, state="complete") | {"JobIteration": {"Index": 0}}
    (task,) = decode_state.tasks_from(body_of([payload]))
    assert (task.slot, task.state) == (1, TaskState.COMPLETE)


def test_26_1_a_manager_lists_cluster_volumes_beside_those_of_the_driver() -> None:
    csi = {
        "ClusterVolume": {"ID": "v", "Spec": {"AccessMode": {}}, "Version": {"Index": 3}},
        "Driver": "csi-hostpath",
        "Labels": {},
        "Mountpoint": "",
        "Name": "csi-1",
        "Options": {},
        "Scope": "global",
    }
    payload = {"Volumes": [payloads.volume("data", used=False), csi], "Warnings": []}
    listing = decode.listing_from(body_of(payload), W1)
    assert [(e.name, e.used_here) for e in listing.entries] == [("data", False)]
    assert listing.cluster_volumes == ("csi-1",)


def test_26_1_a_manager_tells_its_cluster() -> None:
    identity = decode.identity_from(body_of(payloads.info("m1", manager=True)))
    assert (identity.cluster_id, identity.manager) == (CLUSTER, True)
