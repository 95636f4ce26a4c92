from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from cloudstorctl.render.layout import Column, Columns, Paragraph, cell, listing, sentence
from cloudstorctl.render.screen import screen
from cloudstorctl.render.visible import visible, visible_lines

_WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=60)


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(st.lists(st.tuples(_WORDS, st.lists(_WORDS, max_size=4)), max_size=4), st.integers(1, 200))
def test_at_no_width_is_anything_lost_and_a_whole_value_stays_in_one_piece(
    rows: list[tuple[str, list[str]]], width: int
) -> None:
    table = Columns(
        [Column(head="NAME", whole=True), Column(head="MORE"), Column(head="AGAIN", whole=True)],
        [(cell(name), listing(more), cell(name)) for name, more in rows],
        indent=2,
    )
    text = screen(table, width=width, colour=False)
    for name, more in rows:
        assert text.count(name) >= 2
        for each in more:
            assert not set(each) - set(text)
    told = "".join(sorted(squeezed(text)))
    given_ = "NAMEMOREAGAIN" + "".join(name * 2 + ", ".join(more) for name, more in rows)
    assert told == "".join(sorted(squeezed(given_)))


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=6), min_size=1, max_size=4))
def test_a_table_without_whole_columns_stays_within_its_width(rows: list[list[str]]) -> None:
    table = Columns(
        [Column(head="A"), Column(head="B")], [(listing(row), listing(row[::-1])) for row in rows]
    )
    text = screen(table, width=40, colour=False)
    assert all(len(line) <= 40 for line in text.splitlines())


def test_columns_that_do_not_fit_side_by_side_stand_on_lines_below_under_their_own_head() -> None:
    host = "ip-10-0-1-23.eu-west-1.compute.internal"
    table = Columns(
        [Column(head="VOLUME", whole=True), Column(head="RULING"), Column(head="NODES")],
        [
            (cell("data-1"), cell("in-use"), listing([f"{host} web.1", f"{host} web.2"])),
            (cell("data-2"), cell("removable"), listing(["1 unused"])),
        ],
    )
    assert screen(table, width=60, colour=False).splitlines() == [
        "VOLUME  RULING",
        "    NODES",
        "data-1  in-use",
        f"    {host} web.1,",
        f"    {host} web.2",
        "data-2  removable",
        "    1 unused",
    ]


def test_wide_letters_take_two_cells_and_keep_the_columns_straight() -> None:
    table = Columns(
        [Column(head="A"), Column(head="B")],
        [(cell("数据"), cell("x")), (cell("data"), cell("y"))],
    )
    assert screen(table, width=80, colour=False) == "A     B\n数据  x\ndata  y\n"


def test_a_paragraph_folds_between_words_and_hangs_its_further_lines() -> None:
    words = sentence("one two three unbreakable-long-name four")
    paragraph = Paragraph(words, indent=2, label=Text("! "))
    assert screen(paragraph, width=14, colour=False) == (
        "  ! one two\n    three\n    unbreakable-long-name\n    four\n"
    )


def test_what_does_not_print_is_escaped_and_what_does_is_left_alone() -> None:
    assert visible("web-1_vol.é [b]") == "web-1_vol.é [b]"
    assert visible("\x00\t\x7f\x9b\u200b\u2028\ud800") == r"\x00\t\x7f\x9b\u200b\u2028\ud800"


def test_blanks_at_either_end_are_shown_so_that_no_two_names_look_alike() -> None:
    assert visible("  a b ") == r"\x20\x20a b\x20"
    assert visible("  ") == r"\x20\x20"
    assert visible("") == ""


def test_messages_keep_their_lines_and_indents() -> None:
    assert visible_lines("one\n  two\x1b\r\n") == "one\n  two\\x1b\\r\n"


def test_a_column_folds_between_its_pieces_before_another_folds_within_one() -> None:
    table = Columns(
        [Column(head="A"), Column(head="B")],
        [(cell("unbreakable-value-of-30-cells."), listing(["eight888"] * 4))],
    )
    assert screen(table, width=52, colour=False).splitlines() == [
        "A                               B",
        "unbreakable-value-of-30-cells.  eight888, eight888,",
        "                                eight888, eight888",
    ]


def test_a_whole_value_that_would_run_over_the_edge_starts_a_line() -> None:
    long = "a-path-of-many-cells-that-must-be-copied"
    table = Columns(
        [Column(head="DRIVER"), Column(head="PATH", whole=True), Column(head="MORE")],
        [(cell("cloudstor"), cell(long), cell("x")), (cell("local"), cell("p"), cell("y"))],
    )
    assert screen(table, width=44, colour=False).splitlines() == [
        "DRIVER     PATH  MORE",
        "cloudstor",
        long,
        "                 x",
        "local      p     y",
    ]
