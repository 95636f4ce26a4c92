"""Make the certificates of a lab: one authority for it, and a wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.swarm.lab.command import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.swarm.lab.records import LabSpec

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What a client shows and trusts: three files."""

    ca: Path
    cert: Path
    key: Path


def make(spec: LabSpec) -> None:
    """Write ``tls/`` (what engines trust) and ``tls-wrong/`` (what they do not)."""
    for name in ("tls", "tls-wrong"):
        folder = spec.folder / name
        folder.mkdir(exist_ok=True)
        subject = f"/CN={spec.name} {name} authority"
        outputs = ("-keyout", str(folder / "ca-key.pem"), "-out", str(folder / "ca.pem"))
        run(["openssl", "req", "-x509", *KEY, "-days", "30", "-subj", subject, *outputs])
        sign(folder, "client", "extendedKeyUsage=clientAuth")
    folder = spec.folder / "tls"
    for node in spec.nodes:
        address = spec.address(node.name)
        names = f"subjectAltName=IP:{address},IP:127.0.0.1,DNS:{node.name}"
        sign(folder, node.name, f"extendedKeyUsage=serverAuth\n{names}")


def sign(folder: Path, name: str, extensions: str) -> None:
    """Make a key and a certificate that the folder's authority signs."""
    request, extra = folder / f"{name}.csr", folder / f"{name}.ext"
    extra.write_text(extensions + "\n")
    key = folder / f"{name}-key.pem"
    run(["openssl", "req", "-new", *KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request])
    signer = ("-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca-key.pem"))
    output = ("-out", str(folder / f"{name}.pem"), "-extfile", str(extra), "-days", "30")
    run(["openssl", "x509", "-req", "-in", request, *signer, "-CAcreateserial", *output])
    request.unlink()
    extra.unlink()


def client(spec: LabSpec) -> Client:
    """Give the files that the engines accept."""
    folder = spec.folder / "tls"
    return Client(ca=folder / "ca.pem", cert=folder / "client.pem", key=folder / "client-key.pem")


def wrong_client(spec: LabSpec) -> Client:
    """Give a client of an authority that the engines do not know; it trusts the right one."""
    folder = spec.folder / "tls-wrong"
    return Client(
        ca=spec.folder / "tls" / "ca.pem",
        cert=folder / "client.pem",
        key=folder / "client-key.pem",
    )


def wrong_authority(spec: LabSpec) -> Path:
    """Give an authority that signed no engine's certificate."""
    return spec.folder / "tls-wrong" / "ca.pem"
