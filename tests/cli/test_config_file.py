"""The configuration file: what it may hold, and what is said where it holds something else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.config import Flags, load_context
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from tests.cli.setups import Setup


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'defualt_context = "a"',
            'defualt_context: unknown key; did you mean "default_context"?',
        ),
        ("[contexts.a]\nmanager = []", 'contexts.a.manager: unknown key; did you mean "managers"?'),
        ("[contexts.a.tls]\nxyz = 1", "contexts.a.tls.xyz: unknown key; known: ca, cert, key"),
        (
            "[contexts.a.prune]\nmaxcount = 1",
            'contexts.a.prune.maxcount: unknown key; did you mean "max_count"?',
        ),
        (
            "[contexts.a.protect]\nvolume = 1",
            'protect.volume: unknown key; did you mean "volumes"?',
        ),
        ("contexts = 1", "contexts: expected a table: write it as [contexts]"),
        ("[contexts]\na = 1", "contexts.a: expected a table: write it as [contexts.a]"),
        (
            "[contexts.a]\ntls = true",
            "contexts.a.tls: expected a table: write it as [contexts.a.tls]",
        ),
        (
            '[contexts.a]\nparallel = "16"',
            'contexts.a.parallel: expected a whole number that is 1 or more, found the text "16"',
        ),
        (
            "[contexts.a]\nparallel = 0",
            "expected a whole number that is 1 or more, found the number 0",
        ),
        ("[contexts.a]\nparallel = true", "expected a whole number that is 1 or more, found true"),
        ("[contexts.a]\nparallel = 1.5", "found the number 1.5"),
        ("[contexts.a]\ntimeout = 0", "contexts.a.timeout: expected a number of seconds above 0"),
        ("[contexts.a]\ntimeout = inf", "found the number inf"),
        ("[contexts.a]\ntimeout = nan", "found the number nan"),
        ('[contexts.a]\ntimeout = "0s"', "found the number 0"),
        ("[contexts.a]\nsurvey_timeout = false", "found false"),
        ('[contexts.a]\nmanagers = "x"', 'managers: expected a list of texts, found the text "x"'),
        ("[contexts.a]\nmanagers = []", "expected a list of texts, found an empty list"),
        (
            "[contexts.a]\nmanagers = [1]",
            "expected a list of texts, found the number 1 in the list",
        ),
        ('[contexts.a]\nmanagers = [" "]', "found an empty text in the list"),
        (
            "[contexts.a]\ncluster_id = 1979-05-27",
            "expected a text that is not empty, found a date",
        ),
        ('[contexts.a]\ncluster_id = ""', "expected a text that is not empty, found an empty text"),
        ("[contexts.a]\ndrivers = {}", "expected a list of texts, found a table"),
        ("[contexts.a]\nnode_endpoint = []", "expected a text that is not empty, found a list"),
        (
            '[contexts.a.nodes]\nw1.example.com = "x"',
            "contexts.a.nodes.w1: expected a text, found a table; quote a node name that has dots",
        ),
        ("[contexts.a.nodes]\nw1 = 3", "contexts.a.nodes.w1: expected a text"),
        ("[contexts.a.prune]\nmax_count = -1", "expected a whole number that is 0 or more"),
        ("[contexts.a.prune]\nmax_percent = 100.1", "expected a number from 0 to 100"),
        ("[contexts.a.prune]\nmax_percent = -1", "expected a number from 0 to 100"),
        (
            '[contexts.a.prune]\ngrace = "30"',
            'a duration such as "24h", "90m", "1d12h" or "0s", found "30", which has no unit',
        ),
        ("[contexts.a.prune]\ngrace = 30", 'or "0s", found the number 30'),
        ('[contexts.a.prune]\ngrace = "24 hours"', 'found the text "24 hours"'),
        ('[contexts.a.prune]\ngrace = "12h1d"', 'found the text "12h1d"'),
        ('[contexts.a.prune]\ngrace = ""', "found an empty text"),
        ('[contexts.a.prune]\ngrace = "9999999d"', 'found the text "9999999d"'),
        (
            '[contexts.a.prune]\nnotify = "https://x/s3cret"',
            'prune.notify: expected a list of which each is an address such as "https://example',
        ),
        ("[contexts.a.prune]\nnotify = [1]", "found the number 1"),
        (
            '[contexts.a.prune]\nnotify = ["ftp://x/s3cret"]',
            'with the scheme http or https, found "ftp"',
        ),
        ('[contexts.a.tls]\ncert = "c"', "contexts.a.tls: cert and key are only of use together"),
        ('default_context = "x"\n[contexts.a]', 'there is no context "x" (known: a)'),
        ('default_context = "x"', 'there is no context "x" (known: none)'),
        ("[contexts.a]\nmanagers = [", "not valid TOML: "),
        ("[contexts.a]\nx = x", "not valid TOML: Invalid value (at line 2, column 5)"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_file_key_and_remedy(
    setup: Setup, text: str, sentence: str
) -> None:
    setup.write(text)
    refusal = setup.refusal()
    assert refusal.startswith("~/.config/cloudstorctl/config.toml: ")
    assert sentence in refusal
    assert "s3cret" not in refusal


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("0s", timedelta(0)),
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("1d12h", timedelta(hours=36)),
        ("1d1h1m1s", timedelta(days=1, hours=1, minutes=1, seconds=1)),
    ],
)
def test_durations_have_units(setup: Setup, written: str, length: timedelta) -> None:
    setup.write(f'[contexts.a.prune]\ngrace = "{written}"')
    assert setup.load().grace == length


def test_a_file_that_is_no_text_is_refused(setup: Setup) -> None:
    setup.file.parent.mkdir(parents=True)
    setup.file.write_bytes(b"\xff\xfe")
    assert "not a text in UTF-8" in setup.refusal()


def test_a_default_file_that_cannot_be_looked_at_is_not_taken_for_absent(setup: Setup) -> None:
    unusable = replace(setup.places, config=Path("/", "x" * 300))
    with pytest.raises(UsageError, match="cannot be read: File name too long"):
        load_context(Flags(), {}, unusable)


def test_a_certificate_authority_alone_is_enough_for_tls(setup: Setup) -> None:
    setup.write('[contexts.a.tls]\nca = "ca.pem"')
    ca = setup.write("x", setup.file.parent / "ca.pem")
    context = setup.load()
    assert (context.tls_ca, context.tls_cert, context.tls_key) == (str(ca), None, None)
    assert context.tls
