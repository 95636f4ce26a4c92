"""What AWS says of the storage behind the volumes, for the looks of one run."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from cloudstorctl.core.ebs import on_ebs
from cloudstorctl.core.restoring import NOT_ASKED, Restoring

if TYPE_CHECKING:
    from cloudstorctl.commands.invocation import Invocation
    from cloudstorctl.commands.storage import Behind, Storage
    from cloudstorctl.config import Context
    from cloudstorctl.core.model import Survey
    from cloudstorctl.render.console import Console


class Backings:
    """Asks AWS where a look wants it, or where the configuration requires it."""

    def __init__(self, invocation: Invocation, context: Context, console: Console) -> None:
        """Ask nothing yet; what AWS does not tell is said on `console`."""
        self._invocation = invocation
        self._context = context
        self._console = console
        self._last: Survey | None = None
        """The last survey of which AWS was asked."""

    def asked_early(self) -> Behind | None:
        """Ask before a look what the look before it asked: no removal waits for that then."""
        if self._last is None:
            return None
        restorable = self._context.require_recovery_point is not None
        return self._behind(self._last, restorable=restorable)

    def told_of(
        self, seen: Survey, early: Behind | None, *, restorable: bool
    ) -> tuple[Survey, Restoring]:
        """Add what AWS says: names that several EBS volumes have, and what could be restored.

        With `restorable`, it is asked for the latter where it is set up; where that is required, it
        always is. `early` is what it has said already: it is asked again only where there is more
        to ask.
        """
        within, confirm = self._context.require_recovery_point, self._context.confirm_terminated
        if within is None and not (restorable or confirm or on_ebs(seen)):
            return seen, NOT_ASKED
        storage = self._storage
        if within is None and not (confirm or storage.set_up):
            return seen, NOT_ASKED
        if confirm:
            seen = storage.without_gone(seen)
        restorable = restorable or within is not None
        if early is None or early.about != storage.about(seen):
            early = self._behind(seen, restorable=restorable)
        for sentence in storage.missing:
            self._console.message(f"Not told by AWS: {sentence}.")
        storage.missing.clear()
        self._last = seen
        return replace(seen, gaps=(*seen.gaps, *early.gaps)), early.restoring

    def _behind(self, seen: Survey, *, restorable: bool) -> Behind:
        within = self._context.require_recovery_point
        return self._storage.behind(seen, within=within, restorable=restorable)

    @cached_property
    def _storage(self) -> Storage:
        """The way to AWS, the same for every look: its clients take long to make."""
        from cloudstorctl.commands.storage import Storage  # noqa: PLC0415 - botocore is slow

        return Storage(self._invocation, self._context)
