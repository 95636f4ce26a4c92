"""Every exit code and every exception that a person or a script can meet."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says to a script; fixed, because scripts depend on it."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CANDIDATES = 3
    REFUSED = 4
    INCOMPLETE = 5
    STALE = 6
    REMOVALS_FAILED = 7
    NO_ACCESS = 8
    BUG = 70
    INTERRUPTED = 130


class CloudstorctlError(Exception):
    """An expected failure: its text is one sentence for the user, and it has an exit code."""

    exit_code = ExitCode.FAILED


class UsageError(CloudstorctlError):
    """An option, an argument or a configuration value that cannot be used."""

    exit_code = ExitCode.USAGE


class WrongSwarmError(CloudstorctlError):
    """The manager that answered belongs to another swarm than the configured one."""

    exit_code = ExitCode.USAGE


class RefusedError(CloudstorctlError):
    """What was asked is not safe, is over a limit, or was not confirmed."""

    exit_code = ExitCode.REFUSED


class IncompleteError(CloudstorctlError):
    """What was asked could not be proved, because something could not be seen."""

    exit_code = ExitCode.INCOMPLETE


class NotRememberedError(IncompleteError):
    """What a look saw is not remembered in the swarm: a grace period cannot be proved from it."""


class StalePlanError(CloudstorctlError):
    """A saved plan no longer describes the swarm; the text names what changed."""

    exit_code = ExitCode.STALE


class NoAccessError(CloudstorctlError):
    """No manager could be reached, or none let us in."""

    exit_code = ExitCode.NO_ACCESS


class EngineError(CloudstorctlError):
    """One request to one engine that gave no usable answer.

    During a survey it becomes a gap; it ends the program only where nothing else can be asked.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, engine: str, path: str, cause: str) -> None:
        """Keep `engine` (its address), `path` (the API path) and `cause` (a clause, no period)."""
        super().__init__(f"{engine} {path}: {cause}")
        self.engine = engine
        self.path = path
        self.cause = cause


class EngineUnreachableError(EngineError):
    """The engine could not be reached, or did not let us in (TLS, ssh, permissions)."""

    exit_code = ExitCode.NO_ACCESS


class EngineTimeoutError(EngineError):
    """The engine took the request and did not answer in time: it may still carry it out."""


class EngineAnsweredError(EngineError):
    """The engine answered with an HTTP error; `status` is its code."""

    def __init__(self, engine: str, path: str, status: int, cause: str) -> None:
        """Keep the HTTP `status` beside the rest."""
        super().__init__(engine, path, f"HTTP {status}: {cause}")
        self.status = status


class PayloadError(EngineError):
    """The engine's answer is not of the shape its API promises; the cause names the field."""


class UnsendableError(PayloadError):
    """A name that cannot be put into a request as it is; nothing was sent."""


class ShapeError(CloudstorctlError):
    """A field of decoded JSON is not of the shape it must have."""

    def __init__(self, *, where: str, wanted: str, found: str) -> None:
        """Keep the field's path, what it should be and what it is."""
        super().__init__(f"{where} is {found}, expected {wanted}")
