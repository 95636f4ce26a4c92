"""Lists of a swarm's state are decoded row by row, and not again when nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.errors import PayloadError
from cloudstorctl.swarm.bodies import rows_of, value_of
from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.endpoints import endpoint_from
from tests.edge.asking import LONG
from tests.edge.engine_server import EngineServer, json_reply
from tests.edge.payloads import node

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def rows(body: bytes) -> object:
    read = rows_of(body, address="tcp://w1:2375", path="/tasks")
    return list(read) if isinstance(read, Iterator) else read


@given(value=st.lists(VALUES), indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_rows_are_what_the_whole_list_would_be(
    value: list[object],
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - given by name
) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    assert rows(b" \n" + body + b"\r\n\t ") == value


@pytest.mark.parametrize("body", [b"{}", b' {"message": "x"}', b"null", b"3"])
def test_what_is_no_list_is_decoded_whole(body: bytes) -> None:
    assert rows(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[1",
        b"[1,",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1]]",
        b'[{"ID": "a"}',
        b'[{"ID": "a"},{"ID',
        b"[1] x",
        b"[" * 100_000,
        b'["\xff"]',
        rb'["\ud800"]',
        b"<html><title>Gateway</title>",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_wrong_is_said_as_of_the_whole(body: bytes) -> None:
    with pytest.raises(PayloadError) as whole:
        value_of(body, address="tcp://w1:2375", path="/tasks")
    with pytest.raises(PayloadError) as row_by_row:
        rows(body)
    assert str(row_by_row.value) == str(whole.value)


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
