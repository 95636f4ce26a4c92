"""Say at which address the engine of a node is."""

from __future__ import annotations

import ipaddress
import re
import string
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from cloudstorctl.errors import CloudstorctlError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.model import Node

DOCKER_SOCKET = "/var/run/docker.sock"

_PLACEHOLDERS = ("addr", "hostname", "id")
_ACCEPTED = "unix:///path, tcp://host:port, http(s)://host:port or ssh://[user@]host[:port][/path]"
# Hosts and users end up in ssh's argv and, through %h and %r, in a ProxyCommand that a shell
# reads: only characters that mean nothing to either, and never a leading dash.
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
# ssh's -L gives `:`, `%`, `$`, `\` and blanks a meaning of their own (ssh_config(5), TOKENS).
_REMOTE_SOCKET = re.compile(r"/[A-Za-z0-9_./+=,~-]+")
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@/]*)@)?(?P<host>\[[^\]]*\]|[^:/@]*)(?::(?P<port>[^/:]*))?(?P<path>/.*)?",
    re.DOTALL,
)
_LONGEST_SOCKET_PATH = 107  # sun_path of unix(7), without its closing NUL
_LAST_PORT = 65535


class Scheme(StrEnum):
    """How an engine is spoken to."""

    UNIX = "unix"
    TCP = "tcp"
    SSH = "ssh"


class NoEndpointError(CloudstorctlError):
    """A node whose address cannot be said from what is configured; `cause` is a clause."""

    def __init__(self, node: str, cause: str) -> None:
        """Keep `node` (its hostname, or its ID) and `cause`."""
        super().__init__(f"no address for the engine of node {node}: {cause}")
        self.node = node
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One engine's address, taken apart; made by `endpoint_from`."""

    url: str
    """As the user gave it."""
    scheme: Scheme
    host: str = ""
    """Without brackets; empty for unix://."""
    port: int | None = None
    """None: the usual one."""
    user: str | None = None
    path: str = ""
    """The socket: on this machine for unix://, on the engine's for ssh://."""
    tls: bool | None = None
    """What the URL says of TLS: https:// yes, http:// no, tcp:// nothing (None)."""

    @property
    def destination(self) -> str:
        """`[user@]host` as ssh takes it."""
        return f"{self.user}@{self.host}" if self.user else self.host


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """The PEM files of mutual TLS, and whether the engine's certificate is checked.

    Raises:
        UsageError: a certificate is given without its key, or a key without its certificate.
    """

    ca: str | None = None
    """None: the public authorities."""
    cert: str | None = None
    key: str | None = None
    verify: bool = True

    def __post_init__(self) -> None:
        """Refuse half a pair."""
        if bool(self.cert) != bool(self.key):
            given, lacking = ("cert", "key") if self.cert else ("key", "cert")
            raise UsageError(f"TLS: `{given}` is given without `{lacking}`: set both or neither")


def endpoint_from(url: str) -> Endpoint:
    """Take the address `url` of an engine apart.

    Raises:
        UsageError: it is no address of an engine; the text says which part, and what would be.
    """
    if not url.isprintable():
        raise UsageError("an engine's address holds a character that cannot be printed")
    match = _URL.fullmatch(url)
    if match is None:
        hint = f"; did you mean unix://{url}?" if url.startswith("/") else ""
        raise UsageError(f"{_shown(url)!r} is no engine address{hint}; accepted: {_ACCEPTED}")
    match match["scheme"].lower():
        case "unix":
            return _unix(url, match["rest"])
        case "tcp" | "http" | "https" as scheme:
            return _tcp(url, match["rest"], {"http": False, "https": True}.get(scheme))
        case "ssh":
            return _ssh(url, match["rest"])
        case other:
            raise UsageError(f"{_shown(url)}: {other}:// is not supported; accepted: {_ACCEPTED}")


def _unix(url: str, path: str) -> Endpoint:
    if not path.startswith("/") or path.endswith("/"):
        raise UsageError(
            f"{url}: unix:// takes the absolute path of a socket, as unix://{DOCKER_SOCKET}"
        )
    if len(path.encode()) > _LONGEST_SOCKET_PATH:
        raise UsageError(f"{url}: a socket's path has at most {_LONGEST_SOCKET_PATH} bytes")
    return Endpoint(url=url, scheme=Scheme.UNIX, path=path)


def _tcp(url: str, rest: str, tls: bool | None) -> Endpoint:  # noqa: FBT001 - a third value is None
    user, host, port, path = _authority(url, rest)
    if user is not None:
        raise UsageError(f"{_shown(url)}: an engine has no users over TCP: leave out the part to @")
    if path not in {"", "/"}:
        raise UsageError(f"{url}: nothing may follow the port, and {path!r} does")
    return Endpoint(url=url, scheme=Scheme.TCP, host=host, port=port, tls=tls)


def _ssh(url: str, rest: str) -> Endpoint:
    user, host, port, path = _authority(url, rest)
    if user is not None and not _USER.fullmatch(user):
        raise UsageError(
            f"{url}: {user!r} is no user that is passed to ssh; "
            "for an unusual name, give it as User in your ssh configuration"
        )
    socket = DOCKER_SOCKET if path in {"", "/"} else path
    if not _REMOTE_SOCKET.fullmatch(socket) or socket.endswith("/"):
        raise UsageError(f"{url}: {path!r} is no path of a socket that ssh can forward")
    return Endpoint(url=url, scheme=Scheme.SSH, host=host, port=port, user=user, path=socket)


def _authority(url: str, rest: str) -> tuple[str | None, str, int | None, str]:
    """User, host without brackets, port and path of what follows `://`."""
    if ":" in rest.rpartition("@")[0]:
        raise UsageError(
            f"{_shown(url)}: a password in an address is not used; ssh takes keys from its agent"
        )
    match = _AUTHORITY.fullmatch(rest)
    if match is None:
        if rest.count(":") > 1 and "@" not in rest:
            raise UsageError(f"{url}: put an IPv6 address in brackets, as tcp://[2001:db8::1]:2376")
        raise UsageError(f"{_shown(url)} is no engine address; accepted: {_ACCEPTED}")
    host = match["host"]
    if host.startswith("["):
        host = host[1:-1]
        try:
            zone = ipaddress.IPv6Address(host).scope_id
        except ValueError:
            raise UsageError(f"{_shown(url)}: {host!r} is no IPv6 address") from None
        if zone is not None and not _HOST.fullmatch(zone):
            raise UsageError(f"{_shown(url)}: {zone!r} is no name of a network interface")
    elif not _HOST.fullmatch(host):
        raise UsageError(f"{_shown(url)}: {host!r} is no host name or IP address")
    return match["user"], host, _port(url, match["port"]), match["path"] or ""


def _port(url: str, text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _LAST_PORT:
        return int(text)
    raise UsageError(f"{_shown(url)}: {text!r} is no port: a number from 1 to {_LAST_PORT}")


def _shown(url: str) -> str:
    """`url` without a password that someone may have put into it."""
    return re.sub(r"://.*@", "://…@", url, flags=re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEndpoints:
    """Where each node's engine is: a template for all, with overrides for some.

    Raises:
        UsageError: the template or an override cannot be used.
    """

    template: str | None = None
    """A URL in which {addr}, {hostname} and {id} stand for the node's own."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """URL by node ID or by hostname; the ID goes first."""
    tls: TlsFiles | None = None

    def __post_init__(self) -> None:
        """Find mistakes before anything is asked of a swarm."""
        for node, url in self.overrides.items():
            try:
                endpoint_from(url)
            except UsageError as error:
                raise UsageError(f"the address of node {node}: {error}") from None
        if self.template is not None:
            used = _placeholders(self.template)
            if "[{addr}]" in self.template:
                raise UsageError(
                    f"the template {_shown(self.template)!r}: write {{addr}} without brackets; "
                    "an IPv6 address gets them by itself"
                )
            try:
                endpoint_from(_filled(self.template, dict.fromkeys(used, "node")))
            except UsageError as error:
                raise UsageError(f"the template {_shown(self.template)!r}: {error}") from None

    def endpoint_of(self, node: Node) -> Endpoint | None:
        """Say where the engine of `node` is; None: nothing is configured for it.

        What a node says of itself is data from the swarm: it fills one part of the URL and
        nothing else, or it is refused.

        Raises:
            NoEndpointError: the template wants something that this node does not have.
        """
        override = self.overrides.get(node.id) or self.overrides.get(node.hostname)
        if override:
            return endpoint_from(override)
        if self.template is None:
            return None
        in_url = not self.template.lower().startswith("unix:")
        values = {name: _value(node, name, in_url=in_url) for name in _placeholders(self.template)}
        try:
            return endpoint_from(_filled(self.template, values))
        except UsageError as error:
            raise NoEndpointError(node.hostname or node.id, str(error)) from None


def _value(node: Node, name: str, *, in_url: bool) -> str:
    """Say what {name} stands for at `node`."""
    called = node.hostname if _HOST.fullmatch(node.hostname) else node.id
    if name == "addr":
        try:
            address = ipaddress.ip_address(node.address)
        except ValueError:
            address = None
        if address is None or address.is_unspecified:
            seen = f"only {node.address!r}" if node.address else "none"
            raise NoEndpointError(
                called,
                f"the template uses {{addr}} and the managers show {seen} for it; "
                "set its address by hostname or ID under `nodes`",
            )
        return f"[{address}]" if address.version == 6 and in_url else str(address)  # noqa: PLR2004
    text = node.hostname if name == "hostname" else str(node.id)
    if not _HOST.fullmatch(text):
        raise NoEndpointError(
            called, f"the template uses {{{name}}} and {text!r} cannot be put into an address"
        )
    return text


def _placeholders(template: str) -> tuple[str, ...]:
    """Name what `template` leaves open."""
    known = ", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)
    shown = _shown(template)
    names = []
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if name is None:
                continue
            if name not in _PLACEHOLDERS or spec or conversion:
                written = (
                    name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
                )
                raise UsageError(
                    f"the template {shown!r}: {{{written}}} is unknown; there are {known}"
                )
            names.append(name)
    except ValueError:
        raise UsageError(
            f"the template {shown!r} has a brace without its partner; there are {known}"
        ) from None
    return tuple(names)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """`template` with `values` in it; `_placeholders` has found it sound."""
    return template.format_map(values)
