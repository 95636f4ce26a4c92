"""Stack files, with those that they name, to what they would mount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.compose import declared_in, source_at
from cloudstorctl.compose.declared import Told
from cloudstorctl.core.declared import ANY_LABELS, DeclaredService, DeclaredStack, DeclaredVolume
from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

VOLUME = MountKind.VOLUME


class Folder:
    """A folder of files, read as `docker` would from within."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, text: str = "", stack: str = "", **environ: str) -> Told:
        if text:
            self.write("stack.yml", text)
        return declared_in(source_at(self.path / "stack.yml", "stack.yml"), stack, environ)

    def names(self, text: str, **environ: str) -> set[str]:
        """Give what the volumes may be named of a file that says `text` of one."""
        told = self.read(f"volumes: {{data: {{name: '{text}'}}}}", **environ)
        return {volume.name for stack in told.stacks for volume in stack.volumes}

    def mounts(self, text: str, **environ: str) -> set[str]:
        """Give the keys of all mounts."""
        return {
            mount.source
            for stack in self.read(text, **environ).stacks
            for service in stack.services
            for mount in service.mounts
        }

    def refusal(self, text: str, **environ: str) -> str:
        with pytest.raises(UsageError) as caught:
            self.read(text, **environ)
        return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_whole_file_becomes_services_and_volumes(folder: Folder) -> None:
    told = folder.read(
        """
name: shop
x-cloudstor: &cloudstor {driver: "cloudstor:aws"}
services:
  web:
    image: nginx
    deploy: {replicas: 0, labels: {tier: gold}}
    volumes:
      - data:/data:ro
      - {type: volume, source: logs, target: /logs}
      - {source: untyped, target: /u}
      - {source: ./path, target: /p}
      - {type: tmpfs, target: /tmp}
      - ./here:/here
  tool:
    profiles: [debug]
    deploy: {labels: ["route=/x"]}
    volumes_from: [web]
  idle:
volumes:
  data: {<<: *cloudstor, name: "{{.Service.Name}}-data"}
  logs: *cloudstor
  old: {external: true}
  older: {external: {name: real}}
  on:
"""
    )
    web = DeclaredService(
        name="web",
        mounts=(
            Mount(VOLUME, "data", "/data", read_only=True),
            Mount(VOLUME, "logs", "/logs"),
            Mount(VOLUME, "untyped", "/u"),
            Mount(MountKind.BIND, "./path", "/p"),
            Mount(MountKind.OTHER, "", "/tmp"),  # noqa: S108 - a path in a container
            Mount(MountKind.BIND, "./here", "/here"),
        ),
        labels=(),
    )
    assert told == Told(
        stacks=tuple(
            DeclaredStack(
                file="stack.yml",
                stack="shop",
                project="stack.yml",
                services=(
                    web,
                    DeclaredService(name="tool", labels=ANY_LABELS),
                    DeclaredService(name="idle", labels=()),
                ),
                volumes=(
                    DeclaredVolume(key="data", name=name, driver="cloudstor:aws"),
                    DeclaredVolume(key="logs", driver="cloudstor:aws"),
                    DeclaredVolume(key="old", external=True),
                    DeclaredVolume(key="older", name="real", external=True),
                    DeclaredVolume(key="on"),
                ),
            )
            for name in ('{{"{{"}}.Service.Name}}-data', "{{.Service.Name}}-data")
        )
    )


def stacks_of(told: Told) -> set[str]:
    return {stack.stack for stack in told.stacks}


def test_the_stack_is_the_given_one_or_the_files_own_or_any(folder: Folder) -> None:
    assert stacks_of(folder.read("volumes: {a: }")) == {""}
    assert stacks_of(folder.read("name: $WHO\nvolumes: {a: }", WHO="shop")) == {"shop"}
    assert stacks_of(folder.read("name: shop\nvolumes: {a: }", "blog")) == {"blog"}
    assert stacks_of(folder.read("name: $WHO\nvolumes: {a: }")) == {ANY_TEXT}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$NAME-b", {"x-b", "x"}),
        ("a-${NAME}-b", {"a-x-b"}),
        ("${NO:-d}", {"d"}),
        ("${NO-${NAME}}", {"x", "${NAME}"}),
        ("${NAME:+d}", {"d"}),
        ("$$NAME", {"$NAME"}),
        ("$NO", {ANY_TEXT}),
        ("a${NO}b", {f"a{ANY_TEXT}b"}),
        ("${NAME?say-so}", {"x", "so"}),
        ("${NAME:-{{.Task.Slot}}}", {"x}", "x}}"}),
        ("a$1", {"a$1"}),
        ("${NAME+d}a$NAME", {"dax", "{NAME+d}ax"}),
    ],
)
def test_a_name_is_what_either_program_makes_of_its_variables(
    folder: Folder, text: str, names: set[str]
) -> None:
    assert folder.names(text, NAME="x") == names


def test_a_variable_that_is_not_set_is_told_with_its_line(folder: Folder) -> None:
    told = folder.read("volumes:\n  a:\n    name: $NO\n  b:\n    driver: ${NO}\n")
    (unset,) = told.unset
    assert unset == (
        "stack.yml, line 3: the variable NO is not set. Any text is taken for it, and every volume "
        "is kept that this could mean."
    )
    assert folder.read("services: {a: {image: $NO}}").unset == (), "an image keeps nothing"


@pytest.mark.parametrize("form", ["${NO:?say it}", "${NO?say it}"])
def test_a_variable_that_is_demanded_and_not_set_is_refused(folder: Folder, form: str) -> None:
    assert folder.refusal(f"volumes:\n  a:\n    name: '{form}'\n") == (
        "stack.yml, line 3: the variable NO is demanded (say it), and it is not set."
    )
    folder.write(".env", "NO=yes\n")
    assert folder.names(form) == {"yes"}
    assert folder.refusal("volumes: {a: {name: '${Q:?}'}}").endswith(
        "the variable Q is demanded, and it is not set."
    )


def test_every_document_of_a_file_counts_as_compose_merges_them(folder: Folder) -> None:
    told = folder.read(
        "services: {a: {volumes: ['vol:/v']}}\nvolumes: {vol: {name: one}}\n---\n---\n"
        "name: shop\nvolumes: {vol: {name: !reset null, driver: !override d}}\n"
    )
    compose, docker = told.stacks
    assert (compose.stack, docker.stack) == ("shop", "")
    assert compose.volumes == (
        DeclaredVolume(key="vol", name="one"),
        DeclaredVolume(key="vol", driver="d"),
    )
    assert docker.volumes == compose.volumes[:1], "docker reads no more"


def test_a_service_has_the_mounts_of_those_that_it_extends(folder: Folder) -> None:
    folder.write(
        "base/common.yml",
        "services:\n"
        "  app: {volumes: ['app:/a'], extends: {service: root}}\n"
        "  root: {volumes: ['root-${TAG}:/r']}\n",
    )
    text = (
        "services:\n"
        "  web: {volumes: ['own:/o'], extends: {file: base/common.yml, service: app}}\n"
        "  worker: {extends: web}\n"
    )
    for service in folder.read(text, TAG="x").stacks[0].services:
        assert [mount.source for mount in service.mounts] == ["own", "app", "root-x"]
        assert service.labels == ANY_LABELS
    assert folder.mounts(text) == {"own", "app", f"root-{ANY_TEXT}"}
    (unset,) = folder.read(text).unset
    assert unset.startswith("base/common.yml, line 3: the variable TAG is not set.")


def test_files_that_are_included_are_of_the_same_stack(folder: Folder) -> None:
    folder.write("one.yml", "volumes: {one: {name: $WHERE}}")
    folder.write("sub/two.yml", "name: other\ninclude: [three.yml]\nvolumes: {two: {name: $WHERE}}")
    folder.write("sub/three.yml", "volumes: {three: {name: '${DEEP}${TOP}'}}")
    folder.write("sub/.env", "WHERE=sub\nDEEP=deep\n")
    folder.write("sub/four.yml", "volumes: {four: {name: '${DEEP-not}${MORE}${TOP}'}}")
    folder.write("more.env", "MORE=-more\nTOP=no\n")
    folder.write(".env", "TOP=-top\n")
    told = folder.read(
        "name: shop\n"
        "include:\n"
        "  - one.yml\n"
        "  - sub/two.yml\n"
        "  - {path: [sub/four.yml, one.yml], env_file: more.env}\n"
        "  - {path: one.yml, project_directory: sub}\n",
        WHERE="",
    )
    assert stacks_of(told) == {"shop"}
    found = {(s.file, v.key, v.name) for s in told.stacks for v in s.volumes}
    assert found == {
        ("one.yml", "one", ""),
        ("sub/two.yml", "two", ""),
        ("sub/three.yml", "three", "deep-top"),
        ("sub/four.yml", "four", "not-more-top"),
        # As docker, which has none of the variables beside the first.
        ("sub/three.yml", "three", "deep"),
        ("sub/four.yml", "four", "not-moreno"),
    }
    found = {(s.file, v.key, v.name) for s in folder.read().stacks for v in s.volumes}
    assert {("one.yml", "one", "sub"), ("one.yml", "one", ANY_TEXT)} <= found
    assert ("sub/two.yml", "two", "sub") in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("include: [no.yml]", "stack.yml, line 1: include[0]: no.yml: it cannot be read: No such"),
        ("include: ['$NO']", "stack.yml, line 1: include[0] names no file, or one with a variable"),
        ("include: ['']", "stack.yml, line 1: include[0] names no file"),
        ("include:\n- stack.yml", "stack.yml, line 1: include[0] includes itself without end."),
        ("include: {a: b}", "stack.yml, line 1: include is a mapping, expected a list."),
        (
            "services: {a: {extends: a}}",
            "stack.yml, line 1: services.a extends itself without end.",
        ),
        (
            "services:\n  a:\n    extends: b",
            "stack.yml, line 3: services.a.extends names the service 'b', and stack.yml has none",
        ),
        (
            "services: {a: {extends: {service: b, file: no.yml}}}",
            "stack.yml, line 1: services.a.extends: no.yml: it cannot be read",
        ),
        ("a: 1", "stack.yml is no stack file: it has neither services nor volumes."),
        ("", "stack.yml, line 1: the file is empty, expected a mapping with 'services'."),
        ("---\n---\n", "stack.yml, line 1: the file is empty, expected a mapping"),
        ("- a", "stack.yml, line 1: the file is a list"),
        ("a: 1\n---\nb: [", "stack.yml, line 3: it is no valid YAML"),
        ("volumes: {a: }\nvolumes: {b: }", "stack.yml, line 2: it is no valid YAML: the key"),
        ("volumes: {[a]: }", "stack.yml, line 1: it is no valid YAML: a key is no text."),
        ("volumes: {a: {external: $NO}}", "stack.yml, line 1: volumes.a.external is '$NO'"),
        ("volumes: {a: {name: '${'}}", "stack.yml, line 1: in volumes.a.name, '${' begins no"),
        ("volumes: {a: {name: [b]}}", "stack.yml, line 1: volumes.a.name is a list, expected text"),
        ("services: {a: {volumes: b}}", "stack.yml, line 1: services.a.volumes is 'b', expected"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_its_line(
    folder: Folder, text: str, told: str
) -> None:
    folder.write("stack.yml", text)
    with pytest.raises(UsageError) as caught:
        folder.read()
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_what_one_program_alone_would_deploy_is_still_kept(folder: Folder) -> None:
    assert folder.names("${NO:+d}x") == {"x"}, "docker stack knows no such form"
    assert folder.names("${U:-${1}}") == {"${1}"}, "docker compose knows no variable 1"
