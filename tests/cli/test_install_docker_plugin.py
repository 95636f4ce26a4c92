"""`install-docker-plugin`: what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.config import DockerFlags
from tests.cli.worlds import Ran, a_world, run_in

if TYPE_CHECKING:
    from pathlib import Path

    from cloudstorctl.commands.invocation import World


def installs(folder: Path, *options: str, **parts: object) -> Ran:
    world: World = a_world(folder, environ=os.environ)
    environ = {key: value for key, value in os.environ.items() if key != "DOCKER_CONFIG"}
    world = replace(world, **{"environ": environ, "root": folder, **parts})  # type: ignore[arg-type]
    return run_in(world, "install-docker-plugin", *options)


def where(folder: Path) -> Path:
    return folder / "home/.docker/cli-plugins/docker-cloudstor"


def test_a_script_is_written_that_runs_this_very_installation(tmp_path: Path) -> None:
    ran = installs(tmp_path)
    file = where(tmp_path)
    told = f"Wrote {file}, which runs {sys.executable}. Try it: docker cloudstor ls\n"
    assert (ran.code, ran.out, ran.err) == (0, "", told)
    asked = subprocess.run(  # noqa: S603 - our own script
        [str(file), "docker-cli-plugin-metadata"], capture_output=True, check=True, cwd=tmp_path
    )
    assert json.loads(asked.stdout)["SchemaVersion"] == "0.1.0"
    assert file.stat().st_mode & 0o777 == 0o755
    assert [each.name for each in file.parent.iterdir()] == ["docker-cloudstor"]


def test_a_module_in_the_folder_where_docker_is_called_is_not_run(tmp_path: Path) -> None:
    installs(tmp_path)
    (tmp_path / "typer.py").write_text("raise SystemExit('taken in')\n")
    (tmp_path / "cloudstorctl").mkdir()
    ran = subprocess.run(  # noqa: S603 - our own script
        [str(where(tmp_path)), "cloudstor", "--version"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_second_time_nothing_changes(tmp_path: Path) -> None:
    installs(tmp_path)
    before = where(tmp_path).stat()
    ran = installs(tmp_path)
    assert ran.code == 0
    assert "is there already. Try it: docker cloudstor ls" in ran.err
    after = where(tmp_path).stat()  # it was read, which some file systems write down
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)


@pytest.mark.parametrize("broken", ["mode", "python"])
def test_what_this_program_wrote_is_mended(tmp_path: Path, broken: str) -> None:
    installs(tmp_path)
    file, text = where(tmp_path), where(tmp_path).read_text()
    if broken == "mode":
        file.chmod(0o644)
    else:
        file.write_text(text.replace(sys.executable, "/gone/bin/python"))
    assert installs(tmp_path).code == 0
    assert file.read_text() == text
    assert os.access(file, os.X_OK)


@pytest.mark.parametrize("option", ["", "--remove"])
@pytest.mark.parametrize("kind", ["other", "edited", "link", "dangling"])
def test_what_is_not_as_this_program_writes_it_is_left_alone(
    tmp_path: Path, kind: str, option: str
) -> None:
    installs(tmp_path)
    file, other = where(tmp_path), tmp_path / "other"
    text = file.read_text()
    match kind:
        case "other":
            file.write_text("#!/bin/sh\n")
        case "edited":
            file.write_text(f"{text}echo\n")
        case _:
            file.unlink()
            file.symlink_to(other)
            if kind == "link":
                other.write_text("keep\n")
    before = str(file.readlink()) if file.is_symlink() else file.read_text()
    options = (option,) if option else ()
    ran = installs(tmp_path, *options)
    assert ran.code == 4
    assert f"{file} is there and is not as this program writes it" in ran.err
    assert (str(file.readlink()) if file.is_symlink() else file.read_text()) == before
    ran = installs(tmp_path, *options, "--force")
    assert ran.code == 0, ran.err
    assert not file.is_symlink()
    assert file.exists() is not bool(option)
    if not option:
        assert file.read_text() == text
    assert not other.exists() or other.read_text() == "keep\n"


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    where(tmp_path).mkdir(parents=True)
    assert installs(tmp_path).code == 4
    ran = installs(tmp_path, "--force")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("could not be written: it is no regular file\n")
    assert [each.name for each in where(tmp_path).parent.iterdir()] == ["docker-cloudstor"]


def test_it_goes_away_again(tmp_path: Path) -> None:
    installs(tmp_path)
    ran = installs(tmp_path, "--remove")
    assert (ran.code, ran.err) == (0, f"Removed {where(tmp_path)}.\n")
    assert not where(tmp_path).exists()
    ran = installs(tmp_path, "--remove")
    assert (ran.code, ran.err) == (0, f"There is no {where(tmp_path)}: nothing to remove.\n")


def test_for_everybody_it_is_among_the_folders_that_docker_looks_in(tmp_path: Path) -> None:
    installs(tmp_path)
    ran = installs(tmp_path, "--system")
    assert ran.code == 0
    file = tmp_path / "usr/local/lib/docker/cli-plugins/docker-cloudstor"
    assert file.read_text() == where(tmp_path).read_text()
    assert f"Your own {where(tmp_path)} goes before it." in ran.err
    assert installs(tmp_path, "--system", "--remove").code == 0
    assert not file.exists()
    assert where(tmp_path).exists()


def test_it_goes_where_docker_s_folder_is(tmp_path: Path) -> None:
    environ = {**os.environ, "DOCKER_CONFIG": str(tmp_path / "0")}
    assert installs(tmp_path, environ=environ).code == 0
    assert installs(tmp_path, docker=DockerFlags(config=str(tmp_path / "1"))).code == 0
    for number in ("0", "1"):
        assert (tmp_path / number / "cli-plugins/docker-cloudstor").exists()
    assert not where(tmp_path).exists()


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("/gone/it's python", "/gone/it's python: not found"),
        ("/bin/false", "exit code 1"),
    ],
)
def test_a_plugin_that_does_not_answer_is_said(tmp_path: Path, python: str, told: str) -> None:
    ran = installs(tmp_path, python=python)
    assert ran.code == 1
    assert f"{where(tmp_path)} is written, and does not work: " in ran.err
    assert told in ran.err
