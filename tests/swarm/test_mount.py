"""What `mount` prints is what docker takes, word for word through a shell."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import PATH
from tests.swarm.lab.records import ALIAS, IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.swarm import Lab
    from tests.swarm.tool import Tool

TASK = 'trap "exit 0" TERM; sleep 1000000 & wait'


def shell(lab: Lab, script: str) -> str:
    """Run what a person would type, on the first manager."""
    done = subprocess.run(  # noqa: S603 - the shell and the docker CLI are what is tried
        ["/bin/sh", "-ec", script],
        env={
            "PATH": PATH,
            "DOCKER_HOST": lab.manager.unix,
            "DOCKER_CONFIG": str(lab.manager.cli_folder),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def flag(tool: Tool, *words: str) -> str:
    ran = tool("mount", *words)
    assert (ran.code, ran.err) == (0, "")
    return ran.out.splitlines()[0]


def create(lab: Lab, name: str, flag: str, replicas: int = 1) -> dict[int, str]:
    """Create a service with a flag as it was printed, and wait until it runs."""
    words = f"--detach --no-resolve-image --name {name} --replicas {replicas} {flag} {IMAGE}"
    shell(lab, f"docker service create {words} sh -c '{TASK}'")
    return lab.wait_running(name, replicas)


def test_docker_takes_the_flag_and_each_task_gets_its_volume(lab: Lab, tool: Tool) -> None:
    create(lab, "web", flag(tool, "web", "--target", "/data", "--perfmode", "maxio"), replicas=2)
    volumes = tool.volumes()
    assert sorted(volumes) == ["web-1-data", "web-2-data"]
    for volume in volumes.values():
        assert volume["drivers"] == [ALIAS]
        assert volume["backing"]["mode"] == "max"


@pytest.mark.parametrize("target", ["/a,b", '/it\'s "$HOME"'])
def test_docker_reads_a_path_as_it_was_given(lab: Lab, tool: Tool, target: str) -> None:
    create(lab, "db", flag(tool, "db", "--target", target, "--shared", "data"))
    (service,) = lab.manager.ask("/services")
    (mount,) = service["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"]
    assert (mount["Source"], mount["Target"]) == ("data", target)
    assert (lab.shared / "reg/data").is_dir()


def test_docker_reads_the_snippet_as_the_flag_says(lab: Lab, tool: Tool, tmp_path: Path) -> None:
    words = ("--target", "/it's $HOME", "--perfmode", "maxio")
    snippet = tool("mount", "web", *words).out.partition("\n\n")[2]
    head, service, rest = snippet.partition("  web:\n")
    file = tmp_path / "stack.yml"
    image = f"    image: {IMAGE}\n"
    file.write_text(f'version: "3.4"\n{head}{service}{image}{rest}')
    read = shell(lab, f"docker stack config --compose-file {file}")
    assert f"        target: {words[1]}\n" in read
    told = read.partition("volumes:\n  it-s-HOME:\n")[2].splitlines()
    assert [line.strip() for line in told] == [
        "name: '{{.Service.Name}}-{{.Task.Slot}}-it-s-HOME'",
        f"driver: {ALIAS}",
        "driver_opts:",
        "perfmode: maxio",
    ]


def test_a_node_where_the_driver_is_off_is_told(lab: Lab, tool: Tool) -> None:
    lab.node("n3").plugin().disable()
    ran = tool("mount", "web", "--target", "/data")
    assert ran.code == 5
    assert f"n3 has {ALIAS} disabled: no task with this mount runs there" in ran.err


def test_docker_takes_the_command_for_a_service_that_is_there(lab: Lab, tool: Tool) -> None:
    create(lab, "web", flag(tool, "web", "--target", "/data"))
    command = flag(tool, "web", "--target", "/logs")
    assert command.startswith("docker service update --mount-add ")
    shell(lab, command.replace("update", "update --detach", 1))
    (service,) = lab.manager.ask("/services")
    mounts = service["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"]
    assert {mount["Target"]: mount["Source"] for mount in mounts} == {
        "/data": "{{.Service.Name}}-{{.Task.Slot}}-data",
        "/logs": "{{.Service.Name}}-{{.Task.Slot}}-logs",
    }
    assert "web has {{.Service.Name}}-{{.Task.Slot}}-logs at /logs already" in (
        tool("mount", "web", "--target", "/logs", "--shared", "x").err
    )
