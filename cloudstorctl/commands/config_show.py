"""`config show`: the effective context, and where each of its values came from."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.config import Output
from cloudstorctl.core.times import spelled_in_full
from cloudstorctl.core.web_address import shown
from cloudstorctl.errors import ExitCode
from cloudstorctl.render.documents import as_json, as_yaml

if TYPE_CHECKING:
    from cloudstorctl.config import Context

SCHEMA = "cloudstorctl/config/v1"
EPILOG = examples("cloudstorctl config show", "cloudstorctl --context prod config show -o json")

_SECONDS = frozenset({"timeout", "survey_timeout"})
_LENGTHS = frozenset({"grace", "require_recovery_point"})
"""In documents in seconds as well, and for people as they are written."""
_PASSWORD = re.compile(r"(?P<user>://[^:@/]*):.*@")
"""Greedy up to the last @: a password may hold / and @ that nobody has escaped."""


@with_options
def show(invocation: Invocation) -> ExitCode:
    """Print the effective configuration and where each value came from.

    Nothing is asked of any engine. Passwords in addresses are left out, and of the
    addresses to notify all but the host.
    """
    context = invocation.context()
    console = invocation.console()
    match context.output:
        case Output.JSON:
            console.data(as_json(_document(context)))
        case Output.YAML:
            console.data(as_yaml(_document(context)))
        case Output.NAME:
            console.data(f"{context.name or ''}\n")
        case Output.TABLE | Output.WIDE:
            console.data(f"{_table(context)}\n")
    return ExitCode.DONE


def _document(context: Context) -> dict[str, object]:
    origins = dict(context.origins)
    settings = {name: {"value": value, "from": origins[name]} for name, value in _settings(context)}
    return {"schema": SCHEMA, "settings": settings}


def _table(context: Context) -> str:
    origins = dict(context.origins)
    rows = [("SETTING", "VALUE", "FROM")]
    for name, value in _settings(context):
        if name in _LENGTHS and isinstance(value, int):
            value = spelled_in_full(timedelta(seconds=value))  # noqa: PLW2901 - the same value
        lines = _lines(value, unit=" s" if name in _SECONDS else "")
        rows.append((name, lines[0], origins[name]))
        rows.extend(("", line, "") for line in lines[1:])
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(
        f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}".rstrip()
        for name, value, origin in rows
    )


def _settings(context: Context) -> list[tuple[str, object]]:
    values = {field.name: getattr(context, field.name) for field in fields(context)}
    del values["origins"]
    values["node_overrides"] = dict(context.node_overrides)
    values["notify"] = tuple(shown(address) for address in context.notify)
    return [(name, _plain(value)) for name, value in values.items()]


def _plain(value: object) -> object:
    match value:
        case str():
            return _PASSWORD.sub(r"\g<user>:***@", str(value))
        case Path():
            return str(value)
        case timedelta():
            return int(value.total_seconds())
        case tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value


def _lines(value: object, *, unit: str) -> list[str]:
    match value:
        case bool():
            return ["yes" if value else "no"]
        case int():
            return [f"{value}{unit}"]
        case float():
            return [f"{value:g}{unit}"]
        case list():
            return [str(item) for item in value] or ["-"]
        case dict():
            return [f"{key} = {item}" for key, item in value.items()] or ["-"]
        case _:
            return ["-" if value is None else str(value)]
