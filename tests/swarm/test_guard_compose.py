"""Docker Compose on guarded engines: `down -v` removes what is unused, and nothing else."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab.command import PATH, wait_until
from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.lab.trees import compose_program
from tests.swarm.scene import running_service

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.lab.guard import Guard
    from tests.swarm.lab.node import Node
    from tests.swarm.lab.swarm import Lab

pytestmark = pytest.mark.real_only("it needs engines that ask an authorization plugin")

VOLUME = "shop_data"
FILE = f"""
services:
  web:
    image: "{IMAGE}"
    network_mode: none
    command: [sh, -c, "echo web > /data/web.txt; trap 'exit 0' TERM; sleep 1000 & wait"]
    volumes: ["data:/data", "mine:/mine", /anonymous]
volumes:
  data: {{driver: "{ALIAS}"}}
  mine:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compose:
    """Docker Compose on one engine, in the folder of a project named `shop`."""

    node: Node
    folder: Path

    def __call__(self, *words: str) -> tuple[int, str]:
        """Run it; give its exit code and the last line that it wrote."""
        plugins = self.folder / "docker/cli-plugins"
        if not plugins.exists():
            plugins.mkdir(parents=True)
            (plugins / "docker-compose").symlink_to(compose_program())
        done = subprocess.run(  # noqa: S603 - the program that is to be tried
            ["docker", "compose", *words],  # noqa: S607
            env={
                "PATH": PATH,
                "DOCKER_HOST": self.node.unix,
                "DOCKER_CONFIG": str(plugins.parent),
                "DOCKER_API_VERSION": "1.41",
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        return done.returncode, f"\n{done.stderr.strip()}".rsplit("\n", 1)[1]


@pytest.fixture(params=["n1", "n2"], ids=["20.10", "26.1"])
def compose(
    request: pytest.FixtureRequest, lab: Lab, guards: dict[str, Guard], tmp_path: Path
) -> Compose:
    assert guards
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "compose.yaml").write_text(FILE)
    return Compose(node=lab.node(request.param), folder=folder)


def volumes(node: Node) -> set[str]:
    return {row["Name"] for row in node.ask("/volumes")["Volumes"] or ()}


@pytest.mark.parametrize("generation", [1, 2])
def test_compose_down_keeps_the_volume_that_a_task_elsewhere_uses_and_removes_an_orphan(
    lab: Lab, compose: Compose, guards: dict[str, Guard], generation: int
) -> None:
    lab.set_generation(generation)
    node = compose.node
    assert compose("up", "-d")[0] == 0
    running_service(lab, "db", VOLUME, "--constraint", "node.hostname==n3")
    wait_until(lambda: len(lab.contents()) == 2, 20, "both have written")
    before = lab.contents()
    for words in ("down -v", "rm -fsv", "down -v --remove-orphans"):
        assert compose("up", "-d")[0] == 0
        code, said = compose(*words.split())
        assert not node.docker("ps", "--all", "--quiet", "--filter", "name=shop")
        assert lab.contents() == before
        if words == "rm -fsv":
            assert code == 0, said
            assert volumes(node) == {VOLUME, "shop_mine"}, "an anonymous one goes"
            continue
        assert code == 1
        assert "authorization denied by plugin cloudstorctl-guard: " in said
        assert f"{VOLUME} is in-use: Task db.1 on n3 has it mounted (container " in said
    assert node.plugin().calls("Remove") == []
    assert compose("up", "-d")[0] == 0
    lab.docker("n1", "service", "rm", "db")
    wait_until(lambda: not lab.docker("n3", "ps", "--all", "--quiet"), 40, "its task is gone")
    code, said = compose("down", "-v")
    assert code == 0, said
    assert lab.contents() == {}
    assert volumes(node) == set()
    rows = [row for row in guards[node.name].decisions if row["kind"] == "volume"]
    assert [row["decision"] for row in rows if row["candidates"] == [VOLUME]] == [
        *("denied", "denied", "allowed")
    ]
    assert {row["uri"] for row in rows if row["candidates"] == [VOLUME]} == {
        f"/v1.41/volumes/{VOLUME}?force=1"
    }
