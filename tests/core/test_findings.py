"""Which findings the configuration accepts."""

from __future__ import annotations

import pytest

from cloudstorctl.core.findings import Finding, Severity, parted

FINDING = Finding(
    code="shared-name",
    severity=Severity.WARNING,
    about="service web in a.yml",
    reason="It is shared.",
    volume="data-1",
)


@pytest.mark.parametrize(
    ("accepted", "is_accepted"),
    [
        ("shared-name", True),
        ("shared-name:data-1", True),
        ("shared-name:data-*", True),
        ("shared-name:web", True),
        ("shared-name:service web*", True),
        ("shared-name:", True),
        ("shared-name:other", False),
        ("shared-name:a.yml", False),
        ("several-writers:data-1", False),
        ("shared", False),
        ("", False),
    ],
)
def test_a_code_alone_is_any_and_a_pattern_is_of_a_name(accepted: str, is_accepted: bool) -> None:  # noqa: FBT001
    left, known = parted((FINDING,), (accepted,))
    assert (left, known) == (((), (FINDING,)) if is_accepted else ((FINDING,), ()))


def test_nothing_is_accepted_unasked() -> None:
    assert parted((FINDING,), ()) == ((FINDING,), ())
