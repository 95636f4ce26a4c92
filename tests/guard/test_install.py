"""`guard install` and `guard uninstall`, on a machine whose systemctl and engine are scripted."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.guard.names import PLUGIN
from cloudstorctl.guard.units import SOCKET_TEXT, guard_command, service_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.guard.machine import Machine

ENABLE = f"enable --now {PLUGIN}.socket"
RELOAD = "reload docker.service"
NAMED = f'{{\n  "authorization-plugins": ["{PLUGIN}"]\n}}\n'


def test_the_engine_is_told_once_the_guard_answers(machine: Machine) -> None:
    machine.configure('{"debug": true}\n')
    ran = machine.run("guard", "install")
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert machine.calls == ["daemon-reload", ENABLE, RELOAD]
    assert machine.files == {
        "etc/docker/daemon.json": f'{{"debug": true, "authorization-plugins": ["{PLUGIN}"]}}\n',
        f"etc/systemd/system/{PLUGIN}.service": service_text(guard_command("/venv/bin/python", [])),
        f"etc/systemd/system/{PLUGIN}.socket": SOCKET_TEXT,
    }
    assert ran.err.endswith("The engine of this node asks the guard before it removes a volume.\n")


def test_without_a_configuration_one_is_made_for_all_to_read(machine: Machine) -> None:
    machine.daemon_json.parent.rmdir()
    assert machine.run("guard", "install").code == 0
    assert machine.daemon_json.read_text() == NAMED
    assert machine.daemon_json.stat().st_mode & 0o777 == 0o644


def test_mode_and_owner_and_a_link_in_its_place_are_kept(machine: Machine) -> None:
    real = machine.daemon_json.parent / "real.json"
    real.write_text("{}")
    real.chmod(0o640)
    os.chown(real, os.getuid(), os.getgid())
    machine.daemon_json.symlink_to("real.json")
    assert machine.run("guard", "install").code == 0
    assert machine.daemon_json.is_symlink()
    assert PLUGIN in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    names = sorted(path.name for path in machine.daemon_json.parent.iterdir())
    assert names == ["daemon.json", "real.json"]


def test_a_second_time_nothing_changes(machine: Machine) -> None:
    machine.run("guard", "install")
    before = machine.files
    ran = machine.run("guard", "install")
    assert ran.code == 0
    assert machine.files == before
    assert machine.calls[-1:] == [ENABLE]
    assert machine.calls.count(RELOAD) == 1


def test_another_installation_of_the_program_takes_its_place(machine: Machine) -> None:
    machine.run("guard", "install")
    text = machine.service_unit.read_text()
    machine.service_unit.write_text(text.replace("/venv/bin", "/old/bin"))
    done = len(machine.calls)
    assert machine.run("guard", "install").code == 0
    assert machine.service_unit.read_text() == text
    restart = f"try-restart {PLUGIN}.service"
    assert machine.calls[done:] == ["daemon-reload", restart, ENABLE]


def test_another_socket_is_made_anew_with_its_service_stopped(machine: Machine) -> None:
    machine.run("guard", "install")
    machine.socket_unit.write_text(SOCKET_TEXT.replace("Backlog=512", "Backlog=5"))
    done = len(machine.calls)
    assert machine.run("guard", "install").code == 0
    stop, restart = f"stop {PLUGIN}.service", f"restart {PLUGIN}.socket"
    assert machine.calls[done:] == ["daemon-reload", stop, restart, ENABLE]


def test_a_guard_that_does_not_answer_leaves_the_engine_as_it_was(machine: Machine) -> None:
    machine.configure('{"debug": true}\n')
    machine.fail("enable")
    ran = machine.run("guard", "install")
    assert ran.code == 1
    assert f"'systemctl {ENABLE}' failed (1): Job for it failed." in ran.err
    assert machine.daemon_json.read_text() == '{"debug": true}\n'
    (machine.root / "fails").unlink()
    machine.fail("nothing")
    assert machine.run("guard", "install").code == 0


def test_a_guard_that_answers_something_else_leaves_the_engine_as_it_was(machine: Machine) -> None:
    machine.configure("{}")
    systemctl = machine.root / "bin/systemctl"
    systemctl.write_text(systemctl.read_text().replace('(root / "guard-runs").touch()', "pass"))
    machine.patience = 1.0
    ran = machine.run("guard", "install")
    assert ran.code == 1
    assert (
        f"The guard does not answer on {machine.root}/run/docker/plugins/{PLUGIN}.sock" in ran.err
    )
    assert f"journalctl -u {PLUGIN}" in ran.err
    assert machine.daemon_json.read_text() == "{}"
    assert RELOAD not in machine.calls


def test_an_engine_that_does_not_read_its_configuration_is_said(machine: Machine) -> None:
    machine.deaf = True
    machine.patience = 0.5
    ran = machine.run("guard", "install")
    assert ran.code == 1
    assert f"The engine does not ask {PLUGIN}, though its configuration names it" in ran.err


def test_an_engine_that_does_not_run_asks_once_it_does(machine: Machine) -> None:
    machine.show(running=False, exec_start="{ path=/usr/sbin/dockerd ; argv[]=dockerd -H fd:// ; }")
    ran = machine.run("guard", "install")
    assert ran.code == 0
    assert machine.calls == ["daemon-reload", ENABLE]
    assert ran.err.endswith("The engine does not run just now; it asks the guard once it does.\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not valid JSON"),
        ('{"authorization-plugins": "x"}', 'authorization-plugins is "x", expected a list'),
        ('{"hosts": "x"}', 'hosts is "x", expected a list of addresses'),
        ("[]", "expected a JSON object"),
    ],
)
@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_a_broken_configuration_is_named_and_nothing_is_written(
    machine: Machine, text: str, told: str, verb: str
) -> None:
    machine.configure(text)
    before = machine.files
    ran = machine.run("guard", verb)
    assert ran.code == 2
    assert str(machine.daemon_json) in ran.err
    assert told in ran.err
    assert (machine.files, machine.calls) == (before, [])


def test_a_configuration_that_is_no_text_is_named(machine: Machine) -> None:
    machine.daemon_json.write_bytes(b"\xff\xfe{\x00}\x00")
    ran = machine.run("guard", "install")
    assert ran.code == 2
    assert f"{machine.daemon_json} is not a text in UTF-8" in ran.err


@pytest.mark.parametrize(
    ("dockerd", "running"),
    [
        (("dockerd", "--authorization-plugin=opa"), True),
        (("dockerd", "--authorization-plugin", "opa"), True),
        (("dockerd", "--authorization-plugin=opa"), False),
    ],
)
def test_plugins_on_dockerd_s_command_line_are_refused(
    machine: Machine, dockerd: tuple[str, ...], *, running: bool
) -> None:
    start = f"{{ path=/x ; argv[]={' '.join(dockerd)} ; ignore_errors=no }}"
    machine.show(*dockerd, running=running, exec_start=start)
    ran = machine.run("guard", "install")
    assert ran.code == 4
    assert "dockerd is started with --authorization-plugin=opa, and refuses the same" in ran.err
    assert (machine.files, machine.calls) == ({}, [])


def test_a_guard_on_dockerd_s_command_line_is_not_taken_away(machine: Machine) -> None:
    machine.run("guard", "install")
    machine.show("dockerd", f"--authorization-plugin={PLUGIN}")
    before = machine.files
    ran = machine.run("guard", "uninstall")
    assert ran.code == 4
    assert f"dockerd is started with {PLUGIN} on its command line" in ran.err
    assert machine.files == before


def test_the_configuration_is_where_dockerd_is_told_that_it_is(machine: Machine) -> None:
    other = machine.root / "opt/dockerd.json"
    machine.show("dockerd", "--config-file", "/opt/dockerd.json", running=False, exec_start="")
    start = "{ path=/x ; argv[]=dockerd --config-file /opt/dockerd.json ; ignore_errors=no }"
    machine.show(running=False, exec_start=start)
    assert machine.run("guard", "install").code == 0
    assert other.read_text() == NAMED


@pytest.mark.parametrize(
    "words",
    [
        ("-H", "unix:///srv/d.sock"),
        ("-Hunix:///srv/d.sock", "--debug"),
        ("--host=unix:///srv/d.sock", "-H=unix:///srv/other.sock"),
    ],
)
def test_the_engine_is_asked_and_followed_where_it_listens(
    machine: Machine, words: tuple[str, ...]
) -> None:
    machine.patience = 0.2
    machine.show("dockerd", "-H", "fd://", *words)
    ran = machine.run("guard", "install")
    assert ran.code == 1
    assert "The engine does not answer on /srv/d.sock: " in ran.err
    unit = machine.files[f"etc/systemd/system/{PLUGIN}.service"]
    assert " --engine unix:///srv/d.sock\n" in unit


@pytest.mark.parametrize("host", ["unix://", "unix:///run/docker.sock", "tcp://127.0.0.1:2375"])
def test_the_usual_socket_is_not_named(machine: Machine, host: str) -> None:
    machine.show("dockerd", "-H", host)
    assert machine.run("guard", "install").code == 0
    assert "--engine" not in machine.files[f"etc/systemd/system/{PLUGIN}.service"]


def test_dockerd_s_own_check_has_a_say_before_anything_is_written(machine: Machine) -> None:
    machine.configure('{"debug": 3}')
    machine.have_dockerd(
        '/bin/grep -q cloudstorctl-guard "$3" && echo "bad: $3: debug" >&2; exit 1'
    )
    before = machine.files
    ran = machine.run("guard", "install")
    assert ran.code == 2
    file = machine.daemon_json
    assert f"dockerd would not start with the new {file}: bad: {file}: debug" in ran.err
    assert (machine.files, machine.calls) == (before, [])


@pytest.mark.parametrize(
    "script",
    ["exit 0", "echo 'unknown flag: --validate' >&2; echo \"See 'dockerd --help'.\" >&2; exit 125"],
)
def test_an_engine_without_such_a_check_is_no_hindrance(machine: Machine, script: str) -> None:
    machine.have_dockerd(script)
    assert machine.run("guard", "install").code == 0


def test_the_configuration_that_is_found_is_the_guard_s(machine: Machine) -> None:
    file = machine.root / "home/.config/cloudstorctl/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('default_context = "a"\n[contexts.a]\n[contexts."b c"]\n')
    assert machine.run("guard", "install", "--context", "b c").code == 0
    line = f'guard.json --config {file} --context "b c"\n'
    assert line in machine.service_unit.read_text()


def test_a_configuration_that_cannot_be_used_is_an_error_before_anything_else(
    machine: Machine,
) -> None:
    ran = machine.run("guard", "install", "--config", "/nowhere.toml")
    assert (ran.code, machine.files, machine.calls) == (2, {}, [])
    assert "/nowhere.toml" in ran.err


@pytest.mark.parametrize("verb", ["install", "uninstall"])
def test_a_dry_run_prints_files_and_commands_and_changes_nothing(
    machine: Machine, verb: str
) -> None:
    machine.configure('{"debug": true}\n')
    if verb == "uninstall":
        machine.run("guard", "install")
    before, done = machine.files, machine.calls
    ran = machine.run("guard", verb, "--dry-run")
    assert ran.code == 0
    assert ran.err.splitlines()[-1] == "Nothing was changed."
    assert (machine.files, machine.calls) == (before, done)
    printed = ran.out.splitlines()
    commands = [line for line in printed if line.startswith(("$ ", "# "))]
    diff = [line for line in printed if "debug" in line]
    old, new = '{"debug": true}', f'{{"debug": true, "authorization-plugins": ["{PLUGIN}"]}}'
    if verb == "install":
        assert diff == [f"-{old}", f"+{new}"]
        assert commands == [
            "$ systemctl daemon-reload",
            f"$ systemctl {ENABLE}",
            f"# {PLUGIN} has to answer /Plugin.Activate on its socket",
            "$ systemctl reload docker.service",
            f"# the engine has to ask {PLUGIN}",
        ]
        assert "--- /dev/null" in printed
        assert "+SocketMode=0600" in printed
    else:
        assert diff == [f"-{new}", f"+{old}"]
        assert commands == [
            "$ systemctl reload docker.service",
            f"# the engine has to ask {PLUGIN} no more",
            f"$ systemctl disable --now {PLUGIN}.socket",
            f"$ systemctl stop {PLUGIN}.service",
            "$ systemctl daemon-reload",
        ]
        assert f"--- {machine.socket_unit}" in printed


def test_the_guard_goes_after_the_engine_has_let_go_of_it(machine: Machine) -> None:
    machine.configure('{"authorization-plugins": ["opa"], "debug": true}\n')
    machine.run("guard", "install")
    assert json.loads(machine.daemon_json.read_text())["authorization-plugins"] == ["opa", PLUGIN]
    done = len(machine.calls)
    ran = machine.run("guard", "uninstall")
    assert (ran.code, ran.out) == (0, ""), ran.err
    stop = [f"disable --now {PLUGIN}.socket", f"stop {PLUGIN}.service", "daemon-reload"]
    assert machine.calls[done:] == [RELOAD, *stop]
    left = {"etc/docker/daemon.json": '{"authorization-plugins": ["opa"], "debug": true}\n'}
    assert machine.files == left
    assert ran.err.endswith("The guard is gone.\n")
    ran = machine.run("guard", "uninstall")
    assert (ran.code, ran.err) == (0, "The guard is not installed here.\n")


def test_an_engine_that_still_asks_keeps_its_guard(machine: Machine) -> None:
    machine.run("guard", "install")
    machine.fail("reload")
    ran = machine.run("guard", "uninstall")
    assert ran.code == 1
    assert machine.socket_unit.exists()
    # What was interrupted there is gone on with: the file names it no more, the engine still asks.
    machine.fail("nothing")
    systemctl = machine.root / "bin/systemctl"
    text = systemctl.read_text()
    systemctl.write_text(text.replace("shutil.copy", "print"))
    machine.patience = 0.3
    ran = machine.run("guard", "uninstall")
    assert ran.code == 1
    assert f"The engine still asks {PLUGIN}: nothing more is taken away" in ran.err
    assert machine.socket_unit.exists()
    systemctl.write_text(text)
    assert machine.run("guard", "uninstall").code == 0
    assert not machine.socket_unit.exists()


def test_an_engine_whose_guard_is_gone_already_is_freed(machine: Machine) -> None:
    machine.run("guard", "install")
    (machine.root / "guard-runs").unlink()
    assert machine.run("guard", "uninstall").code == 0
    assert json.loads(machine.daemon_json.read_text()) == {}


def test_units_of_somebody_else_are_left_alone(machine: Machine) -> None:
    machine.service_unit.write_text("[Service]\n")
    before = machine.files
    for verb in ("install", "uninstall"):
        ran = machine.run("guard", verb)
        assert ran.code == 4
        assert f"{machine.service_unit} is there and was not written by this program" in ran.err
    assert (machine.files, machine.calls) == (before, [])


@pytest.mark.parametrize("missing", ["systemd", "docker.service"])
def test_without_systemd_the_way_by_hand_is_told_and_nothing_written(
    machine: Machine, missing: str
) -> None:
    if missing == "systemd":
        (machine.root / "run/systemd/system").rmdir()
    else:
        machine.show(load="not-found", running=False)
    ran = machine.run("guard", "install")
    assert (ran.code, machine.files, machine.calls) == (1, {}, [])
    assert "/venv/bin/python -P -m cloudstorctl guard run --state" in ran.err
    assert f'"authorization-plugins": ["{PLUGIN}"] into /etc/docker/daemon.json' in ran.err
    ran = machine.run("guard", "uninstall")
    assert ran.code == 1
    assert "end the guard only then" in ran.err


def test_without_a_systemctl_that_runs_it_is_said(machine: Machine) -> None:
    (machine.root / "bin/systemctl").unlink()
    ran = machine.run("guard", "install")
    assert ran.code == 1
    assert "docker.service' could not be run: " in ran.err


@pytest.mark.parametrize("folder", ["etc/systemd/system", "etc/docker/daemon.json"])
def test_what_cannot_be_written_is_said(machine: Machine, folder: str) -> None:
    target = machine.root / folder
    if target.is_dir():
        target.rmdir()
        target.write_text("")
    else:
        target.mkdir()
    ran = machine.run("guard", "install")
    assert ran.code == 1
    assert str(target) in ran.err
    assert RELOAD not in machine.calls


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink() else "file"
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_a_tree_gets_the_files_and_the_links_and_no_command_is_run(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "etc/docker").mkdir(parents=True)
    (tmp_path / "etc/docker/daemon.json").write_text('{"debug": true}\n')
    ran = machine.run("guard", "install", "--root", str(tmp_path), "--dry-run")
    assert ran.code == 0
    units = f"{tmp_path}/etc/systemd/system"
    link = f"$ ln -s ../{PLUGIN}.socket {units}/docker.service.wants/{PLUGIN}.socket"
    assert link in ran.out.splitlines()
    assert tree(tmp_path) == {"etc/docker/daemon.json": "file"}
    for _ in range(2):
        ran = machine.run("guard", "install", "--root", str(tmp_path), "--config", "/etc/c.toml")
        assert ran.code == 0, ran.err
        assert ran.err.endswith("it runs /venv/bin/python, which has to be there.\n")
        assert tree(tmp_path) == {
            "etc/docker/daemon.json": "file",
            f"etc/systemd/system/{PLUGIN}.service": "file",
            f"etc/systemd/system/{PLUGIN}.socket": "file",
            f"etc/systemd/system/docker.service.wants/{PLUGIN}.socket": f"-> ../{PLUGIN}.socket",
            f"etc/systemd/system/sockets.target.wants/{PLUGIN}.socket": f"-> ../{PLUGIN}.socket",
        }
    service = (tmp_path / f"etc/systemd/system/{PLUGIN}.service").read_text()
    assert "--config /etc/c.toml\n" in service
    ran = machine.run("guard", "uninstall", "--root", str(tmp_path))
    assert ran.code == 0
    assert tree(tmp_path) == {"etc/docker/daemon.json": "file"}
    assert (tmp_path / "etc/docker/daemon.json").read_text() == '{"debug": true}\n'
    assert machine.calls == []


def test_a_tree_that_is_not_there_is_said(machine: Machine) -> None:
    ran = machine.run("guard", "install", "--root", "/nowhere/at/all")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "cloudstorctl: --root: /nowhere/at/all is no folder",
    )
