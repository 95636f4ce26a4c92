from __future__ import annotations

from cloudstorctl.render.names import names
from tests.cli.scene import HOSTILE, HOSTILE_SHOWN, a_verdict, documented_volumes


def test_names_are_one_a_line_and_nothing_else() -> None:
    assert names(documented_volumes()) == "maxvol\nold-data\nping2-1-vol\nsharedvol1\nweb-data\n"
    assert names(()) == ""


def test_a_name_that_would_be_two_lines_is_escaped_into_one() -> None:
    assert names((a_verdict(HOSTILE), a_verdict("[red]"))) == f"{HOSTILE_SHOWN}\n[red]\n"
