"""The certificates that TLS is tested with."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.swarm.endpoints import TlsFiles

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A folder of authorities `ca` and `other`, and of what they signed."""

    folder: Path

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def client(self, name: str = "client", ca: str = "ca") -> TlsFiles:
        return TlsFiles(
            ca=self.path(f"{ca}.pem"),
            cert=self.path(f"{name}.pem"),
            key=self.path(f"{name}-key.pem"),
        )

    def server(
        self,
        name: str = "engine",
        *,
        mutual: bool = True,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(self.path(f"{name}.pem"), self.path(f"{name}-key.pem"))
        if mutual:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path("ca.pem"))
        return context
