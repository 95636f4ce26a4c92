"""What `docker stack deploy` has made is what `--declared-by` keeps, once the stack is gone."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from cloudstorctl.compose.interpolation import Interpolation
from tests.swarm.lab.command import PATH, wait_until
from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.scene import volume
from tests.swarm.tool import Tool, configuration

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.swarm import Lab

SETTINGS = '[contexts.lab.prune]\nmax_percent = 100\ngrace = "0s"'
VARIABLES = {"RELEASE": "r7", "PREFIX": "pre"}
BASE = f"""
version: "3.8"
x-cloudstor: &cloudstor
  driver: "{ALIAS}"
x-task: &task
  image: "{IMAGE}"
  command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]
  networks: [outside]
services:
  web:
    <<: *task
    deploy: {{replicas: 2, labels: {{tier: gold}}}}
    volumes:
      - plain:/plain
      - {{type: volume, source: fixed, target: /fixed}}
      - slots:/slots:ro
      - labelled:/labelled
      - default:/default
      - released:/released
      - dollars:/dollars
      - demanded:/demanded
      - elsewhere:/elsewhere
      - /anonymous
  agent:
    <<: *task
    deploy: {{mode: global}}
    volumes:
      - hosts:/hosts
      - tasks:/tasks
      - type: volume
        source: there
        target: /there
        read_only: true
      - old-there:/old-there
      - named-there:/named-there
  idle:
    <<: *task
    deploy: {{replicas: 0}}
    volumes: ["never:/never"]
volumes:
  plain: *cloudstor
  never: *cloudstor
  fixed: {{<<: *cloudstor, name: its-own-name}}
  slots: {{<<: *cloudstor, name: "{{{{.Service.Name}}}}-{{{{.Task.Slot}}}}-vol"}}
  labelled: {{<<: *cloudstor, name: '{{{{index .Service.Labels "tier"}}}}-labelled'}}
  hosts: {{<<: *cloudstor, name: "on-{{{{.Node.Hostname}}}}-{{{{.Node.ID}}}}"}}
  tasks: {{<<: *cloudstor, name: "{{{{.Task.Name}}}}-{{{{.Task.Slot}}}}"}}
  default: {{<<: *cloudstor, name: "${{MISSING:-fallback}}-vol"}}
  released: {{<<: *cloudstor, name: "$PREFIX-${{RELEASE?it is needed}}"}}
  demanded: {{<<: *cloudstor, name: "${{PREFIX}}-${{RELEASE:?it is needed}}"}}
  dollars: {{<<: *cloudstor, name: "a$${{PREFIX}}b"}}
  there: {{external: true}}
  old-there: {{external: {{name: there-before}}}}
  named-there: {{external: true, name: there-too}}
networks:
  outside: {{external: true, name: host}}
"""
OVERRIDE = f"""
version: "3.8"
volumes:
  elsewhere: {{driver: "{ALIAS}", name: "{{{{.Service.Name}}}}-elsewhere"}}
"""
BEFORE = ("there", "there-before", "there-too")
OTHERS = (
    *("plain", "blog_plain", "shop_other", "shop_fixed", "fixed", "shop_there", "shop_webx-1-vol"),
    *(
        "shop_idle-1-vol",
        "web-1-vol",
        "gold",
        "labelled",
        "other-shop_web-elsewhere",
        "MISSING-vol",
        "pre",
    ),
)
"""Names that are near to those of the stack."""


def docker_stack(lab: Lab, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - the docker CLI is what is tried
        ["docker", "stack", *words],  # noqa: S607
        env={
            **VARIABLES,
            "PATH": PATH,
            "DOCKER_HOST": lab.manager.unix,
            "DOCKER_CONFIG": str(lab.manager.cli_folder),
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(lab: Lab) -> set[str]:
    """Give the names of every Cloudstor volume that an engine lists."""
    words = ("volume", "ls", "--format", "{{.Driver}} {{.Name}}")
    rows = [row.split() for node in lab.nodes for row in node.docker(*words).splitlines()]
    return {name for driver, name in rows if driver.removesuffix(":latest") == ALIAS}


def agents(lab: Lab) -> int:
    """Count the nodes that have got their own volume of the global service."""
    return len([name for name in listed(lab) if name.startswith("on-")])


def removals(tool: Tool, *words: str) -> set[str]:
    planned = tool("safe-prune", *words, "-o", "json")
    assert planned.code == 0, planned.told
    return {removal["volume"] for removal in planned.document["removals"]}


@pytest.fixture
def tool(lab: Lab, tmp_path: Path) -> Tool:
    more = f"{SETTINGS}\nmax_count = 100"
    return Tool(lab=lab, home=tmp_path, config=configuration(lab, more=more), environment=VARIABLES)


def test_what_a_stack_had_mounted_is_kept_when_it_is_gone_and_nothing_else(
    lab: Lab, tool: Tool, tmp_path: Path
) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    files = [folder / "base.yml", folder / "override.yml"]
    for file, text in zip(files, (BASE, OVERRIDE), strict=True):
        file.write_text(text)
    for name in BEFORE:
        volume(lab, name)
    compose = [word for file in files for word in ("--compose-file", str(file))]
    docker_stack(lab, "deploy", "--resolve-image", "never", *compose, "shop")
    lab.wait_running("shop_web", 2)
    wait_until(lambda: agents(lab) == len(lab.nodes), 40, "a task runs on every node")
    made = listed(lab)
    assert {
        "shop_plain",
        "pre}",
        "pre-r7",
        "a${PREFIX}b",
        "shop_web-2-vol",
        "gold-labelled",
    } <= made
    docker_stack(lab, "rm", "shop")
    wait_until(lambda: not lab.manager.docker("ps", "--all", "--quiet"), 40, "all tasks are gone")
    for name in OTHERS:
        volume(lab, name)

    without = removals(tool, "--dry-run")
    assert without == {*made, *OTHERS}

    keep = ("--declared-by", f"shop={folder}/*.yml")
    plan = tmp_path / "plan.json"
    assert removals(tool, "--dry-run", *keep, "--plan-out", str(plan)) == set(OTHERS)
    without_it = tool("apply", str(plan))
    assert without_it.code == 6, without_it.told
    assert f"It was made with --declared-by 'shop={files[0]}'" in without_it.err
    done = tool("apply", str(plan), *keep, "-o", "json")
    assert done.code == 0, done.told
    assert set(tool.outcomes(done)) == set(OTHERS)
    assert listed(lab) == made
    # Under no name the files keep as much, and more.
    assert removals(tool, "--dry-run", keep[0], f"{folder}/*.yml") == set()
    # So does what docker makes of the files; but it takes a dollar sign for a variable once more.
    config = tmp_path / "config.yml"
    config.write_text(docker_stack(lab, "config", *compose))
    assert removals(tool, "--dry-run", keep[0], f"shop={config}") == {"a${PREFIX}b"}


def test_variables_are_filled_in_as_docker_does(tmp_path: Path) -> None:
    """No swarm is asked: the command line only prints what it has read."""
    values = {"SET": "set", "EMPTY": ""}
    texts = [
        f"{before}{opening}{name}{operator}{other}{closing}{after}"
        for name in (*values, "UNSET")
        for operator in ("", "-", ":-", "?", ":?")
        for other in ("", "a", "a-b", "a:-b", "a?b", "{{.Task.Slot}}", "$SET", "${UNSET:-c}", "$$")
        for opening, closing in (("${", "}"), ("$", ""))
        for before, after in (("", ""), ("x-", "-$SET"))
    ]
    read = {text: filled for text in texts if (filled := filled_in(text, values)) is not None}
    file = tmp_path / "stack.yml"
    volumes = {f"v{number}": {"name": text} for number, text in enumerate(read)}
    file.write_text(json.dumps({"version": "3.8", "services": {}, "volumes": volumes}))
    done = subprocess.run(  # noqa: S603 - as above
        ["docker", "stack", "config", "--compose-file", str(file)],  # noqa: S607
        env={**values, "PATH": PATH, "DOCKER_CONFIG": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    printed = yaml.safe_load(done.stdout)["volumes"]
    names = [str(printed[key].get("name", "")) for key in volumes]
    assert dict(zip(read, names, strict=True)) == read
    assert len(read) > 300


def filled_in(text: str, values: dict[str, str]) -> str | None:
    """Fill in a text; None where docker has to refuse it."""
    variables = Interpolation(values, as_docker=True)
    try:
        filled = variables.filled(text)
    except ValueError:
        return None
    return None if any(unset.required for unset in variables.missing) else filled
