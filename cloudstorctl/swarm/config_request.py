"""What a manager is told of a config, and what it says of those it has."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

from msgspec import field
from msgspec.json import Decoder

from cloudstorctl.swarm.ports import Config
from cloudstorctl.swarm.wire import Answer, TextMap

if TYPE_CHECKING:
    from cloudstorctl.core.model import Pairs


class _Version(Answer):
    index: int


class _Spec(Answer):
    name: str
    labels: TextMap | None = None
    data: bytes | None = None


class _Row(Answer):
    version: _Version
    spec: _Spec
    id: str = field(name="ID")


_ROWS = Decoder(list[_Row])


def payload_of(name: str, labels: Pairs, data: bytes) -> bytes:
    """Write the JSON that makes or updates a config (moby api/types/swarm, ConfigSpec)."""
    spec = {"Name": name, "Labels": dict(labels), "Data": b64encode(data).decode()}
    return json.dumps(spec).encode()


def configs_from(body: bytes) -> tuple[Config, ...]:
    """`/configs`: what each config holds, by name."""
    return tuple(
        sorted(
            (
                Config(
                    id=row.id,
                    name=row.spec.name,
                    labels=tuple(
                        sorted((key, value or "") for key, value in (row.spec.labels or {}).items())
                    ),
                    data=row.spec.data or b"",
                    version=row.version.index,
                )
                for row in _ROWS.decode(body)
            ),
            key=lambda config: config.name,
        )
    )
