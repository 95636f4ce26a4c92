"""What can stand between us and an engine."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from cloudstorctl.errors import (
    EngineUnreachableError,
)
from tests.edge.asking import SHORT, cause_of_get
from tests.edge.engine_server import EngineServer


def a_closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_refused_connection_is_unreachable() -> None:
    error = cause_of_get(f"tcp://127.0.0.1:{a_closed_port()}")
    assert isinstance(error, EngineUnreachableError)
    assert "connection refused: does the engine listen there" in error.cause


@pytest.mark.parametrize("name", ["no-such-engine.invalid", "a..b"])
def test_a_name_without_an_address_is_unreachable(name: str) -> None:
    error = cause_of_get(f"tcp://{name}:2375")
    assert isinstance(error, EngineUnreachableError)


def test_a_missing_socket_is_named(tmp_path: Path) -> None:
    error = cause_of_get(f"unix://{tmp_path}/none.sock")
    assert isinstance(error, EngineUnreachableError)
    assert error.cause == f"there is no socket {tmp_path}/none.sock: is the engine running?"


def test_a_socket_that_nobody_listens_on_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "s"))
    assert f"nothing listens on {tmp_path}/s" in cause_of_get(f"unix://{tmp_path}/s").cause


def test_a_hanging_engine_whose_queue_is_full_is_unreachable(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        first.connect(str(tmp_path / "s"))
        error = cause_of_get(f"unix://{tmp_path}/s", timeout=SHORT)
    assert isinstance(error, EngineUnreachableError)


GET_AS_SOMEBODY = """
import os, sys
from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.connection import open_connection
from cloudstorctl.swarm.endpoints import endpoint_from
connection = open_connection(endpoint_from(sys.argv[1]), tls=None, timeout=10)
import docker.transport, requests  # nothing more to read as somebody else
if os.getuid() == 0:
    os.setgroups([])
    os.setuid(65534)
try:
    connection.body("/info")
except EngineError as error:
    print(type(error).__name__, error.cause)
"""


def test_a_socket_of_somebody_else_asks_for_the_docker_group(
    tmp_path_factory: pytest.TempPathFactory, environment_of_a_child: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("closed")
    with EngineServer(unix=folder / "s"):
        (folder / "s").chmod(0)
        said = subprocess.run(  # noqa: S603 - our own interpreter
            [environment_of_a_child["PYTHON"], "-c", GET_AS_SOMEBODY, f"unix://{folder}/s"],
            env=environment_of_a_child,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert said.startswith("EngineUnreachableError permission denied on")
    assert "is your user in the docker group?" in said


@pytest.fixture
def environment_of_a_child(tmp_path: Path) -> dict[str, str]:
    import sys  # noqa: PLC0415

    root = Path(__file__).parents[2]
    return {
        **os.environ,
        "PYTHON": sys.executable,
        "PYTHONPATH": str(root),
        "DOCKER_CONFIG": str(tmp_path),
    }
