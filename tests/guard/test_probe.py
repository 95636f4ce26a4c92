"""The question by which an engine shows that it asks the guard."""

from __future__ import annotations

import pytest

from cloudstorctl.guard.names import PLUGIN
from cloudstorctl.guard.probe import HERE, comes_from_the_guard, is_probe


@pytest.mark.parametrize(
    ("method", "uri", "is_it"),
    [
        ("GET", "/_ping?cloudstorctl-guard=ask", True),
        ("GET", "/v1.41/_ping?cloudstorctl-guard=ask", True),
        ("HEAD", "/_ping?cloudstorctl-guard=ask", False),
        ("DELETE", "/_ping?cloudstorctl-guard=ask", False),
        ("GET", "/_ping", False),
        ("GET", "/_ping?cloudstorctl-guard=ask&x=1", False),
        ("GET", "/volumes/_ping?cloudstorctl-guard=ask", False),
        ("GET", "/info?cloudstorctl-guard=ask", False),
    ],
)
def test_only_the_question_itself_is_refused(method: str, uri: str, *, is_it: bool) -> None:
    assert is_probe(method, uri) is is_it


@pytest.mark.parametrize(
    ("refusal", "is_it"),
    [
        (f"authorization denied by plugin {PLUGIN}: {HERE}", True),
        (f'{{"message":"authorization denied by plugin {PLUGIN}: {HERE}"}}', True),
        (f"authorization denied by plugin opa: {HERE}", False),
        ("authorization denied by plugin opa: not you", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_guard_s_own_refusal_counts(refusal: str | None, *, is_it: bool) -> None:
    assert comes_from_the_guard(refusal) is is_it
