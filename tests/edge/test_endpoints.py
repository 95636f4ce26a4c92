"""Addresses: what is accepted, what is refused with which sentence, and whose engine is where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.core.model import Node, NodeId
from cloudstorctl.errors import UsageError
from cloudstorctl.swarm.endpoints import (
    Endpoint,
    NodeEndpoints,
    NoEndpointError,
    Scheme,
    TlsFiles,
    endpoint_from,
)


def a_node(hostname: str = "w1", address: str = "10.0.0.5", node_id: str = "n0de1d") -> Node:
    return Node(id=NodeId(node_id), hostname=hostname, address=address)


def unix(url: str, path: str) -> Endpoint:
    return Endpoint(url=url, scheme=Scheme.UNIX, path=path)


def tcp(url: str, host: str, port: int | None = None, *, tls: bool | None = None) -> Endpoint:
    return Endpoint(url=url, scheme=Scheme.TCP, host=host, port=port, tls=tls)


def ssh(
    url: str,
    host: str,
    *,
    user: str | None = None,
    port: int | None = None,
    path: str = "/var/run/docker.sock",
) -> Endpoint:
    return Endpoint(url=url, scheme=Scheme.SSH, host=host, user=user, port=port, path=path)


@pytest.mark.parametrize(
    "expected",
    [
        unix("unix:///var/run/docker.sock", "/var/run/docker.sock"),
        unix("unix:///home/me/a b/docker.sock", "/home/me/a b/docker.sock"),
        tcp("tcp://10.0.0.5", "10.0.0.5"),
        tcp("tcp://10.0.0.5:2375", "10.0.0.5", 2375),
        tcp("tcp://node_1.example:65535/", "node_1.example", 65535),
        tcp("TCP://node", "node"),
        tcp("tcp://[2001:db8::1]:2376", "2001:db8::1", 2376),
        tcp("tcp://[::1]", "::1"),
        tcp("tcp://[fe80::1%eth0]:2375", "fe80::1%eth0", 2375),
        tcp("http://10.0.0.5:80", "10.0.0.5", 80, tls=False),
        tcp("https://10.0.0.5:443", "10.0.0.5", 443, tls=True),
        ssh("ssh://w1", "w1"),
        ssh("ssh://docker@w1:2222", "w1", user="docker", port=2222),
        ssh("ssh://docker@[2001:db8::1]", "2001:db8::1", user="docker"),
        ssh("ssh://w1/run/user/1000/docker.sock", "w1", path="/run/user/1000/docker.sock"),
        ssh("ssh://w1/", "w1"),
    ],
    ids=lambda expected: expected.url,
)
def test_an_address_is_taken_apart(expected: Endpoint) -> None:
    assert endpoint_from(expected.url) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "accepted: unix:///path"),
        ("/var/run/docker.sock", "did you mean unix:///var/run/docker.sock"),
        ("10.0.0.5:2375", "accepted: unix:///path"),
        ("npipe:////./pipe/docker_engine", "npipe:// is not supported; accepted: unix:///path"),
        ("fd://", "fd:// is not supported"),
        ("ftp://host", "accepted: unix:///path, tcp://host:port"),
        ("unix://var/run/docker.sock", "absolute path"),
        ("unix://", "absolute path"),
        ("unix:///", "absolute path"),
        ("unix:///" + "a" * 107, "at most 107 bytes"),
        ("tcp://", "no host name"),
        ("tcp://:2375", "no host name"),
        ("tcp://-oProxyCommand=x:2375", "no host name"),
        ("tcp://host:0", "'0' is no port"),
        ("tcp://host:65536", "'65536' is no port"),
        ("tcp://host:" + "9" * 5000, "is no port"),
        ("tcp://host:²", "is no port"),
        ("tcp://host:", "'' is no port"),
        ("tcp://host:2375/v1.41", "nothing may follow the port"),
        ("tcp://host?x=1", "no host name"),
        ("tcp://me@host:2375", "no users over TCP"),
        ("tcp://2001:db8::1:2375", "in brackets"),
        ("tcp://[nonsense]:2375", "no IPv6 address"),
        ("tcp://[fe80::1%a;b]:2375", "network interface"),
        ("tcp://ho st:2375", "no host name"),
        ("tcp://host\n:2375", "cannot be printed"),
        ("ssh://-oProxyCommand=touch", "no host name"),
        ("ssh://-l@w1", "'-l' is no user"),
        ("ssh://a`id`@w1", "no user that is passed to ssh"),
        ("ssh://w1;id", "no host name"),
        ("ssh://$(id)", "no host name"),
        ("ssh://w1/run/a:b.sock", "no path of a socket"),
        ("ssh://w1/run/%h.sock", "no path of a socket"),
        ("ssh://w1/run/${HOME}.sock", "no path of a socket"),
        ("ssh://w1/run/", "no path of a socket"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(url: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_from(url)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "ssh://me:s3cret@w1",
        "tcp://me:s3cret@w1:2375",
        "ssh://me:s3c@s3cret@w1",
        "ssh://me:s3cret/@w1",
        "ssh://me:s3cret@-w1",
        "ftp://me:s3cret@w1",
    ],
)
def test_a_password_in_an_address_is_refused_and_never_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_from(url)
    assert "s3c" not in str(caught.value)
    with pytest.raises(UsageError) as caught:
        NodeEndpoints(template=url)
    assert "s3c" not in str(caught.value)


@given(st.text() | st.text().map("ssh://".__add__) | st.text().map("tcp://".__add__))
def test_no_text_at_all_gets_a_dash_or_a_blank_before_ssh(url: str) -> None:
    try:
        endpoint = endpoint_from(url)
    except UsageError:
        return
    if endpoint.scheme is Scheme.SSH:
        assert not endpoint.destination.startswith("-")
        assert not set(endpoint.destination + endpoint.path) & set(" \t\n'\"`$;&|<>\\%")


@pytest.mark.parametrize(
    ("template", "node", "url"),
    [
        ("ssh://docker@{addr}", a_node(), "ssh://docker@10.0.0.5"),
        ("tcp://{hostname}:2376", a_node(), "tcp://w1:2376"),
        ("unix:///run/{id}.sock", a_node(), "unix:///run/n0de1d.sock"),
        ("tcp://{addr}:2376", a_node(address="2001:db8::1"), "tcp://[2001:db8::1]:2376"),
        ("ssh://{addr}", a_node(address="2001:db8::1"), "ssh://[2001:db8::1]"),
        ("unix:///run/{addr}.sock", a_node(address="2001:db8::1"), "unix:///run/2001:db8::1.sock"),
        ("tcp://fixed:2375", a_node(address=""), "tcp://fixed:2375"),
    ],
)
def test_a_template_is_filled_with_what_the_node_is(template: str, node: Node, url: str) -> None:
    found = NodeEndpoints(template=template).endpoint_of(node)
    assert found is not None
    assert found.url == url


def test_without_configuration_a_node_has_no_endpoint() -> None:
    assert NodeEndpoints().endpoint_of(a_node()) is None
    assert NodeEndpoints(overrides={"w2": "tcp://w2"}).endpoint_of(a_node()) is None


def test_an_override_goes_before_the_template_and_the_id_before_the_hostname() -> None:
    endpoints = NodeEndpoints(
        template="tcp://{addr}", overrides={"w1": "tcp://by-name", "n0de1d": "tcp://by-id"}
    )
    found = [
        endpoints.endpoint_of(node)
        for node in (a_node(), a_node(node_id="other"), a_node(node_id="other", hostname="w9"))
    ]
    assert [item and item.url for item in found] == [
        "tcp://by-id",
        "tcp://by-name",
        "tcp://10.0.0.5",
    ]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("ssh://{address}", "{address} is unknown; there are {addr}, {hostname}, {id}"),
        ("ssh://{}", "{} is unknown"),
        ("ssh://{0}", "{0} is unknown"),
        ("ssh://{addr.__class__}", "{addr.__class__} is unknown"),
        ("ssh://{hostname!r}", "{hostname!r} is unknown"),
        ("ssh://{hostname:>10}", "{hostname:>10} is unknown"),
        ("ssh://{addr", "brace without its partner"),
        ("ssh://addr}", "brace without its partner"),
        ("ftp://{addr}", "the template 'ftp://{addr}': ftp://node: ftp:// is not supported"),
        ("{addr}", "is no engine address"),
        ("tcp://[{addr}]:2375", "without brackets"),
    ],
)
def test_a_template_is_checked_when_it_is_read(template: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        NodeEndpoints(template=template)
    assert said in str(caught.value)


def test_an_override_is_checked_when_it_is_read() -> None:
    with pytest.raises(UsageError, match=r"the address of node w1: .*ftp:// is not supported"):
        NodeEndpoints(overrides={"w1": "ftp://w1"})


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "unknown"])  # noqa: S104 - no bind
def test_a_node_without_an_address_is_told_apart_from_one_without_configuration(
    address: str,
) -> None:
    with pytest.raises(NoEndpointError) as caught:
        NodeEndpoints(template="ssh://{addr}").endpoint_of(a_node(address=address))
    assert "uses {addr}" in caught.value.cause
    assert (repr(address) if address else "show none") in caught.value.cause
    assert caught.value.node == "w1"


@pytest.mark.parametrize(
    "hostname",
    ["", "-oProxyCommand=id", "evil/x", "a@b", "a:22", "a b", "a\nb", "$(id)", "{addr}", "[::1]"],
)
def test_a_hostname_from_the_swarm_fills_one_part_of_the_url_or_is_refused(hostname: str) -> None:
    with pytest.raises(NoEndpointError) as caught:
        NodeEndpoints(template="ssh://{hostname}").endpoint_of(a_node(hostname=hostname))
    assert "uses {hostname}" in caught.value.cause
    assert caught.value.node == "n0de1d"


def test_what_the_filled_template_gets_wrong_is_a_reason_for_that_node() -> None:
    endpoints = NodeEndpoints(template="unix:///run/{hostname}/docker.sock")
    with pytest.raises(NoEndpointError, match="at most 107 bytes"):
        endpoints.endpoint_of(a_node(hostname="a" * 100))


@pytest.mark.parametrize("half", [{"cert": "c.pem"}, {"key": "k.pem"}])
def test_a_certificate_and_its_key_go_together(half: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="set both or neither"):
        TlsFiles(cert=half.get("cert"), key=half.get("key"))
