"""The command line's shell: common options, exit codes and help."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import pytest
import typer

from cloudstorctl import __version__
from cloudstorctl.cli import app, main
from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import with_options
from cloudstorctl.config import Output
from cloudstorctl.errors import CloudstorctlError, ExitCode, NoAccessError, RefusedError
from tests.cli.worlds import a_world, run_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Probe:
    """A command that does what a test tells it to."""

    seen: list[Invocation]

    def __init__(self) -> None:
        self.seen = []
        self.word = ""
        self.raises: BaseException | None = None
        self.returns: ExitCode | None = None

    def command(self, invocation: Invocation, word: str) -> ExitCode | None:
        self.seen.append(invocation)
        self.word = word
        if self.raises is not None:
            raise self.raises
        return self.returns


@pytest.fixture
def probe() -> Iterator[Probe]:
    """Add a command `probe` to the program for one test."""
    probe = Probe()

    @with_options
    def probe_command(
        invocation: Invocation, word: Annotated[str, typer.Argument()] = ""
    ) -> ExitCode | None:
        return probe.command(invocation, word)

    app.command("probe")(probe_command)
    yield probe
    app.registered_commands.pop()


def given(tmp_path: Path, probe: Probe, *argv: str) -> Invocation:
    ran = run_in(a_world(tmp_path), *argv)
    assert (ran.code, ran.err) == (0, "")
    return probe.seen[-1]


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(("-o", "json", "-H", "tcp://a", "-q", "probe", "x"), id="before"),
        pytest.param(("probe", "x", "-o", "json", "-H", "tcp://a", "-q"), id="after"),
        pytest.param(
            ("-o", "yaml", "-H", "b", "probe", "-qo", "json", "-H", "tcp://a", "x"), id="both"
        ),
        pytest.param(("-q", "probe", "--output=json", "--host", "tcp://a", "x"), id="mixed"),
    ],
)
def test_common_options_stand_before_or_after_the_command_and_the_last_wins(
    tmp_path: Path, probe: Probe, argv: tuple[str, ...]
) -> None:
    invocation = given(tmp_path, probe, *argv)
    assert invocation.flags.output is Output.JSON
    assert invocation.flags.host == ("tcp://a",)
    assert invocation.quiet
    assert not invocation.verbose
    assert probe.word == "x"


def test_every_common_option_reaches_the_command(tmp_path: Path, probe: Probe) -> None:
    options = "--config f --context c --node-endpoint n --timeout 2m --parallel 3 -v --no-color"
    invocation = given(tmp_path, probe, "probe", *options.split(), "-H", "a", "-H", "b")
    flags = invocation.flags
    assert (flags.config, flags.context, flags.host) == ("f", "c", ("a", "b"))
    assert (flags.node_endpoint, flags.timeout, flags.parallel) == ("n", "2m", 3)
    assert (invocation.verbose, invocation.no_color, invocation.quiet) == (True, True, False)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (CloudstorctlError("it failed"), 1),
        (RefusedError("it failed"), 4),
        (NoAccessError("it failed"), 8),
    ],
)
def test_an_expected_failure_is_one_sentence_and_its_exit_code(
    tmp_path: Path, probe: Probe, raised: Exception, code: int
) -> None:
    probe.raises = raised
    ran = run_in(a_world(tmp_path), "probe")
    assert (ran.code, ran.out, ran.err) == (code, "", "cloudstorctl: it failed\n")


def test_what_a_command_returns_is_the_exit_code(tmp_path: Path, probe: Probe) -> None:
    probe.returns = ExitCode.INCOMPLETE
    assert run_in(a_world(tmp_path), "probe").code == 5


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), typer.Abort()], ids=["Ctrl-C", "abort"])
def test_an_interrupted_run_says_so(tmp_path: Path, probe: Probe, raised: BaseException) -> None:
    probe.raises = raised
    ran = run_in(a_world(tmp_path), "probe")
    assert (ran.code, ran.err) == (130, "cloudstorctl: interrupted\n")


def test_a_bug_leaves_a_traceback_and_asks_for_a_report(tmp_path: Path, probe: Probe) -> None:
    probe.raises = ZeroDivisionError("oops")
    ran = run_in(a_world(tmp_path), "probe")
    assert ran.code == 70
    assert "Traceback" in ran.err
    assert "ZeroDivisionError: oops" in ran.err
    assert ran.err.endswith(
        f"cloudstorctl: a bug in version {__version__}: please report it with the lines above\n"
    )


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, _text: str) -> NoReturn:
        raise BrokenPipeError


def test_a_reader_that_goes_away_is_no_bug(tmp_path: Path) -> None:
    ran = run_in(a_world(tmp_path, stdout=Closed()), "config", "show")
    assert (ran.code, ran.err) == (1, "")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_pipe_that_is_closed_early_leaves_stderr_quiet(unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "cloudstorctl", "config", "show"],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
    )
    os.close(writer)
    assert (ran.returncode, ran.stderr) == (1, "")


def test_a_character_that_the_terminal_lacks_is_no_reason_to_stop(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[contexts."●"]', encoding="utf-8")
    ran = subprocess.run(  # noqa: S603 - this very program
        [sys.executable, "-m", "cloudstorctl", "--config", str(config), "config", "show", "-oname"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"*\n", b"")


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        ("confg", "No such command 'confg'. Did you mean 'config'?", "cloudstorctl"),
        ("config shwo", "No such command 'shwo'. Did you mean 'show'?", "cloudstorctl config"),
        ("config show --bogus", "No such option: --bogus", "cloudstorctl config show"),
        ("-q", "Missing command.", "cloudstorctl"),
        ("completion", "Missing argument 'shell'", "cloudstorctl completion"),
        (
            "completion tcsh",
            "Invalid value for 'shell': 'tcsh' is not one of",
            "cloudstorctl completion",
        ),
        ("config show --parallel x", "Invalid value for '--parallel'", "cloudstorctl config show"),
        ("config show extra", "Got unexpected extra argument", "cloudstorctl config show"),
    ],
)
def test_a_command_line_that_is_wrong_is_exit_2_with_a_way_on(
    tmp_path: Path, argv: str, message: str, hint: str
) -> None:
    ran = run_in(a_world(tmp_path), *argv.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"cloudstorctl: {message}")
    assert ran.err.endswith(f"Try '{hint} --help'.\n")


def test_a_configuration_that_is_wrong_is_exit_2(tmp_path: Path) -> None:
    ran = run_in(a_world(tmp_path), "config", "show", "--timeout", "0")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("cloudstorctl: --timeout: expected a number of seconds above 0")


def test_the_version_is_printed(tmp_path: Path) -> None:
    ran = run_in(a_world(tmp_path), "--version")
    assert (ran.code, ran.out, ran.err) == (0, f"cloudstorctl {__version__}\n", "")


def commands(group: object, *path: str) -> Iterator[tuple[str, ...]]:
    """Walk the tree of commands, groups among them."""
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *path, name)


@pytest.mark.parametrize(
    "path", list(commands(typer.main.get_command(app))), ids=lambda path: " ".join(path) or "-"
)
def test_every_help_page_fits_80_columns_and_every_command_has_an_example(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    path: tuple[str, ...],
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main((*path, "--help"), a_world(tmp_path)) == 0
    page = capsys.readouterr().out
    assert max(len(line) for line in page.splitlines()) <= 80
    assert "--node-endpoint TEMPLATE" in page
    if "Commands:" not in page:
        _, examples = page.split("Examples:\n")
        assert f"    cloudstorctl {' '.join(path)}" in examples


def test_without_a_command_the_help_is_shown_and_the_exit_code_is_2(
    tmp_path: Path,
) -> None:
    ran = run_in(a_world(tmp_path))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: cloudstorctl [OPTIONS] COMMAND")


def test_the_module_runs_as_the_program_does() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cloudstorctl", "--version"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert ran.stdout == f"cloudstorctl {__version__}\n"


def test_looking_at_the_configuration_loads_no_docker_client() -> None:
    script = (
        "import sys; from cloudstorctl.cli import main; main(['config', 'show']);"
        "sys.exit(str(sorted({'docker', 'requests', 'rich'} & set(sys.modules))))"
    )
    ran = subprocess.run(  # noqa: S603 - this very Python, with the text above
        [sys.executable, "-c", script], capture_output=True, check=False, text=True
    )
    assert ran.stderr == "[]\n"
