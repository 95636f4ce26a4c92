"""Stack files to records: shapes, variables, and sentences with the line of what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.compose import stack_from
from cloudstorctl.core.doctor import Declared
from cloudstorctl.core.findings import Severity
from cloudstorctl.core.model import Mount, MountKind, ServiceMode
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from cloudstorctl.core.doctor import Stack
    from cloudstorctl.core.model import Service

FILE = "stack.yml"
VOLUME = MountKind.VOLUME
BIND = MountKind.BIND


def read(text: str, **environ: str) -> Stack:
    return stack_from(text.encode(), FILE, environ)


def the_service(text: str, **environ: str) -> Service:
    (service,) = read(text, **environ).services
    return service


def named(text: str, **environ: str) -> str:
    """What a volume is named whose file says `text`."""
    (volume,) = read(f"volumes: {{data: {{name: '{text}'}}}}", **environ).volumes
    return volume.source


def refusal(text: str | bytes, **environ: str) -> str:
    with pytest.raises(UsageError) as caught:
        stack_from(text if isinstance(text, bytes) else text.encode(), FILE, environ)
    return str(caught.value)


def test_a_whole_file_becomes_services_and_volumes() -> None:
    stack = read(
        """
version: "3.8"
x-deploy: &deploy {mode: replicated, replicas: 3}
services:
  web:
    image: nginx
    deploy:
      <<: *deploy
      replicas: 2
    volumes:
      - data:/data:ro
      - {type: volume, source: data, target: /more, read_only: true}
      - {type: tmpfs, target: /tmp}
  agent:
    deploy: {mode: global}
    volumes: [/var/run/docker.sock:/var/run/docker.sock]
  idle:
  scaled: {scale: 4}
volumes:
  data:
    driver: cloudstor:aws
    driver_opts: {size: 25, encrypted: true}
    name: "{{.Service.Name}}-{{.Task.Slot}}-data"
  logs:
  old: {external: true}
  older: {external: {name: real}}
"""
    )
    web, agent, idle, scaled = stack.services
    name = "{{.Service.Name}}-{{.Task.Slot}}-data"
    options = (("encrypted", "true"), ("size", "25"))
    assert (web.name, web.mode, web.replicas) == ("web", ServiceMode.REPLICATED, 2)
    assert web.mounts == (
        Mount(VOLUME, name, "/data", "cloudstor:aws", read_only=True, options=options),
        Mount(VOLUME, name, "/more", "cloudstor:aws", read_only=True, options=options),
        Mount(MountKind.OTHER, "", "/tmp"),  # noqa: S108 - a path in a container
    )
    assert (agent.mode, agent.replicas) == (ServiceMode.GLOBAL, 0)
    assert agent.mounts == (Mount(BIND, "/var/run/docker.sock", "/var/run/docker.sock"),)
    assert (idle.replicas, idle.mounts, scaled.replicas) == (1, (), 4)
    assert stack.volumes == (
        Declared(key="data", source=name, named=True, driver="cloudstor:aws", options=options),
        Declared(key="logs", source="logs"),
        Declared(key="old", source="old", external=True),
        Declared(key="older", source="real", named=True, external=True),
    )
    assert (stack.file, stack.findings) == (FILE, ())


@pytest.mark.parametrize(
    ("written", "mount"),
    [
        ("data:/d", Mount(VOLUME, "data", "/d")),
        ("data:/d:rw", Mount(VOLUME, "data", "/d")),
        ("data:/d:nocopy,ro", Mount(VOLUME, "data", "/d", read_only=True)),
        ("/d", Mount(VOLUME, "", "/d")),
        ("./here:/d", Mount(BIND, "./here", "/d")),
        ("~/here:/d", Mount(BIND, "~/here", "/d")),
        ("C:\\x:/d", Mount(BIND, "C:\\x", "/d")),
        ("{{.Task.Slot}}-x:/d", Mount(VOLUME, "{{.Task.Slot}}-x", "/d")),
    ],
)
def test_the_short_form_of_a_mount(written: str, mount: Mount) -> None:
    assert the_service(f"services: {{web: {{volumes: ['{written}']}}}}").mounts == (mount,)


@pytest.mark.parametrize("key", ["source", "src"])
def test_the_long_form_has_two_names_for_its_source(key: str) -> None:
    text = f"services: {{web: {{volumes: [{{type: bind, {key}: /s, target: /d}}]}}}}"
    assert the_service(text).mounts == (Mount(BIND, "/s", "/d"),)


@pytest.mark.parametrize(
    ("text", "environ", "value"),
    [
        ("a-$NAME-b", {"NAME": "x"}, "a-x-b"),
        ("a-${NAME}-b", {"NAME": "x"}, "a-x-b"),
        ("${NAME:-d}", {}, "d"),
        ("${NAME:-d}", {"NAME": ""}, "d"),
        ("${NAME:-d}", {"NAME": "x"}, "x"),
        ("${NAME-d}", {}, "d"),
        ("x${NAME-d}", {"NAME": ""}, "x"),
        ("${NAME:?say}", {"NAME": "x"}, "x"),
        ("x${NAME?say}", {"NAME": ""}, "x"),
        ("x${NAME:+d}", {}, "x"),
        ("${NAME:+d}", {"NAME": "x"}, "d"),
        ("x${NAME+d}", {"NAME": ""}, "xd"),
        ("$$NAME", {"NAME": "x"}, "$NAME"),
        ("$${NAME}", {}, "${NAME}"),
        ("${NAME:-${OTHER:-deep}}", {}, "deep"),
        ("${NAME:-{{.Task.Slot}}}-x", {}, "{{.Task.Slot}}-x"),
        ("${NAME:-}x", {}, "x"),
    ],
)
def test_variables_are_filled_in_as_compose_does(
    text: str, environ: dict[str, str], value: str
) -> None:
    assert named(text, **environ) == value
    assert read(f"volumes: {{d: {{name: '{text}'}}}}", **environ).findings == ()


@pytest.mark.parametrize("text", ["$NAME", "${NAME}"])
def test_a_variable_that_is_not_set_is_empty_and_told_with_its_first_line(text: str) -> None:
    stack = read(f"volumes:\n  a:\n    name: x{text}\n  b:\n    name: y{text}\n")
    assert [volume.source for volume in stack.volumes] == ["x", "y"]
    (finding,) = stack.findings
    assert (finding.code, finding.severity) == ("variable-unset", Severity.WARNING)
    assert finding.about == "variable NAME in stack.yml"
    assert finding.reason == "It is not set, and line 3 gets an empty text in its place."
    assert finding.fix == "export NAME=…"


@pytest.mark.parametrize(
    ("text", "environ", "told"),
    [
        ("${NAME:?set it}", {}, "Line 3 demands it: set it. It is not set"),
        ("${NAME:?}", {"NAME": ""}, "Line 3 demands it. It is not set"),
        ("${NAME?set it}", {}, "Line 3 demands it: set it. It is not set"),
    ],
)
def test_a_variable_that_the_file_demands_is_an_error(
    text: str, environ: dict[str, str], told: str
) -> None:
    (finding,) = read(f"volumes:\n  a:\n    name: '{text}'\n", **environ).findings
    assert finding.severity is Severity.ERROR
    assert finding.reason.startswith(told)


def test_variables_of_what_is_not_looked_at_are_left_alone() -> None:
    assert read("services: {web: {image: 'x:$TAG', command: '$('}}").findings == ()


def test_replicas_may_come_from_a_variable() -> None:
    text = "services: {web: {deploy: {replicas: '${N:-3}'}}}"
    assert the_service(text).replicas == 3
    assert the_service(text, N="5").replicas == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "stack.yml, line 1: it is no valid YAML: "),
        ("a: 1\nb: !!python/name:x y\n", "stack.yml, line 2: it is no valid YAML: could not"),
        ("a: 1\n---\nb: 2\n", "stack.yml, line 2: it is no valid YAML: but found another document"),
        ("a: &a {b: *a}", "stack.yml, line 1: it is no valid YAML: found unconstructable"),
        ("a: *b", "stack.yml, line 1: it is no valid YAML: found undefined alias 'b'"),
        (b"a: 1\nb: \xff", "stack.yml, line 2: it is no valid YAML: invalid start byte"),
        ("a: \x07", "stack.yml, line 1: it is no valid YAML: special characters are not"),
        ('a: "\\U00110000"', "stack.yml: it is no valid YAML: chr() arg not in range"),
        ('a: "\\UFFFFFFFF"', "stack.yml: it is no valid YAML: "),
        ("[" * 3000, "stack.yml: it is no valid YAML: it is nested too deeply"),
        ("", "stack.yml, line 1: the file is empty, expected a mapping with 'services'"),
        ("- a", "stack.yml, line 1: the file is a list, expected a mapping with 'services'"),
        ("services: [web]", "stack.yml, line 1: services is a list, expected a mapping"),
        ("\nservices:\n  web: x", "stack.yml, line 3: services.web is 'x', expected a mapping"),
        (
            "services:\n  web:\n    volumes:\n      data: /d\n",
            "stack.yml, line 3: services.web.volumes is a mapping, expected a list",
        ),
        (
            "services:\n  web:\n    volumes:\n      - type: volume\n        source: [x]\n",
            "stack.yml, line 5: services.web.volumes[0].source is a list, expected text",
        ),
        (
            "services:\n  web:\n    volumes:\n      - []\n",
            "stack.yml, line 3: services.web.volumes[0] is a list, expected text",
        ),
        (
            "services:\n  web:\n    deploy:\n      mode: many\n",
            "stack.yml, line 4: services.web.deploy.mode is 'many', expected one of replicated,",
        ),
        (
            "services:\n  web:\n    deploy:\n      replicas: many\n",
            "stack.yml, line 4: services.web.deploy.replicas is 'many', expected a whole number",
        ),
        (
            "volumes:\n  data:\n    external: perhaps\n",
            "stack.yml, line 3: volumes.data.external is 'perhaps', expected true or false",
        ),
        (
            "volumes:\n  data:\n    name: ${X\n",
            "stack.yml, line 3: in volumes.data.name, '${X' begins no variable",
        ),
        (
            "volumes:\n  data:\n    name: ${1X}\n",
            "stack.yml, line 3: in volumes.data.name, '${1X}' begins no variable",
        ),
        (
            "volumes:\n  data:\n    name: ${X!y}\n",
            "stack.yml, line 3: in volumes.data.name, '${X!y}' begins no variable",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence_with_its_line(
    text: str | bytes, told: str
) -> None:
    said = refusal(text)
    assert said.startswith(told)
    assert "\n" not in said


def test_keys_that_are_no_text_do_no_harm() -> None:
    assert [service.name for service in read("services: {2: {}, true: {}}").services] == [
        "2",
        "true",
    ]


@pytest.mark.parametrize("labels", ["{b: 2, a: }", '["b=2", "a"]', '["a=", "b=2"]'])
def test_labels_are_a_mapping_or_a_list(labels: str) -> None:
    stack = read(
        "services:\n  web:\n    volumes: [data:/d]\n"
        f"volumes:\n  data:\n    driver: cloudstor:aws\n    labels: {labels}\n"
    )
    (declared,) = stack.volumes
    (mount,) = stack.services[0].mounts
    assert declared.labels == mount.labels == (("a", ""), ("b", "2"))


def test_constraints_are_read() -> None:
    stack = read(
        "services:\n  web:\n    deploy: {placement: {constraints: [node.role == manager]}}\n"
    )
    assert stack.services[0].constraints == ("node.role == manager",)
