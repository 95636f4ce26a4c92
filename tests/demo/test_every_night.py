"""What the README has run every night is run here: in bash, over ssh's stand-in, on a demo."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cloudstorctl.demo.ask import ask
from tests.demo.running import PATIENCE, ROOT
from tests.edge.engine_server import EngineServer, Reply
from tests.edge.fake_ssh import FakeSsh, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.demo.running import Runner

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = TEXT[TEXT.index("### Every night") :].split("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


WORKFLOW, GITLAB = (yaml.load(block, yaml.BaseLoader) for block in blocks("yaml"))  # noqa: S506 - texts only
(JOB,) = WORKFLOW["jobs"].values()
(GITLAB_JOB,) = GITLAB.values()
UNITS = {
    Path(first.removeprefix("# ")).name: text
    for first, text in (block.split("\n", 1) for block in blocks("ini"))
}

SSH = """#!/bin/sh
# Like the real one, it lets nobody in without a key of their own, nor to a host that is not known.
[ "$(stat -c %a ~/.ssh/id_ed25519)" = 600 ] && grep -qx 'the key' ~/.ssh/id_ed25519 || exit 255
for target; do :; done
grep -q "^${target#docker@} " ~/.ssh/known_hosts || exit 255
exec "$ENGINES/${target#docker@}/ssh" "$@"
"""
INSTALLER = """#!/bin/sh
# Brings the program, where it is asked for it by the address that has a fixed version.
case "$*" in
*"git+https://git.example.com/cloudstorctl.git@v0.1.0") ;;
*) exit 1 ;;
esac
cp "$INSTALLED" "$(dirname "$0")/cloudstorctl"
"""
NOTES = '#!/bin/sh\necho "$(basename "$0") $*" >> "$NOTES"\n'
"""What a machine of its own has, and a test does not touch."""
CURL = f"""#!{sys.executable}
import argparse, pathlib, urllib.request
asked = argparse.ArgumentParser()
for flag in ("--fail", "--silent", "--show-error"):
    asked.add_argument(flag, action="store_true", required=True)
asked.add_argument("--max-time", type=float)
asked.add_argument("--data-binary")
asked.add_argument("url")
asked = asked.parse_args()
assert asked.data_binary[0] == "@"
body = pathlib.Path(asked.data_binary[1:]).read_bytes()
with urllib.request.urlopen(asked.url, body, timeout=asked.max_time) as answer:
    answer.read()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A machine on which the README's lines are run, and the swarm that it reaches."""

    folder: Path
    programs: Path
    demo: Path
    hook: EngineServer
    known_hosts: str

    @property
    def url(self) -> str:
        return self.hook.url.replace("tcp", "http")

    @property
    def home(self) -> Path:
        return self.folder / "night"

    def run(self, words: list[str], environ: Mapping[str, str]) -> str:
        """Run to a good end, as a machine of CI does."""
        done = subprocess.run(  # noqa: S603 - words of the README
            words,
            cwd=self.home,
            env={
                "HOME": str(self.home),
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "ENGINES": str(self.folder / "engines"),
                "INSTALLED": str(self.folder / "installed"),
                "NOTES": str(self.folder / "notes"),
                "TMPDIR": str(self.folder),
                **environ,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def bash(self, script: str, environ: Mapping[str, str]) -> str:
        """Run a step as GitHub's and GitLab's runners do, which stop at the first failure."""
        return self.run(["bash", "-eo", "pipefail", "-c", script], environ)

    def check(self, printed: str, metrics: str) -> None:
        """See that the night did its work, and told whom it was to tell."""
        document = json.loads(printed)
        gone = [o["volume"] for o in document["outcomes"] if o["status"] == "removed"]
        assert gone == ["old-data"]
        shared = self.demo.parent / "shared/reg"
        assert not (shared / "old-data").exists()
        assert (shared / "ping2-1-vol/ping2-1.txt").exists()
        assert [seen.body.decode() for seen in self.hook.seen if seen.path == "/hook"] == [printed]
        assert re.search(r'^cloudstorctl_removals{.*status="removed"} 1.0$', metrics, re.MULTILINE)
        assert re.search(r"^cloudstorctl_last_run_exit_code{.*} 0.0$", metrics, re.MULTILINE)


@pytest.fixture
def night(runner: Runner) -> Iterator[Night]:
    with a_night(runner) as made:
        yield made


@contextmanager
def a_night(runner: Runner) -> Iterator[Night]:
    folder = runner.folder
    programs = folder / "bin"
    for name in ("bin", "night", "engines"):
        (folder / name).mkdir()
    program = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m cloudstorctl "$@"\n'
    write_program(folder / "installed", program)
    for name, text in {"ssh": SSH, "curl": CURL, "pip": INSTALLER, "pipx": INSTALLER}.items():
        write_program(programs / name, text)
    write_program(programs / "apt-get", NOTES)
    with runner.demo() as (_, config), EngineServer(otherwise=Reply()) as hook:
        known = []
        for member in ask(config.parent / "n1/docker.sock", "/nodes"):
            address = member["Status"]["Addr"]
            engine = folder / "engines" / address
            engine.mkdir()
            socket = config.parent / member["Description"]["Hostname"] / "docker.sock"
            FakeSsh(engine).will(Plan(target=str(socket)))
            known.append((member["Description"]["Hostname"], f"{address} ssh-ed25519 AAAA"))
        # The first manager of the README stands for n1.
        (folder / "engines/10.0.0.11").symlink_to(folder / "engines" / known_address(known, "n1"))
        lines = [line for _, line in known] + ["10.0.0.11 ssh-ed25519 AAAA"]
        yield Night(
            folder=folder,
            programs=programs,
            demo=config,
            hook=hook,
            known_hosts="\n".join(lines),
        )


def known_address(known: list[tuple[str, str]], hostname: str) -> str:
    return dict(known)[hostname].split()[0]


def write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def filled_in(environ: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Put values for `${{ secrets.X }}` and `${{ vars.X }}`, as GitHub does."""
    return {
        name: re.sub(r"\$\{\{ (?:secrets|vars)\.(\w+) \}\}", lambda found: values[found[1]], text)
        for name, text in environ.items()
    }


# GitHub Actions.


def test_the_workflow_has_the_keys_that_github_knows_and_the_least_of_rights() -> None:
    assert set(WORKFLOW) == {"name", "on", "permissions", "concurrency", "jobs"}
    assert WORKFLOW["permissions"] == {}
    ((at,), manual) = WORKFLOW["on"]["schedule"], WORKFLOW["on"]["workflow_dispatch"]
    assert re.fullmatch(r"[0-5]?\d [0-2]?\d \* \* \*", at["cron"])
    assert manual == ""
    assert WORKFLOW["concurrency"]["cancel-in-progress"] == "false"
    assert set(JOB) <= {"runs-on", "environment", "timeout-minutes", "env", "steps"}
    assert not JOB["runs-on"].endswith("-latest")
    for step in JOB["steps"]:
        assert set(step) <= {"name", "if", "env", "run", "uses", "with"}
        assert ("run" in step) != ("uses" in step)
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


def test_no_script_of_the_workflow_has_a_value_of_github_in_its_text() -> None:
    """It would be run as a part of the script, whatever it holds."""
    assert all("${{" not in step.get("run", "") for step in JOB["steps"])


def test_the_steps_of_the_workflow_do_what_they_say(night: Night) -> None:
    values = {
        "SWARM_SSH_KEY": "the key",
        "SWARM_KNOWN_HOSTS": night.known_hosts,
        "CLOUDSTORCTL_NOTIFY": f"{night.url}/hook",
        "PUSHGATEWAY": night.url,
    }
    printed = {
        step["name"]: night.bash(step["run"], filled_in(JOB["env"] | step.get("env", {}), values))
        for step in JOB["steps"]
        if "run" in step
    }
    (pushed,) = (
        seen.body.decode() for seen in night.hook.seen if seen.path == "/metrics/job/cloudstorctl"
    )
    night.check(printed["Prune"], pushed)
    (kept,) = (step["with"]["path"] for step in JOB["steps"] if "uses" in step)
    assert "old-data" in (night.home / kept).read_text()


# GitLab.


def test_the_job_has_the_keys_that_gitlab_knows_and_an_image_of_a_fixed_version() -> None:
    assert set(GITLAB_JOB) == {
        *("image", "rules", "resource_group", "interruptible", "timeout", "variables"),
        *("before_script", "script", "artifacts"),
    }
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", GITLAB_JOB["image"])
    assert GITLAB_JOB["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert set(GITLAB_JOB["artifacts"]) == {"when", "paths", "reports"}


def test_the_script_of_the_job_does_what_it_says(night: Night) -> None:
    files = {"SWARM_SSH_KEY": "the key", "SWARM_KNOWN_HOSTS": night.known_hosts}
    for name, text in files.items():
        (night.folder / name).write_text(f"{text}\n")
    environ = {
        **GITLAB_JOB["variables"],
        **{name: str(night.folder / name) for name in files},
        "CLOUDSTORCTL_NOTIFY": f"{night.url}/hook",
    }
    # GitLab's runner puts both into one shell.
    script = "\n".join([*GITLAB_JOB["before_script"], *GITLAB_JOB["script"]])
    printed = night.bash(script, environ)
    metrics = night.home / GITLAB_JOB["artifacts"]["reports"]["metrics"]
    night.check(printed, metrics.read_text())
    (kept,) = GITLAB_JOB["artifacts"]["paths"]
    assert "old-data" in (night.home / kept).read_text()
    asked = [line.split()[:2] for line in (night.folder / "notes").read_text().splitlines()]
    assert asked == [["apt-get", "update"], ["apt-get", "install"]]


# systemd.


def unit(name: str) -> configparser.ConfigParser:
    """Read a unit: lines that end in a backslash go on."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # keys keep their case
    parser.read_string(re.sub(r"\\\n\s*", "", UNITS[name]))
    return parser


def test_the_timer_starts_the_service_of_its_name_and_survives_a_night_off() -> None:
    assert set(UNITS) == {"cloudstorctl-prune.service", "cloudstorctl-prune.timer"}
    timer = unit("cloudstorctl-prune.timer")
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:\d\d", timer["Timer"]["OnCalendar"])
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_the_service_does_what_it_says(night: Night) -> None:
    service = unit("cloudstorctl-prune.service")["Service"]
    (folder,) = service["ReadWritePaths"].split()
    here = night.folder / "textfile"
    here.mkdir()
    command = service["ExecStart"]
    for written, meant in {
        "/opt/cloudstorctl/bin/cloudstorctl": night.folder / "installed",
        "/etc/cloudstorctl/config.toml": night.demo,
        folder: here,
    }.items():
        assert written in command
        command = command.replace(written, str(meant))
    printed = night.run(shlex.split(command), {"CLOUDSTORCTL_NOTIFY": f"{night.url}/hook"})
    (metrics,) = here.glob("*.prom")
    night.check(printed, metrics.read_text())


def test_systemd_takes_the_units_where_it_is_installed(runner: Runner) -> None:
    """Elsewhere their keys are still known ones: those that systemd has taken are written here."""
    service = unit("cloudstorctl-prune.service")
    assert set(service) == {"DEFAULT", "Unit", "Service"}
    assert set(service["Service"]) <= KNOWN_KEYS
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    for name, text in UNITS.items():
        program = shutil.which("true") or ""
        text = text.replace("/opt/cloudstorctl/bin/cloudstorctl", program)  # noqa: PLW2901
        (runner.folder / name).write_text(text)
    said = run_quietly(analyze, "verify", "--man=no", *(str(runner.folder / n) for n in UNITS))
    assert said == ""
    when = unit("cloudstorctl-prune.timer")["Timer"]["OnCalendar"]
    assert "Next elapse" in run_quietly(analyze, "calendar", when)


KNOWN_KEYS = {
    *("Type", "User", "EnvironmentFile", "ExecStart", "TimeoutStartSec", "TimeoutStopSec"),
    *("KillMode", "StateDirectory", "StateDirectoryMode", "ReadWritePaths", "ProtectSystem"),
    *("ProtectHome", "PrivateTmp", "PrivateDevices", "NoNewPrivileges", "CapabilityBoundingSet"),
    "RestrictAddressFamilies",
}


def run_quietly(*words: str) -> str:
    done: subprocess.CompletedProcess[Any] = subprocess.run(  # noqa: S603 - systemd's own program
        words, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return f"{done.stdout}{done.stderr}"
