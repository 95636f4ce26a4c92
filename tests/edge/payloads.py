"""Answers of an engine of 26.1 as its API gives them, with only what tests vary as parameters."""

from __future__ import annotations

import json
from typing import Any

from tests.core.builders import CLUSTER, DRIVER, an_id, node_id, plugin_id

Payload = dict[str, Any]

CREATED = "2026-03-01T11:00:00.123456789Z"


def body_of(payload: object) -> bytes:
    """Write an answer as an engine sends it."""
    return json.dumps(payload).encode()


def info(hostname: str = "w1", *, manager: bool = False, cluster: str = CLUSTER) -> Payload:
    swarm: Payload = {
        "NodeID": node_id(hostname),
        "NodeAddr": "10.0.0.1",
        "LocalNodeState": "active",
        "ControlAvailable": manager,
        "Error": "",
        "RemoteManagers": [{"NodeID": node_id("m1"), "Addr": "10.0.0.1:2377"}],
    }
    if manager:
        swarm |= {"Nodes": 3, "Managers": 1, "Cluster": {"ID": cluster, "Version": {"Index": 10}}}
    return {
        "ID": "5bd0a3e6-5d4c-4e53-a3f0-3f1f4c7b2a10",
        "Containers": 1,
        "Name": hostname,
        "DockerRootDir": "/var/lib/docker",
        "Plugins": {"Volume": ["local"], "Network": ["bridge"], "Authorization": None},
        "ServerVersion": "26.1.5",
        "Swarm": swarm,
        "Warnings": None,
    }


def node(hostname: str = "w1", *, manager: bool = False, state: str = "ready") -> Payload:
    payload: Payload = {
        "ID": node_id(hostname),
        "Version": {"Index": 9},
        "CreatedAt": CREATED,
        "UpdatedAt": CREATED,
        "Spec": {
            "Labels": {},
            "Role": "manager" if manager else "worker",
            "Availability": "active",
        },
        "Description": {
            "Hostname": hostname,
            "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 2000000000, "MemoryBytes": 4109721600},
            "Engine": {
                "EngineVersion": "26.1.5",
                "Plugins": [
                    {"Type": "Network", "Name": "overlay"},
                    {"Type": "Volume", "Name": DRIVER},
                    {"Type": "Volume", "Name": "local"},
                ],
            },
            "TLSInfo": {"TrustRoot": "-----BEGIN CERTIFICATE-----\n"},
        },
        "Status": {"State": state, "Addr": "10.0.0.1"},
    }
    if manager:
        payload["ManagerStatus"] = {
            "Leader": True,
            "Reachability": "reachable",
            "Addr": "10.0.0.1:2377",
        }
    return payload


def spec_mount(source: str, *, driver: str = DRIVER, kind: str = "volume") -> Payload:
    mount: Payload = {"Type": kind, "Source": source, "Target": "/data"}
    if kind == "volume" and driver:
        mount["VolumeOptions"] = {"DriverConfig": {"Name": driver}}
    return mount


def service_spec(
    name: str = "web", *sources: str, replicas: int = 1, mode: Payload | None = None
) -> Payload:
    return {
        "Name": name,
        "Labels": {},
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "alpine:3.19@sha256:00",
                "Mounts": [spec_mount(source) for source in sources],
                "Isolation": "default",
            },
            "Resources": {"Limits": {}, "Reservations": {}},
            "ForceUpdate": 0,
            "Runtime": "container",
        },
        "Mode": mode or {"Replicated": {"Replicas": replicas}},
        "EndpointSpec": {"Mode": "vip"},
    }


def service(
    name: str = "web",
    *sources: str,
    replicas: int = 1,
    mode: Payload | None = None,
    previous: Payload | None = None,
) -> Payload:
    payload: Payload = {
        "ID": an_id(f"svc{name}"),
        "Version": {"Index": 21},
        "CreatedAt": CREATED,
        "UpdatedAt": CREATED,
        "Spec": service_spec(name, *sources, replicas=replicas, mode=mode),
        "Endpoint": {"Spec": {}},
    }
    if previous is not None:
        payload["PreviousSpec"] = previous
        payload["UpdateStatus"] = {"State": "completed", "Message": "update completed"}
    return payload


def task(of: Payload, *, slot: int = 1, on: str = "w1", state: str = "running") -> Payload:
    """A task of the service payload `of`, with its spec as it stands."""
    name = of["Spec"]["Name"]
    return {
        "ID": an_id(f"task{name}{slot}{on}"),
        "Version": {"Index": 22},
        "CreatedAt": CREATED,
        "UpdatedAt": CREATED,
        "Labels": {},
        "Spec": of["Spec"]["TaskTemplate"],
        "ServiceID": of["ID"],
        "Slot": slot,
        "NodeID": node_id(on),
        "Status": {
            "Timestamp": CREATED,
            "State": state,
            "Message": "started",
            "ContainerStatus": {"ContainerID": "c" * 64, "PID": 4711, "ExitCode": 0},
            "PortStatus": {},
        },
        "DesiredState": "running",
    }


def volume(name: str, on: str = "w1", *, used: bool = True, driver: str = DRIVER) -> Payload:
    root = f"/var/lib/docker/plugins/{plugin_id(on)}/propagated-mount/efs/reg"
    return {
        "CreatedAt": "0001-01-01T00:00:00Z",
        "Driver": driver,
        "Labels": {} if used else None,
        "Mountpoint": f"{root}/{name}",
        "Name": name,
        "Options": {} if used else None,
        "Scope": "local",
    }


def container_mount(name: str, driver: str = DRIVER) -> Payload:
    return {
        "Type": "volume",
        "Name": name,
        "Source": f"/var/lib/docker/plugins/x/propagated-mount/efs/reg/{name}",
        "Destination": "/data",
        "Driver": driver,
        "Mode": "z",
        "RW": True,
        "Propagation": "",
    }


def container(name: str, *volumes: str, state: str = "running") -> Payload:
    return {
        "Id": name.replace(".", "").ljust(64, "c"),
        "Names": [f"/{name}"],
        "Image": "alpine:3.19",
        "ImageID": "sha256:00",
        "Command": "sleep 1d",
        "Created": 1767265200,
        "Ports": [],
        "Labels": {},
        "State": state,
        "Status": "Up 3 minutes",
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {"Networks": {}},
        "Mounts": [container_mount(volume) for volume in volumes],
    }


def task_container(of: Payload, running: Payload, *volumes: str) -> Payload:
    """The container of a task of the service payload `of`."""
    service_name = of["Spec"]["Name"]
    task_name = f"{service_name}.{running['Slot']}.{running['ID']}"
    return container(task_name, *volumes) | {
        "Labels": {
            "com.docker.swarm.node.id": running["NodeID"],
            "com.docker.swarm.service.id": of["ID"],
            "com.docker.swarm.service.name": service_name,
            "com.docker.swarm.task": "",
            "com.docker.swarm.task.id": running["ID"],
            "com.docker.swarm.task.name": task_name,
        }
    }


def plugin(on: str = "w1", *, name: str = DRIVER, enabled: bool = True) -> Payload:
    return {
        "Config": {
            "Description": "cloud storage",
            "DockerVersion": "18.09.2",
            "Interface": {"Socket": "cloudstor.sock", "Types": ["docker.volumedriver/1.0"]},
            "Env": [{"Name": "EFS_ID_REGULAR", "Settable": ["value"], "Value": ""}],
        },
        "Enabled": enabled,
        "Id": plugin_id(on),
        "Name": name,
        "PluginReference": "docker.io/docker4x/cloudstor:18.09.2-ce-aws1",
        "Settings": {
            "Args": [],
            "Devices": [],
            "Env": ["CLOUD_PLATFORM=AWS", "EFS_ID_REGULAR=fs-reg", "EFS_ID_MAXIO=fs-max"],
            "Mounts": [],
        },
    }
