"""The records of configuration: what is given on the command line, and what comes of it all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from cloudstorctl.config.docker_flags import NOTHING_GIVEN, DockerFlags

if TYPE_CHECKING:
    from cloudstorctl.core.model import Pairs

_PROGRAM = "cloudstorctl"


class Output(StrEnum):
    """How data is printed."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"

    @property
    def for_people(self) -> bool:
        """Whether it is a screen rather than a document or a list."""
        return self in {Output.TABLE, Output.WIDE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where this user keeps things."""

    home: Path
    config: Path
    state: Path
    cache: Path

    @classmethod
    def of_user(cls) -> Places:
        """Return the places that this system has for the user who runs the program."""
        return cls(
            home=Path.home(),
            config=platformdirs.user_config_path(_PROGRAM),
            state=platformdirs.user_state_path(_PROGRAM),
            cache=platformdirs.user_cache_path(_PROGRAM),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The options of the command line that have a say in the context; None is "not given"."""

    config: str | None = None
    context: str | None = None
    host: tuple[str, ...] = ()
    """Managers; given once or more."""
    node_endpoint: str | None = None
    timeout: str | None = None
    """As written: seconds, or a duration with units."""
    parallel: int | None = None
    output: Output | None = None
    audit_log: str | None = None
    max_count: int | None = None
    max_percent: float | None = None
    require_recovery_point: str | None = None
    confirm_terminated: bool | None = None
    grace: str | None = None
    notify: tuple[str, ...] | None = None
    docker: DockerFlags = NOTHING_GIVEN
    """What docker was given before the name of this program, as its plugin."""
    declared_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that was configured, with where each value came from."""

    config_file: Path | None
    """The file that was read; None where there is none."""
    name: str | None
    """The context of the file; None where none was chosen."""
    managers: tuple[str, ...]
    """URLs of managers, to be tried in this order; never empty."""
    cluster_id: str | None = None
    """The only swarm that may answer; None: any."""
    node_endpoint: str | None = None
    """Template of an engine's address, with {addr}, {hostname} and {id}."""
    node_overrides: Pairs = ()
    """Node name or ID -> address of its engine."""
    drivers: tuple[str, ...] = ("*cloudstor*",)
    """Patterns of the driver names of the Cloudstor family."""
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_verify: bool = True
    """Whether the certificate of an engine is checked."""
    protect_volumes: tuple[str, ...] = ()
    """Patterns of volume names that are never removed."""
    declared_by: tuple[str, ...] = ()
    """Stack files whose volumes are never removed, each as `[STACK=]GLOB`."""
    doctor_accept: tuple[str, ...] = ()
    """Findings of the doctor that are as they should be: `CODE` or `CODE:PATTERN`."""
    grace: timedelta = timedelta(hours=24)
    """How long a volume must have been seen unused before it may be removed."""
    max_count: int = 20
    max_percent: float = 25.0
    require_recovery_point: timedelta | None = None
    """How young a recovery point has to be for a removal; None: none has to be there."""
    confirm_terminated: bool = False
    """Whether EC2 is asked of nodes that are down."""
    notify: tuple[str, ...] = ()
    """Addresses that outcomes are posted to; they may hold secrets."""
    aws_profile: str | None = None
    """A profile of AWS's shared files; None: AWS_PROFILE, or the default one."""
    aws_region: str | None = None
    """Where a plugin does not tell its region; None: as every AWS tool finds it."""
    aws_stack: str | None = None
    """ARN of the CloudFormation stack, where no plugin tells."""
    efs_regular: str | None = None
    """ID of the file system for `efs/reg`, where no plugin tells."""
    efs_maxio: str | None = None
    """ID of the file system for `efs/max`, where no plugin tells."""
    timeout: float = 30.0
    """Seconds for one request."""
    survey_timeout: float = 120.0
    """Seconds for a whole survey."""
    parallel: int = 16
    """Engines read at a time."""
    audit_log: Path
    output: Output = Output.TABLE
    origins: Pairs
    """Name of a field above -> where its value came from."""

    @property
    def tls(self) -> bool:
        """Whether `tcp://` addresses are spoken to in TLS."""
        return any((self.tls_ca, self.tls_cert, self.tls_key)) or not self.tls_verify
