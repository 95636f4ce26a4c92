"""Layout: text in columns and in paragraphs, folded between its pieces and never cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.text import Text

from cloudstorctl.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

Cell = tuple[Text, ...]
"""Pieces in a row; a line may end after each, and not within one while there is room."""

_BETWEEN = 2
_BELOW = 4
_NARROWEST = 8


def cell(text: str, style: str = "") -> Cell:
    """Make a cell of one piece, from text that may hold anything."""
    return (Text(visible(text), style),)


def sentence(text: str, style: str = "") -> Cell:
    """Make a cell that may fold between words."""
    *words, last = visible(text).split(" ")
    return (*(Text(f"{word} ", style) for word in words), Text(last, style))


def listing(pieces: Iterable[Text | str], separator: str = ", ") -> Cell:
    """Make a cell of pieces with a separator between them; strings are escaped."""
    made = [piece if isinstance(piece, Text) else Text(visible(piece)) for piece in pieces]
    return tuple(Text.assemble(piece, separator) for piece in made[:-1]) + tuple(made[-1:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A head, and whether the values under it must stay in one piece to be copied."""

    head: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """A table: heads, and cells under them. Where it is too wide it folds; nothing is lost.

    It folds between the pieces of cells first, then puts the columns that do not fit side by side
    on lines below, and only then folds within a piece. A value of a `whole` column that is wider
    than the column keeps its line to the end, and the rest of its row follows on the next.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    indent: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay out the rows in the width that the console offers."""
        bands = self._bands(console, options.max_width)
        heads = [(Text(column.head, "bold"),) for column in self.columns]
        for row in (heads, *self.rows):
            for band in bands:
                for line in band.lines(console, row):
                    yield from line.render(console)
                    yield Segment.line()

    def _bands(self, console: Console, room: int) -> Sequence[_Band]:
        sizes = [
            _Size.of(column, [row[index] for row in self.rows])
            for index, column in enumerate(self.columns)
        ]
        inner = room - self.indent
        if _total(size.natural for size in sizes) <= inner:
            places = tuple(enumerate(size.natural for size in sizes))
            return [_Band(self.columns, places, self.indent, room)]
        sizes = [size.limited(inner // 3) for size in sizes]
        groups: list[list[int]] = [[]]
        for index, size in enumerate(sizes):
            taken = _total([*(sizes[each].least for each in groups[-1]), size.least])
            if groups[-1] and taken > inner - (_BELOW if len(groups) > 1 else 0):
                groups.append([])
            groups[-1].append(index)
        bands = []
        for number, group in enumerate(groups):
            indent = self.indent + (_BELOW if number else 0)
            widths = self._widths(console, [(each, sizes[each]) for each in group], room - indent)
            bands.append(_Band(self.columns, tuple(zip(group, widths, strict=True)), indent, room))
        return bands

    def _widths(
        self, console: Console, group: Sequence[tuple[int, _Size]], room: int
    ) -> Sequence[int]:
        widths = [size.natural for _, size in group]
        _shrink(widths, [size.least for _, size in group], room)
        _shrink(widths, [max(size.head, _NARROWEST) for _, size in group], room)
        # What the folded columns do not need after all goes to the last one.
        for place, (index, size) in enumerate(group[:-1]):
            if not self.columns[index].whole:
                lines = (
                    line.cell_len
                    for row in self.rows
                    for line in wrapped(console, row[index], widths[place], fold=True)
                )
                widths[place] = max([size.head, *lines])
        widths[-1] = max(widths[-1], room - _total([*widths[:-1], 0]))
        return widths


@dataclass(frozen=True, slots=True)
class _Size:
    """Cells that a column needs: for its head, without folding, and with what folding it bears."""

    head: int
    natural: int
    least: int
    whole: Sequence[int] = ()
    """Lengths of the values of a column whose values do not fold."""

    @classmethod
    def of(cls, column: Column, values: Sequence[Cell]) -> _Size:
        """Measure a column."""
        head = len(column.head)
        lengths = [_length(value) for value in values]
        natural = max([head, *lengths])
        if column.whole:
            return cls(head, natural, natural, lengths)
        pieces = (_bare(piece).cell_len for value in values for piece in value)
        return cls(head, natural, max([head, *pieces]))

    def limited(self, most: int) -> _Size:
        """Make room for a column of whole values up to `most` cells; a longer one stands alone."""
        if not self.whole or self.natural <= max(most, _NARROWEST):
            return self
        width = max([self.head, *(each for each in self.whole if each <= max(most, _NARROWEST))])
        return _Size(self.head, width, width)


@dataclass(frozen=True, slots=True)
class _Band:
    """Columns that stand side by side, each by its index and with its width."""

    columns: Sequence[Column]
    places: Sequence[tuple[int, int]]
    indent: int
    room: int

    def lines(self, console: Console, row: Sequence[Cell]) -> Iterable[Text]:
        """Lay out the band's part of a row."""
        strip: list[tuple[list[Text], int]] = []
        start = end = self.indent
        for index, width in self.places:
            whole, length = self.columns[index].whole, _length(row[index])
            alone = whole and length > width
            if alone and strip and end + length > self.room:
                yield from _joined(strip, start)
                strip, start = [], self.indent
            strip.append((wrapped(console, row[index], width, fold=not whole), width))
            end += width + _BETWEEN
            if alone:
                yield from _joined(strip, start)
                strip, start = [], end
        if strip:
            yield from _joined(strip, start)


def _joined(strip: Sequence[tuple[list[Text], int]], start: int) -> Iterable[Text]:
    for parts in zip_longest(*(lines for lines, _ in strip)):
        line = Text(" " * start)
        for part, (_, width) in zip(parts, strip, strict=True):
            value = part if part is not None else Text()
            line.append_text(value)
            line.append(" " * (width - value.cell_len + _BETWEEN))
        yield line


def _shrink(widths: list[int], floors: Sequence[int], room: int) -> None:
    """Take from the widest column that can give, cell by cell, until all fit or none can give."""
    while _total(widths) > room:
        giving = [index for index, width in enumerate(widths) if width > floors[index]]
        if not giving:
            return
        widths[max(giving, key=lambda index: widths[index])] -= 1


def _total(widths: Iterable[int]) -> int:
    each = tuple(widths)
    return sum(each) + _BETWEEN * (len(each) - 1)


def _length(value: Cell) -> int:
    return sum(piece.cell_len for piece in value)


def _bare(piece: Text) -> Text:
    bare = piece.copy()
    bare.rstrip()
    return bare


def wrapped(console: Console, value: Cell, width: int, *, fold: bool) -> list[Text]:
    """Break a cell into lines; a piece wider than a line is folded, or left as it is."""
    if len(value) == 1 and value[0].cell_len <= width:
        return [value[0]]
    lines: list[Text] = [Text()]
    for piece in value:
        bare = _bare(piece)
        if lines[-1] and lines[-1].cell_len + bare.cell_len > width:
            lines.append(Text())
        if fold and bare.cell_len > width:
            lines[-1:] = bare.wrap(console, width, overflow="fold")
        else:
            lines[-1].append_text(piece)
    for line in lines:
        line.rstrip()
    return lines


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of text after a label; where it folds, its further lines stand beside the label."""

    value: Cell
    indent: int = 0
    label: Text = field(default_factory=Text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Fold between pieces, and leave a long piece to the terminal."""
        start = self.indent + self.label.cell_len
        room = max(options.max_width - start, _NARROWEST)
        for number, line in enumerate(wrapped(console, self.value, room, fold=False)):
            before = Text(" " * start) if number else Text.assemble(" " * self.indent, self.label)
            yield from Text.assemble(before, line).render(console)
            yield Segment.line()
