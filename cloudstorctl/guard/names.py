"""What the guard is called, and where the engine finds it."""

from __future__ import annotations

from typing import Final

PLUGIN: Final = "cloudstorctl-guard"
"""Its name in dockerd's `authorization-plugins`."""

KEY: Final = "authorization-plugins"
"""dockerd asks the plugins of this list in its order (moby daemon/config/config.go)."""

SOCKET: Final = f"/run/docker/plugins/{PLUGIN}.sock"
"""Where dockerd looks for a plugin of this name (moby pkg/plugins/discovery.go)."""

ENGINE: Final = "unix:///var/run/docker.sock"
"""The node's own engine."""
