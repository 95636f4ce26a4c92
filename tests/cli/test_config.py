"""Each setting: which source it is taken from, and which of them outranks which."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cloudstorctl.config import Context, Flags, Output
from tests.cli.setups import Setup, origin


def test_without_any_configuration_the_local_socket_is_used_with_every_default(
    setup: Setup,
) -> None:
    assert setup.load() == Context(
        config_file=None,
        name=None,
        managers=("unix:///var/run/docker.sock",),
        audit_log=setup.places.state / "audit.jsonl",
        cluster_id=None,
        node_endpoint=None,
        node_overrides=(),
        drivers=("*cloudstor*",),
        tls_verify=True,
        protect_volumes=(),
        grace=timedelta(hours=24),
        max_count=20,
        max_percent=25.0,
        timeout=30.0,
        survey_timeout=120.0,
        parallel=16,
        output=Output.TABLE,
        origins=setup.load().origins,
    )
    assert not setup.load().tls


def test_every_key_of_the_file_arrives_with_its_place(setup: Setup) -> None:
    setup.write_everything()
    folder = setup.file.parent
    context = setup.load()
    assert context == Context(
        config_file=setup.file,
        name="prod",
        cluster_id="c1",
        managers=("ssh://docker@10.0.0.11", "ssh://docker@10.0.0.12"),
        node_endpoint="ssh://docker@{addr}",
        node_overrides=(
            ("worker-1.example.com", "tcp://10.1.1.1:2376"),
            ("worker-3", "unix:///run/worker-3.sock"),
        ),
        drivers=("my-cloudstor",),
        tls_ca=str(folder / "tls/ca.pem"),
        tls_cert=str(folder / "tls/cert.pem"),
        tls_key=str(setup.places.home / "key.pem"),
        protect_volumes=("prod-*",),
        declared_by=(f"shop={folder}/stacks/*.yml", str(setup.places.home / "all.yml")),
        grace=timedelta(days=1, hours=12),
        max_count=3,
        max_percent=7.5,
        require_recovery_point=timedelta(days=2),
        notify=("https://example.com/hook",),
        aws_profile="ops",
        aws_region="eu-west-1",
        aws_stack="arn:s",
        efs_regular="fs-1",
        efs_maxio="fs-2",
        timeout=5.0,
        survey_timeout=120.0,
        parallel=4,
        audit_log=folder / "audit/prod.jsonl",
        origins=context.origins,
    )
    assert context.tls
    assert origin(context, "max_count") == f"file {setup.file}: contexts.prod.prune.max_count"
    assert origin(context, "node_overrides") == f"file {setup.file}: contexts.prod.nodes"
    assert origin(context, "name") == f"file {setup.file}: default_context"


def test_every_setting_has_an_origin(setup: Setup) -> None:
    settings = set(Context.__dataclass_fields__) - {"origins"}
    assert set(dict(setup.load().origins)) == settings


@pytest.mark.parametrize(
    ("setting", "flags", "variable", "values"),
    [
        ("timeout", Flags(timeout="1"), "2m", (1.0, 120.0, 5.0)),
        ("parallel", Flags(parallel=1), "2", (1, 2, 4)),
        ("max_count", Flags(max_count=1), "2", (1, 2, 3)),
        ("max_percent", Flags(max_percent=1), "2.5", (1.0, 2.5, 7.5)),
        ("node_endpoint", Flags(node_endpoint="a"), "b", ("a", "b", "ssh://docker@{addr}")),
        (
            "notify",
            Flags(notify=("http://a/1",)),
            " http://b/2  http://c/3 http://b/2",
            (("http://a/1",), ("http://b/2", "http://c/3"), ("https://example.com/hook",)),
        ),
        ("output", Flags(output=Output.JSON), "yaml", ("json", "yaml", "table")),
    ],
)
def test_a_flag_outranks_the_environment_which_outranks_the_file(
    setup: Setup, setting: str, flags: Flags, variable: str, values: tuple[object, object, object]
) -> None:
    setup.write_everything()
    by_flag, by_variable, by_file = values
    name = f"CLOUDSTORCTL_{setting.upper()}"
    with_all = setup.load(flags, **{name: variable})
    assert getattr(with_all, setting) == by_flag
    assert origin(with_all, setting) == f"flag --{setting.replace('_', '-')}"
    without_flag = setup.load(**{name: variable})
    assert getattr(without_flag, setting) == by_variable
    assert origin(without_flag, setting) == f"environment {name}"
    assert getattr(setup.load(**{name: ""}), setting) == by_file


def test_the_survey_may_take_four_times_as_long_as_a_request_unless_told(setup: Setup) -> None:
    assert setup.load(Flags(timeout="10")).survey_timeout == 40.0
    told = setup.load(Flags(timeout="10"), CLOUDSTORCTL_SURVEY_TIMEOUT="15")
    assert told.survey_timeout == 15.0


def test_the_audit_log_may_be_moved_by_flag_and_variable(setup: Setup) -> None:
    moved = setup.load(Flags(audit_log="~/a.jsonl"), CLOUDSTORCTL_AUDIT_LOG="/b.jsonl")
    assert moved.audit_log == setup.places.home / "a.jsonl"
    assert setup.load(CLOUDSTORCTL_AUDIT_LOG="/b.jsonl").audit_log == Path("/b.jsonl")


PROD = ("ssh://docker@10.0.0.11", "ssh://docker@10.0.0.12")


@pytest.mark.parametrize(
    ("flags", "environ", "managers", "where"),
    [
        pytest.param(Flags(), {}, PROD, "file", id="the file's default context"),
        pytest.param(
            Flags(host=("unix:///x",), context="prod"),
            {"CLOUDSTORCTL_HOST": "tcp://a"},
            ("unix:///x",),
            "flag --host",
            id="--host before all",
        ),
        pytest.param(
            Flags(context="prod"),
            {"CLOUDSTORCTL_HOST": "tcp://a", "DOCKER_HOST": "tcp://b", "DOCKER_CONTEXT": "desk"},
            PROD,
            "file",
            id="--context before every variable",
        ),
        pytest.param(
            Flags(),
            {
                "CLOUDSTORCTL_HOST": "tcp://a, tcp://a2",
                "CLOUDSTORCTL_CONTEXT": "prod",
                "DOCKER_HOST": "tcp://b",
            },
            ("tcp://a", "tcp://a2"),
            "environment CLOUDSTORCTL_HOST",
            id="our host variable before our context variable",
        ),
        pytest.param(
            Flags(),
            {"CLOUDSTORCTL_CONTEXT": "lab", "DOCKER_HOST": "tcp://b", "DOCKER_CONTEXT": "desk"},
            ("tcp://lab:2375",),
            "file",
            id="a context named outright before Docker's variables",
        ),
        pytest.param(
            Flags(),
            {"DOCKER_HOST": "tcp://b", "DOCKER_CONTEXT": "desk"},
            ("tcp://b",),
            "environment DOCKER_HOST",
            id="DOCKER_HOST before DOCKER_CONTEXT and the file",
        ),
        pytest.param(
            Flags(),
            {"DOCKER_CONTEXT": "desk"},
            ("ssh://desk",),
            "docker context desk",
            id="DOCKER_CONTEXT before the file",
        ),
        pytest.param(
            Flags(), {"DOCKER_CONTEXT": "default"}, PROD, "file", id="no Docker context by name"
        ),
    ],
)
def test_the_managers_come_from_the_first_source_that_names_any(
    setup: Setup,
    flags: Flags,
    environ: dict[str, str],
    managers: tuple[str, ...],
    where: str,
) -> None:
    setup.write_everything()
    setup.write_docker_context("desk", "ssh://desk")
    setup.write('{"currentContext": "desk"}', setup.docker / "config.json")
    context = setup.load(flags, **environ)
    assert context.managers == managers
    assert origin(context, "managers").split(" /")[0] == where


def test_a_host_given_by_flag_keeps_the_pinned_swarm_and_the_rest_of_the_context(
    setup: Setup,
) -> None:
    setup.write_everything()
    context = setup.load(Flags(host=("unix:///x",)))
    assert (context.cluster_id, context.name, context.max_count) == ("c1", "prod", 3)


def test_an_endpoint_template_left_in_the_shell_does_not_bend_a_context_named_by_flag(
    setup: Setup,
) -> None:
    setup.write_everything()
    context = setup.load(Flags(context="prod"), CLOUDSTORCTL_NODE_ENDPOINT="tcp://{addr}")
    assert context.node_endpoint == "ssh://docker@{addr}"
    assert origin(context, "node_endpoint").endswith("contexts.prod.node_endpoint")


def test_the_only_context_of_a_file_needs_no_default(setup: Setup) -> None:
    setup.write('[contexts.lab]\nmanagers = ["tcp://lab:2375"]')
    assert setup.load().name == "lab"
    assert origin(setup.load(), "name") == f"file {setup.file}: its only context"


TWO = "[contexts.a]\n[contexts.b]\n"


def test_several_contexts_without_a_default_are_not_guessed_among(setup: Setup) -> None:
    setup.write(TWO)
    assert setup.refusal() == (
        "~/.config/cloudstorctl/config.toml has several contexts and no default_context: "
        "choose one with --context (a, b)"
    )
    assert setup.load(CLOUDSTORCTL_CONTEXT="b").name == "b"
    assert setup.load(Flags(host=("unix:///x",))).name is None


def test_a_file_may_be_named_by_flag_or_variable(setup: Setup, tmp_path: Path) -> None:
    other = setup.write("[contexts.b]", tmp_path / "b.toml")
    another = setup.write("[contexts.c]", tmp_path / "c.toml")
    context = setup.load(Flags(config=str(other)), CLOUDSTORCTL_CONFIG=str(another))
    assert (context.config_file, origin(context, "config_file")) == (other, "flag --config")
    context = setup.load(CLOUDSTORCTL_CONFIG=str(another))
    assert origin(context, "config_file") == "environment CLOUDSTORCTL_CONFIG"


@pytest.mark.parametrize(
    ("flags", "environ", "sentence"),
    [
        (Flags(timeout="x"), {}, "--timeout: expected a number of seconds above 0, or a duration"),
        (Flags(timeout="-1"), {}, "--timeout: expected a number of seconds above 0"),
        (Flags(parallel=0), {}, "--parallel: expected a whole number that is 1 or more"),
        (Flags(max_percent=101), {}, "--max-percent: expected a number from 0 to 100"),
        (Flags(max_count=-1), {}, "--max-count: expected a whole number that is 0 or more"),
        (Flags(node_endpoint=""), {}, "--node-endpoint: expected a text that is not empty"),
        (Flags(host=("",)), {}, "--host: expected the URL of a manager, found an empty text"),
        (
            Flags(),
            {"CLOUDSTORCTL_PARALLEL": "two"},
            'CLOUDSTORCTL_PARALLEL: expected a whole number that is 1 or more, found the text "tw',
        ),
        (Flags(), {"CLOUDSTORCTL_PARALLEL": "1.5"}, "found the number 1.5"),
        (
            Flags(),
            {"CLOUDSTORCTL_OUTPUT": "xml"},
            'expected one of table, wide, json, yaml, name, found the text "xml"',
        ),
        (
            Flags(config="/nowhere/c.toml"),
            {},
            "the configuration file /nowhere/c.toml cannot be read: No such file or directory",
        ),
        (
            Flags(),
            {"CLOUDSTORCTL_CONFIG": "/"},
            "the configuration file / cannot be read: Is a dir",
        ),
        (
            Flags(context="prod"),
            {},
            '--context: there is no context "prod" (there is no configuration file)',
        ),
        (
            Flags(),
            {"DOCKER_CONTEXT": "x"},
            'DOCKER_CONTEXT names the Docker context "x", which does not exist (known in ~/.dock',
        ),
    ],
)
def test_a_flag_or_a_variable_that_is_wrong_is_named(
    setup: Setup, flags: Flags, environ: dict[str, str], sentence: str
) -> None:
    assert sentence in setup.refusal(flags, **environ)


def test_an_unknown_context_lists_the_known_ones(setup: Setup) -> None:
    setup.write(TWO)
    expected = 'there is no context "c" (known in ~/.config/cloudstorctl/config.toml: a, b)'
    assert f"--context: {expected}" in setup.refusal(Flags(context="c"))
    assert f"CLOUDSTORCTL_CONTEXT: {expected}" in setup.refusal(CLOUDSTORCTL_CONTEXT="c")


def test_tls_material_that_is_missing_is_named_only_where_it_would_be_used(setup: Setup) -> None:
    setup.write('[contexts.a.tls]\nca = "ca.pem"\n[contexts.b]')
    assert setup.refusal(Flags(context="a")) == (
        "~/.config/cloudstorctl/config.toml: contexts.a.tls.ca: "
        "~/.config/cloudstorctl/ca.pem cannot be read: No such file or directory"
    )
    assert setup.load(Flags(context="b")).tls_ca is None
