"""`docker cloudstor …`, with the docker command line of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cloudstorctl import __version__
from tests.demo.running import PATIENCE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker_plugin.conftest import Docker

VOLUMES = ["maxvol", "old-data", "ping2-1-vol", "ping2-2-vol", "ping2-3-vol", "sharedvol1"]
CALLS_PLUGINS_TO_COMPLETE = 23
TELLS_PLUGINS_TO_STOP = 25
"""Majors of docker; one that is older keeps a signal to itself."""
HEAVY = ("asyncio", "boto3", "docker", "json", "msgspec", "requests", "rich", "typer", "yaml")


def test_docker_lists_the_plugin(docker: Docker) -> None:
    told = json.loads(docker.run("info", "--format", "{{json .ClientInfo.Plugins}}").stdout)
    (plugin,) = (each for each in told if each["Name"] == "cloudstor")
    assert plugin == {
        "SchemaVersion": "0.1.0",
        "Vendor": "cloudstorctl",
        "Version": __version__,
        "ShortDescription": "See who uses each Cloudstor volume, and remove only what nothing uses",
        "Name": "cloudstor",
        "Path": str(docker.runner.folder / "home/.docker/cli-plugins/docker-cloudstor"),
    }
    assert "cloudstor*" in docker.run("--help").stdout


def test_a_question_for_metadata_imports_next_to_nothing() -> None:
    script = (
        "import runpy, sys; sys.argv = ['docker-cloudstor', 'docker-cli-plugin-metadata'];"
        "before = set(sys.modules);"
        "runpy.run_module('cloudstorctl.docker_plugin', run_name='__main__');"
        "print(sorted(name for name in set(sys.modules) - before"
        f" if name.startswith('cloudstorctl') or name in {HEAVY}), file=sys.stderr)"
    )
    ran = subprocess.run(  # noqa: S603 - this very Python, with the text above
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(ran.stdout)["SchemaVersion"] == "0.1.0"
    assert ran.stderr == "['cloudstorctl', 'cloudstorctl.docker_plugin']\n"


@pytest.mark.parametrize("words", [("-H", "{}"), ("--host={}",), ("-D", "-H{}")])
def test_a_host_given_to_docker_is_the_manager(docker: Docker, words: tuple[str, ...]) -> None:
    there = [word.format(f"unix://{docker.socket}") for word in words]
    ran = docker.run(*there, "cloudstor", "ls", "-o", "json", DOCKER_HOST="unix:///nowhere")
    assert ran.returncode == 5, ran.stderr
    assert [each["name"] for each in json.loads(ran.stdout)["volumes"]] == VOLUMES


def test_a_context_of_docker_s_is_where_to_go(docker: Docker) -> None:
    made = docker.run("context", "create", "lab", "--docker", f"host=unix://{docker.socket}")
    assert made.returncode == 0, made.stderr
    ran = docker.run("--context", "lab", "cloudstor", "ls", "-o", "name")
    assert (ran.returncode, ran.stdout.split()) == (5, VOLUMES)
    ran = docker.run("-c", "lab", "cloudstor", "config", "show", DOCKER_HOST="unix:///nowhere")
    assert "docker context lab" in ran.stdout
    ran = docker.run("cloudstor", "ls", "-o", "name", DOCKER_CONTEXT="lab")
    assert (ran.returncode, ran.stdout.split()) == (5, VOLUMES)
    ran = docker.run("--context", "lab", "cloudstor", "demo", "--", "ls", "-o", "name")
    assert (ran.returncode, ran.stdout.split()) == (0, VOLUMES)


def test_docker_s_folder_is_given_on(docker: Docker, tmp_path: Path) -> None:
    plugins = tmp_path / "cli-plugins"
    installed = docker.runner.run("install-docker-plugin", DOCKER_CONFIG=str(tmp_path))
    assert installed.returncode == 0, installed.stderr
    assert [file.name for file in plugins.iterdir()] == ["docker-cloudstor"]
    there = f"host=unix://{docker.socket}"
    docker.run("--config", str(tmp_path), "context", "create", "other", "--docker", there)
    ran = docker.run("--config", str(tmp_path), "-c", "other", "cloudstor", "ls", "-o", "name")
    assert (ran.returncode, ran.stdout.split()) == (5, VOLUMES)
    assert "other" in docker.run("-c", "other", "cloudstor", "ls").stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ls", "old-data"), 0, "1 volume: 1 removable"),
        (("rm", "ping2-1-vol"), 4, "ping2-1-vol is in-use and was not removed"),
        (("safe-prune", "--dry-run", "--detailed-exitcode"), 3, "old-data"),
        (("lss",), 2, "docker cloudstor: No such command 'lss'. Did you mean 'ls'?\nTry 'docker "),
        (("inspect", "nonsense"), 1, "'docker cloudstor ls' shows those there are"),
        (("config", "show", "--x"), 2, "Try 'docker cloudstor config show --help'."),
        (("--version",), 0, f"docker cloudstor {__version__}\n"),
    ],
)
def test_exit_codes_and_words_come_through_docker(
    docker: Docker, words: tuple[str, ...], code: int, told: str
) -> None:
    ran = docker.run("cloudstor", *words, CLOUDSTORCTL_CONFIG=str(docker.config))
    assert ran.returncode == code, ran.stderr
    assert told in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("cloudstor", "safe-prune", "--help"),
        ("help", "cloudstor", "safe-prune"),
        ("--help", "cloudstor", "safe-prune"),
    ],
)
def test_help_is_that_of_this_program_under_docker_s_name(
    docker: Docker, words: tuple[str, ...]
) -> None:
    ran = docker.run(*words)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Usage: docker cloudstor safe-prune [OPTIONS]")
    assert "    docker cloudstor safe-prune --dry-run" in ran.stdout
    assert "cloudstorctl safe-prune" not in ran.stdout
    assert "for 'docker cloudstor apply'" in " ".join(ran.stdout.split())


def test_the_help_of_docker_cloudstor_names_the_commands(docker: Docker) -> None:
    for words in (("cloudstor", "--help"), ("help", "cloudstor"), ("--help", "cloudstor")):
        page = docker.run(*words).stdout
        assert page.startswith("Usage: docker cloudstor [OPTIONS] COMMAND [ARGS]...")
        assert "safe-prune" in page
    assert docker.run("cloudstor").returncode == 2


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (("cloudstor", "conf"), ["config"]),
        (("cloudstor", "ls", "-o", "j"), ["json"]),
        (("cloudstor", "inspect", "ping2-1"), ["ping2-1-vol"]),
        (("cloudstor", "ls", "--status", "x"), []),
    ],
)
def test_the_shell_s_questions_to_docker_are_answered(
    docker: Docker, words: tuple[str, ...], suggested: list[str]
) -> None:
    known = {"CLOUDSTORCTL_CONFIG": str(docker.config)}
    assert docker.run("cloudstor", "ls", **known).returncode == 0
    if docker.major < CALLS_PLUGINS_TO_COMPLETE:  # its script for bash asks the plugin itself
        plugin = docker.runner.folder / "home/.docker/cli-plugins/docker-cloudstor"
        asked = [str(plugin), "__complete", *words]
    else:
        asked = ["docker", "__complete", *words]
    ran = subprocess.run(  # noqa: S603 - docker, or our own script
        asked, env=docker.runner.environ(**known), capture_output=True, check=True, text=True
    )
    *lines, directive = ran.stdout.splitlines()
    assert [line.partition("\t")[0] for line in lines] == suggested
    assert directive == ":4"


@pytest.mark.parametrize("first", [(), ("cloudstor",)], ids=["as the script asks", "as docker"])
def test_words_without_explanations_are_given_where_they_are_asked_for(
    docker: Docker, first: tuple[str, ...]
) -> None:
    plugin = docker.runner.folder / "home/.docker/cli-plugins/docker-cloudstor"
    ran = subprocess.run(  # noqa: S603 - our own script
        [str(plugin), "__completeNoDesc", *first, "comp"],
        env=docker.runner.environ(),
        capture_output=True,
        check=True,
        text=True,
    )
    assert ran.stdout == "completion\n:4\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_all", [True, False], ids=["Ctrl-C", "to docker alone"])
def test_docker_s_end_is_the_program_s_end(
    docker: Docker, number: signal.Signals, *, to_all: bool
) -> None:
    process = subprocess.Popen(
        ["docker", "cloudstor", "demo"],  # noqa: S607 - whichever is installed
        env=docker.runner.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("export CLOUDSTORCTL_CONFIG="), line
        if to_all or docker.major < TELLS_PLUGINS_TO_STOP:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in said) == (0, False)
    assert len(docker.runner.left_behind) == 1  # that of the fixture


def test_an_interrupted_command_ends_docker_with_its_exit_code(
    docker: Docker, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        silent.settimeout(PATIENCE)
        process = subprocess.Popen(
            ["docker", "cloudstor", "ls"],  # noqa: S607 - whichever is installed
            env=docker.runner.environ(CLOUDSTORCTL_HOST=f"unix://{tmp_path}/s"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        asked, _ = silent.accept()
        with asked:
            assert asked.recv(3) == b"GET"
            os.killpg(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (130, "docker cloudstor: interrupted\n")
