"""What docker hands its plugin, and what this program makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudstorctl.config import NOTHING_GIVEN, DockerFlags, Flags
from cloudstorctl.config.docker_flags import docker_flags_in
from cloudstorctl.docker_plugin.call import arguments_from
from cloudstorctl.errors import UsageError
from tests.cli.setups import Setup, origin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("", NOTHING_GIVEN),
        ("--context lab", DockerFlags(context="lab")),
        ("--context=lab", DockerFlags(context="lab")),
        ("-c lab", DockerFlags(context="lab")),
        ("-clab", DockerFlags(context="lab")),
        ("-c=lab", DockerFlags(context="lab")),
        ("-Dc lab", DockerFlags(debug=True, context="lab")),
        ("-Dclab", DockerFlags(debug=True, context="lab")),
        ("-D=false --tls=0", DockerFlags(debug=False, tls=False)),
        ("-H a --host b", DockerFlags(hosts=("a", "b"))),
        ("--config /c -l DEBUG", DockerFlags(config="/c", log_level="debug")),
        ("--tls --tlsverify", DockerFlags(tls=True, tls_verify=True)),
        ("--tlsverify=false", DockerFlags(tls_verify=False)),
        (
            "--tlscacert 'a' --tlscert \"b\" --tlskey=c",
            DockerFlags(tls_ca="a", tls_cert="b", tls_key="c"),
        ),
        ("--help", DockerFlags(help=True)),
        ("-D --", DockerFlags(debug=True)),
    ],
)
def test_docker_s_own_options_are_read_as_docker_reads_them(line: str, flags: DockerFlags) -> None:
    assert docker_flags_in([*line.split(), "cloudstor", "-H", "x"]) == (
        flags,
        ("cloudstor", "-H", "x"),
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--colour cloudstor ls", "docker was given --colour, which docker cloudstor does not"),
        ("-v cloudstor", "docker was given -v, which"),
        ("--context", "docker was given --context without a value"),
        ("-l", "docker was given -l without a value"),
        (
            "-l loud cloudstor",
            "expected one of trace, debug, info, warn, warning, error, fatal",
        ),
        ("--tls=maybe cloudstor", 'docker was given --tls: expected true or false, found "maybe"'),
        ("-H a -c b cloudstor ls", "docker was given both --host and --context"),
        ("", "docker-cloudstor is a plugin for docker to run, as 'docker cloudstor ls'"),
        ("ls", "docker-cloudstor is a plugin for docker to run"),
    ],
)
def test_what_docker_would_not_take_or_is_not_known_is_a_sentence(line: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        arguments_from(line.split())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("cloudstor", ""),
        ("cloudstor ls -q", "ls -q"),
        ("-H ssh://m cloudstor ls", "--host=ssh://m ls"),
        ("-H a -H b cloudstor ls", "--host=a --host=b ls"),
        ("-H a cloudstor", ""),
        ("-D cloudstor ls", "--verbose ls"),
        ("-l trace cloudstor ls", "--verbose ls"),
        ("-l fatal cloudstor ls", "--quiet ls"),
        ("-l warn cloudstor ls", "ls"),
        ("help cloudstor", "--help"),
        ("help cloudstor config show", "config show --help"),
        ("--help cloudstor ls", "ls --help"),
        ("cloudstor ls --context prod", "ls --context prod"),
    ],
)
def test_the_rest_is_this_program_s_own(line: str, argv: str) -> None:
    assert arguments_from(line.split())[1] == tuple(argv.split())


def given(**flags: object) -> Flags:
    return Flags(docker=DockerFlags(**flags))  # type: ignore[arg-type] # each test names its own


def test_the_context_that_docker_was_given_says_where_to_go(setup: Setup) -> None:
    setup.write_everything()
    setup.write_docker_context("lab", "tcp://lab:2376", tls=True)
    context = setup.load(
        given(context="lab"),
        CLOUDSTORCTL_HOST="tcp://other",
        CLOUDSTORCTL_CONTEXT="prod",
        DOCKER_HOST="tcp://other",
        DOCKER_CONTEXT="other",
    )
    assert context.managers == ("tcp://lab:2376",)
    assert origin(context, "managers") == "docker context lab"
    assert origin(context, "tls_ca") == "docker context lab"
    assert context.cluster_id == "c1"


def test_a_host_given_to_this_program_itself_stands_further_right_and_wins(setup: Setup) -> None:
    setup.write_docker_context("lab", "tcp://lab:2376")
    context = setup.load(Flags(host=("tcp://b",), docker=DockerFlags(context="lab")))
    assert context.managers == ("tcp://b",)


def test_a_docker_context_chooses_where_a_file_has_several_and_no_default(setup: Setup) -> None:
    setup.write("[contexts.a]\n[contexts.b]\n")
    setup.write_docker_context("lab", "tcp://lab:2376")
    assert setup.load(given(context="lab")).name is None


@pytest.mark.parametrize(
    ("environ", "managers"),
    [({}, "unix:///var/run/docker.sock"), ({"DOCKER_HOST": "tcp://h"}, "tcp://h")],
)
def test_docker_s_default_context_is_none_but_leaves_docker_host(
    setup: Setup, environ: dict[str, str], managers: str
) -> None:
    setup.write_everything()
    context = setup.load(given(context="default"), DOCKER_CONTEXT="nonsense", **environ)
    assert context.managers == (managers,)
    assert origin(context, "managers") == "docker --context default"


def test_a_docker_context_that_is_not_there_is_said(setup: Setup) -> None:
    assert setup.refusal(given(context="nowhere")) == (
        'docker --context names the Docker context "nowhere", which does not exist '
        "(known in ~/.docker: none)"
    )


def test_docker_s_folder_has_its_contexts_but_not_the_certificates_of_its_options(
    setup: Setup, tmp_path: Path
) -> None:
    setup.docker = tmp_path / "elsewhere"
    setup.write_docker_context("lab", "tcp://lab:2376")
    setup.write('{"currentContext": "lab"}', setup.docker / "config.json")
    context = setup.load(given(config=str(setup.docker), tls_verify=True))
    assert context.managers == ("tcp://lab:2376",)
    assert context.tls_ca == str(setup.places.home / ".docker/ca.pem")


@pytest.mark.parametrize(
    ("flags", "environ", "tls"),
    [
        ({"tls": True}, {}, (None, False)),
        ({"tls_verify": True}, {}, ("~/.docker/ca.pem", True)),
        ({"tls_verify": False}, {"DOCKER_TLS_VERIFY": "1"}, (None, False)),
        ({"tls": False}, {"DOCKER_TLS": "1"}, (None, True)),
        ({"tls_ca": "/ca"}, {"DOCKER_TLS_VERIFY": "1"}, ("/ca", True)),
        ({"tls_ca": "/ca"}, {}, (None, True)),
        ({"tls_verify": True}, {"DOCKER_CERT_PATH": "/certs"}, ("/certs/ca.pem", True)),
    ],
)
def test_tls_is_as_docker_has_it(
    setup: Setup, flags: dict[str, object], environ: dict[str, str], tls: tuple[str | None, bool]
) -> None:
    setup.write_everything()
    context = setup.load(given(**flags), CLOUDSTORCTL_CONTEXT="prod", **environ)
    ca = context.tls_ca and context.tls_ca.replace(str(setup.places.home), "~")
    assert (ca, context.tls_verify) == tls
    assert origin(context, "tls_ca") == "docker --tls"
    assert (context.tls_cert, context.tls_key) == (None, None)


def test_certificates_given_by_name_are_kept_where_they_are_missing(setup: Setup) -> None:
    context = setup.load(given(tls_verify=True, tls_cert="/cert", tls_key="/key"))
    assert (context.tls_cert, context.tls_key) == ("/cert", "/key")
