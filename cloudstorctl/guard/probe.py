"""The question by which an engine shows whether it asks the guard at this moment.

`/info` cannot tell: it names the authorization plugins that the engine began with. A reload changes
whom it asks and not what it says (moby cmd/dockerd/daemon.go, reloadConfig, and daemon/reload.go;
measured with 20.10.24, and the same in the source of 29.7). So the guard refuses one harmless
request that nobody else sends, and who gets an answer to it knows that no guard was asked.
"""

from __future__ import annotations

import re
from typing import Final

from cloudstorctl.guard.names import PLUGIN

PATH: Final = "/_ping"
QUERY: Final = (PLUGIN, "ask")
"""Name and value of the parameter that makes it the question."""
URL: Final = f"{PATH}?{QUERY[0]}={QUERY[1]}"
HERE: Final = "The guard is here, as was asked."
"""What the guard refuses it with."""
_PROBE: Final = re.compile(rf"(?:/v[0-9.]+)?{re.escape(URL)}")
_REFUSED: Final = f"authorization denied by plugin {PLUGIN}: {HERE}"
"""What the engine makes of that (moby pkg/authorization/authz.go)."""


def is_probe(method: str, uri: str) -> bool:
    """Whether a request, as dockerd hands it on, is this question."""
    return method == "GET" and _PROBE.fullmatch(uri) is not None


def comes_from_the_guard(refusal: str | None) -> bool:
    """Whether an engine's answer to the question was the guard's; None: it was not refused."""
    return refusal is not None and _REFUSED in refusal
