"""Lists of a swarm's state are not decoded again when nothing has changed."""

from __future__ import annotations

from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.endpoints import endpoint_from
from tests.edge.asking import LONG
from tests.edge.engine_server import EngineServer, json_reply
from tests.edge.payloads import node


def test_the_same_answer_gives_the_same_records_and_another_gives_others(
    server: EngineServer,
) -> None:
    server.answer("/nodes", json_reply([node("w1")]))
    client = open_client(endpoint_from(server.url), tls=None, timeout=LONG)
    first = client.nodes()
    assert client.nodes() is first
    server.answer("/nodes", json_reply([node("w1"), node("w2")]))
    assert [each.hostname for each in client.nodes()] == ["w1", "w2"]
    assert server.count("GET", "/nodes") == 3, "it is asked every time"
    client.close()
