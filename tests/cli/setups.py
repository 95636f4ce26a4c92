"""Writes configuration into a home of its own, the file's and the docker command line's."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.config import Context, Flags, load_context
from cloudstorctl.errors import UsageError
from tests.cli.worlds import some_places

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = """
default_context = "prod"

[contexts.prod]
cluster_id = "c1"
managers = ["ssh://docker@10.0.0.11", "ssh://docker@10.0.0.12"]
node_endpoint = "ssh://docker@{addr}"
drivers = ["my-cloudstor"]
timeout = 5
survey_timeout = "2m"
parallel = 4
audit_log = "audit/prod.jsonl"

[contexts.prod.nodes]
worker-3 = "unix:///run/worker-3.sock"
"worker-1.example.com" = "tcp://10.1.1.1:2376"

[contexts.prod.tls]
ca = "tls/ca.pem"
cert = "tls/cert.pem"
key = "~/key.pem"

[contexts.prod.protect]
volumes = ["prod-*"]
declared_by = ["shop=stacks/*.yml", "~/all.yml"]

[contexts.prod.prune]
grace = "1d12h"
max_count = 3
max_percent = 7.5
require_recovery_point = "2d"
notify = ["https://example.com/hook"]

[contexts.prod.aws]
profile = "ops"
region = "eu-west-1"
stack = "arn:s"
efs_regular = "fs-1"
efs_maxio = "fs-2"

[contexts.lab]
managers = ["tcp://lab:2375"]
"""


class Setup:
    """A user's home in which configuration is written and read."""

    def __init__(self, folder: Path) -> None:
        self.places = some_places(folder)
        self.file = self.places.config / "config.toml"
        self.docker = self.places.home / ".docker"

    def write(self, text: str, file: Path | None = None) -> Path:
        file = file or self.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def write_everything(self) -> None:
        self.write(EVERYTHING)
        for name in ("ca.pem", "cert.pem"):
            self.write("x", self.file.parent / "tls" / name)
        self.write("x", self.places.home / "key.pem")

    def write_docker_context(
        self, name: str, host: str, *, tls: bool = False, skip_verify: bool = False
    ) -> None:
        digest = hashlib.sha256(name.encode()).hexdigest()
        endpoint = {"Host": host, "SkipTLSVerify": skip_verify}
        meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
        self.write(json.dumps(meta), self.docker / "contexts/meta" / digest / "meta.json")
        if tls:
            for file in ("ca.pem", "cert.pem", "key.pem"):
                self.write("x", self.docker / "contexts/tls" / digest / "docker" / file)

    def load(self, flags: Flags | None = None, /, **environ: str) -> Context:
        return load_context(flags or Flags(), environ, self.places)

    def refusal(self, flags: Flags | None = None, /, **environ: str) -> str:
        with pytest.raises(UsageError) as caught:
            self.load(flags, **environ)
        return str(caught.value).replace(str(self.places.home), "~")


def origin(context: Context, setting: str) -> str:
    return dict(context.origins)[setting]
