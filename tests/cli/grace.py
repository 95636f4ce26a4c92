"""What the tests of the grace period share: a swarm that remembers, and what it remembers."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.memory_document import LABELS, name_of, read
from cloudstorctl.core.model import VolumeName
from tests.edge.engine_server import json_reply

if TYPE_CHECKING:
    from datetime import datetime

    from tests.cli.stage import Stage

HOUR = timedelta(hours=1)
OLD, OLDER = VolumeName("old"), VolumeName("older")


@pytest.fixture(name="stage")
def patient_stage(stage: Stage) -> Stage:
    """The swarm of three, with a grace period of a day."""
    stage.grace = "24h"
    return stage


def put(stage: Stage, data: bytes, sequence: int = 1) -> None:
    labels = dict(LABELS)
    stage.swarm.configs.create(name_of(sequence), b64encode(data).decode(), **labels)


def refuse(stage: Stage, method: str, path: str, status: int) -> None:
    stage.swarm.before(method, path, lambda: json_reply({"message": "no"}, status=status))


def remembered(stage: Stage) -> dict[VolumeName, datetime]:
    """Give what the swarm remembers, of which there is one version."""
    (config,) = stage.swarm.configs.configs.values()
    return read(b64decode(config["Spec"]["Data"]))


def rulings(stage: Stage, *options: str) -> dict[str, str]:
    document = stage.document("ls", "old*", *options)
    return {volume["name"]: volume["ruling"] for volume in document["volumes"]}
