from __future__ import annotations

import io
import socket
import urllib.request
from datetime import UTC, datetime

import pytest

from cloudstorctl.core.guarding import Answer
from cloudstorctl.errors import UsageError
from cloudstorctl.guard.decision import Decision
from cloudstorctl.guard.knowledge import Knowledge
from cloudstorctl.guard.records import Log, Metrics


def test_metrics_are_served_where_they_are_asked_for() -> None:
    metrics = Metrics(Knowledge(patterns=()))
    metrics.decided(
        Decision(
            kind="volume",
            names=("x",),
            answer=Answer(allow=False, reason=""),
            judged=True,
            seconds=3.0,
        )
    )
    port = free_port()
    end = metrics.serve(f"127.0.0.1:{port}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    finally:
        end()
    assert 'cloudstorctl_guard_decisions_total{kind="volume",result="denied"} 1.0' in text
    assert 'cloudstorctl_guard_judgement_seconds_bucket{le="2.0"} 0.0' in text
    assert 'cloudstorctl_guard_judgement_seconds_bucket{le="5.0"} 1.0' in text
    assert "cloudstorctl_guard_knowledge_age_seconds +Inf" in text
    assert "cloudstorctl_guard_requests_passed_total 0.0" in text
    assert "python_info" not in text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    "address", ["9719", "localhost", ":9719", "127.0.0.1:x", "127.0.0.1:99999"]
)
def test_an_address_that_cannot_be_is_said(address: str) -> None:
    with pytest.raises(UsageError, match="--metrics-listen: "):
        Metrics(Knowledge(patterns=())).serve(address)


def test_a_log_that_is_gone_changes_no_decision() -> None:
    stream = io.StringIO()
    stream.close()
    Log(stream=stream, now=lambda: datetime.now(tz=UTC)).message("start", "x")
