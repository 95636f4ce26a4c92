"""What an invocation says where, and what it may draw on whose terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.commands.invocation import Invocation
from tests.cli.worlds import Terminal, a_world

if TYPE_CHECKING:
    from pathlib import Path


def test_messages_go_to_stderr_unless_quiet_and_details_only_if_verbose(tmp_path: Path) -> None:
    for quiet, verbose, err in [(False, False, "a\n"), (True, False, ""), (False, True, "a\nb\n")]:
        world = a_world(tmp_path)
        invocation = Invocation(world=world, quiet=quiet, verbose=verbose)
        invocation.console().message("a")
        invocation.console().detail("b")
        assert isinstance(world.stderr, io.StringIO)
        assert world.stderr.getvalue() == err


@pytest.mark.parametrize(
    ("terminal", "environ", "no_color", "colored"),
    [
        (True, {}, False, True),
        (False, {}, False, False),
        (True, {"NO_COLOR": "1"}, False, False),
        (True, {"NO_COLOR": ""}, False, True),
        (True, {"TERM": "dumb"}, False, False),
        (True, {}, True, False),
    ],
)
def test_colour_needs_a_terminal_and_nobody_against_it(
    tmp_path: Path,
    *,
    terminal: bool,
    environ: dict[str, str],
    no_color: bool,
    colored: bool,
) -> None:
    stdout = Terminal() if terminal else io.StringIO()
    world = a_world(tmp_path, stdout=stdout, environ=environ)
    assert Invocation(world=world, no_color=no_color).console().colour == colored


def test_questions_need_a_terminal(tmp_path: Path) -> None:
    terminal = a_world(tmp_path, stdin=Terminal(), stderr=Terminal())
    assert Invocation(world=terminal).console().interactive
    assert not Invocation(world=a_world(tmp_path, stdin=Terminal())).console().interactive
