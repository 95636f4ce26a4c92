"""Addresses of the web that something is posted to, and how they are named without their secrets.

Such an address often is the secret itself: whoever has the path of a Slack webhook can post.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

EXPECTED = 'an address such as "https://example.com/hook"'


def web_address(text: str) -> str:
    """Return `text`, an address that can be posted to.

    Raises:
        ValueError: it is none; the clause says why, and never what was found in full.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"expected {EXPECTED}, found characters that have to be written as %XX")
    parts = _split(text)
    if parts is None or not parts.hostname:
        raise ValueError(f"expected {EXPECTED}, found one without a host that can be understood")
    if parts.scheme not in {"http", "https"}:
        scheme = f'"{parts.scheme}"' if "://" in text else "none"
        raise ValueError(f"expected {EXPECTED} with the scheme http or https, found {scheme}")
    return text


def shown(address: str) -> str:
    """Return an address for people to read: without user, password, path and query."""
    parts = _split(address)
    if parts is None or not parts.hostname:
        return "an address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # it is checked when it is asked for
    except ValueError:
        return None
    return parts
