"""`doctor` against engines over HTTP and on stack files: exit codes, formats, screens."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.render.doctor import findings_screen
from cloudstorctl.render.screen import screen
from tests.cli.worlds import Ran, Terminal, a_world, run_in
from tests.core.builders import CLUSTER

if TYPE_CHECKING:
    from tests.cli.stage import Stage

STACK = """
services:
  web:
    deploy: {replicas: 2}
    volumes: ["data:/data", "logs:/logs"]
volumes:
  data: {driver: "cloudstor:aws"}
  logs: {}
"""
SOUND = """
services:
  web:
    deploy: {replicas: 2}
    volumes: ["data:/data"]
volumes:
  data: {driver: "cloudstor:aws", name: "{{.Service.Name}}-{{.Task.Slot}}"}
"""


def test_people_read_what_is_wrong_why_and_what_to_type(stage: Stage) -> None:
    ran = stage.run("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "· unused-volume: 2 volumes",
        "  Nothing uses old, older: no container, task or service of any node.",
        "  → cloudstorctl safe-prune --dry-run",
        "",
        "· stale-entry: volume web-1-vol",
        (
            "  It is listed on w2 from an earlier use, and looks unused there. It is used by task "
            "web.1 on w1. The data is the same: never remove it there, which would delete what is "
            "used."
        ),
        "  → cloudstorctl ls --per-node --status stale web-1-vol",
        "",
        "Found with 3 nodes, 3 services and 10 volumes: 2 notes.",
    ]


def test_wide_is_one_row_a_finding(stage: Stage) -> None:
    head, second, first, *_ = stage.run("doctor", "-o", "wide").out.splitlines()
    assert head.split() == ["SEVERITY", "CODE", "ABOUT", "REASON", "FIX"]
    assert first.split()[:5] == ["·", "note", "stale-entry", "volume", "web-1-vol"]
    assert first.endswith("--status stale web-1-vol")
    assert second.split()[:3] == ["·", "note", "unused-volume"]


def test_the_document_has_the_common_head_and_every_finding(stage: Stage) -> None:
    document = stage.document("doctor")
    assert list(document) == [
        *("schema", "cluster_id", "surveyed_at", "complete", "gaps", "findings", "accepted"),
    ]
    assert document["schema"] == "cloudstorctl/doctor/v1"
    assert document["cluster_id"] == CLUSTER
    assert document["surveyed_at"] == "2026-11-23T12:00:00Z"
    assert document["complete"] is True
    assert [list(each) for each in document["findings"]] == [
        ["code", "severity", "about", "reason", "fix", "copy"]
    ] * 2
    assert document["findings"][0]["fix"] == "cloudstorctl safe-prune --dry-run"
    assert yaml.safe_load(stage.run("doctor", "-o", "yaml").out) == document


def test_names_are_the_codes_each_once(stage: Stage) -> None:
    for engine in ("w1", "w2"):
        stage.swarm.engines[engine].plugins[0]["Enabled"] = False
    names = stage.names("doctor", code=5)
    assert names == ["plugin-disabled", "gap", "stale-entry"]


def test_a_sound_swarm_is_said_to_be_so(stage: Stage) -> None:
    stage.swarm.services.clear()
    stage.swarm.tasks.clear()
    for engine in stage.swarm.engines.values():
        engine.containers.clear()
        engine.volumes.clear()
    ran = stage.run("doctor", "--fail-on", "note")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Nothing is wrong with 3 nodes, 0 services and 0 volumes.\n"
    assert stage.names("doctor") == []


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warning", 0), ("note", 1)])
def test_it_fails_on_what_is_as_bad_as_that_or_worse(
    stage: Stage, severity: str, code: int
) -> None:
    assert stage.run("doctor", "--fail-on", severity).code == code


def test_a_severity_that_does_not_exist_is_a_usage_error(stage: Stage) -> None:
    ran = stage.run("doctor", "--fail-on", "nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "nonsense" in ran.err


@pytest.mark.parametrize(
    ("options", "code"),
    [([], 5), (["--fail-on", "warning"], 5), (["--fail-on", "note"], 1)],
    ids=["no threshold", "nothing so bad", "something as bad"],
)
def test_what_was_not_seen_exits_5_and_what_was_found_is_certain(
    stage: Stage, options: list[str], code: int
) -> None:
    stage.blind("m1", "/volumes")
    ran = stage.run("doctor", *options)
    assert ran.code == code
    assert f"! gap: m1, unix://{stage.folder}/m1 /volumes" in ran.out.replace(
        "gap: unix", "gap: m1, unix"
    )


def test_a_gap_alone_is_no_fault(stage: Stage) -> None:
    stage.swarm.engines["w2"].volumes.clear()
    stage.blind("m1", "/volumes")
    document = stage.document("doctor", "--fail-on", "warning", code=5)
    assert [each["code"] for each in document["findings"]] == ["gap"]
    assert document["complete"] is False


def test_the_settings_of_a_plugin_are_compared_and_secrets_kept(stage: Stage) -> None:
    env = stage.swarm.engines["w2"].plugins[0]["Settings"]["Env"]
    env[1] = "EFS_ID_REGULAR=fs-other"
    env.append("PASSWORD=hush")
    ran = stage.run("doctor", "-o", "json", "--fail-on", "error")
    assert ran.code == 1
    first = json.loads(ran.out)["findings"][0]
    assert (first["code"], first["about"]) == ("plugin-other-settings", "node w2")
    assert "EFS_ID_REGULAR is fs-other, and on most nodes fs-reg" in first["reason"]
    assert "PASSWORD" in first["reason"]
    assert "hush" not in ran.out


def check(folder: Path, *argv: str, stdin: str = "", **environ: str) -> Ran:
    """Run `doctor` with no swarm to reach."""
    world = a_world(folder, environ=environ, stdin=io.StringIO(stdin))
    return run_in(world, "doctor", "--host", "unix:///nowhere", *argv)


def written(folder: Path, text: str, name: str = "stack.yml") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_stack_file_is_checked_without_a_swarm(tmp_path: Path) -> None:
    file = written(tmp_path, STACK)
    ran = check(tmp_path, "--compose", file)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert f"! local-data: service web in {file}" in lines
    assert f"! shared-name: service web in {file}" in lines
    name = "{{.Service.Name}}-{{.Task.Slot}}-logs"
    assert f'  → volumes: {{logs: {{"driver": "cloudstor:aws", "name": "{name}"}}}}' in lines
    assert lines[-1] == f"Found with 1 service of {file}: 2 warnings."


def test_the_readme_shows_what_it_says_of_the_file_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    file, *_ = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    command = "$ cloudstorctl doctor --compose stack.yml --fail-on warning\n"
    shown = text.partition(command)[2].partition("```")[0]
    written(tmp_path, file)
    monkeypatch.chdir(tmp_path)
    world = a_world(tmp_path, environ={"COLUMNS": "100", "TERM": "dumb"}, stdout=Terminal())
    ran = run_in(world, *command.split()[2:])
    assert (ran.code, ran.out) == (1, shown)


def test_the_document_on_files_names_them_and_no_swarm(tmp_path: Path) -> None:
    file = written(tmp_path, STACK)
    document = json.loads(check(tmp_path, "--compose", file, "-o", "json").out)
    codes = [each["code"] for each in document.pop("findings")]
    assert codes == ["local-data", "shared-name"]
    assert document == {
        "schema": "cloudstorctl/doctor/v1",
        "cluster_id": None,
        "surveyed_at": "2026-11-23T12:00:00Z",
        "complete": True,
        "gaps": [],
        "files": [file],
        "accepted": [],
    }


def test_several_files_are_each_checked_by_themselves(tmp_path: Path) -> None:
    one, two = written(tmp_path, STACK, "one.yml"), written(tmp_path, SOUND, "two.yml")
    for given in (
        ["--compose", one, two],
        ["--compose", two, "--compose", one],
        [two, "--compose", one, one],
    ):
        ran = check(tmp_path, *given, "-o", "json")
        document = json.loads(ran.out)
        assert sorted(document["files"]) == [one, two]
        assert {each["about"] for each in document["findings"]} == {f"service web in {one}"}


def test_a_sound_file_passes_and_another_fails_in_ci(tmp_path: Path) -> None:
    sound, odd = written(tmp_path, SOUND, "a.yml"), written(tmp_path, STACK, "b.yml")
    ran = check(tmp_path, "--compose", sound, "--fail-on", "note")
    assert (ran.code, ran.out) == (0, f"Nothing is wrong with 1 service of {sound}.\n")
    assert check(tmp_path, "--compose", odd, "--fail-on", "error").code == 0
    ran = check(tmp_path, "--compose", sound, odd, "--fail-on", "warning", "-o", "name")
    assert (ran.code, ran.out) == (1, "local-data\nshared-name\n")
    assert check(tmp_path, "--compose", odd, "-o", "wide").out.startswith("SEVERITY")


def test_a_file_may_come_by_standard_input(tmp_path: Path) -> None:
    ran = check(tmp_path, "--compose", "-", stdin=STACK)
    assert "shared-name: service web in standard input" in ran.out


def test_variables_are_those_of_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, STACK.replace("replicas: 2", "replicas: '${N}'"))
    assert check(tmp_path, "--compose", file, "-o", "name", N="1").out == "local-data\n"
    assert "shared-name" in check(tmp_path, "--compose", file, "-o", "name", N="2").out
    assert "variable-unset" in check(tmp_path, "--compose", file, "-o", "name").out


ACCEPTING = """
default_context = "c"
[contexts.c.doctor]
accept = ["shared-name:data", "local-data:nothing"]
"""


def test_what_the_configuration_accepts_is_counted_and_does_not_fail(tmp_path: Path) -> None:
    file = written(tmp_path, STACK)
    words = ("--config", written(tmp_path, ACCEPTING, "c.toml"), "--compose", file)
    ran = check(tmp_path, *words, "--fail-on", "error")
    assert ran.code == 0
    assert ran.out.endswith(
        f"Found with 1 service of {file}: 1 warning. 1 more, accepted by the configuration.\n"
    )
    document = yaml.safe_load(check(tmp_path, *words, "-o", "yaml").out)
    assert [each["code"] for each in document["findings"]] == ["local-data"]
    assert [each["code"] for each in document["accepted"]] == ["shared-name"]
    file = written(tmp_path, STACK.replace("logs: {}", 'logs: {driver: "local"}'))
    ran = check(tmp_path, *words, "--fail-on", "note")
    assert (ran.code, ran.out) == (
        0,
        f"Nothing is wrong with 1 service of {file}. 1 more, accepted by the configuration.\n",
    )


def test_drivers_of_the_configuration_count(tmp_path: Path) -> None:
    file = written(tmp_path, STACK.replace("cloudstor:aws", "shared"))
    config = written(
        tmp_path, 'default_context = "c"\n[contexts.c]\ndrivers = ["shared"]\n', "c.toml"
    )
    assert check(tmp_path, "--compose", file, "-o", "name").out == "local-data\n"
    ran = check(tmp_path, "--compose", file, "-o", "name", "--config", config)
    assert ran.out == "local-data\nshared-name\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("services: [", ", line 1: it is no valid YAML"),
        ("services: 3", ", line 1: services is '3'"),
    ],
)
def test_a_bad_file_is_one_sentence_with_file_and_line(
    tmp_path: Path, text: str, told: str
) -> None:
    file = written(tmp_path, text)
    ran = check(tmp_path, "--compose", file)
    assert (ran.code, ran.out) == (2, "")
    assert f"{file}{told}" in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--compose", "missing.yml"], "missing.yml: it cannot be read: No such file"),
        (["stack.yml"], "stack.yml: files are checked with --compose stack.yml"),
    ],
)
def test_a_file_that_is_not_there_or_not_asked_for_rightly(
    tmp_path: Path, argv: list[str], told: str
) -> None:
    ran = check(tmp_path, *argv)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


A_FINDING = Finding(
    code="plugin-disabled",
    severity=Severity.ERROR,
    about="node w2",
    reason=(
        "The plugin cloudstor:aws is installed and disabled: its volumes are not listed there, and "
        "no container that mounts one can start."
    ),
    fix="docker plugin enable cloudstor:aws  # on w2",
)


def test_a_screen_of_80_columns_folds_the_reason_and_keeps_the_command_whole() -> None:
    text = screen(findings_screen((A_FINDING,), "3 nodes", wide=False), width=80, colour=False)
    assert text.splitlines() == [
        "✗ plugin-disabled: node w2",
        "  The plugin cloudstor:aws is installed and disabled: its volumes are not listed",
        "  there, and no container that mounts one can start.",
        "  → docker plugin enable cloudstor:aws  # on w2",
        "",
        "Found with 3 nodes: 1 error.",
    ]


def test_colour_says_no_more_than_the_sign() -> None:
    shown = findings_screen((A_FINDING,), "3 nodes", wide=True)
    plain = screen(shown, width=160, colour=False)
    coloured = screen(shown, width=160, colour=True)
    assert "\x1b[1;31m✗ error" in coloured
    assert plain.splitlines()[1].startswith("✗ error   plugin-disabled  node w2  The plugin")
    assert "# on w2" in plain
