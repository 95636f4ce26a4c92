"""Templates as the real workers expand them, and as this program does."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from cloudstorctl.core.templates import Known, yields
from tests.swarm.lab.command import wait_until
from tests.swarm.lab.records import ALIAS, IMAGE

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab

TEMPLATES = (
    "plain",
    "{{.Service.Name}}-{{.Task.Slot}}-vol",
    "{{ .Service.ID }}.{{.Node.ID}}",
    "h-{{.Node.Hostname}}",
    "{{.Node.Platform.OS}}-{{.Node.Platform.Architecture}}",
    "{{.Task.ID}}",
    "{{.Task.Name}}",
    '{{index .Service.Labels "tier"}}-label',
    '{{.Service.Labels | printf "%s" "x" | print}}',
    "trim {{- .Task.Slot -}} med",
    "c{{/* a comment with }} in it */}}omment",
    '{{join "-" .Service.Name .Task.Slot}}',
    '{{join "+" "a" "b" "c"}}',
    '{{printf "%s_%s" .Service.Name .Task.Slot}}',
    '{{printf "%v.%d" .Service.Name 7}}',
    '{{printf "%3s|" .Task.Slot}}',
    '{{print .Service.Name "x" .Task.Slot}}',
    "{{print 1 2}}",
    '{{.Service.Name | printf "%s-piped"}}',
    "{{$x := .Task.Slot}}s{{$x}}",
    "{{$.Service.Name}}-root",
    '{{"}}"}}braces',
    "{{`raw`}}-{{.Service.Name}}",
    "{{if .Service.Name}}yes{{else}}no{{end}}-if",
    "{{with .Service.Name}}{{.}}{{end}}-with",
    "{{len .Service.Name}}-long",
    "{{slice .Service.Name 0 2}}-part",
    '{{or "" .Service.Name}}-or',
    '{{html "<a>"}}',
    "{{(.Service.Name)}}-paren",
    "dots/../{{.Service.Name}}-up",
    "nested/{{.Service.Name}}/{{.Task.Slot}}",
    "web.*[x]",
)


def flag(position: int, template: str) -> str:
    """Write a mount flag; it is a line of CSV."""
    fields = ["type=volume", f"volume-driver={ALIAS}", f"source={template}"]
    line = io.StringIO()
    csv.writer(line).writerow([*fields, f"destination=/m/{position}"])
    return line.getvalue().strip()


def containers_of(lab: Lab, service: str) -> list[tuple[str, dict[str, Any]]]:
    """Give the containers of a service with the name of their node."""
    return [
        (node.name, row)
        for node in lab.nodes
        for row in node.ask("/containers/json?all=1")
        if row["Labels"].get("com.docker.swarm.service.name") == service
    ]


@pytest.mark.parametrize("mode", ["replicated", "global"])
def test_every_template_yields_the_name_that_the_worker_mounts(lab: Lab, mode: str) -> None:
    mounts = [
        word
        for position, template in enumerate(TEMPLATES)
        # A climbing name is refused by the driver of the lab.
        if not template.startswith("dots/")
        for word in ("--mount", flag(position, template))
    ]
    count = ("--replicas", "3") if mode == "replicated" else ()
    create = ("service", "create", "--detach", "--no-resolve-image", "--name", "my_web-7")
    words = ("--label", "tier=gold", "--mode", mode, *count, *mounts)
    lab.docker("n1", *create, *words, IMAGE, "sleep", "1000000")
    wait_until(lambda: len(containers_of(lab, "my_web-7")) == 3, 60, "three containers are made")

    tasks = {task["ID"]: task for task in lab.tasks("my_web-7")}
    nodes = {node["ID"]: node for node in lab.manager.ask("/nodes")}
    checked = 0
    for _, row in containers_of(lab, "my_web-7"):
        task = tasks[row["Labels"]["com.docker.swarm.task.id"]]
        description = nodes[task["NodeID"]]["Description"]
        known = Known(
            service_id=task["ServiceID"],
            service_name="my_web-7",
            node_id=task["NodeID"],
            node_hostname=description["Hostname"],
            node_os=description["Platform"]["OS"],
            node_arch=description["Platform"]["Architecture"],
            task_id=task["ID"],
            slot=task.get("Slot", 0),
        )
        loose = Known(
            service_id=task["ServiceID"], service_name="my_web-7", per_node=mode[0] == "g"
        )
        for mount in row["Mounts"]:
            template = TEMPLATES[int(mount["Destination"].removeprefix("/m/"))]
            names = yields(template, known)
            if names.exact is not None:
                assert names.exact == mount["Name"], template
            else:
                assert names.matches(mount["Name"]) is not None, template
            assert yields(template, loose).matches(mount["Name"]) is not None, template
            checked += 1
    assert checked == 3 * (len(TEMPLATES) - 1)


@pytest.mark.parametrize(
    "template",
    [
        "{{.Service.Nope}}",
        "{{nope}}",
        "{{.Task.Slot",
        '{{index .Service.Labels "a" "b"}}',
        "{{end}}",
    ],
)
def test_what_the_managers_refuse_is_taken_for_any_name(lab: Lab, template: str) -> None:
    create = ("service", "create", "--detach", "--no-resolve-image", "--name", "bad")
    with pytest.raises(Exception, match=r"(?i)template|expanding|invalid|function|field"):
        lab.docker("n1", *create, "--mount", flag(0, template), IMAGE, "sleep", "1")
    assert yields(template, Known(service_name="bad")).unexpandable
