"""What the edge's tests share: an engine on a socket of either kind, certificates, and a record."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.edge.certificates import Certificates
from tests.edge.engine_server import EngineServer, json_reply
from tests.edge.removals import Record, a_record
from tests.edge.verifications import a_swarm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.edge.scripted_swarm import ScriptedSwarm


@pytest.fixture(params=["unix", "tcp"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineServer]:
    where = tmp_path / "s" if request.param == "unix" else None
    with EngineServer({"/info": json_reply({"ID": "x"})}, unix=where) as server:
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments: str) -> None:
        command = ["openssl", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for ca in ("ca", "other"):
        uses = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        files = ("-keyout", f"{ca}-key.pem", "-out", f"{ca}.pem")
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={ca}", *uses, *files)
    for name, ca, days, extensions in (
        ("engine", "ca", "2", "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1"),
        ("misnamed", "ca", "2", "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.9"),
        ("expired", "ca", "-1", "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1"),
        ("client", "ca", "2", "extendedKeyUsage=clientAuth"),
        ("stranger", "other", "2", "extendedKeyUsage=clientAuth"),
    ):
        (folder / "ext").write_text(extensions)
        files = ("-keyout", f"{name}-key.pem", "-out", "request.pem")
        openssl("req", "-new", *key, "-subj", f"/CN={name}", *files)
        signer = ("-CA", f"{ca}.pem", "-CAkey", f"{ca}-key.pem", "-CAcreateserial")
        output = ("-extfile", "ext", "-days", days, "-out", f"{name}.pem")
        openssl("x509", "-req", "-in", "request.pem", *signer, *output)
    secret = ("-aes256", "-passout", "pass:secret")
    openssl("pkey", "-in", "client-key.pem", *secret, "-out", "locked-key.pem")
    (folder / "locked.pem").write_bytes((folder / "client.pem").read_bytes())
    (folder / "junk.pem").write_text("junk\n")
    (folder / "junk-key.pem").write_text("junk\n")
    return Certificates(folder=folder)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with a_record(tmp_path) as record:
        yield record


@pytest.fixture
def swarm(tmp_path: Path) -> Iterator[ScriptedSwarm]:
    with a_swarm(tmp_path) as swarm:
        yield swarm
