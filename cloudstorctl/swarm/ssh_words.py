"""Say what the ssh client's own words mean, and what to do about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudstorctl.swarm.endpoints import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class _Complaint:
    """What ssh says, and a clause that says what to do; {…} are parts of the endpoint."""

    said: re.Pattern[str]
    cause: str


def _complaint(said: str, cause: str) -> _Complaint:
    return _Complaint(said=re.compile(said, re.IGNORECASE), cause=cause)


# The first that is found counts: a closer cause stands before the line that always follows it.
# The texts are those of OpenSSH's ssh.c, sshconnect.c, sshconnect2.c, channels.c and clientloop.c.
_COMPLAINTS = (
    _complaint(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its host key is not the one in known_hosts: find out why, and only then remove the old "
        "one with `ssh-keygen -R {host}`",
    ),
    _complaint(
        r"Host key verification failed|No \S+ host key is known",
        "its host key is unknown: log in once with `{login}` and compare the fingerprint, or add "
        "the key to known_hosts",
    ),
    _complaint(
        r"Too many authentication failures",
        "ssh offered too many keys: set IdentityFile and IdentitiesOnly for it in your ssh "
        "configuration",
    ),
    _complaint(
        r"Permission denied \(",
        "ssh was not let in{as_user}: is the key loaded (`ssh-add -l`), and does `{login}` work?",
    ),
    _complaint(
        r"Could not resolve hostname",
        "the name {host} cannot be resolved: neither in DNS nor in your ssh configuration",
    ),
    _complaint(
        r"administratively prohibited",
        "its ssh server forbids to forward sockets: allow it with AllowStreamLocalForwarding (and "
        "without DisableForwarding) in its sshd_config",
    ),
    _complaint(
        r"connect failed: No such file",
        "there is no socket {path} on it: is the engine running?",
    ),
    _complaint(
        r"connect failed: Permission denied",
        "its user may not open {path}: is it in the docker group there?",
    ),
    # The usual one: OpenSSH's server keeps the reason to itself.
    _complaint(
        r"open failed: ",
        "its ssh server could not open {path}: is the engine running, and is the user in the "
        "docker group there?",
    ),
    _complaint(
        r"Could not request local forwarding|Address already in use|cannot listen to port",
        "ssh could not make its forwards: does your ssh configuration have a LocalForward for "
        "this host whose port is taken?",
    ),
    _complaint(
        r"Bad configuration option|Bad owner or permissions|terminating, \d+ bad config",
        "your ssh configuration cannot be used: {last}",
    ),
    _complaint(
        r"Connection refused",
        "its ssh port refused the connection: is sshd running, and is the port right?",
    ),
    _complaint(
        r"timed out|timeout", "ssh got no answer from it: is it up, and does a firewall let ssh in?"
    ),
    _complaint(
        r"No route to host|Network is unreachable", "there is no way to it through the network"
    ),
    _complaint(
        r"Connection (closed|reset) by|Broken pipe",
        "its ssh server ended the connection: {last}",
    ),
)


SILENCE = "ssh ended silently"


def ssh_cause(said: str, endpoint: Endpoint, *, otherwise: str = SILENCE) -> str:
    """Say in a clause what the text `said` by ssh to `endpoint` means; `otherwise` for no text."""
    printable = "".join(char if char.isprintable() or char == "\n" else " " for char in said)
    lines = [" ".join(line.split())[:200] for line in printable.splitlines() if line.strip()]
    if not lines:
        return otherwise
    port = f"-p {endpoint.port} " if endpoint.port is not None else ""
    for complaint in _COMPLAINTS:
        if complaint.said.search(said):
            return complaint.cause.format(
                host=endpoint.host,
                path=endpoint.path,
                last=lines[-1],
                login=f"ssh {port}{endpoint.destination}",
                as_user=f" as {endpoint.user}" if endpoint.user else "",
            )
    return f"ssh: {lines[-1]}"


def channel_refused(said: str) -> bool:
    """Whether ssh said that it came no further than the other machine (OpenSSH's channels.c)."""
    return "open failed: " in said
