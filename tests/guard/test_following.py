"""The follower against an engine of the embedded swarm, and against one that fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.errors import UsageError
from cloudstorctl.guard.engine import LocalEngine
from cloudstorctl.guard.following import Follower
from cloudstorctl.guard.knowledge import Knowledge
from tests.edge.engine_server import EngineServer, Reply, json_reply
from tests.swarm.embedded.lab import embedded_lab
from tests.swarm.lab.command import wait_until
from tests.swarm.lab.records import ALIAS
from tests.swarm.swarm import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.swarm.swarm import Lab

PATTERNS = ("*cloudstor*",)


class Followed:
    """A follower of one engine, and what it has said."""

    def __init__(self, socket: Path, file: Path | None = None) -> None:
        self.said: list[str] = []
        self.knowledge = Knowledge(patterns=PATTERNS, file=file)
        self.follower = Follower(
            engine=LocalEngine(socket), knowledge=self.knowledge, say=self.said.append
        )
        self.follower.start()

    def wait(self, **wanted: object) -> None:
        def is_so() -> bool:
            return all(getattr(self.knowledge, key) == value for key, value in wanted.items())

        wait_until(is_so, 20, f"{wanted} is known")


@pytest.fixture(scope="module")
def swarm() -> Iterator[Lab]:
    with embedded_lab(NOBODY, None) as lab:
        yield lab


def test_an_engine_is_listed_and_then_followed(swarm: Lab, tmp_path: Path) -> None:
    engine = swarm.node("n2")
    engine.docker("volume", "create", "--driver", ALIAS, "data")
    followed = Followed(engine.socket, tmp_path / "guard.json")
    try:
        followed.wait(age=0.0, ours=frozenset({"data"}), node_id=swarm.node_id("n2"))
        assert followed.knowledge.concerns(ALIAS)
        assert followed.knowledge.root == engine.ask("/info")["DockerRootDir"]
        engine.docker("volume", "create", "--driver", ALIAS, "more")
        followed.wait(ours=frozenset({"data", "more"}))
        engine.docker("volume", "rm", "data")
        followed.wait(ours=frozenset({"more"}))
        engine.plugin().disable()
        wait_until(lambda: not followed.knowledge.plugins[0].enabled, 10, "the plugin is disabled")
        engine.plugin().enable()
    finally:
        followed.follower.stop()
    assert followed.said == []
    assert json.loads((tmp_path / "guard.json").read_text())["ours"] == ["more"]


ROUTES = {
    "/info": json_reply({"DockerRootDir": "/d", "Swarm": {"NodeID": "w1"}}),
    "/plugins": json_reply([{"Id": "ab", "Name": "x:latest"}]),
    "/volumes": json_reply({"Volumes": [{"Name": "far", "Driver": "nfs"}], "Warnings": None}),
    "/events": Reply(body=b"", measured=False, hold=False),
}


@pytest.mark.parametrize(
    ("path", "reply"),
    [
        ("/info", json_reply({"message": "no"}, status=500)),
        ("/plugins", Reply(body=b"nonsense")),
        ("/volumes", json_reply({"Volumes": "x"})),
        ("/events", json_reply({"message": "no"}, status=403)),
        ("/events", Reply(reset=True)),
        ("/plugins", Reply(reset=True)),
    ],
)
def test_an_engine_that_fails_is_asked_again_and_said_once(
    tmp_path: Path, path: str, reply: Reply
) -> None:
    with EngineServer({**ROUTES, path: reply}, unix=tmp_path / "s") as server:
        followed = Followed(tmp_path / "s")
        try:
            wait_until(lambda: server.count("GET", path) > 2, 20, "it is asked again")
            assert followed.knowledge.age == float("inf")
            server.answer(path, ROUTES[path])
            followed.wait(others={"far": "nfs"})
        finally:
            followed.follower.stop()
    assert len(followed.said) == 1
    assert followed.said[0].startswith(f"the engine is not followed: {path}: ")


def test_an_engine_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    followed = Followed(tmp_path / "s")
    try:
        wait_until(lambda: followed.said, 10, "it is said")
        with EngineServer(ROUTES, unix=tmp_path / "s"):
            followed.wait(others={"far": "nfs"}, root="/d", node_id="w1")
    finally:
        followed.follower.stop()


def test_an_event_that_is_no_json_ends_the_connection_and_the_lists_are_read_anew(
    tmp_path: Path,
) -> None:
    events = Reply(body=b'{"Type":"volume"}\n\nnonsense\n', measured=False)
    with EngineServer({**ROUTES, "/events": events}, unix=tmp_path / "s") as server:
        followed = Followed(tmp_path / "s")
        try:
            wait_until(lambda: server.count("GET", "/volumes") > 1, 20, "they are read anew")
        finally:
            followed.follower.stop()
    assert followed.said[0].startswith("the engine is not followed: /events: ")


def test_what_cannot_be_kept_is_said_and_all_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with EngineServer(ROUTES, unix=tmp_path / "s"):
        followed = Followed(tmp_path / "s", tmp_path / "file/guard.json")
        try:
            followed.wait(others={"far": "nfs"})
            wait_until(lambda: followed.said, 10, "it is said")
        finally:
            followed.follower.stop()
    assert followed.said[0].startswith("what is known of the engine cannot be kept: ")


@pytest.mark.parametrize("url", ["tcp://10.0.0.1:2375", "unix://relative", "/var/run/docker.sock"])
def test_only_the_engine_of_the_own_node_is_followed(url: str) -> None:
    with pytest.raises(UsageError, match="over a unix socket"):
        LocalEngine.at(url)
    assert LocalEngine.at("unix:///a/b").path.as_posix() == "/a/b"
