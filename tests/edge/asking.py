"""Ask an engine as the tests do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.connection import Connection, open_connection
from cloudstorctl.swarm.endpoints import TlsFiles, endpoint_from

if TYPE_CHECKING:
    from tests.edge.engine_server import EngineServer

SHORT = 0.6  # still enough for a loaded machine to answer at once
LONG = 20.0
PLENTY = 8.0  # what a slow machine may take for something that is to end after SHORT


def connected(server: EngineServer, *, timeout: float = LONG) -> Connection:
    return open_connection(endpoint_from(server.url), tls=None, timeout=timeout)


def told(connection: Connection, path: str, **params: str) -> object:
    """Give the JSON that it answers."""
    value: object = json.loads(connection.body(path, **params))
    return value


def cause_of_get(url: str, *, tls: TlsFiles | None = None, timeout: float = LONG) -> EngineError:
    """Give the error in which GET /info ends."""
    with (
        open_connection(endpoint_from(url), tls=tls, timeout=timeout) as connection,
        pytest.raises(EngineError) as caught,
    ):
        connection.body("/info")
    assert caught.value.engine == url
    assert caught.value.path == "/info"
    return caught.value
