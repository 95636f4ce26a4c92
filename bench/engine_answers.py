"""What an engine of 26.1 with the driver installed answers, in every field that a real one sends.

The shapes are those of engines of 20.10 and 26.1; only what a fleet varies is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.swarm_answers import CREATED, DRIVER, LOG_DRIVERS, NETWORK_DRIVERS, TLS

if TYPE_CHECKING:
    from bench.swarm_answers import Payload

_SETTINGS = {
    "CLOUD_PLATFORM": "AWS",
    "EFS_ID_REGULAR": "fs-0a1b2c3d4e5f60001",
    "EFS_ID_MAXIO": "fs-0a1b2c3d4e5f60002",
    "AWS_REGION": "eu-west-1",
    "AWS_STACK_ID": "arn:aws:cloudformation:eu-west-1:123456789012:stack/bench/0a1b2c3d",
    "EFS_SUPPORTED": "1",
    "DEBUG": "0",
}


def info(name: str, node_id: str, manager_id: str, *, cluster: str, containers: int) -> Payload:
    """`/info`: of the manager where both IDs are one, and else of a worker."""
    manager = node_id == manager_id
    swarm: Payload = {
        "NodeID": node_id,
        "NodeAddr": "127.0.0.1",
        "LocalNodeState": "active",
        "ControlAvailable": manager,
        "Error": "",
        "RemoteManagers": [{"NodeID": manager_id, "Addr": "127.0.0.1:2377"}],
    }
    if manager:
        swarm |= {
            "Managers": 1,
            "Cluster": {
                "ID": cluster,
                "Version": {"Index": 10},
                "CreatedAt": CREATED,
                "UpdatedAt": CREATED,
                "Spec": {"Name": "default", "Labels": {}},
                "TLSInfo": TLS,
                "RootRotationInProgress": False,
            },
        }
    return {
        "ID": f"5bd0a3e6-5d4c-4e53-a3f0-{node_id[:12]}",
        "Containers": containers,
        "ContainersRunning": containers,
        "ContainersPaused": 0,
        "ContainersStopped": 0,
        "Images": 25,
        "Driver": "overlay2",
        "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]],
        "Plugins": {
            "Volume": ["local"],
            "Network": list(NETWORK_DRIVERS),
            "Authorization": None,
            "Log": list(LOG_DRIVERS),
        },
        "MemoryLimit": True,
        "SwapLimit": True,
        "KernelVersion": "6.1.0-18-cloud-amd64",
        "OperatingSystem": "Debian GNU/Linux 12 (bookworm)",
        "OSType": "linux",
        "Architecture": "x86_64",
        "IndexServerAddress": "https://index.docker.io/v1/",
        "NCPU": 2,
        "MemTotal": 8589934592,
        "DockerRootDir": "/var/lib/docker",
        "Name": name,
        "Labels": [],
        "ServerVersion": "26.1.5",
        "Runtimes": {"runc": {"path": "runc"}},
        "DefaultRuntime": "runc",
        "Swarm": swarm,
        "LiveRestoreEnabled": False,
        "Warnings": None,
    }


def volume(name: str, plugin_id: str, *, used: bool) -> Payload:
    """One row of `/volumes`: the driver's, or that of `local` where the name has an underscore."""
    local = "_" in name
    root = (
        f"/var/lib/docker/volumes/{name}/_data"
        if local
        else f"/var/lib/docker/plugins/{plugin_id}/propagated-mount/efs/reg/{name}"
    )
    return {
        "CreatedAt": CREATED if local else "0001-01-01T00:00:00Z",
        "Driver": "local" if local else DRIVER,
        "Labels": {} if used else None,
        "Mountpoint": root,
        "Name": name,
        "Options": {} if used else None,
        "Scope": "local",
    }


def container_mount(source: str, plugin_id: str) -> Payload:
    """A mount of a container, whose volume is there by now."""
    if source.startswith("/"):
        return {
            "Type": "bind",
            "Source": source,
            "Destination": source,
            "Mode": "",
            "RW": False,
            "Propagation": "rprivate",
        }
    row = volume(source, plugin_id, used=True)
    return {
        "Type": "volume",
        "Name": source,
        "Source": row["Mountpoint"],
        "Destination": "/data",
        "Driver": row["Driver"],
        "Mode": "z",
        "RW": True,
        "Propagation": "",
    }


def container(of: Payload, task_row: Payload, name: str, mounts: list[Payload]) -> Payload:
    """One row of `/containers/json`: the container `name` of a task of the service `of`."""
    return {
        "Id": task_row["Status"]["ContainerStatus"]["ContainerID"],
        "Names": [f"/{name}"],
        "Image": f"registry.example.com/shop/{of['Spec']['Name']}:4.2.1",
        "ImageID": f"sha256:{'fedcba9876543210' * 4}",
        "Command": "/usr/local/bin/server serve --listen :8080 --data /data",
        "Created": 1772362800,
        "Ports": [{"PrivatePort": 8080, "Type": "tcp"}],
        "Labels": {
            "com.docker.stack.namespace": of["Spec"]["Labels"]["com.docker.stack.namespace"],
            "com.docker.swarm.node.id": task_row["NodeID"],
            "com.docker.swarm.service.id": of["ID"],
            "com.docker.swarm.service.name": of["Spec"]["Name"],
            "com.docker.swarm.task": "",
            "com.docker.swarm.task.id": task_row["ID"],
            "com.docker.swarm.task.name": name,
        },
        "State": "running",
        "Status": "Up 3 hours",
        "HostConfig": {"NetworkMode": "default"},
        "NetworkSettings": {
            "Networks": {
                "shop_default": {
                    "IPAMConfig": {"IPv4Address": "10.0.1.7"},
                    "Links": None,
                    "Aliases": None,
                    "NetworkID": "rk3tq2vyqs3rm2zvyb9b1cudz",
                    "EndpointID": task_row["Status"]["ContainerStatus"]["ContainerID"],
                    "Gateway": "",
                    "IPAddress": "10.0.1.7",
                    "IPPrefixLen": 24,
                    "IPv6Gateway": "",
                    "GlobalIPv6Address": "",
                    "GlobalIPv6PrefixLen": 0,
                    "MacAddress": "02:42:0a:00:01:07",
                    "DriverOpts": None,
                }
            }
        },
        "Mounts": mounts,
    }


def plugin(plugin_id: str) -> Payload:
    """The one row of `/plugins`: the driver."""
    binds = [
        {
            "Description": "",
            "Destination": place,
            "Name": f"mount{position}",
            "Options": ["rbind", "rw"],
            "Settable": None,
            "Source": place,
            "Type": "bind",
        }
        for position, place in enumerate(("/dev", "/mnt"))
    ]
    return {
        "Config": {
            "Args": {"Description": "", "Name": "", "Settable": None, "Value": None},
            "Description": "cloud storage plugin for Docker",
            "DockerVersion": "18.09.2",
            "Documentation": "",
            "Entrypoint": ["/usr/bin/cloudstor"],
            "Env": [
                {"Description": "", "Name": key, "Settable": ["value"], "Value": ""}
                for key in _SETTINGS
            ],
            "Interface": {"Socket": "cloudstor.sock", "Types": ["docker.volumedriver/1.0"]},
            "IpcHost": False,
            "Linux": {
                "AllowAllDevices": True,
                "Capabilities": ["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"],
                "Devices": None,
            },
            "Mounts": binds,
            "Network": {"Type": "host"},
            "PidHost": False,
            "PropagatedMount": "/mnt",
            "User": {},
            "WorkDir": "",
        },
        "Enabled": True,
        "Id": plugin_id,
        "Name": DRIVER,
        "PluginReference": "docker.io/docker4x/cloudstor:18.09.2-ce-aws1",
        "Settings": {
            "Args": [],
            "Devices": [],
            "Env": [f"{key}={value}" for key, value in _SETTINGS.items()],
            "Mounts": binds,
        },
    }
