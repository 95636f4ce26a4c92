"""Addresses that are posted to, and how they are named without their secrets."""

from __future__ import annotations

import pytest

from cloudstorctl.core.web_address import shown, web_address


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("https://example.com", "https://example.com/…"),
        ("https://hooks.slack.com/services/T0/B0/s3cret", "https://hooks.slack.com/…"),
        ("HTTP://Example.com:8080/x?key=s3cret#s3cret", "http://Example.com:8080/…"),
        ("http://me:s3cret@[::1]:9/", "http://[::1]:9/…"),
        ("http://me:s3%40cret@host", "http://host/…"),
    ],
)
def test_an_address_is_named_by_its_scheme_and_host_alone(address: str, named: str) -> None:
    assert web_address(address) == address
    assert shown(address) == named


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ftp://example.com/s3cret", 'with the scheme http or https, found "ftp"'),
        ("file:///s3cret", "without a host"),
        ("hooks.example.com/s3cret", "without a host"),
        ("//example.com/s3cret", "found none"),
        ("https://", "without a host"),
        ("https:///s3cret", "without a host"),
        ("https://me:s3cret@", "without a host"),
        ("https://host:s3cret/", "without a host that can be understood"),
        ("https://[s3cret/", "without a host that can be understood"),
        ("https://host/s3cret with", "%XX"),
        ("https://host/s3crét", "%XX"),
        ("https://host/s3cret\n", "%XX"),
        ("", "without a host"),
    ],
)
def test_what_cannot_be_posted_to_is_refused_and_not_repeated(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="expected an address such as") as caught:
        web_address(text)
    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("text", ["/other/s3cret", "https://[s3cret", ""])
def test_what_is_no_address_is_not_named_at_all(text: str) -> None:
    assert shown(text) == "an address"
