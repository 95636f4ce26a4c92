"""The guard on real engines: what destroys data is denied, and all else is as ever."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from cloudstorctl.core.memory_document import PREFIX, read
from tests.swarm.docker import Docker
from tests.swarm.guarded import NO_GRACE, listening, raw
from tests.swarm.lab.command import LabError, wait_until
from tests.swarm.lab.documentation import MOVED, ORPHAN, move
from tests.swarm.lab.records import ALIAS
from tests.swarm.scene import container, mount, running_service, volume
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.lab.guard import Guard
    from tests.swarm.lab.swarm import Lab

pytestmark = pytest.mark.real_only("it needs engines that ask an authorization plugin")

TEMPLATE = "{{.Service.Name}}-{{.Task.Slot}}-vol"
FILE = f"reg/{MOVED}/ping2-1.txt"


def moved(lab: Lab, generation: int) -> tuple[str, str]:
    """Move ping2.1 and clear its exited container away; give the old node and the new."""
    lab.set_generation(generation)
    running_service(lab, "ping2", TEMPLATE, replicas=2)
    old, new = move(lab, "ping2", 1)
    lab.docker(old, "container", "prune", "--force")
    assert lab.contents()[FILE] == "ping2-1 wrote this\n"
    return old, new


def docker(lab: Lab, on: str) -> Docker:
    return Docker(lab=lab, on=on, api="1.41")


@pytest.mark.parametrize("generation", [1, 2])
def test_what_destroys_the_data_of_a_running_task_is_denied_with_the_claims(
    lab: Lab, guards: dict[str, Guard], generation: int
) -> None:
    old, new = moved(lab, generation)
    before = lab.contents()
    for words in (("rm", MOVED), ("rm", "-f", MOVED)):
        said = docker(lab, old)("volume", *words)
        assert said.code == 1
        assert said.out == ""
        (line,) = said.err.splitlines()
        assert "authorization denied by plugin cloudstorctl-guard: " in line
        assert f"{MOVED} is in-use: Task ping2.1 on {new} has it mounted (container " in line
        assert "Removing it here deletes its data." in line
        assert line.endswith("If ping2 is no longer needed: 'docker service rm ping2'.")
    dangling = docker(lab, old)("volume", "ls", "-qf", "dangling=true").out.split()
    assert MOVED in dangling
    assert docker(lab, old)("volume", "rm", *dangling).code == 1
    # As Portainer removes a volume; test_guard_compose.py has Docker Compose itself.
    engine = lab.node(old)
    for path in (f"/volumes/{MOVED}?force=true", f"/v1.41/volumes/{MOVED}?force=1"):
        with pytest.raises(LabError, match=r"403 .*is in-use: Task ping2\.1"):
            engine.ask(path, method="DELETE", seconds=60)
    assert lab.contents() == before
    assert lab.running("ping2")[1] == new
    assert engine.plugin().calls("Remove") == []
    rows = guards[old].decisions
    assert {row["decision"] for row in rows} == {"denied"}
    assert {row["kind"] for row in rows} == {"volume"}
    assert rows[0]["candidates"] == [MOVED]


@pytest.mark.parametrize("generation", [1, 2])
@pytest.mark.parametrize("on", ["n1", "n2"])
@pytest.mark.usefixtures("guards")
def test_a_true_orphan_goes(lab: Lab, generation: int, on: str) -> None:
    lab.set_generation(generation)
    volume(lab, ORPHAN, on=on)
    volume(lab, "other", on=on)
    assert docker(lab, on)("volume", "rm", ORPHAN).code == 0
    assert list(lab.contents()) == ["reg/other/file.txt"]


@pytest.mark.usefixtures("guards")
def test_a_volume_that_goes_through_the_guard_is_forgotten(lab: Lab, tmp_path: Path) -> None:
    volume(lab, ORPHAN, on="n2")
    volume(lab, "other", on="n2")
    tool = Tool(lab=lab, home=tmp_path, config=configuration(lab))
    assert tool("safe-prune", "--dry-run", "--grace", "24h").code == 0
    assert remembered(lab) == {ORPHAN, "other"}
    assert docker(lab, "n2")("volume", "rm", ORPHAN).code == 0
    wait_until(lambda: remembered(lab) == {"other"}, 30, "the swarm has forgotten it")


def remembered(lab: Lab) -> set[str]:
    """Name what the newest memory of the swarm has, of which there may be two for a moment."""
    configs = [c for c in lab.manager.ask("/configs") if c["Spec"]["Name"].startswith(PREFIX)]
    newest = max(configs, key=lambda config: config["Spec"]["Name"])
    return set(read(b64decode(newest["Spec"]["Data"])))


def test_the_safe_removal_is_let_through(
    lab: Lab, tmp_path: Path, guards: dict[str, Guard]
) -> None:
    volume(lab, ORPHAN, on="n2")
    tool = Tool(lab=lab, home=tmp_path, config=configuration(lab, more=NO_GRACE))
    assert tool("rm", ORPHAN).code == 0
    assert lab.contents() == {}
    (decision,) = [row for guard in guards.values() for row in guard.decisions]
    assert (decision["decision"], decision["candidates"]) == ("allowed", [ORPHAN])
    assert decision["reason"] == "cloudstorctl has just proved that nothing uses it."
    assert lab.docker("n1", "config", "ls", "--quiet") == "", "the ticket is used up"


def test_local_volumes_are_as_ever_without_any_manager(lab: Lab, guards: dict[str, Guard]) -> None:
    lab.docker("n2", "volume", "create", "mine")
    lab.docker("n2", "volume", "create", "yours")
    volume(lab, "data", on="n2")
    lab.node("n1").kill()
    on = docker(lab, "n2")
    assert on("volume", "rm", "mine").code == 0
    assert on("volume", "rm", "-f", "yours").code == 0
    assert on("volume", "create", "third").code == 0
    assert on("volume", "prune", "-f").code == 0
    assert {row["decision"] for row in guards["n2"].decisions} == {"passed"}
    said = on("volume", "rm", "data")
    assert said.code == 1
    assert "cloudstorctl-guard: It is not known whether anything uses it: " in said.err
    assert list(lab.contents()) == ["reg/data/file.txt"]


ESCAPES = (
    "/volumes/data",
    "/volumes/data?force=1",
    "/volumes/data?force=1&x=/../",
    "/volumes/data?",
    "/v1.41/volumes/data",
    "/v1.24/volumes/data",
    "/v9.99/volumes/data",
    "/v1/volumes/data",
    "/v./volumes/data",
    "/volumes/data/",
    "/volumes/data//",
    "/volumes//data",
    "//volumes/data",
    "//n1/volumes/data",
    "/./volumes/data",
    "/volumes/./data",
    "/volumes/x/../data",
    "/volumes/../volumes/data",
    "/containers/../volumes/data",
    "/volumes/%2e/data",
    "/volumes/x/%2e%2e/data",
    "/volumes/data%2f",
    "/volumes/data%2f.",
    "/volumes%2fdata",
    "/volumes/%64ata",
    "/%76olumes/data",
    "/volumes/%2564ata",
    "/volumes/d%61t%61?force=1",
    "/volumes/data#x",
    "/volumes/data%23x",
    "/volumes/data%3fx",
    "/volumes/data%00",
    "/volumes/data%0a",
    "/volumes/data%20",
    "/volumes/data/.",
    "/volumes/data/..",
    "/volumes/data/sub",
    "/volumes/data%2fsub",
    "/volumes/./data/sub/../",
    "/volumes/..%2freg%2fdata",
    "/volumes/%2e%2e/reg/data",
    "/volumes/",
    "/volumes/.",
    "/volumes",
    "http://n1/volumes/data",
    "http:///volumes/data",
    "http://n1:80/v1.41/volumes/data?force=1",
    "HTTP://n1/volumes/data",
    "x:/volumes/data",
    "unix://%2Fvar%2Frun/volumes/data",
    "/volumes/data;x=y",
    "/volumes/DATA",
    "/volumes/dat",
    "/Volumes/data",
    "/volumes/dat\xe1",
    "/volumes/data\t",
    "*",
)
OTHERS = {"DATA", "dat", "data;x=y", "data "}
"""Names of other directories, which are not there: the start of a name is another name."""
TAILS = (
    b"\r\n\r\n",
    b'\r\nContent-Length: 5\r\nContent-Type: application/json\r\n\r\n{"a"}',
    b"\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
)


@pytest.mark.parametrize("on", ["n1", "n2"])
def test_no_way_of_writing_the_name_gets_past_the_guard(
    lab: Lab, guards: dict[str, Guard], on: str
) -> None:
    path = volume(lab, "data", on="n3")
    (lab.shared / "reg/data/sub").mkdir()
    (lab.shared / "reg/data/sub/file.txt").write_text("precious too\n")
    container(lab, "n3", "run", "--detach", "--name", "db", "--mount", mount("data"))
    before = lab.contents()
    assert path in before
    engine = lab.node(on)
    for method in (b"DELETE", b"delete"):
        for target in ESCAPES:
            for tail in TAILS if target in ESCAPES[:5] else TAILS[:1]:
                request = method + b" " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: x"
                answer = raw(engine.socket, request + tail)
                status = int(answer.split(b" ")[1])
                assert status not in {200, 202, 204}, (target, answer)
                assert lab.contents() == before, (target, answer)
    assert [call.call for call in engine.plugin().calls() if call.call == "Remove"] == []
    allowed = [row["candidates"] for row in guards[on].decisions if row["decision"] == "allowed"]
    assert {name for names in allowed for name in names} <= OTHERS | {quote(o) for o in OTHERS}


@pytest.mark.parametrize("on", ["n1", "n2"])
@pytest.mark.usefixtures("guards")
def test_a_body_of_many_megabytes_hides_no_removal(lab: Lab, on: str) -> None:
    volume(lab, "data", on="n3")
    container(lab, "n3", "run", "--detach", "--name", "db", "--mount", mount("data"))
    body = b'{"x":"' + b"y" * (5 << 20) + b'"}'
    head = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n".encode()
    answer = raw(lab.node(on).socket, b"DELETE /volumes/data HTTP/1.1\r\nHost: x\r\n" + head + body)
    assert int(answer.split(b" ")[1]) in {400, 403, 413, 500}, answer
    assert list(lab.contents()) == ["reg/data/file.txt"]


@pytest.mark.parametrize("on", ["n1", "n2"])
def test_the_plugin_may_not_be_changed_while_it_is_used(
    lab: Lab, guards: dict[str, Guard], on: str
) -> None:
    volume(lab, "data", on=on)
    container(lab, on, "run", "--detach", "--name", "db", "--mount", mount("data"))
    row = next(row for row in lab.node(on).ask("/plugins") if row["Name"] == ALIAS)
    for name in (ALIAS, f"docker.io/library/{ALIAS}", row["Id"], row["Id"][:6]):
        for words in (
            ("disable", "-f", name),
            ("disable", name),
            ("rm", "-f", name),
            ("set", name, "EFS_SUPPORTED=0"),
        ):
            said = docker(lab, on)("plugin", *words)
            assert said.code == 1
            assert f"may not be {GERUND[words[0]]} while Cloudstor volumes are in use" in said.err
            assert "Container db, which is running, has data." in said.err
    assert lab.node(on).plugin().state() is True
    lab.docker(on, "rm", "-f", "db")
    assert docker(lab, on)("plugin", "disable", "-f", ALIAS).code == 0
    assert docker(lab, on)("plugin", "set", ALIAS, "DEBUG=1").code == 0
    assert docker(lab, on)("plugin", "enable", ALIAS).code == 0
    decisions = [row["decision"] for row in guards[on].decisions]
    assert decisions == ["denied"] * 16 + ["allowed"] * 2


GERUND = {"disable": "disabled", "rm": "removed", "set": "set"}


def test_the_engine_works_while_the_guard_restarts_on_its_socket(
    lab: Lab, guards: dict[str, Guard]
) -> None:
    guard, node = guards["n2"], lab.node("n2")
    volume(lab, "data", on="n2")
    guard.stop()
    with listening(node) as listener:
        guard.start(listener)
        assert node.ask("/_ping") == "OK"
        for end in (guard.stop, guard.kill):
            end()
            # The request waits in the socket's queue for the guard that comes next.
            with pytest.raises(LabError, match=r"timed out|TimeoutError"):
                node.ask("/_ping", seconds=0.5)
            guard.start(listener)
            assert node.ask("/_ping", seconds=20) == "OK"
        node.restart()
        assert docker(lab, "n2")("volume", "rm", "data").code == 0
        guard.stop()
    guard.start()
    wait_until(node.answers, 40, "the engine answers")
