"""What the README says is what the program does."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.plan import Limits
from cloudstorctl.errors import ExitCode
from cloudstorctl.render.metrics import metrics_text
from tests.cli.test_metrics import WHOLE
from tests.cli.worlds import a_world, run_in

if TYPE_CHECKING:
    from prometheus_client import Metric

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
COMMANDS = sorted(
    {
        line.split("#")[0].removeprefix("$ ").split("cloudstorctl/bin/")[-1].strip()
        for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
        for line in block.splitlines()
        if re.match(r"\$ \S*cloudstorctl ", line)
    }
)
EVERY_METRIC = metrics_text(WHOLE)


def rows_under(head: str) -> list[list[str]]:
    """Give the cells of the table whose head begins with `head`."""
    table = TEXT[TEXT.index(f"| {head} |") :].split("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_the_readme_shows_commands() -> None:
    assert len(COMMANDS) > 9


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_is_one_that_the_program_takes(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = shlex.split(command.partition(" -- ")[0])
    assert program == "cloudstorctl"
    ran = run_in(a_world(tmp_path), *words, "--help")
    assert (ran.code, ran.err) == (0, "")
    shown = ran.out + capsys.readouterr().out
    assert shown.startswith("Usage: cloudstorctl" if words != ["--version"] else "cloudstorctl ")


def test_the_table_of_exit_codes_is_complete() -> None:
    assert [int(row[0]) for row in rows_under("exit code")] == list(ExitCode)


def test_the_table_of_rulings_is_complete() -> None:
    assert [row[0].strip("`") for row in rows_under("ruling")] == list(Ruling)


def test_the_table_of_metrics_is_complete() -> None:
    rows = {row[0].strip("`") for row in rows_under("metric")}
    assert rows == {shape_of(family) for family in text_string_to_metric_families(EVERY_METRIC)}


def shape_of(family: Metric) -> str:
    """Give a metric's name with its own labels, as the table writes it."""
    labels = [label for label in family.samples[0].labels if label != "cluster_id"]
    return f"{family.name}{{{','.join(labels)}}}" if labels else str(family.name)


def test_the_limits_are_those_by_default() -> None:
    limits = Limits()
    told = f"at most {limits.max_count} volumes and {limits.max_percent:g} per cent of all"
    assert told in " ".join(TEXT.split())


def test_the_configuration_in_the_readme_is_taken(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert set(tomllib.loads(block)) == {"default_context", "contexts"}
    file = tmp_path / "config.toml"
    file.write_text(block, encoding="utf-8")
    (tmp_path / "certs").mkdir()
    for name in ("ca", "cert", "key"):
        (tmp_path / f"certs/{name}.pem").touch()
    ran = run_in(a_world(tmp_path), "--config", str(file), "config", "show")
    assert (ran.code, ran.err) == (0, "")
    assert "ssh://docker@10.0.0.12" in ran.out
    assert f"file {file}: contexts.prod.node_endpoint" in ran.out
