"""The docker command line on each release and API: what it prints, whether engines are real."""

from __future__ import annotations

import json
import re
from typing import Final

from tests.swarm.docker import Docker, Printed
from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.scene import TARGET, mount

RELEASES: Final = {"n1": "20.10.24+dfsg1", "n2": "26.1.5+dfsg1"}
LEAST: Final = {"n1": "1.12", "n2": "1.24"}
SCRIPT: Final = 'trap "exit 0" TERM; sleep 1000000 & wait'
SOON: Final = ("--update-monitor", "1s", "--rollback-monitor", "1s", "--restart-delay", "100ms")


def test_version_and_info(docker: Docker) -> None:
    on = docker.on
    wanted = "{{.Server.Version}} {{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Server.Os}}"
    least, newest = LEAST[on], "1.41" if on == "n1" else "1.45"
    assert docker("version", "--format", wanted).out == f"{RELEASES[on]} {newest} {least} linux"
    whole = docker("version")
    assert (whole.code, whole.err) == (0, "")
    assert f"\n  API version:  {newest} (minimum version {least})\n" in whole.out

    wanted = (
        "{{.Name}} {{.ServerVersion}} {{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}} "
        "{{.Swarm.Nodes}} {{.Swarm.Managers}} {{json .Plugins.Volume}} {{.DockerRootDir}}"
    )
    role = "true 3 1" if on == "n1" else "false 0 0"
    told = f'{on} {RELEASES[on]} active {role} ["local"] /var/lib/docker'
    assert docker("info", "--format", wanted).out == told
    whole = docker("info")
    assert whole.code == 0
    for line in (" Swarm: active", " NodeID: ID", f"  Is Manager: {role.split(maxsplit=1)[0]}"):
        assert line in whole.out.splitlines() or f" {line}" in whole.out.splitlines()


def test_nodes_and_a_drain(docker: Docker) -> None:
    manager = docker.manager
    columns = "{{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}} {{.EngineVersion}}"
    second = "Reachable" if docker.on == "n2" else ""
    rows = [
        f"n1 Ready Active Leader {RELEASES['n1']}",
        f"n2 Ready Active {second} {RELEASES['n2']}",
        f"n3 Ready Active  {RELEASES['n1']}",
    ]
    listed = manager("node", "ls", "--format", columns)
    assert listed == Printed(out="\n".join(re.sub(" {2,}", "  ", row) for row in rows))
    header = "ID  HOSTNAME  STATUS  AVAILABILITY  MANAGER STATUS  ENGINE VERSION"
    assert manager("node", "ls").out.splitlines()[0] == header
    assert manager("node", "update", "--availability", "drain", "n3") == Printed(out="n3")
    assert manager("node", "ls", "--format", columns).out.splitlines()[2] == rows[2].replace(
        "Active", "Drain"
    )
    assert manager("node", "inspect", "--format", "{{.Spec.Availability}}", "n3").out == "drain"
    assert manager("node", "update", "--availability", "active", "n3") == Printed(out="n3")


def test_a_service_from_its_creation_to_its_end(docker: Docker) -> None:
    manager = docker.manager
    create = ("service", "create", "--detach", "--no-resolve-image", "--name", "web")
    source = "{{.Service.Name}}-{{.Task.Slot}}-vol"
    assert manager(
        *create, *SOON, "--replicas", "2", "--mount", mount(source), IMAGE, "sh", "-c", SCRIPT
    ) == Printed(out="ID")
    rows = ("service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}} {{.Image}}")
    manager.wait_for(f"web replicated 2/2 {IMAGE}", *rows)
    docker.lab.wait_running("web", 2)
    assert manager("service", "ls").out == (
        f"ID  NAME  MODE  REPLICAS  IMAGE  PORTS\nID  web  replicated  2/2  {IMAGE}"
    )
    tasks = ("service", "ps", "--format", "{{.Name}} {{.Image}} {{.DesiredState}}", "web")
    assert manager(*tasks).out == f"web.1 {IMAGE} Running\nweb.2 {IMAGE} Running"
    header = "ID  NAME  IMAGE  NODE  DESIRED STATE  CURRENT STATE  ERROR  PORTS"
    assert manager("service", "ps", "web").out.splitlines()[0] == header

    assert manager("service", "scale", "--detach", "web=3") == Printed(out="web scaled to 3")
    manager.wait_for(f"web replicated 3/3 {IMAGE}", *rows)
    docker.lab.wait_running("web", 3)
    update = ("service", "update", "--detach", "--no-resolve-image")
    assert manager(*update, "--label-add", "tier=gold", "web") == Printed(out="web")
    labels = ("service", "inspect", "--format", "{{json .Spec.Labels}}", "web")
    assert manager(*labels).out == '{"tier":"gold"}'
    assert manager("service", "rollback", "--detach", "web") == Printed(out="web")
    assert manager(*labels).out == "{}"
    assert manager("service", "scale", "--detach", "web=0") == Printed(out="web scaled to 0")
    manager.wait_for(f"web replicated 0/0 {IMAGE}", *rows)
    assert manager("service", "rm", "web") == Printed(out="web")
    assert manager("service", "ls").out == "ID  NAME  MODE  REPLICAS  IMAGE  PORTS"
    assert manager("service", "ps", "web") == Printed(out="", err="no such service: web", code=1)
    assert docker.lab.contents() == {}


def test_what_is_waited_for_converges(docker: Docker) -> None:
    manager = docker.manager

    def converges(service: str, *words: str) -> list[str]:
        done = manager("service", *words)
        assert (done.code, done.err) == (0, "")
        lines = done.out.splitlines()
        assert lines[-1] == f"verify: Service {service} converged"
        assert "verify: Waiting T to verify that tasks are stable..." in lines
        return lines

    create = ("create", "--no-resolve-image", "--name", "web", *SOON, "--replicas", "2")
    lines = converges("ID", *create, "--mount", mount("data"), IMAGE, "sh", "-c", SCRIPT)
    assert lines[0] == "ID"
    assert "overall progress: 2 out of 2 tasks" in lines
    lines = converges("web", "scale", "web=3")
    assert lines[0] == "web scaled to 3"
    assert "overall progress: 3 out of 3 tasks" in lines
    lines = converges("web", "update", "--no-resolve-image", "--env-add", "A=1", "web")
    assert lines[0] == "web"
    assert "overall progress: 3 out of 3 tasks" in lines
    lines = converges("web", "rollback", "web")
    assert lines[:2] == ["web", "rollback: manually requested rollback"]
    assert "overall progress: rolling back update: 3 out of 3 tasks" in lines
    state = ("service", "inspect", "--format", "{{.UpdateStatus.State}}", "web")
    assert manager(*state).out == "rollback_completed"


def test_containers_and_their_pruning(docker: Docker) -> None:
    run = ("run", "--detach", "--name", "db", "--mount", mount("data"), "--label", "a=b")
    assert docker(*run, IMAGE, "sh", "-c", SCRIPT) == Printed(out="ID")
    assert docker("create", "--name", "made", IMAGE, "true") == Printed(out="ID")
    columns = ("--format", "{{.Names}} {{.Image}} {{.State}}")
    assert docker("ps", *columns).out == f"db {IMAGE} running"
    assert docker("ps", "--all", *columns).out == f"made {IMAGE} created\ndb {IMAGE} running"
    header, made, db = docker("ps", "--all").out.splitlines()
    assert header == "CONTAINER ID  IMAGE  COMMAND  CREATED  STATUS  PORTS  NAMES"
    assert made == f'ID  {IMAGE}  "true"  T  Created  made'
    assert re.fullmatch(rf'ID  {IMAGE}  "sh -c \'trap \\"exit 0…"  T  Up T  db', db)
    by_volume = ("ps", "--all", "--filter", "volume=data", "--format", "{{.Names}}")
    assert docker(*by_volume).out == "db"
    assert docker("container", "prune", "--force").out.startswith("Deleted Containers:\nID\n")
    assert docker("stop", "db") == Printed(out="db")
    assert docker("ps", "--all", "--format", "{{.Names}} {{.Status}}").out == "db Exited (0) T"
    assert docker("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "db").out == (
        "exited 0"
    )
    assert docker("start", "db") == Printed(out="db")
    assert docker("rm", "--force", "db") == Printed(out="db")
    assert docker("container", "prune", "--force").out == "Total reclaimed space: 0B"
    assert (docker.lab.shared / "reg/data").is_dir()


def test_volumes(docker: Docker) -> None:
    create = ("volume", "create", "--driver", ALIAS)
    assert docker(*create, "data") == Printed(out="data")
    assert docker(*create, "--opt", "perfmode=maxio", "--label", "a=b", "fast").out == "fast"
    assert docker(*create, "data") == Printed(out="data")
    assert docker("volume", "create", "own") == Printed(out="own")
    assert docker("volume", "ls") == Printed(
        out=f"DRIVER  VOLUME NAME\n{ALIAS}  data\n{ALIAS}  fast\nlocal  own"
    )
    assert docker("volume", "ls", "--quiet", "--filter", "dangling=true").out == "data\nfast\nown"
    assert docker("volume", "ls", "--quiet", "--filter", "driver=local").out == "own"
    assert docker("volume", "ls", "--quiet", "--filter", "label=a=b").out == "fast"
    (seen,) = json.loads(docker("volume", "inspect", "fast").out)
    # Unlike in a list it is the driver's own path, since the engine has just asked the driver.
    assert seen == {
        "Mountpoint": "/mnt/efs/max/fast",
        "CreatedAt": "0001-01-01T00:00:00Z",
        "Driver": ALIAS,
        "Labels": {"a": "b"},
        "Name": "fast",
        "Options": {"perfmode": "maxio"},
        "Scope": "local",
    }
    run = ("run", "--detach", "--name", "db", "--volume", f"data:{TARGET}", IMAGE)
    assert docker(*run, "sh", "-c", SCRIPT).code == 0
    assert docker("volume", "ls", "--quiet", "--filter", "dangling=true").out == "fast\nown"
    in_use = "Error response from daemon: remove data: volume is in use - [ID]"
    assert docker("volume", "rm", "fast", "data") == Printed(out="fast", err=in_use, code=1)
    assert docker("volume", "rm", "own") == Printed(out="own")
    assert docker("volume", "prune", "--force") == Printed(out="Total reclaimed space: 0B")
    assert docker("volume", "ls", "--quiet").out == "data"
    assert not (docker.lab.shared / "max/fast").exists()


def test_plugins(docker: Docker) -> None:
    docker("volume", "create", "--driver", ALIAS, "data")
    columns = ("plugin", "ls", "--format", "{{.Name}} {{.Enabled}}")
    assert docker(*columns) == Printed(out=f"{ALIAS} true")
    assert docker("plugin", "ls").out.splitlines()[0] == "ID  NAME  DESCRIPTION  ENABLED"
    assert docker("plugin", "disable", "--force", ALIAS) == Printed(out=ALIAS)
    assert docker(*columns).out == f"{ALIAS} false"
    assert docker("volume", "ls").out == "DRIVER  VOLUME NAME"
    assert docker("plugin", "inspect", "--format", "{{.Enabled}}", ALIAS).out == "false"
    assert docker("plugin", "enable", ALIAS) == Printed(out=ALIAS)
    assert docker("volume", "ls").out == f"DRIVER  VOLUME NAME\n{ALIAS}  data"
    assert docker(*columns).out == f"{ALIAS} true"
