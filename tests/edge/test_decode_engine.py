"""API payloads to records: what an engine tells of itself and of what it holds."""

from __future__ import annotations

import pytest

from cloudstorctl.core.model import Container, ContainerState, Entry, Mount, MountKind, VolumeName
from cloudstorctl.swarm import decode
from cloudstorctl.swarm.ports import EngineIdentity
from tests.core.builders import CLUSTER, DRIVER, an_id, node_id, plugin_id
from tests.edge import payloads
from tests.edge.payloads import body_of

W1 = node_id("w1")


def the_mount(fields: payloads.Payload) -> Mount:
    """Decode one mount of a container."""
    payload = payloads.container("app") | {"Mounts": [fields]}
    (container,) = decode.containers_from(body_of([payload]), W1)
    (mount,) = container.mounts
    return mount


# /info


def test_a_manager_tells_its_node_and_its_cluster() -> None:
    assert decode.identity_from(body_of(payloads.info("m1", manager=True))) == EngineIdentity(
        node_id=node_id("m1"),
        hostname="m1",
        cluster_id=CLUSTER,
        manager=True,
        root_dir="/var/lib/docker",
    )


def test_a_worker_tells_its_node_alone() -> None:
    identity = decode.identity_from(body_of(payloads.info("w1")))
    assert (identity.node_id, identity.cluster_id, identity.manager) == (W1, "", False)


@pytest.mark.parametrize(
    ("plugins", "asked"),
    [
        ({"Authorization": ["a", "b"]}, ("a", "b")),
        ({"Authorization": []}, ()),
        ({"Authorization": None}, ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_an_engine_tells_whom_it_asks(
    plugins: payloads.Payload | None, asked: tuple[str, ...]
) -> None:
    identity = decode.identity_from(body_of({"Name": "x", "Plugins": plugins}))
    assert identity.authorization == asked


@pytest.mark.parametrize(
    "swarm",
    [
        {},
        {"NodeID": "", "Cluster": None, "ControlAvailable": False},
        # 17.03 shows a cluster without an ID on an engine that is in no swarm
        {"NodeID": "", "Cluster": {"ID": "", "Spec": {}}, "LocalNodeState": "inactive"},
    ],
)
def test_an_engine_in_no_swarm_has_no_node(swarm: payloads.Payload) -> None:
    identity = decode.identity_from(body_of({"Name": "x", "Swarm": swarm}))
    assert (identity.node_id, identity.cluster_id, identity.root_dir) == (None, "", "")


# /volumes


def test_entries_with_what_tells_whether_this_engine_has_used_them() -> None:
    labelled = payloads.volume("labelled") | {"Labels": {"a": "b"}, "Options": None}
    optioned = payloads.volume("optioned") | {"Labels": None, "Options": {"size": "1"}}
    rows = [payloads.volume("used"), payloads.volume("listed", used=False), labelled, optioned]
    listing = decode.listing_from(body_of({"Volumes": rows, "Warnings": None}), W1)
    used = {entry.name: entry.used_here for entry in listing.entries}
    assert used == {"used": True, "listed": False, "labelled": True, "optioned": True}
    assert listing.entries[0] == Entry(
        node_id=W1,
        name=VolumeName("used"),
        driver=DRIVER,
        mountpoint=f"/var/lib/docker/plugins/{plugin_id('w1')}/propagated-mount/efs/reg/used",
        used_here=True,
    )
    assert listing.entries[2].labels == (("a", "b"),)
    assert listing.entries[3].options == (("size", "1"),)
    assert (listing.cluster_volumes, listing.warnings) == ((), ())


def test_a_warning_that_an_old_leader_knows_no_cluster_volumes_is_no_doubt_about_drivers() -> None:
    old_leader = (
        "rpc error: code = Unimplemented desc = unknown method ListVolumes for service "
        "docker.swarmkit.v1.Control"
    )
    payload = {"Volumes": None, "Warnings": [old_leader, "list x: EOF"]}
    assert decode.listing_from(body_of(payload), W1).warnings == ("list x: EOF",)


def test_a_manager_without_a_leader_tells_its_trouble() -> None:
    swarm = {"NodeID": "n", "ControlAvailable": True, "Error": "The swarm has no leader."}
    identity = decode.identity_from(body_of({"Name": "n1", "Swarm": swarm}))
    assert (identity.manager, identity.trouble) == (True, "The swarm has no leader.")


def test_warnings_are_kept() -> None:
    listing = decode.listing_from(body_of({"Volumes": None, "Warnings": ["list x: EOF"]}), W1)
    assert (listing.entries, listing.warnings) == ((), ("list x: EOF",))


def test_rows_of_cluster_volumes_stand_apart() -> None:
    row = payloads.volume("csi", driver="csi-driver") | {"ClusterVolume": {"ID": "x"}}
    listing = decode.listing_from(body_of({"Volumes": [row, payloads.volume("data")]}), W1)
    assert [entry.name for entry in listing.entries] == ["data"]
    assert listing.cluster_volumes == ("csi",)


def test_a_row_of_a_disabled_plugin_has_no_driver() -> None:
    row = {"Driver": "", "Labels": None, "Mountpoint": "", "Name": "lost", "Options": None}
    (entry,) = decode.listing_from(body_of({"Volumes": [row], "Warnings": None}), W1).entries
    assert (entry.driver, entry.mountpoint, entry.used_here) == ("", "", False)


# /containers/json


def test_a_container_of_a_task_tells_the_task() -> None:
    of = payloads.service("web")
    payload = payloads.task_container(of, payloads.task(of), "data")
    name = f"web.1.{an_id('taskweb1w1')}"
    assert decode.containers_from(body_of([payload]), W1) == (
        Container(
            id=payload["Id"],
            node_id=W1,
            name=name,
            mounts=(Mount(kind=MountKind.VOLUME, source="data", target="/data", driver=DRIVER),),
            task_id=payload["Labels"]["com.docker.swarm.task.id"],
            task_name=name,
            service_name="web",
        ),
    )


def test_a_plain_container_has_no_task() -> None:
    (container,) = decode.containers_from(body_of([payloads.container("app")]), W1)
    assert (container.task_id, container.task_name, container.service_name) == (None, "", "")


@pytest.mark.parametrize("names", [None, []])
def test_a_container_without_a_name_is_called_by_its_id(names: object) -> None:
    payload = payloads.container("app") | {"Names": names}
    assert decode.containers_from(body_of([payload]), W1)[0].name == "appccccccccc"


@pytest.mark.parametrize("state", ContainerState)
def test_every_state_of_a_container(state: ContainerState) -> None:
    (container,) = decode.containers_from(
        body_of([payloads.container("app", state=state.value)]), W1
    )
    assert container.state is state


def test_a_container_state_that_is_new_to_us_is_unknown() -> None:
    (container,) = decode.containers_from(
        body_of([payloads.container("app", state="dreaming")]), W1
    )
    assert container.state is ContainerState.UNKNOWN


@pytest.mark.parametrize(
    ("fields", "kind", "source"),
    [
        ({"Type": "volume", "Name": "data", "Source": "/x"}, MountKind.VOLUME, "data"),
        ({"Type": "bind", "Source": "/x"}, MountKind.BIND, "/x"),
        ({"Type": "tmpfs", "Source": ""}, MountKind.OTHER, ""),
        # no name to go by: it must not be taken for the root of the file system
        ({"Type": "volume", "Name": "", "Source": "/x"}, MountKind.BIND, "/x"),
        # containers made before 17.03 have no type
        ({"Name": "data", "Source": "/x"}, MountKind.VOLUME, "data"),
        ({"Source": "/x"}, MountKind.BIND, "/x"),
    ],
)
def test_every_mount_of_a_container(fields: payloads.Payload, kind: MountKind, source: str) -> None:
    mount = the_mount(fields)
    assert (mount.kind, mount.source) == (kind, source)


@pytest.mark.parametrize(("fields", "read_only"), [({"RW": False}, True), ({"RW": True}, False)])
def test_a_mount_tells_whether_it_can_be_written_through(
    fields: payloads.Payload,
    read_only: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    assert the_mount({"Type": "volume", "Name": "data", **fields}).read_only is read_only
    assert not the_mount({"Type": "volume", "Name": "data"}).read_only, (
        "where it is not told, it can"
    )


# /plugins


def test_a_volume_plugin_with_its_alias_origin_and_settings() -> None:
    (plugin,) = decode.plugins_from(body_of([payloads.plugin("w1", enabled=False)]))
    assert (plugin.id, plugin.name, plugin.enabled) == (plugin_id("w1"), DRIVER, False)
    assert plugin.reference == "docker.io/docker4x/cloudstor:18.09.2-ce-aws1"
    assert plugin.settings == (
        ("CLOUD_PLATFORM", "AWS"),
        ("EFS_ID_MAXIO", "fs-max"),
        ("EFS_ID_REGULAR", "fs-reg"),
    )


@pytest.mark.parametrize(
    ("interface", "drives"),
    [
        ({"Types": ["docker.volumedriver/1.0"]}, True),
        ({"Types": ["docker.networkdriver/1.0", "docker.volumedriver/1.0"]}, True),
        ({"Types": ["docker.networkdriver/1.0"]}, False),
        ({"Types": []}, False),
        ({"Types": None}, True),
        ({}, True),
    ],
)
def test_plugins_that_drive_no_volumes_are_left_out(
    interface: payloads.Payload,
    drives: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    payload = payloads.plugin()
    payload["Config"]["Interface"] = interface
    assert bool(decode.plugins_from(body_of([payload]))) is drives


@pytest.mark.parametrize(("line", "pair"), [("A=b=c", ("A", "b=c")), ("A", ("A", ""))])
def test_settings_are_taken_apart_at_the_first_sign(line: str, pair: tuple[str, str]) -> None:
    payload = payloads.plugin()
    payload["Settings"]["Env"] = [line]
    assert decode.plugins_from(body_of([payload]))[0].settings == (pair,)
