"""What the guard tells of itself: one line of JSON a decision, and metrics for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudstorctl.guard.decision import Decision
    from cloudstorctl.guard.knowledge import Knowledge

_BUCKETS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
"""Seconds: a process has to start, and the whole swarm is read."""


@dataclass(slots=True)
class Log:
    """Writes structured lines."""

    stream: TextIO
    now: Callable[[], datetime]

    def decision(self, decision: Decision, *, user: str, method: str, uri: str) -> None:
        """Write down one decision."""
        self._write(
            event="decision",
            user=user,
            method=method,
            uri=uri,
            kind=decision.kind,
            candidates=decision.names,
            decision=decision.result,
            reason=decision.answer.reason,
            milliseconds=round(decision.seconds * 1000, 3),
        )

    def message(self, event: str, text: str) -> None:
        """Write down what befell the guard itself."""
        self._write(event=event, message=text)

    def _write(self, **fields: object) -> None:
        line = msgspec.json.encode({"time": f"{self.now():%FT%T.%fZ}", **fields}).decode()
        try:
            self.stream.write(f"{line}\n")
            self.stream.flush()
        except (OSError, ValueError):
            # A log that is full or gone must not turn a decision into a failure.
            return


class Metrics:
    """Counts, in a registry of its own."""

    def __init__(self, knowledge: Knowledge) -> None:
        """Begin at nought."""
        self.registry = CollectorRegistry()
        self.passed = Counter(
            "cloudstorctl_guard_requests_passed",
            "Requests that were none of the guard's business.",
            registry=self.registry,
        )
        self._decisions = Counter(
            "cloudstorctl_guard_decisions",
            "Removals of volumes and changes of plugins, by what was answered.",
            ("kind", "result"),
            registry=self.registry,
        )
        self._judgement = Histogram(
            "cloudstorctl_guard_judgement_seconds",
            "How long judgements took that needed a survey.",
            registry=self.registry,
            buckets=_BUCKETS,
        )
        Gauge(
            "cloudstorctl_guard_knowledge_age_seconds",
            "Seconds since what is known of the engine was last true; 0 while it is followed.",
            registry=self.registry,
        ).set_function(lambda: knowledge.age)

    def decided(self, decision: Decision) -> None:
        """Count one decision."""
        self._decisions.labels(decision.kind, decision.result).inc()
        if decision.judged:
            self._judgement.observe(decision.seconds)

    def serve(self, address: str) -> Callable[[], None]:
        """Serve them at HOST:PORT, and give what ends that.

        Raises:
            UsageError: there is no listening at that address.
        """
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise UsageError(f"--metrics-listen: expected HOST:PORT, found {address}")
        try:
            server, thread = start_http_server(
                int(port), addr=host.strip("[]"), registry=self.registry
            )
        except (OSError, OverflowError) as error:
            raise UsageError(f"--metrics-listen: {address}: {error}") from error

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end
