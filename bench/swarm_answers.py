"""What a manager of 26.1 answers about its swarm, in every field that a real one sends.

The shapes are those of engines of 20.10 and 26.1; only what a fleet varies is given.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudstorctl.core.memory_document import LABELS, name_of, written
from cloudstorctl.core.model import VolumeName

if TYPE_CHECKING:
    from collections.abc import Iterable

Payload = dict[str, Any]

DRIVER = "cloudstor:aws"
CREATED = "2026-03-01T11:00:00.123456789Z"
LOG_DRIVERS = ("awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "splunk")
NETWORK_DRIVERS = ("bridge", "host", "ipvlan", "macvlan", "null", "overlay")

_ROOT_CERTIFICATE = (
    "-----BEGIN CERTIFICATE-----\n" + ("MIIBajCCARCgAwIBAgIUGRqBR973oEAjFOa" * 17) + "\n"
    "-----END CERTIFICATE-----\n"
)
TLS = {
    "TrustRoot": _ROOT_CERTIFICATE,
    "CertIssuerSubject": "MBMxETAPBgNVBAMTCHN3YXJtLWNh",
    "CertIssuerPublicKey": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1" + "x" * 87,
}


def node(name: str, node_id: str, *, manager: bool) -> Payload:
    """One row of `/nodes`."""
    plugins = [
        *({"Type": "Log", "Name": each} for each in LOG_DRIVERS),
        *({"Type": "Network", "Name": each} for each in NETWORK_DRIVERS),
        {"Type": "Volume", "Name": DRIVER},
        {"Type": "Volume", "Name": "local"},
    ]
    payload: Payload = {
        "ID": node_id,
        "Version": {"Index": 9},
        "CreatedAt": CREATED,
        "UpdatedAt": CREATED,
        "Spec": {
            "Labels": {},
            "Role": "manager" if manager else "worker",
            "Availability": "active",
        },
        "Description": {
            "Hostname": name,
            "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 2000000000, "MemoryBytes": 8589934592},
            "Engine": {"EngineVersion": "26.1.5", "Plugins": plugins},
            "TLSInfo": TLS,
        },
        "Status": {"State": "ready", "Addr": "127.0.0.1"},
    }
    if manager:
        payload["ManagerStatus"] = {
            "Leader": True,
            "Reachability": "reachable",
            "Addr": "127.0.0.1:2377",
        }
    return payload


def spec_mount(source: str, driver: str = "") -> Payload:
    """A mount of a spec: of a volume, or where the source is a path, of that."""
    if source.startswith("/"):
        return {"Type": "bind", "Source": source, "Target": source, "ReadOnly": True}
    mount: Payload = {"Type": "volume", "Source": source, "Target": "/data"}
    if driver:
        mount["VolumeOptions"] = {"DriverConfig": {"Name": driver}}
    return mount


def task_spec(name: str, mounts: list[Payload]) -> Payload:
    """What a service's spec and each of its tasks say of the container."""
    container = {
        "Image": f"registry.example.com/shop/{name}:4.2.1@sha256:{'0123456789abcdef' * 4}",
        "Args": ["serve", "--listen", ":8080", "--data", "/data"],
        "Env": ["LOG_LEVEL=info", "TASK={{.Service.Name}}-{{.Task.Slot}}", "REGION=eu-west-1"],
        "Init": False,
        "Mounts": mounts,
        "StopGracePeriod": 10000000000,
        "DNSConfig": {},
        "Isolation": "default",
    }
    if not mounts:
        del container["Mounts"]
    return {
        "ContainerSpec": container,
        "Resources": {
            "Limits": {"NanoCPUs": 500000000, "MemoryBytes": 536870912},
            "Reservations": {"MemoryBytes": 134217728},
        },
        "RestartPolicy": {"Condition": "any", "Delay": 5000000000, "MaxAttempts": 0},
        "Placement": {"Constraints": ["node.platform.os == linux"]},
        "ForceUpdate": 0,
        "Runtime": "container",
    }


def service(service_id: str, name: str, spec: Payload, *, stack: str, mode: Payload) -> Payload:
    """One row of `/services`."""
    return {
        "ID": service_id,
        "Version": {"Index": 21},
        "CreatedAt": CREATED,
        "UpdatedAt": CREATED,
        "Spec": {
            "Name": name,
            "Labels": {"com.docker.stack.namespace": stack},
            "TaskTemplate": spec,
            "Mode": mode,
            "UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "Order": "stop-first"},
            "EndpointSpec": {"Mode": "vip"},
        },
        "Endpoint": {"Spec": {}},
    }


def task(  # noqa: PLR0913 - one for each thing that differs
    task_id: str, service_id: str, spec: Payload, *, slot: int, node_id: str, container: str
) -> Payload:
    """One row of `/tasks`, that of a running task; `slot` is 0 for a global service's."""
    row: Payload = {
        "ID": task_id,
        "Version": {"Index": 22},
        "CreatedAt": CREATED,
        "UpdatedAt": CREATED,
        "Labels": {},
        "Spec": {key: value for key, value in spec.items() if key != "Runtime"},
        "ServiceID": service_id,
        "Slot": slot,
        "NodeID": node_id,
        "Status": {
            "Timestamp": CREATED,
            "State": "running",
            "Message": "started",
            "ContainerStatus": {"ContainerID": container, "PID": 4711, "ExitCode": 0},
            "PortStatus": {},
        },
        "DesiredState": "running",
    }
    if not slot:
        del row["Slot"]
    return row


def memory(names: Iterable[str]) -> Payload:
    """The one row of `/configs`: since when volumes are remembered to be unused."""
    data, _ = written(dict.fromkeys(map(VolumeName, names), datetime(2026, 1, 1, tzinfo=UTC)))
    return {
        "ID": "m1tj1x2nyjkwq4h0zk2n6v1oz",
        "Version": {"Index": 10},
        "Spec": {
            "Name": name_of(1),
            "Labels": dict(LABELS),
            "Data": base64.b64encode(data).decode(),
        },
    }
