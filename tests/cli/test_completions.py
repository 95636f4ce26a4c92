"""Shell completion: the committed scripts, and names that come from a cache and never a scan."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import pytest
import typer

from cloudstorctl.cli import app, main
from cloudstorctl.commands.completion import node_names, remember, volume_names
from cloudstorctl.commands.completion_script import VARIABLE, Shell, script_for
from cloudstorctl.commands.invocation import Invocation, World
from cloudstorctl.commands.options import with_options
from cloudstorctl.config import Flags
from tests.cli.worlds import NOON, a_world, run_in

Suggest = Callable[[World, str], list[str]]

COMMITTED = Path(__file__).parents[2] / "completions"


@pytest.mark.parametrize("shell", list(Shell))
def test_the_committed_script_is_the_one_that_the_program_prints(
    tmp_path: Path, shell: Shell
) -> None:
    ran = run_in(a_world(tmp_path), "completion", shell.value)
    committed = (COMMITTED / f"cloudstorctl.{shell}").read_text(encoding="utf-8")
    assert committed == ran.out, "the scripts have drifted: `make completions` writes them anew"
    assert ran.out == f"{script_for(shell)}\n"


@pytest.fixture
def look() -> Iterator[None]:
    """Add a command that completes volumes and nodes to the program for one test."""

    @with_options
    def look(
        _invocation: Invocation,
        volumes: Annotated[list[str], typer.Argument(autocompletion=volume_names)],
        node: Annotated[str, typer.Option(autocompletion=node_names)] = "",
    ) -> NoReturn:
        raise AssertionError((volumes, node))

    app.command("look")(look)
    yield
    app.registered_commands.pop()


@pytest.fixture
def suggest(
    look: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Suggest:
    """Return what the program answers to bash, word by word."""
    assert look is None

    def suggestions(world: World, line: str) -> list[str]:
        words = ["cloudstorctl", *line.split(" ")]
        # Typer reads these from the process's own environment.
        for name, value in {
            VARIABLE: "complete_bash",
            "COMP_WORDS": "\n".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }.items():
            monkeypatch.setenv(name, value)
        asked = replace(world, environ={**world.environ, VARIABLE: "complete_bash"})
        assert main((), asked) == 0
        shown = capsys.readouterr()
        assert shown.err == ""
        return shown.out.split()

    return suggestions


def remembered_in(world: World, *, host: str = "") -> None:
    flags = Flags(host=(host,) if host else ())
    invocation = Invocation(world=world, flags=flags)
    remember(
        invocation,
        invocation.context(),
        volumes=(f"{host}ping2-1-vol", f"{host}ping1-vol", f"{host}web", f"{host}web"),
        nodes=("w2", "w1"),
    )


def cache_of(world: World) -> Path:
    (file,) = world.places.cache.iterdir()
    return file


def test_volumes_and_nodes_that_a_survey_saw_are_suggested(
    tmp_path: Path, suggest: Suggest
) -> None:
    world = a_world(tmp_path)
    remembered_in(world)
    assert suggest(world, "look ") == ["ping1-vol", "ping2-1-vol", "web"]
    assert suggest(world, "look pi") == ["ping1-vol", "ping2-1-vol"]
    assert suggest(world, "look web --node w") == ["w1", "w2"]


def test_the_names_of_one_swarm_are_not_suggested_for_another(
    tmp_path: Path, suggest: Suggest
) -> None:
    world = a_world(tmp_path)
    remembered_in(world, host="a")
    remembered_in(world, host="b")
    assert suggest(world, "look w") == []
    assert suggest(world, "-H a look aw") == ["aweb"]
    assert suggest(world, "-H a look -H b bw") == ["bweb"]


@pytest.mark.parametrize(
    ("age", "names"),
    [
        (timedelta(minutes=10), ["web"]),
        (timedelta(minutes=10, seconds=1), []),
        (timedelta(seconds=-1), []),
    ],
    ids=["at ten minutes", "older", "from the future"],
)
def test_names_are_suggested_for_ten_minutes(
    tmp_path: Path, suggest: Suggest, age: timedelta, names: list[str]
) -> None:
    remembered_in(a_world(tmp_path))
    assert suggest(a_world(tmp_path, now=NOON + age), "look w") == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"written": "2026-11-23T12:00:00+00:00"}',
        '{"written": "yesterday", "volumes": ["web"]}',
        '{"written": "2026-11-23T12:00:00", "volumes": ["web"]}',
        '{"written": "2026-11-23T12:00:00+00:00", "volumes": 3}',
        "\udcff",
    ],
)
def test_a_cache_that_is_damaged_suggests_nothing(
    tmp_path: Path, suggest: Suggest, text: str
) -> None:
    world = a_world(tmp_path)
    remembered_in(world)
    cache_of(world).write_bytes(text.encode(errors="surrogateescape"))
    assert suggest(world, "look w") == []


def test_without_a_cache_or_a_usable_configuration_nothing_is_suggested(
    tmp_path: Path, suggest: Suggest
) -> None:
    world = a_world(tmp_path)
    assert suggest(world, "look w") == []
    remembered_in(world)
    assert suggest(world, "--context nowhere look w") == []


def test_a_cache_that_cannot_be_written_is_said_only_to_who_wants_details(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    world.places.cache.parent.mkdir()
    world.places.cache.write_text("a file where the folder should be")
    remembered_in(world)
    invocation = Invocation(world=world, verbose=True)
    remember(invocation, invocation.context(), volumes=(), nodes=())
    assert isinstance(world.stderr, io.StringIO)
    assert world.stderr.getvalue().startswith("names for completion were not kept: ")
    assert world.stderr.getvalue().count("\n") == 1


def test_a_cache_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    remembered_in(world)
    file = cache_of(world)
    file.unlink()
    file.mkdir()
    remembered_in(world)
    assert list(world.places.cache.iterdir()) == [file]


def test_the_cache_is_for_the_user_alone(tmp_path: Path) -> None:
    world = a_world(tmp_path)
    remembered_in(world)
    assert cache_of(world).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("line", "suggested"),
    [
        ("conf", {"config"}),
        ("config s", {"show"}),
        ("config show --out", {"--output"}),
        ("completion ", {"bash", "zsh", "fish"}),
        ("-o y", {"yaml"}),
    ],
)
def test_bash_completes_words_with_the_committed_script(
    tmp_path: Path, line: str, suggested: set[str]
) -> None:
    program = tmp_path / "cloudstorctl"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cloudstorctl "$@"\n')
    program.chmod(0o755)
    words = ["cloudstorctl", *line.split(" ")]
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
        '_cloudstorctl_completion cloudstorctl; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    bash = ["bash", "--norc", "-c", script, "bash", str(COMMITTED / "cloudstorctl.bash"), *words]
    ran = subprocess.run(  # noqa: S603 - the committed script, with the words above
        bash,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        text=True,
    )
    assert (set(ran.stdout.split()), ran.stderr) == (suggested, "")
