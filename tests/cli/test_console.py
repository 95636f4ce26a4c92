from __future__ import annotations

import os
import pty
import termios
from contextlib import contextmanager
from io import BytesIO, StringIO, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

import pytest

from cloudstorctl.render.console import UNBOUNDED, Console, Streams
from cloudstorctl.render.tables import volumes_table
from tests.cli.scene import a_survey, documented_volumes

if TYPE_CHECKING:
    from collections.abc import Iterator

TERM = {"TERM": "xterm-256color"}


class Terminal:
    """A pseudo-terminal: what is written to `stream` is read from `screen`."""

    def __init__(self, columns: int) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, columns))
        self.stream: TextIO = os.fdopen(theirs, "w", encoding="utf-8")

    def screen(self) -> str:
        """Read all that was written since; only after something was."""
        self.stream.flush()
        return os.read(self._ours, 1_000_000).decode()

    def close(self) -> None:
        self.stream.close()
        os.close(self._ours)


@contextmanager
def a_terminal(columns: int = 100) -> Iterator[Terminal]:
    terminal = Terminal(columns)
    try:
        yield terminal
    finally:
        terminal.close()


def streams(
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    *,
    stdin: str = "",
    environment: dict[str, str] | None = None,
) -> Streams:
    return Streams(
        stdin=StringIO(stdin),
        stdout=stdout or StringIO(),
        stderr=stderr or StringIO(),
        environment=TERM if environment is None else environment,
    )


def test_data_goes_to_standard_output_and_messages_to_standard_error() -> None:
    out, err = StringIO(), StringIO()
    console = Console(streams(out, err))
    console.data("{}\n")
    console.message("3 nodes were read.")
    assert out.getvalue() == "{}\n"
    assert err.getvalue() == "3 nodes were read.\n"


@pytest.mark.parametrize(
    ("quiet", "verbose", "told"),
    [
        (False, False, "message\nerror\n"),
        (False, True, "message\ndetail\nerror\n"),
        (True, False, "error\n"),
        (True, True, "error\n"),
    ],
)
def test_quiet_keeps_errors_and_verbose_adds_details(
    quiet: bool,  # noqa: FBT001 - a parameter of the table above
    verbose: bool,  # noqa: FBT001 - a parameter of the table above
    told: str,
) -> None:
    err = StringIO()
    console = Console(streams(stderr=err), quiet=quiet, verbose=verbose)
    console.message("message")
    console.detail("detail")
    console.error("error")
    assert err.getvalue() == told


def test_a_message_cannot_command_the_terminal() -> None:
    err = StringIO()
    Console(streams(stderr=err)).error("w1 said \x1b[2J[red]\nand more")
    assert err.getvalue() == "w1 said \\x1b[2J[red]\nand more\n"


def test_what_is_piped_has_no_colour_and_folds_nowhere() -> None:
    out = StringIO()
    console = Console(streams(out, environment={**TERM, "COLUMNS": "40"}))
    console.show(volumes_table(a_survey(), documented_volumes(), ()))
    assert console.width == UNBOUNDED
    assert "w1 ● ping1.1, w2 ● ping1.2, w3 ● ping1.3\n" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_a_terminal_gets_its_own_width_and_colour() -> None:
    with a_terminal(columns=72) as terminal:
        console = Console(streams(terminal.stream))
        console.show(volumes_table(a_survey(), documented_volumes(), ()))
        shown = terminal.screen()
        assert console.width == 72
        assert "\x1b[32m● in-use" in shown
        assert "w1 ● ping1.1, w2" not in shown


def test_columns_in_the_environment_outrank_the_terminal() -> None:
    with a_terminal(columns=72) as terminal:
        stream = terminal.stream
        assert Console(streams(stream, environment={**TERM, "COLUMNS": "90"})).width == 90
        assert Console(streams(stream, environment={**TERM, "COLUMNS": "0"})).width == 72


def test_a_terminal_that_does_not_tell_its_width_has_80_columns() -> None:
    with a_terminal(columns=0) as terminal:
        assert Console(streams(terminal.stream)).width == 80


@pytest.mark.parametrize(
    ("environment", "no_color", "coloured"),
    [
        (TERM, False, True),
        (TERM, True, False),
        ({**TERM, "NO_COLOR": "1"}, False, False),
        ({**TERM, "NO_COLOR": ""}, False, True),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_colour_is_off_when_anyone_says_so(
    environment: dict[str, str],
    no_color: bool,  # noqa: FBT001 - a parameter of the table above
    coloured: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    with a_terminal() as terminal:
        console = Console(streams(terminal.stream, environment=environment), no_color=no_color)
        assert console.colour is coloured


def test_progress_is_shown_on_a_terminal_and_gone_at_the_end() -> None:
    with a_terminal() as terminal:
        console = Console(streams(stderr=terminal.stream))
        with console.progress("reading [w1]\x1b[2J") as progress:
            assert r"reading [w1]\x1b[2J" in terminal.screen()
            progress.update("reading w2")
        last = terminal.screen()
        assert last.endswith("\x1b[2K")
        assert "\x1b[?25h" in last


def test_a_message_during_progress_stands_on_a_line_of_its_own() -> None:
    with a_terminal() as terminal:
        console = Console(streams(stderr=terminal.stream))
        with console.progress("reading"):
            terminal.screen()
            console.message("w1 is slow.")
            told = terminal.screen()
            before, _, after = told.partition("w1 is slow.\r\n")
            assert before.endswith("\x1b[2K")
            assert "reading" in after


def test_progress_within_progress_is_silent() -> None:
    with a_terminal() as terminal:
        console = Console(streams(stderr=terminal.stream))
        with console.progress("outer"):
            with console.progress("inner") as progress:
                progress.update("inner still")
            console.message("done.")
            assert "inner" not in terminal.screen()


@pytest.mark.parametrize("quiet", [True, False])
def test_progress_writes_nothing_where_nobody_watches(
    quiet: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    err = StringIO()
    with Console(streams(stderr=err), quiet=quiet).progress("reading") as progress:
        progress.update("still reading")
    assert err.getvalue() == ""


@pytest.mark.parametrize(("quiet", "term"), [(True, "xterm"), (False, "dumb")])
def test_a_quiet_run_and_a_dumb_terminal_have_no_progress(
    quiet: bool,  # noqa: FBT001 - a parameter of the table above
    term: str,
) -> None:
    with a_terminal() as terminal:
        console = Console(streams(stderr=terminal.stream, environment={"TERM": term}), quiet=quiet)
        with console.progress("reading"):
            console.error("one line")
        assert terminal.screen() == "one line\r\n"


@pytest.mark.parametrize(
    ("typed", "answer", "shown"),
    [
        ("y\n", True, ""),
        ("YES \n", True, ""),
        ("n\n", False, ""),
        ("\n", False, ""),
        ("yep\n", False, ""),
        ("", False, "\n"),
        ("y", True, "\n"),
    ],
)
def test_only_a_yes_is_a_yes(typed: str, answer: bool, shown: str) -> None:  # noqa: FBT001
    err = StringIO()
    console = Console(streams(stderr=err, stdin=typed))
    assert console.ask("Remove 2 volumes?") is answer
    assert err.getvalue() == f"Remove 2 volumes? [y/N] {shown}"


def test_a_person_can_be_asked_only_where_both_ends_are_terminals() -> None:
    with a_terminal() as terminal:
        tty = terminal.stream

        def interactive(stdin: TextIO, stderr: TextIO) -> bool:
            made = Streams(stdin=stdin, stdout=StringIO(), stderr=stderr, environment=TERM)
            return Console(made).interactive

        assert interactive(tty, tty)
        assert not interactive(StringIO(), tty)
        assert not interactive(tty, StringIO())


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "w1 ● web, … é"),
        ("latin-1", "w1 * web, ~ é"),
        ("ascii", r"w1 * web, ~ \xe9"),
    ],
)
def test_signs_have_a_stand_in_where_the_encoding_lacks_them(encoding: str, shown: str) -> None:
    kept = BytesIO()
    stream = TextIOWrapper(kept, encoding=encoding)
    Console(streams(stream)).data("w1 ● web, … é")
    assert kept.getvalue().decode(encoding) == shown


def test_data_in_many_pieces_is_all_written_in_order_and_not_piece_by_piece() -> None:
    class Counting(StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    stream = Counting()
    pieces = [f"{number:09}\n" for number in range(20_000)]
    Console(streams(stream)).data_in_pieces(pieces)
    assert stream.getvalue() == "".join(pieces)
    assert 1 < stream.writes < 10
