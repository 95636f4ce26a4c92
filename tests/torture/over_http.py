"""The same torture with the program's own connections: its requests go over real sockets.

Time is stepped all the same: what would be late in it is cut off here, since nobody waits.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.edge.engine_server import EngineServer, Reply
from tests.torture.machine import Torture
from tests.torture.wire import Exchange

if TYPE_CHECKING:
    from tests.edge.engine_server import Seen
    from tests.torture.lab import Lab
    from tests.torture.witness import Witness

_GET = 5.0  # seconds, as for the connection in stepped time
_DELETE = 180.0


class Sockets:
    """Serves every engine of a swarm; what arrives is carried in by the witness of the run."""

    def __init__(self, lab: Lab) -> None:
        """Listen at once."""
        self._place = lab.swarm.place
        self._servers = [
            EngineServer(
                otherwise=partial(self._reply, hostname), unix=lab.swarm.place.socket(hostname)
            )
            for hostname in lab.swarm.engines
        ]
        self.witness: Witness | None = None

    def close(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.stop()

    def _reply(self, hostname: str, seen: Seen) -> Reply:
        assert self.witness is not None
        exchange = Exchange(
            hostname=hostname,
            method=seen.method,
            path=seen.path,
            query=seen.query,
            body=seen.body,
            reaches=True,
        )
        self.witness.carry(exchange, _GET if seen.method == "GET" else _DELETE)
        body = bytes(exchange.answer)
        if not exchange.status or (exchange.late and not body):
            return Reply(reset=True)
        if exchange.cut or exchange.late:
            promised = body + b" " * len(body)
            return Reply(status=exchange.status, body=promised, cut_at=len(body))
        return Reply(status=exchange.status, body=body, measured=exchange.status != 204)


class TortureOverHttp(Torture):
    """A swarm whose engines listen on sockets."""

    def open(self) -> None:
        assert self.lab is not None
        self.program.sockets = self.sockets = Sockets(self.lab)
        # What a request lets happen goes on in the server: it cannot be asked meanwhile.
        self.lab.another = None

    def teardown(self) -> None:
        if self.lab is not None:
            self.sockets.close()
        super().teardown()
