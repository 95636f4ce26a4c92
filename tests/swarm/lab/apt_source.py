"""Find the Debian archive and the proxies that this machine's own apt uses."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.swarm.lab.command import LabError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

APT = Path("/etc/apt")
RELEASE = Path("/etc/os-release")


def archive_address(apt: Path = APT, release: Path = RELEASE) -> str:
    """Give the address of the archive that holds this machine's own suite.

    Raises:
        LabError: no source names the suite's component main.
    """
    found = []
    suites = {"stable", "testing", "bookworm", "trixie", *codename_in(release)}
    files = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text(errors="replace")
        entries = deb822_entries(text) if file.suffix == ".sources" else line_entries(text)
        for address, its_suites, components in entries:
            if address.startswith("http") and "main" in components and suites & its_suites:
                found.append(address)
    if found:
        # Another archive may have a suite of the same name and a component main.
        return next((address for address in found if "debian" in address), found[0])
    message = (
        f"no http source of Debian's suites with the component main in {apt}/sources.list "
        f"or {apt}/sources.list.d: debootstrap needs one"
    )
    raise LabError(message)


def codename_in(release: Path) -> set[str]:
    """Give the suite of this machine, as a set of one or none."""
    text = release.read_text() if release.is_file() else ""
    return set(re.findall(r"^VERSION_CODENAME=\"?(\w+)", text, re.MULTILINE))


def line_entries(text: str) -> Iterator[tuple[str, set[str], set[str]]]:
    """Read ``deb [options] URI suite component…`` lines."""
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]*)", line)
        if found:
            yield found[1], {found[2]}, set(found[3].split())


def deb822_entries(text: str) -> Iterator[tuple[str, set[str], set[str]]]:
    """Read stanzas of ``Key: value`` lines."""
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", kept):
        fields = {
            key.lower(): value.split()
            for key, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t]+.*)*)", stanza, re.MULTILINE)
        }
        if fields.get("enabled") == ["no"] or "deb" not in fields.get("types", []):
            continue
        for address in fields.get("uris", []):
            yield address, set(fields.get("suites", [])), set(fields.get("components", []))


def proxy_environment() -> dict[str, str]:
    """Give apt's proxies in the form that debootstrap's downloader reads.

    apt takes them from its configuration, else from the environment.
    """
    names = ("http_proxy", "https_proxy", "no_proxy")
    found = {name: os.environ[name] for name in names if name in os.environ}
    for scheme in ("http", "https"):
        text = run(["apt-config", "shell", "value", f"Acquire::{scheme}::Proxy"])
        match = re.match(r"value='(.+)'", text)
        if match and match[1] != "DIRECT":
            found[f"{scheme}_proxy"] = match[1]
    return found
