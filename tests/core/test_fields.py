"""Typed fields out of JSON: what is there, what is missing, what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.fields import Fields
from cloudstorctl.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable

THINGS = Fields(
    {
        "text": "a",
        "number": 3,
        "yes": True,
        "null": None,
        "object": {"b": "2", "a": "1", "n": None},
        "objects": [{"x": "y"}],
        "texts": ["a", "b"],
    }
)


def test_fields_of_the_right_type_are_given() -> None:
    assert THINGS.text("text") == "a"
    assert THINGS.integer("number") == 3
    assert THINGS.flag("yes") is True
    assert THINGS.pairs("object") == (("a", "1"), ("b", "2"), ("n", ""))
    assert [item.text("x") for item in THINGS.items("objects")] == ["y"]
    assert THINGS.texts("texts") == ("a", "b")
    assert THINGS.has("text")
    assert not THINGS.has("null")


@pytest.mark.parametrize("key", ["null", "missing"])
def test_null_counts_as_missing_and_a_default_fills_in(key: str) -> None:
    assert THINGS.text(key, "d") == "d"
    assert THINGS.integer(key, 7) == 7
    assert THINGS.flag(key, default=False) is False
    assert THINGS.pairs(key) == ()
    assert THINGS.items(key) == ()
    assert THINGS.texts(key) == ()


def test_a_required_list_may_be_null_but_must_be_there() -> None:
    assert THINGS.items("null", required=True) == ()
    with pytest.raises(ShapeError, match="missing is missing, expected a list"):
        THINGS.items("missing", required=True)


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda t: t.text("missing"), "missing is missing, expected text"),
        (lambda t: t.text("number"), "number is a number, expected text"),
        (lambda t: t.integer("yes"), "yes is true or false, expected a whole number"),
        (lambda t: t.integer("text"), "text is text, expected a whole number"),
        (lambda t: t.flag("number"), "number is a number, expected true or false"),
        (lambda t: t.child("texts"), "texts is a list, expected an object"),
        (lambda t: t.items("texts"), r"texts\[0\] is text, expected an object"),
        (lambda t: t.texts("objects"), r"objects\[0\] is an object, expected text"),
        (lambda t: t.texts("object"), "object is an object, expected a list"),
        (lambda t: t.child("object").text("z"), "object.z is missing, expected text"),
        (lambda t: t.refuse("text", "a colour"), "text is text, expected a colour"),
    ],
)
def test_a_wrong_type_names_the_field_what_it_is_and_what_it_should_be(
    ask: Callable[[Fields], object], told: str
) -> None:
    with pytest.raises(ShapeError, match=told):
        ask(THINGS)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(ShapeError, match=r"it is .*, expected an object"):
        Fields(value)
