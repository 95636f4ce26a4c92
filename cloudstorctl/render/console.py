"""Console: the only writer: data to standard output, messages and progress to standard error."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TextIO

from cloudstorctl.render.symbols import IN_ASCII
from cloudstorctl.render.visible import visible, visible_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import RenderableType
    from rich.live import Live

UNBOUNDED = 1_000_000
"""Width of what is no terminal: no row folds, so that each is one line to other programs."""

_USUAL_WIDTH = 80
_ENOUGH = 64 * 1024
"""Characters to write at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """What a process reads and writes, and the environment that says how."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]


class Progress(Protocol):
    """What long work tells of itself."""

    def update(self, text: str) -> None:
        """Say what is being done now."""


class _Silent:
    """Progress that nobody watches."""

    def update(self, text: str) -> None:
        """Say nothing."""


class _Spinner:
    """Progress as a moving sign on a terminal."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def update(self, text: str) -> None:
        """Put `text` beside the sign."""
        from rich.spinner import Spinner  # noqa: PLC0415 - as below
        from rich.text import Text  # noqa: PLC0415 - as below

        self.live.update(Spinner("line", text=Text(visible(text))))


class Console:
    """Writes what the program says, as the streams can show it and the user wants it."""

    def __init__(
        self,
        streams: Streams,
        *,
        no_color: bool = False,
        quiet: bool = False,
        verbose: bool = False,
        worded: Callable[[str], str] = str,
    ) -> None:
        """Write to `streams`; `quiet` leaves only data and errors, `verbose` adds details.

        Messages are written as `worded` has them.
        """
        self._worded = worded
        self._streams = streams
        self._quiet = quiet
        self._verbose = verbose
        environment = streams.environment
        self._moving = streams.stderr.isatty() and environment.get("TERM") != "dumb" and not quiet
        self._spinner: _Spinner | None = None
        self.colour = (
            streams.stdout.isatty()
            and not no_color
            # https://no-color.org: set, and not empty
            and not environment.get("NO_COLOR")
            and environment.get("TERM") != "dumb"
        )

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: both what is read and what is asked on are terminals."""
        return self._streams.stdin.isatty() and self._streams.stderr.isatty()

    @property
    def width(self) -> int:
        """Cells in a line of standard output, at this moment."""
        if not self._streams.stdout.isatty():
            return UNBOUNDED
        columns = self._streams.environment.get("COLUMNS", "")
        if columns.isdecimal() and int(columns) > 0:
            return int(columns)
        try:
            return os.get_terminal_size(self._streams.stdout.fileno()).columns or _USUAL_WIDTH
        except OSError:
            return _USUAL_WIDTH

    def show(self, renderable: RenderableType) -> None:
        """Write a table or another screen to standard output."""
        # rich takes 90 ms to import: only what needs it pays.
        from cloudstorctl.render.screen import screen  # noqa: PLC0415

        self.data(screen(renderable, width=self.width, colour=self.colour))

    def data(self, text: str) -> None:
        """Write text to standard output as it is."""
        self._write(self._streams.stdout, text)

    def data_in_pieces(self, pieces: Iterable[str]) -> None:
        """Write text to standard output that comes in pieces, many of them at a time."""
        waiting: list[str] = []
        size = 0
        for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            if size > _ENOUGH:
                self.data("".join(waiting))
                waiting.clear()
                size = 0
        self.data("".join(waiting))

    def message(self, text: str) -> None:
        """Tell the user something on standard error, unless quiet."""
        if not self._quiet:
            self.error(text)

    def detail(self, text: str) -> None:
        """Tell what only a verbose run wants to know, on standard error."""
        if self._verbose and not self._quiet:
            self.error(text)

    def error(self, text: str) -> None:
        """Tell on standard error what even a quiet run must tell; control characters escaped."""
        self._write(self._streams.stderr, f"{visible_lines(self._worded(text))}\n")

    def ask(self, question: str) -> bool:
        """Ask for a yes on standard error; anything else, and the end of input, is a no."""
        self._write(self._streams.stderr, f"{visible_lines(question)} [y/N] ")
        answer = self._streams.stdin.readline()
        if not answer.endswith("\n"):
            self._write(self._streams.stderr, "\n")
        return answer.strip().lower() in {"y", "yes"}

    @contextmanager
    def progress(self, text: str) -> Iterator[Progress]:
        """Show that work goes on, on standard error if that is a terminal; else show nothing.

        What is written meanwhile appears above it. One at a time: one within another is silent.
        """
        if not self._moving or self._spinner is not None:
            yield _Silent()
            return
        self._spinner = _Spinner(self._live())
        self._spinner.update(text)
        self._spinner.live.start(refresh=True)
        try:
            yield self._spinner
        finally:
            self._spinner.live.stop()
            self._spinner = None

    def _live(self) -> Live:
        from rich.console import Console as Terminal  # noqa: PLC0415 - as above
        from rich.live import Live  # noqa: PLC0415 - as above

        terminal = Terminal(
            file=self._streams.stderr,
            force_terminal=True,
            color_system=None,
            markup=False,
            emoji=False,
            highlight=False,
            _environ=self._streams.environment,
        )
        return Live(
            console=terminal,
            transient=True,
            refresh_per_second=10,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def _write(self, stream: TextIO, text: str) -> None:
        if self._spinner is not None:
            self._spinner.live.stop()
        stream.write(_encodable(text, stream.encoding))
        stream.flush()
        if self._spinner is not None:
            self._spinner.live.start(refresh=True)


def _encodable(text: str, encoding: str | None) -> str:
    """Give `text` with plainer signs, then escapes, where the encoding of a stream lacks them."""
    encoding = encoding or "utf-8"  # None: a stream in memory
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(IN_ASCII)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text
