"""The name of a project, as Compose makes it, and the names that stand as they are written."""

from __future__ import annotations

import re

from cloudstorctl.core.templates import ANY_TEXT

VARIABLE = "COMPOSE_PROJECT_NAME"
"""Names the project before its files do, and Compose sets it when it fills in their variables."""
_NOT_IN_NAMES = re.compile(r"[^-_a-z0-9]")


def normal(name: str) -> str:
    """Give the name of a project as Compose writes it (compose-go, NormalizeProjectName)."""
    if ANY_TEXT in name:
        return ANY_TEXT
    return _NOT_IN_NAMES.sub("", name.lower()).lstrip("_-")


def unexpanded(name: str) -> str:
    """Give a template that yields `name` as it stands: Compose expands none, nor does an engine."""
    return ANY_TEXT.join(part.replace("{{", '{{"{{"}}') for part in name.split(ANY_TEXT))
