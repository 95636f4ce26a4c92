"""Documents as JSON text, in pieces."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.render.json_text import pieces_of

# No document has a number with a fraction, of which libraries write the large ones differently.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(document=st.dictionaries(st.text(), VALUES, max_size=5))
def test_the_text_is_that_of_the_standard_library(document: dict[str, object]) -> None:
    assert "".join(pieces_of(document)) == json.dumps(document, indent=2)


def test_what_is_shared_is_written_at_the_indent_of_each_place() -> None:
    node = {"id": "a", "hostname": "w1"}
    users = [node, node]
    document: dict[str, object] = {
        "node": node,
        "volumes": [{"node": node, "users": users}, {"users": users, "more": [users, node]}],
        "users": users,
    }
    assert "".join(pieces_of(document)) == json.dumps(document, indent=2)


def test_no_control_character_is_written_as_it_is() -> None:
    document: dict[str, object] = {"volumes": [{"a\x7f": "\x7f\x1b"}]}
    text = "".join(pieces_of(document))
    assert text == json.dumps(document, indent=2)
    assert text.replace("\n", "").isprintable()


def test_half_a_character_is_written_too() -> None:
    document: dict[str, object] = {"outcomes": [{"volume": "a\udcff"}, {"volume": "\u2028b"}]}
    assert "".join(pieces_of(document)) == json.dumps(document, indent=2)


def test_a_list_of_a_document_comes_row_by_row() -> None:
    document: dict[str, object] = {"volumes": [{"name": "a"}, {"name": "b"}]}
    assert max(piece.count("name") for piece in pieces_of(document)) == 1
