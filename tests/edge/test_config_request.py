"""What managers are told of configs, and what they say of those they have."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from cloudstorctl.errors import EngineAnsweredError, PayloadError
from cloudstorctl.swarm.client import Client
from cloudstorctl.swarm.ports import Config
from tests.edge.asking import connected
from tests.edge.engine_server import EngineServer, Reply, json_reply

ROW = {"ID": "c1", "Version": {"Index": 7}, "Spec": {"Name": "a", "Labels": {"k": "v"}}}
CONFIG = Config(id="c1", name="a", labels=(("k", "v"),), data=b"", version=7)


def test_configs_are_asked_for_by_the_beginning_of_their_names(server: EngineServer) -> None:
    row = {**ROW, "Spec": {"Name": "b", "Labels": None, "Data": "eHk="}}
    server.answer("/configs", json_reply([row, ROW]))
    assert Client(connected(server)).configs("a b") == (
        CONFIG,
        Config(id="c1", name="b", labels=(), data=b"xy", version=7),
    )
    assert server.seen[-1].query == "filters=%7B%22name%22%3A+%5B%22a+b%22%5D%7D"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"a": 1}, "it is an object, expected a list"),
        ([{}], "expected"),
        ([{**ROW, "Version": {}}], "Version.Index is missing"),
        ([{**ROW, "Spec": {"Name": "a", "Data": "%"}}], "Spec.Data"),
    ],
)
def test_an_answer_of_another_shape_names_the_field(
    server: EngineServer, answer: object, told: str
) -> None:
    server.answer("/configs", json_reply(answer))
    with pytest.raises(PayloadError) as caught:
        Client(connected(server)).configs("a")
    assert told in str(caught.value) or "is missing" in str(caught.value)


def test_a_config_is_made_and_relabelled_with_its_version(server: EngineServer) -> None:
    client = Client(connected(server))
    server.answer("POST /configs/create", json_reply({"ID": "c1"}, status=201))
    client.create_config("a", labels=(("k", "v"),), data=b"\x00x")
    spec = json.loads(server.seen[-1].body)
    assert (spec["Name"], spec["Labels"]) == ("a", {"k": "v"})
    assert b64decode(spec["Data"]) == b"\x00x"
    server.answer("POST /configs/c1/update", Reply())
    client.relabel_config(CONFIG, (("k", "w"),))
    assert server.seen[-1].query == "version=7"
    assert json.loads(server.seen[-1].body)["Labels"] == {"k": "w"}


def test_one_that_is_gone_already_is_removed(server: EngineServer) -> None:
    client = Client(connected(server))
    client.remove_config("c1")
    assert [(s.method, s.path, s.query) for s in server.seen] == [("DELETE", "/configs/c1", "")]
    server.answer("DELETE /configs/c1", json_reply({"message": "in use"}, status=409))
    with pytest.raises(EngineAnsweredError, match="in use"):
        client.remove_config("c1")
