"""`config show`: every value, where it came from, and no secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.cli.worlds import a_world, run_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.setups import Setup


def test_config_show_prints_each_value_with_where_it_came_from(
    setup: Setup, tmp_path: Path
) -> None:
    setup.write(
        '[contexts.prod]\nmanagers = ["ssh://a", "ssh://b"]\n'
        '[contexts.prod.nodes]\nw3 = "unix:///w3"\n[contexts.prod.prune]\ngrace = "30d1h"\n'
        'require_recovery_point = "26h"\nmax_count = 1000000\n'
    )
    ran = run_in(a_world(tmp_path, environ={"CLOUDSTORCTL_TIMEOUT": "1.5"}), "config", "show")
    home = str(setup.places.home)
    # ~ for the home makes columns of the test's own folder shorter; their padding goes too.
    lines = [" ".join(line.replace(home, "~").split()) for line in ran.out.splitlines()]
    file = "~/.config/cloudstorctl/config.toml"
    assert lines == [
        "SETTING VALUE FROM",
        f"config_file {file} default",
        f"name prod file {file}: its only context",
        f"managers ssh://a file {file}: contexts.prod.managers",
        "ssh://b",
        "cluster_id - default",
        "node_endpoint - default",
        f"node_overrides w3 = unix:///w3 file {file}: contexts.prod.nodes",
        "drivers *cloudstor* default",
        "tls_ca - default",
        "tls_cert - default",
        "tls_key - default",
        "tls_verify yes default",
        "protect_volumes - default",
        "declared_by - default",
        "doctor_accept - default",
        f"grace 30d1h file {file}: contexts.prod.prune.grace",
        f"max_count 1000000 file {file}: contexts.prod.prune.max_count",
        "max_percent 25 default",
        f"require_recovery_point 26h file {file}: contexts.prod.prune.require_recovery_point",
        "confirm_terminated no default",
        "notify - default",
        "aws_profile - default",
        "aws_region - default",
        "aws_stack - default",
        "efs_regular - default",
        "efs_maxio - default",
        "timeout 1.5 s environment CLOUDSTORCTL_TIMEOUT",
        "survey_timeout 6 s default: 4 times the timeout",
        "parallel 16 default",
        "audit_log ~/.local/state/cloudstorctl/audit.jsonl default",
        "output table default",
    ]


def test_config_show_aligns_its_columns(tmp_path: Path) -> None:
    table = run_in(a_world(tmp_path), "config", "show", "-H", "unix:///x").out.splitlines()
    starts = {line.index("default") for line in table if line.endswith(" default")}
    assert starts == {table[0].index("FROM")}


@pytest.mark.parametrize(("form", "parse"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_config_show_as_a_document_holds_the_same_facts(
    tmp_path: Path, form: str, parse: Callable[[str], dict[str, object]]
) -> None:
    document = parse(run_in(a_world(tmp_path), "config", "show", "-o", form).out)
    assert document["schema"] == "cloudstorctl/config/v1"
    settings = document["settings"]
    assert isinstance(settings, dict)
    assert settings["managers"] == {"value": ["unix:///var/run/docker.sock"], "from": "default"}
    assert settings["node_overrides"] == {"value": {}, "from": "default"}
    assert settings["tls_verify"] == {"value": True, "from": "default"}
    assert settings["output"] == {"value": form, "from": "flag --output"}
    table = run_in(a_world(tmp_path), "config", "show").out
    assert set(settings) == {line.split()[0] for line in table.splitlines()[1:]}


def test_config_show_as_name_prints_the_context(setup: Setup, tmp_path: Path) -> None:
    setup.write("[contexts.prod]")
    assert run_in(a_world(tmp_path), "config", "show", "-o", "name").out == "prod\n"


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_config_show_leaves_passwords_out(setup: Setup, tmp_path: Path, form: str) -> None:
    setup.write(
        '[contexts.prod]\nmanagers = ["ssh://me:s3cr/e@t@host:22"]\n'
        'node_endpoint = "ssh://me:s3cret@{addr}"\n'
        '[contexts.prod.nodes]\nw1 = "tcp://me:s3cret@w1"\n'
    )
    shown = run_in(a_world(tmp_path), "config", "show", "-o", form).out
    assert "s3cr" not in shown
    assert "e@t" not in shown
    assert "ssh://me:***@host:22" in shown
    assert "ssh://me:***@{addr}" in shown
    assert "tcp://me:***@w1" in shown


@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_config_show_leaves_out_what_lets_anybody_post(
    setup: Setup, tmp_path: Path, form: str
) -> None:
    setup.write(
        "[contexts.prod.prune]\n"
        'notify = ["https://hooks.slack.com/services/T0/s3cret", "http://me:s3cret@h:8/?k=s3cret"]\n'
    )
    shown = run_in(a_world(tmp_path), "config", "show", "-o", form).out
    assert "s3cret" not in shown
    for address in ("https://hooks.slack.com/", "http://h:8/"):
        assert address in shown
