"""One run against a swarm: its engines, and the looks taken at it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING

from cloudstorctl.commands.backings import Backings
from cloudstorctl.commands.completion import remember
from cloudstorctl.commands.declared import declared_stacks
from cloudstorctl.commands.details import look_detail, memory_detail, survey_details
from cloudstorctl.commands.remembering import marked, recalled, unmarked
from cloudstorctl.core.marking import Notes, ahead_of_time, can_wait
from cloudstorctl.core.memory import NOTHING
from cloudstorctl.core.verdict import Assessment, assess
from cloudstorctl.errors import NotRememberedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.commands.course import Course
    from cloudstorctl.commands.invocation import Invocation
    from cloudstorctl.config import Context
    from cloudstorctl.core.declared import DeclaredStack
    from cloudstorctl.core.memory import Memory
    from cloudstorctl.render.console import Console
    from cloudstorctl.swarm.engines import Engines


class Marking(Enum):
    """What the swarm is to remember of a look."""

    NONE = auto()
    NOW = auto()
    """What it saw unused, claimed or gone."""
    LATER = auto()
    """The same, once the removal that it is for has been sent."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A command's way to the swarm and to the user."""

    invocation: Invocation
    context: Context
    engines: Engines
    console: Console

    @property
    def course(self) -> Course:
        """What has happened so far."""
        return self.invocation.world.course

    def look(
        self,
        why: str = "Reading the swarm",
        *,
        cluster_id: str | None = None,
        restorable: bool = False,
        timeless: bool = False,
        marking: Marking = Marking.NONE,
    ) -> Assessment:
        """Survey the swarm now, and judge every volume.

        With `cluster_id`, no other swarm will do, whatever the context says. With `restorable`,
        AWS is asked what it could restore, where it is set up; where that is required, it always
        is. With `timeless`, it is not asked since when volumes are unused: for a command that
        tells of no ruling. `marking` says what the swarm is to remember of this look.

        Raises:
            NoAccessError: no manager answered.
            WrongSwarmError: it is not the configured swarm.
            UsageError: a stack file that has a say cannot be used.
        """
        from cloudstorctl.swarm.survey import SurveySettings, survey  # noqa: PLC0415

        context, declared = self.context, self.declared
        self._mark_in_between()
        swarm = cluster_id or context.cluster_id
        # Before the survey where it is known of which swarm: what comes after it keeps a removal
        # waiting that it proves.
        memory = NOTHING if timeless else self._recalled(swarm) if swarm else None
        early = self._backings.asked_early() if marking is Marking.LATER else None
        settings = SurveySettings(
            drivers=context.drivers,
            cluster_id=swarm,
            parallel=context.parallel,
            deadline=context.survey_timeout,
        )
        self.console.detail(why)
        with self.console.progress(why) as progress:
            seen = survey(
                self.engines,
                settings,
                now=self.invocation.world.now,
                progress=lambda done, nodes: progress.update(f"{why}: {done} of {nodes} nodes"),
            )
        seen, restoring = self._backings.told_of(seen, early, restorable=restorable)
        memory = memory or self._recalled(seen.cluster_id)
        assessment = assess(
            seen,
            protect=context.protect_volumes,
            declared=declared,
            grace=context.grace,
            memory=memory,
            restoring=restoring,
        )
        self._tell_of(assessment)
        self.course.saw(assessment)
        if marking is not Marking.NONE:
            self._notes[:] = [
                self._notes[0].then(assessment) if self._notes else Notes(last=assessment)
            ]
        if marking is not Marking.LATER:
            self.mark()
        remember(
            self.invocation,
            context,
            volumes=(verdict.volume.name for verdict in assessment.verdicts),
            nodes=(node.hostname for node in seen.nodes),
        )
        return assessment

    def mark(self) -> None:
        """Let the swarm remember the looks that it does not remember yet."""
        if not self._notes:
            return
        note = marked if self.context.grace else unmarked
        try:
            told = note(self.engines, self._notes.pop())
        except NotRememberedError as error:
            self.course.forgetful = True
            told = str(error)
        if told:
            self._tell_once(told)

    def _mark_in_between(self) -> None:
        """The same, but for what can as well be remembered at the end."""
        if self._notes and self.context.grace and not can_wait(self._notes[0]):
            self.mark()

    def _recalled(self, cluster_id: str) -> Memory:
        if not self.context.grace:
            return NOTHING
        memory = recalled(self.engines, cluster_id)
        if memory.trouble:
            self._tell_once(memory.trouble)
        else:
            self.console.detail(memory_detail(memory))
        return memory

    def _tell_of(self, seen: Assessment) -> None:
        """Tell what is wrong with the times that are remembered and, if verbose, what was read."""
        if ahead := ahead_of_time(seen):
            self._tell_once(ahead)
        if self.course.first is None:
            for line in survey_details(seen.survey):
                self.console.detail(line)
        self.console.detail(look_detail(seen))

    @cached_property
    def _notes(self) -> list[Notes]:
        """What looks have shown that is not remembered yet, if there is any."""
        return []

    @cached_property
    def declared(self) -> tuple[DeclaredStack, ...]:
        """What stack files keep, read once: the same for every look."""
        return declared_stacks(self.context, self.invocation.world, self.console)

    @cached_property
    def _backings(self) -> Backings:
        return Backings(self.invocation, self.context, self.console)

    def tell_of_grace(self) -> None:
        """Say loudly that there is no grace period."""
        if not self.context.grace:
            origin = dict(self.context.origins).get("grace", "")
            self.console.error(
                f"There is no grace period ({origin}): what is unused now may be removed at once."
            )

    def _tell_once(self, trouble: str) -> None:
        """Say what every look of this run would say again."""
        if trouble not in self._told:
            self._told.add(trouble)
            self.console.error(trouble)

    @cached_property
    def _told(self) -> set[str]:
        return set()


@contextmanager
def open_session(invocation: Invocation, context: Context) -> Iterator[Session]:
    """Prepare the engines of a context, and close them at the end.

    Raises:
        UsageError: an address of the context cannot be used.
    """
    # docker-py and requests take 200 ms to import: `--help` and completion do without.
    from cloudstorctl.swarm.client import open_client  # noqa: PLC0415
    from cloudstorctl.swarm.connection import open_connection  # noqa: PLC0415
    from cloudstorctl.swarm.endpoints import (  # noqa: PLC0415
        NodeEndpoints,
        TlsFiles,
        endpoint_from,
    )
    from cloudstorctl.swarm.engines import Engines  # noqa: PLC0415

    tls = (
        TlsFiles(
            ca=context.tls_ca, cert=context.tls_cert, key=context.tls_key, verify=context.tls_verify
        )
        if context.tls
        else None
    )
    connect = invocation.world.connect or open_connection
    engines = Engines(
        managers=tuple(endpoint_from(url) for url in context.managers),
        nodes=NodeEndpoints(
            template=context.node_endpoint, overrides=dict(context.node_overrides), tls=tls
        ),
        open_engine=lambda endpoint: open_client(
            endpoint, tls=tls, timeout=context.timeout, connect=connect
        ),
    )
    with engines:
        yield Session(
            invocation=invocation,
            context=context,
            engines=engines,
            console=invocation.console(),
        )
