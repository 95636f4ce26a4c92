"""What Docker Compose would mount for a project is what `--declared-by` keeps."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.compose import declared_in, source_at
from cloudstorctl.compose.dotenv import variables_in
from cloudstorctl.compose.interpolation import Interpolation
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.core.verdict import assess
from cloudstorctl.errors import UsageError
from tests.core.builders import a_reading, a_survey
from tests.swarm.lab.trees import COMPOSE_SUITE, compose_program, ensure_trees

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_only("it needs Docker Compose")

VALUES = {"SET": "set", "EMPTY": ""}


@pytest.fixture(scope="module", autouse=True)
def _program() -> None:
    ensure_trees([COMPOSE_SUITE])


def names(folder: Path, *words: str, **environ: str) -> set[str] | None:
    """Give the names of the volumes that Compose would mount; None where it refuses."""
    done = subprocess.run(  # noqa: S603 - the program that is to be tried
        [compose_program(), *words, "--profile", "*", "config", "--format", "json"],
        env={"HOME": str(folder), "DOCKER_CONFIG": str(folder), **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        return None
    volumes = json.loads(done.stdout).get("volumes", {}).values()
    return {volume["name"].replace("$$", "$") for volume in volumes}


def project(folder: Path, *named: str) -> None:
    """Write a file with one volume for each name, each of them mounted."""
    volumes = {f"vol{number}": {"name": name} for number, name in enumerate(named)}
    service = {"image": "x", "volumes": [f"{key}:/{key}" for key in volumes]}
    text = json.dumps({"services": {"web": service}, "volumes": volumes})
    (folder / "compose.yaml").write_text(text)


def test_variables_are_filled_in_as_compose_does(tmp_path: Path) -> None:
    texts = [
        f"{number}{before}${{{name}{operator}{other}}}{after}"
        for number, other in enumerate(
            ("", "a", "a:-b", "{{.Task.Slot}}", "{a}", "$SET", "${UNSET:-c}", "$$", "$", "${SET")
        )
        for name in (*VALUES, "UNSET")
        for operator in ("", "-", ":-", "?", ":?", "+", ":+")
        for before, after in (("", ""), ("x-", "-${SET}"), ("$1", "-$SET$"))
    ]
    read = {text: filled for text in texts if (filled := filled_in(text)) is not None}
    project(tmp_path, *read)
    assert names(tmp_path, **VALUES) == set(read.values())
    assert len(read) > 300
    for text in texts[::5]:
        if text not in read:
            project(tmp_path, text)
            assert names(tmp_path, **VALUES) is None, text


def filled_in(text: str) -> str | None:
    """Fill in a text; None where Compose has to refuse it."""
    variables = Interpolation(VALUES)
    try:
        filled = variables.filled(text)
    except ValueError:
        return None
    return None if any(unset.required for unset in variables.missing) else filled


BEGINNINGS = (
    "A=",
    "export A: ",
    "  A =\t",
    "A",
    "# A=",
    "A B=",
    "\ufeffA=",
    "set -a\nA=",
    "B=1\nA=",
)
ENDINGS = (
    "",
    "v",
    "v # c",
    "v#c",
    "'v' # c",
    '"v w"',
    "'v\nB=w'",
    '"v',
    "a'b",
    "$B",
    '"\\t"',
    "v \r",
)


def test_the_file_for_variables_is_read_as_compose_does(tmp_path: Path) -> None:
    project(tmp_path, "x${A-unset}")
    for text in (f"{beginning}{ending}\nC=1\n" for beginning in BEGINNINGS for ending in ENDINGS):
        (tmp_path / ".env").write_bytes(text.encode())
        try:
            value = variables_in(text.encode(), ".env").get("A", "unset")
        except UsageError:
            value = None
        if value != ANY_TEXT:
            assert names(tmp_path) == (None if value is None else {f"x{value}"}), text


WEB = "services: {web: {image: x, volumes: ['data:/d']}}\n"


@pytest.mark.parametrize(
    ("files", "words", "stack"),
    [
        ({"compose.yaml": f"name: My.Shop\n{WEB}volumes: {{data: }}"}, (), ""),
        ({"f.yml": f"{WEB}volumes: {{data: {{name: '${{COMPOSE_PROJECT_NAME-x}}'}}}}"}, (), "shop"),
        ({"f.yml": f"{WEB}volumes: {{data: {{name: '{{{{.Task.Slot}}}}'}}}}"}, (), "shop"),
        ({"f.yml": f"name: shop\n{WEB}volumes: {{data: {{name: !reset old}}}}"}, (), ""),
        ({"f.yml": f"{WEB}volumes: {{data: {{name: yes}}}}"}, (), ""),
        ({"f.yml": f"{WEB}volumes: {{data: {{name: 1:30}}}}"}, (), ""),
        ({"f.yml": f"{WEB}volumes: {{data: {{external: on}}}}"}, (), "shop"),
        (
            {
                "compose.yaml": f"{WEB}volumes: {{data: }}",
                "compose.override.yml": "services: {web: {volumes: ['more:/m']}}\n"
                "name: shop\nvolumes: {more: {name: more}}",
            },
            None,
            "",
        ),
        (
            {
                "f.yml": "include: [{path: [a/f.yml, b/f.yml]}]",
                "a/f.yml": f"{WEB}volumes: {{data: }}",
                "b/f.yml": "volumes: {data: {name: '${V:-d}'}}",
                "a/.env": "V=a",
                "b/.env": "V=b",
            },
            ("-f", "f.yml"),
            "",
        ),
        (
            {
                "a/f.yml": f"{WEB}volumes: {{data: }}",
                "b/f.yml": "volumes: {data: {name: '${V:-d}'}}",
                "a/.env": "V: a",
                "b/.env": "V=b",
            },
            ("-f", "a/f.yml", "-f", "b/f.yml"),
            "shop",
        ),
    ],
)
def test_what_compose_would_mount_is_kept(
    tmp_path: Path, files: dict[str, str], words: tuple[str, ...] | None, stack: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    first = next(iter(files))
    given = ("-f", first) if words == () else words or ()
    found = names(tmp_path, *given, *(("-p", stack) if stack else ()))
    assert found
    sources = [source_at(tmp_path / word, word) for word in given or ("-f", first) if word != "-f"]
    folders = [source.folder for source in sources]
    told = [declared_in(source, stack, {}, folders) for source in sources]
    declared = tuple(each for one in told for each in one.stacks)
    verdicts = assess(a_survey(a_reading("w1", *found, "other")), declared=declared).verdicts
    assert {v.volume.name for v in verdicts if v.ruling is Ruling.RESERVED} == found
