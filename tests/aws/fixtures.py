"""Fixtures of the tests about AWS, for whichever folder imports them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.aws.access import Access
from tests.aws.account import ENVIRON, Account, served

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def aws_server() -> Iterator[Account]:
    yield from served()


@pytest.fixture
def account(aws_server: Account, monkeypatch: pytest.MonkeyPatch) -> Account:
    aws_server.reset()
    # botocore reads the environment of the process.
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_server.endpoint)
    return aws_server


@pytest.fixture
def access(account: Account) -> Access:
    del account
    return Access(timeout=5)
