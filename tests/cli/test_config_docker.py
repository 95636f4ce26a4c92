"""Docker's own configuration: what the docker command line would talk to, is talked to."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cloudstorctl.config import Flags
from tests.cli.setups import Setup, origin


def test_the_current_docker_context_is_used_with_its_tls(setup: Setup) -> None:
    setup.write_docker_context("desk", "tcp://desk:2376", tls=True, skip_verify=True)
    setup.write('{"currentContext": "desk"}', setup.docker / "config.json")
    context = setup.load()
    assert context.managers == ("tcp://desk:2376",)
    assert not context.tls_verify
    assert context.tls_key is not None
    assert Path(context.tls_key).is_relative_to(setup.docker / "contexts/tls")
    assert origin(context, "tls_ca") == "docker context desk"


def test_docker_config_moves_the_folder_of_docker_contexts(setup: Setup, tmp_path: Path) -> None:
    setup.write_docker_context("desk", "tcp://desk:2376")
    setup.docker.rename(tmp_path / "elsewhere")
    context = setup.load(DOCKER_CONFIG=str(tmp_path / "elsewhere"), DOCKER_CONTEXT="desk")
    assert context.managers == ("tcp://desk:2376",)


def test_docker_context_default_means_the_local_socket_whatever_is_current(setup: Setup) -> None:
    setup.write_docker_context("desk", "ssh://desk")
    setup.write('{"currentContext": "desk"}', setup.docker / "config.json")
    assert setup.load(DOCKER_CONTEXT="default").managers == ("unix:///var/run/docker.sock",)


def test_a_docker_config_without_a_current_context_means_the_local_socket(setup: Setup) -> None:
    setup.write('{"auths": {}}', setup.docker / "config.json")
    assert origin(setup.load(DOCKER_CONTEXT="default"), "managers") == "default"
    assert origin(setup.load(), "managers") == "default"


@pytest.mark.parametrize(
    ("files", "environ", "expected"),
    [
        pytest.param(
            {}, {"DOCKER_TLS_VERIFY": "1"}, ("~/.docker/ca.pem", None, None, True), id="no files"
        ),
        pytest.param(
            {"cert.pem", "key.pem"},
            {"DOCKER_TLS_VERIFY": "1"},
            ("~/.docker/ca.pem", "~/.docker/cert.pem", "~/.docker/key.pem", True),
            id="client certificate",
        ),
        pytest.param(
            {"cert.pem", "key.pem"},
            {"DOCKER_TLS": "1"},
            (None, "~/.docker/cert.pem", "~/.docker/key.pem", False),
            id="no check of the server",
        ),
        pytest.param({"cert.pem"}, {}, (None, None, None, True), id="not asked for"),
        pytest.param(
            {},
            {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"},
            ("/certs/ca.pem", None, None, True),
            id="another folder",
        ),
    ],
)
def test_dockers_variables_decide_about_tls_as_they_do_for_docker(
    setup: Setup,
    files: set[str],
    environ: dict[str, str],
    expected: tuple[object, ...],
) -> None:
    for file in files:
        setup.write("x", setup.docker / file)
    context = setup.load(**environ)
    found = (context.tls_ca, context.tls_cert, context.tls_key)
    home = str(setup.places.home)
    assert (*(path and path.replace(home, "~") for path in found), context.tls_verify) == expected
    assert context.tls == bool(environ)


def test_an_unknown_docker_context_lists_the_known_ones(setup: Setup) -> None:
    setup.write_docker_context("desk", "ssh://desk")
    setup.write("[]", setup.docker / "contexts/meta/odd/meta.json")
    setup.write('{"currentContext": "gone"}', setup.docker / "config.json")
    assert setup.refusal() == (
        'currentContext in ~/.docker/config.json names the Docker context "gone", '
        "which does not exist (known in ~/.docker: desk)"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "~/.docker/config.json is not valid JSON: "), ("[]", "expected a JSON object")],
)
def test_a_docker_configuration_that_is_broken_is_not_ignored(
    setup: Setup, text: str, sentence: str
) -> None:
    setup.write(text, setup.docker / "config.json")
    assert sentence in setup.refusal()


def test_a_docker_configuration_that_cannot_be_read_is_not_ignored(setup: Setup) -> None:
    assert "cannot be read: File name too long" in setup.refusal(DOCKER_CONFIG=f"/{'x' * 300}")


def test_a_docker_context_without_an_engine_is_refused(setup: Setup) -> None:
    digest = hashlib.sha256(b"k8s").hexdigest()
    meta = setup.docker / "contexts/meta" / digest / "meta.json"
    setup.write('{"Name": "k8s", "Endpoints": {}}', meta)
    assert 'the Docker context "k8s" has no docker endpoint' in setup.refusal(DOCKER_CONTEXT="k8s")


def test_tls_of_a_context_named_outright_outranks_dockers_variables(setup: Setup) -> None:
    setup.write_everything()
    assert origin(setup.load(Flags(context="prod"), DOCKER_TLS_VERIFY="1"), "tls_ca") == (
        f"file {setup.file}: contexts.prod.tls"
    )
    by_default = setup.load(DOCKER_TLS_VERIFY="1")
    assert origin(by_default, "tls_ca") == "environment DOCKER_TLS_VERIFY"
