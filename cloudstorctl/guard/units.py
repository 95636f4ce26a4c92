"""The texts of the guard's units, as systemd.socket(5) and systemd.service(5) have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cloudstorctl.guard.names import PLUGIN, SOCKET

if TYPE_CHECKING:
    from collections.abc import Sequence

SOCKET_UNIT: Final = f"{PLUGIN}.socket"
SERVICE_UNIT: Final = f"{PLUGIN}.service"
FOLDER: Final = "etc/systemd/system"
WANTED_BY: Final = ("sockets.target", "docker.service")
"""The second brings the socket up wherever the engine starts: without it, it answers nothing."""
WRITTEN: Final = "# Written by `cloudstorctl guard install`; `guard uninstall` removes it."

SOCKET_TEXT: Final = f"""{WRITTEN}
[Unit]
Description=Socket on which the engine asks the guard of Cloudstor volumes
# systemd holds it, so that an engine waits for a guard that restarts, rather than fail.
Before=docker.service

[Socket]
ListenStream={SOCKET}
SocketMode=0600
DirectoryMode=0700
Backlog=512
# dockerd calls every socket of that folder when it looks for the drivers of volumes, and waits 15
# seconds for one at which nobody listens.
RemoveOnStop=yes
# A guard that fails again and again must not take the socket with it.
TriggerLimitIntervalSec=0

[Install]
WantedBy={" ".join(WANTED_BY)}
"""


def service_text(command: Sequence[str]) -> str:
    """Give the unit that runs `command`, the words that start the guard."""
    # No After=docker.service: dockerd calls the guard while it starts, and each would wait for
    # the other.
    return f"""{WRITTEN}
[Unit]
Description=Guard of Cloudstor volumes, asked by the engine before it removes one
Requires={SOCKET_UNIT}
After={SOCKET_UNIT}
StartLimitIntervalSec=0

[Service]
ExecStart={" ".join(_word(word) for word in command)}
Restart=always
RestartSec=1
# Every request to the engine waits for a guard that hangs: it is replaced, and a judgement under
# way counts as a no.
WatchdogSec=15
WatchdogSignal=SIGKILL
TimeoutStopSec=20
StateDirectory={PLUGIN}
OOMScoreAdjust=-500
# ssh reads and writes /root/.ssh, TLS files may be anywhere, and engines are reached in /run: all
# of that stays as it is. Its one thread that answers at once runs in real time.
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictSUIDSGID=yes
LockPersonality=yes
"""


def guard_command(python: str, options: Sequence[str]) -> tuple[str, ...]:
    """Give the words that run the guard with this very installation.

    `options` are the common ones that it is to have.
    """
    state = f"/var/lib/{PLUGIN}/guard.json"
    return (python, "-P", "-m", "cloudstorctl", "guard", "run", "--state", state, *options)


def _word(word: str) -> str:
    """Quote one word of ExecStart= (systemd.service(5), "Command lines"; systemd.syntax(7))."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    plain = escaped == word and word and not any(each in word for each in " \t'")
    return word if plain else f'"{escaped}"'
