"""Fixtures of the tests about AWS."""

from __future__ import annotations

from tests.aws.fixtures import access, account, aws_server

__all__ = ["access", "account", "aws_server"]
