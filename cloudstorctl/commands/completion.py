"""Names for shell completion, from a short-lived cache: pressing Tab never asks an engine."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable  # noqa: TC003
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer  # noqa: TC002 - typer reads the annotations of completion functions

from cloudstorctl.commands.options import world_in
from cloudstorctl.config import Context, Flags, load_context

if TYPE_CHECKING:
    from cloudstorctl.commands.invocation import Invocation, World

KEPT_FOR = timedelta(minutes=10)
_DECIDING = ("config", "context", "host")
"""The common options that decide which swarm, and so which cache, is meant."""


def remember(
    invocation: Invocation, context: Context, *, volumes: Iterable[str], nodes: Iterable[str]
) -> None:
    """Keep the names that a survey has seen, for completion.

    A cache that cannot be written is no error: completion then suggests nothing.
    """
    world = invocation.world
    names = {
        "written": world.now().isoformat(),
        "volumes": sorted(set(volumes)),
        "nodes": sorted(set(nodes)),
    }
    try:
        _write(_cache_file(world, context), json.dumps(names))
    except OSError as error:
        invocation.console().detail(f"names for completion were not kept: {error}")


def volume_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the volume names that begin with `incomplete`, as a shell's suggestions."""
    return _suggestions(ctx, "volumes", incomplete)


def node_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the node names that begin with `incomplete`, as a shell's suggestions."""
    return _suggestions(ctx, "nodes", incomplete)


def _suggestions(ctx: typer.Context, kind: str, incomplete: str) -> list[str]:
    try:
        world = world_in(ctx)
        flags = replace(_flags_in(ctx), docker=world.docker)
        context = load_context(flags, world.environ, world.places)
        cached = json.loads(_cache_file(world, context).read_text(encoding="utf-8"))
        age = world.now() - datetime.fromisoformat(cached["written"])
        names = [str(name) for name in cached[kind]]
    except Exception:  # noqa: BLE001 - whatever is wrong, a prompt is no place to say it
        return []
    if not timedelta(0) <= age <= KEPT_FOR:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _flags_in(ctx: typer.Context) -> Flags:
    """Return the deciding flags of the line being completed, those to the right winning."""
    given: dict[str, Any] = {}
    level: Any = ctx  # its parents are of typer's own context type, which is not public
    while level is not None:
        for name in _DECIDING:
            if value := level.params.get(name):
                given.setdefault(name, value)
        level = level.parent
    return Flags(
        config=given.get("config"),
        context=given.get("context"),
        host=tuple(given.get("host", ())),
    )


def _cache_file(world: World, context: Context) -> Path:
    swarm = json.dumps([context.name, context.managers])
    digest = hashlib.sha256(swarm.encode()).hexdigest()[:16]
    return world.places.cache / f"completion-{digest}.json"


def _write(file: Path, text: str) -> None:
    """Replace `file` at once, so that a shell never reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).replace(file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
