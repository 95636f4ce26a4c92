"""What an engine answers where it will not do what it was asked."""

from __future__ import annotations


class RefusalError(Exception):
    """An HTTP error of the engine's API: its status and its `message`."""

    status = 500


class BadRequestError(RefusalError):
    """The request makes no sense."""

    status = 400


class NotFoundError(RefusalError):
    """There is no such thing."""

    status = 404


class ConflictError(RefusalError):
    """It is in use, exists already, or is in the wrong state."""

    status = 409


class NoManagerError(RefusalError):
    """The engine cannot answer for a swarm."""

    status = 503
