"""What ssh complains of, in words that help."""

from __future__ import annotations

import pytest

from cloudstorctl.swarm.endpoints import endpoint_from
from cloudstorctl.swarm.ssh_words import channel_refused, ssh_cause

W1 = endpoint_from("ssh://docker@w1:2222/run/d.sock")


@pytest.mark.parametrize(
    ("says", "cause"),
    [
        (
            (
                "No ED25519 host key is known for [w1] and you have requested strict checking.\r\n"
                "Host key verification failed.\r\n"
            ),
            "its host key is unknown: log in once with `ssh -p 2222 docker@w1` and compare",
        ),
        ("Host key verification failed.\r\n", "its host key is unknown: log in once"),
        (
            (
                "@@@@@@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"
                "@@@@@@@@@@@@\r\nHost key verification failed.\r\n"
            ),
            "its host key is not the one in known_hosts: find out why",
        ),
        (
            "docker@w1: Permission denied (publickey,password).\r\n",
            (
                "ssh was not let in as docker: is the key loaded (`ssh-add -l`), and does "
                "`ssh -p 2222 docker@w1` work?"
            ),
        ),
        (
            "Received disconnect from w1 port 22:2: Too many authentication failures\r\n",
            "ssh offered too many keys",
        ),
        (
            "ssh: Could not resolve hostname w1: Name or service not known\r\n",
            "the name w1 cannot be resolved",
        ),
        ("ssh: connect to host w1 port 22: Connection refused\r\n", "its ssh port refused"),
        ("ssh: connect to host w1 port 22: Connection timed out\r\n", "ssh got no answer"),
        ("Connection timed out during banner exchange\r\n", "ssh got no answer"),
        ("ssh: connect to host w1 port 22: No route to host\r\n", "no way to it"),
        (
            "kex_exchange_identification: Connection closed by remote host\r\n",
            "its ssh server ended the connection: kex_exchange_identification",
        ),
        (
            (
                "bind [127.0.0.1]:8080: Address already in use\r\n"
                "channel_setup_fwd_listener_tcpip: cannot listen to port: 8080\r\n"
                "Could not request local forwarding.\r\n"
            ),
            "does your ssh configuration have a LocalForward",
        ),
        (
            (
                "/home/me/.ssh/config: line 3: Bad configuration option: frobnicate\r\n"
                "/home/me/.ssh/config: terminating, 1 bad configuration options\r\n"
            ),
            "your ssh configuration cannot be used: /home/me/.ssh/config: terminating",
        ),
        ("something \x1b[31mnew\r\nand more\r\n\r\n", "ssh: and more"),
        ("\x1b[31mred\r\n", "ssh: [31mred"),
        ("", "ssh ended silently"),
        (
            "channel 1: open failed: connect failed: open failed",
            (
                "its ssh server could not open /run/d.sock: is the engine running, and is the user "
                "in the docker group there?"
            ),
        ),
        (
            "channel 1: open failed: connect failed: No such file or directory",
            "there is no socket /run/d.sock on it",
        ),
        (
            "channel 1: open failed: connect failed: Permission denied",
            "its user may not open /run/d.sock: is it in the docker group there?",
        ),
        (
            "channel 1: open failed: administratively prohibited: open failed",
            "its ssh server forbids to forward sockets: allow it with AllowStreamLocalForwarding",
        ),
    ],
)
def test_a_complaint_becomes_a_sentence_that_helps(says: str, cause: str) -> None:
    assert cause in ssh_cause(says, W1)


def test_the_sentence_names_what_the_address_does() -> None:
    plain = endpoint_from("ssh://w1")
    assert ssh_cause("Permission denied (publickey).", plain) == (
        "ssh was not let in: is the key loaded (`ssh-add -l`), and does `ssh w1` work?"
    )


def test_silence_is_told_as_the_caller_likes() -> None:
    assert ssh_cause("\r\n \n", W1, otherwise="nothing") == "nothing"


def test_only_a_channel_that_was_refused_proves_that_a_request_did_not_arrive() -> None:
    assert channel_refused("channel 1: open failed: connect failed: open failed\r\n")
    assert not channel_refused("Connection to w1 closed by remote host.\r\n")
    assert not channel_refused("")
