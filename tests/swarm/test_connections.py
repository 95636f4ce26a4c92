"""Scenario 9: mutual TLS and SSH end to end, and what is said where one is not let in."""

from __future__ import annotations

import contextlib
import signal
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.swarm.lab import certificates, network
from tests.swarm.lab.command import together, wait_until
from tests.swarm.lab.node import Node
from tests.swarm.lab.reset import reset
from tests.swarm.lab.swarm import Lab
from tests.swarm.running import held_removal, removals_asked, running, wait_for_removal
from tests.swarm.scene import running_service, volume
from tests.swarm.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.real_only("the embedded engines serve neither TCP nor SSH")
EVERY_ENGINE = {"n1": "mounted", "n2": "listed", "n3": "listed"}


@pytest.fixture(scope="module")
def engines_with_tls(real_swarm: Lab) -> Iterator[Lab]:
    """A swarm beside the other, whose engines serve TCP with mutual TLS alone."""
    spec = real_swarm.spec
    lab = Lab(
        spec=replace(
            spec,
            folder=spec.folder.with_name(f"{spec.folder.name}-tls"),
            name=f"{spec.name}s",
            nodes=tuple(replace(node, tls=True) for node in spec.nodes),
        )
    )
    lab.up()
    yield lab
    lab.down()


@pytest.fixture
def lab(real_swarm: Lab) -> Lab:
    reset(real_swarm)
    return real_swarm


@pytest.fixture
def secured(engines_with_tls: Lab) -> Lab:
    reset(engines_with_tls)
    return engines_with_tls


def over_tls(lab: Lab, home: Path, files: certificates.Client) -> Tool:
    config = f"""
        default_context = "lab"
        [contexts.lab]
        managers = ["{lab.node("n1").tcp}"]
        node_endpoint = "tcp://{{addr}}:2376"
        [contexts.lab.tls]
        ca = "{files.ca}"
        cert = "{files.cert}"
        key = "{files.key}"
    """
    return Tool(lab=lab, home=home, config=config, inside=tuple(lab.inside()))


def over_ssh(lab: Lab, home: Path, user: str = "friend") -> Tool:
    """Give a tool that reaches the engines by SSH; its forwards are made in a folder of its own."""
    config = f"""
        default_context = "lab"
        [contexts.lab]
        managers = ["{lab.node("n1").ssh}"]
        node_endpoint = "ssh://docker@{{addr}}"
    """
    place = lab.folder / "tmp"
    place.mkdir(exist_ok=True)
    return Tool(
        lab=lab,
        home=home,
        config=config,
        inside=tuple(lab.inside(user)),
        environment={"TMPDIR": str(place)},
    )


@pytest.fixture
def by_ssh(lab: Lab, tmp_path: Path) -> Tool:
    together(Node.start_sshd, lab.nodes)
    return over_ssh(lab, tmp_path)


def scene(lab: Lab) -> dict[str, str]:
    """Set up a volume that a task uses, and an orphan; give what is left without the orphan."""
    running_service(lab, "web", "live", "--constraint", "node.hostname==n1")
    orphan = volume(lab, "old", on="n3")
    return {path: text for path, text in lab.contents().items() if path != orphan}


def assert_lists_inspects_and_prunes(lab: Lab, tool: Tool, rest: dict[str, str]) -> None:
    listed = tool("ls", "-o", "json")
    assert listed.code == 0, listed.told
    assert listed.document["complete"]
    volumes = {each["name"]: each for each in listed.document["volumes"]}
    assert {name: each["ruling"] for name, each in volumes.items()} == {
        "live": "in-use",
        "old": "removable",
    }

    inspected = tool("inspect", "live", "-o", "json")
    assert inspected.code == 0, inspected.told
    entries = inspected.document["volumes"][0]["entries"]
    assert {each["node"]["hostname"]: each["status"] for each in entries} == EVERY_ENGINE

    pruned = tool("safe-prune", "--yes", "-o", "json")
    assert pruned.code == 0, pruned.told
    assert tool.outcomes(pruned) == {"live": "kept", "old": "removed"}
    assert lab.contents() == rest
    assert removals_asked(lab) == ["old"]


def forwards(lab: Lab) -> int:
    """Count the ssh clients that run in the lab's network."""
    found = 0
    for pid in network.processes_in(network.namespace_of(lab.spec)):
        with contextlib.suppress(OSError):
            found += Path(f"/proc/{pid}/comm").read_text() == "ssh\n"
    return found


def nothing_left_of(lab: Lab) -> bool:
    """Tell whether no program is left in the network and no folder of a forward on disk.

    Programs of the tests run in the bridge's namespace, those of nodes in theirs.
    """
    processes = network.processes_in(network.namespace_of(lab.spec))
    return not processes and not list((lab.folder / "tmp").iterdir())


def test_mutual_tls_end_to_end(secured: Lab, tmp_path: Path) -> None:
    rest = scene(secured)
    tool = over_tls(secured, tmp_path, certificates.client(secured.spec))
    assert_lists_inspects_and_prunes(secured, tool, rest)


def test_with_wrong_certificates_nobody_is_let_in_and_told_why(
    secured: Lab, tmp_path: Path
) -> None:
    volume(secured, "old")
    before = secured.contents()
    good = certificates.client(secured.spec)
    wrong = certificates.wrong_client(secured.spec)
    stranger = certificates.wrong_authority(secured.spec)

    for files, said in (
        (wrong, f"the engine rejected our certificate {wrong.cert}"),
        (
            replace(good, ca=stranger),
            f"the engine's certificate is not signed by the given CA {stranger}",
        ),
        (replace(good, key=wrong.key), f"the TLS key {wrong.key} does not belong to"),
    ):
        refused = over_tls(secured, tmp_path, files)("safe-prune", "--yes")
        assert refused.code == 8, refused.told
        assert said in refused.err
        assert secured.node("n1").tcp in refused.err
        assert refused.out == ""

    assert secured.contents() == before
    assert not removals_asked(secured)


def test_ssh_end_to_end_leaves_no_ssh_and_no_folder_behind(lab: Lab, by_ssh: Tool) -> None:
    rest = scene(lab)
    assert_lists_inspects_and_prunes(lab, by_ssh, rest)
    assert nothing_left_of(lab)


def test_an_unknown_host_key_is_said_with_what_to_do(
    lab: Lab, by_ssh: Tool, tmp_path: Path
) -> None:
    volume(lab, "old")
    before = lab.contents()
    stranger = over_ssh(lab, tmp_path, "stranger")
    refused = stranger("safe-prune", "--yes")
    assert refused.code == 8, refused.told
    assert "its host key is unknown: log in once with" in refused.err
    assert f"`ssh docker@{lab.node('n1').address}`" in refused.err
    assert refused.out == ""
    assert lab.contents() == before
    assert not removals_asked(lab)
    assert nothing_left_of(lab)
    assert by_ssh("ls").code == 0


@pytest.mark.parametrize(
    ("instead", "said"),
    [(None, "its host key is unknown"), ("n2", "its host key is not the one in known_hosts")],
    ids=["unknown", "changed"],
)
def test_one_node_with_another_host_key_is_a_gap_that_keeps_every_volume(
    lab: Lab, by_ssh: Tool, instead: str | None, said: str
) -> None:
    volume(lab, "old")
    before = lab.contents()
    with known_as(lab, "n3", instead):
        listed = by_ssh("ls", "-o", "json")
        pruned = by_ssh("safe-prune", "--yes", "-o", "json")

    assert listed.code == 5, listed.told
    (gap,) = listed.document["gaps"]
    assert gap["node"]["hostname"] == "n3"
    assert said in gap["cause"]
    assert listed.document["volumes"][0]["ruling"] == "unknown"
    assert pruned.code == 5, pruned.told
    assert by_ssh.outcomes(pruned) == {"old": "kept"}
    assert lab.contents() == before
    assert not removals_asked(lab)
    assert nothing_left_of(lab)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_no_ssh_and_no_folder_outlives_a_run_that_is_ended(
    lab: Lab, by_ssh: Tool, number: signal.Signals, code: int
) -> None:
    volume(lab, "old")
    slow = lab.node("n2").plugin()
    slow.forget()
    slow.bend(list="hang")
    with running(by_ssh, "ls") as run:
        wait_until(lambda: slow.calls("List"), 30, "the run waits for a driver")
        wait_until(lambda: forwards(lab) >= len(lab.nodes), 30, "every forward is up")
        assert list((lab.folder / "tmp").glob("cst-*"))
        run.signal(number)
        assert run.result(30).code == code
        wait_until(lambda: nothing_left_of(lab), 20, "every ssh and its folder is gone")


def test_ctrl_c_lets_a_removal_over_ssh_come_to_its_end(lab: Lab, by_ssh: Tool) -> None:
    first, second = volume(lab, "a"), volume(lab, "b")
    before = lab.contents()
    words = ("safe-prune", "--yes", "--max-percent", "100", "-o", "json")
    with running(by_ssh, *words) as run:
        with held_removal(lab, "n1") as driver:
            wait_for_removal(driver, "a")
            run.signal(signal.SIGINT)
            run.wait_to_hear("Stopping after what is under way")
        done = run.result()

    assert done.code == 130, done.told
    assert by_ssh.outcomes(done) == {"a": "removed", "b": "not_tried"}
    assert [line.get("answer") for line in by_ssh.audit if line["event"] == "answer"] == ["success"]
    assert lab.contents() == {second: before[second]}
    assert first in before
    assert nothing_left_of(lab)


@contextmanager
def known_as(lab: Lab, node: str, other: str | None) -> Iterator[None]:
    """Let the friend's ssh know a node by the host key of another one, or not at all."""
    file = lab.folder / "ssh/friend/.ssh/known_hosts"
    whole = file.read_text()
    lines = {line.split()[0].split(",")[1]: line for line in whole.splitlines()}
    names, _, _ = lines.pop(node).partition(" ")
    if other is not None:
        lines[node] = " ".join([names, *lines[other].split()[1:]])
    file.write_text("".join(f"{line}\n" for line in lines.values()))
    try:
        yield
    finally:
        file.write_text(whole)
