"""A ticket as a document, and what it admits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cloudstorctl.core.model import NodeId, VolumeName
from cloudstorctl.core.ticket import LIFE, Ticket, name_of, read, written
from cloudstorctl.errors import ShapeError
from tests.core.builders import NOW

TICKET = Ticket(volume=VolumeName("old/data"), node=NodeId("n1"), expires=NOW + LIFE)
SECOND = timedelta(seconds=1)


def test_a_ticket_is_read_back() -> None:
    assert read(written(TICKET)) == TICKET


def test_it_admits_one_volume_on_one_node_until_it_expires() -> None:
    assert TICKET.admits("old/data", "n1", NOW + LIFE - SECOND)
    assert not TICKET.admits("old/data", "n1", NOW + LIFE)
    assert not TICKET.admits("old/data", "n1", NOW - SECOND), "none is good for longer"
    assert not TICKET.admits("old", "n1", NOW)
    assert not TICKET.admits("old/data", "n2", NOW)


def test_it_was_left_behind_where_it_is_there_an_hour_after_its_end() -> None:
    hour = timedelta(hours=1)
    assert not TICKET.was_left_behind(NOW + LIFE + hour - SECOND)
    assert TICKET.was_left_behind(NOW + LIFE + hour)


def test_its_name_tells_nothing_of_the_secret_and_is_one_that_managers_take() -> None:
    name = name_of("secret")
    assert "secret" not in name
    assert name != name_of("secret2")
    assert len(name) <= 64


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "it is something else, expected JSON"),
        (b"[" * 100_000, "it is something else"),
        (b"{}", "schema is missing"),
        (written(TICKET).replace(b"2026", b"soon"), "expires is text, expected a time"),
        (written(TICKET).replace(b"v1", b"v2"), "schema is cloudstorctl/ticket/v2"),
        (written(TICKET).replace(b'"n1"', b"7"), "node is a number"),
    ],
)
def test_what_is_no_ticket_is_told(data: bytes, told: str) -> None:
    with pytest.raises(ShapeError) as caught:
        read(data)
    assert told in str(caught.value)
