"""Try whether nodes share a volume: write a marker on one, look for it on others, remove it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloudstorctl.core.marker import READ, REMOVE, TARGET, WRITE, Ended, clause
from cloudstorctl.core.model import Mount, MountKind
from cloudstorctl.core.mounting import flag_of
from cloudstorctl.core.sharing import Excluded, Leftover, Pair, Sameness
from cloudstorctl.errors import EngineError
from cloudstorctl.swarm.at_once import at_once
from cloudstorctl.swarm.container_runs import ContainerRuns
from cloudstorctl.swarm.endpoints import NoEndpointError
from cloudstorctl.swarm.ports import ContainerSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudstorctl.core.marker import Marker
    from cloudstorctl.core.model import Node, NodeId
    from cloudstorctl.core.sharing import Place, Trial
    from cloudstorctl.swarm.ports import ReadsEngine, RunsContainers

LABEL = "cloudstorctl.verify"
"""On every container, with the token of the run."""

_FOUND = {
    Ended.DONE: Sameness.SAME,
    Ended.ABSENT: Sameness.ABSENT,
    Ended.OTHER: Sameness.OTHER,
}
_NOT_THERE = {Ended.READ_ONLY, Ended.TAKEN, Ended.CUT, Ended.UNREADABLE}
"""Ends of the writer after which there is no marker of ours."""
_INTERRUPTED = "the run was interrupted before it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All that a verification needs from outside."""

    reader_of: Callable[[Node], ReadsEngine]
    runner_of: Callable[[Node], RunsContainers]
    abandon: Callable[[NodeId], None]
    marker: Marker
    image: str
    pull: bool
    parallel: int
    """Nodes that are busy at a time."""
    stop: Callable[[], bool]
    """Whether to begin nothing more; asked from several threads."""
    progress: Callable[[str], None] = lambda _text: None


@dataclass(slots=True, kw_only=True)
class Verified:
    """What came of it."""

    pairs: tuple[Pair, ...] = ()
    left: tuple[Leftover, ...] = ()
    without_image: list[tuple[Node, str]] = field(default_factory=list)
    """Nodes that do not have the image, with the addresses of their engines."""


def verify(trial: Trial, run: Verification) -> Verified:
    """Try every pair of the first node that can write and another one.

    However it ends, containers and marker are removed, or told of as left. A first
    KeyboardInterrupt ends the requests that are under way and lets the rest be cleaned up; at a
    second one, what is left is only told.
    """
    return _Verifying(trial, run).carried_out()


class _Verifying:
    """One verification under way."""

    def __init__(self, trial: Trial, run: Verification) -> None:
        self._trial = trial
        self._run = run
        self._runs = ContainerRuns(run.runner_of, run.abandon)
        self._found: dict[NodeId, tuple[Sameness, str]] = {}
        self._writer: Place | None = None
        self._marker_left = ""
        """Why the marker may be there; empty: it is not."""
        self._verified = Verified()

    def carried_out(self) -> Verified:
        try:
            self._try()
        except KeyboardInterrupt:
            self._runs.cut()
        finally:
            try:
                self._remove_marker()
            except KeyboardInterrupt:
                self._runs.cut()
        self._verified.left = (*self._runs.left, *self._marker_leftover())
        self._verified.pairs = tuple(self._pairs())
        return self._verified

    def _try(self) -> None:
        places = self._trial.places
        self._run.progress("Looking for the volume and the image")
        for place, trouble in zip(places, self._each(places, self._trouble), strict=True):
            if trouble:
                self._found[place.node.id] = (Sameness.UNTRIED, trouble)
        ready = [place for place in places if place.node.id not in self._found]
        if len(ready) < 2:  # noqa: PLR2004 - a writer and a reader
            alone = (Sameness.UNTRIED, "there is no other node to compare it with")
            self._found |= {place.node.id: alone for place in ready}
            return
        self._writer, *readers = ready
        hostname = self._writer.node.hostname
        self._run.progress(f"Writing on {hostname}")
        self._marker_left = "the run was interrupted while it was written"
        (trouble,) = self._each([self._writer], self._write)
        if trouble:
            for reader in readers:
                reason = f"nothing was written on {hostname}: {trouble}"
                self._found[reader.node.id] = (Sameness.UNTRIED, reason)
            return
        self._run.progress("Reading on the other nodes")
        self._each(readers, self._read)

    def _each(self, places: Sequence[Place], work: Callable[[Place], str]) -> list[str]:
        return at_once(places, work, most=self._run.parallel, cut=self._runs.cut)

    def _trouble(self, place: Place) -> str:
        """Say why nothing can be tried at a place; empty: all is there for it."""
        if self._run.stop():
            return _INTERRUPTED
        image = self._run.image
        try:
            trouble = self._unlisted(place)
            if trouble:
                return trouble
            runner = self._run.runner_of(place.node)
            wanted = runner.volumes_of_image(image)
            if wanted is None and self._run.pull:
                runner.pull_image(image)
                wanted = runner.volumes_of_image(image)
        except (EngineError, NoEndpointError) as error:
            return error.cause
        if wanted is None:
            self._verified.without_image.append((place.node, runner.address))
            return f"the node does not have the image {image}"
        if wanted:
            # The engine would make volumes of its own, and they would stay.
            return f"the image {image} wants volumes ({', '.join(wanted)}): choose another one"
        return ""

    def _unlisted(self, place: Place) -> str:
        """Say why a container may not be made: an engine makes a volume that it does not have."""
        reader = self._run.reader_of(place.node)
        listing = reader.volumes(place.node.id)
        reader.rest()
        if listing.warnings:
            return f"its engine's list cannot be trusted: {'; '.join(listing.warnings)}"
        drivers = {e.driver for e in listing.entries if e.name == self._trial.volume}
        if drivers != {place.driver}:
            return "its engine does not list the volume any more"
        return ""

    def _write(self, place: Place) -> str:
        """Write the marker; give why that failed."""
        code, trouble = self._end(place, "write", WRITE)
        if code is None:
            begun = self._runs.may_have_run(place.node, self._name("write"))
            self._marker_left = trouble if begun else ""
            return trouble
        self._marker_left = "" if code in _NOT_THERE else "it was not removed"
        return "" if code == Ended.DONE else clause(code)

    def _read(self, place: Place) -> str:
        """Look for the marker at a place, and keep what was found."""
        code, trouble = self._end(place, "read", READ)
        found = _FOUND.get(Ended(code)) if code in set(Ended) else None
        if found is not None:
            self._found[place.node.id] = (found, "")
        else:
            reason = trouble if code is None else clause(code)
            self._found[place.node.id] = (Sameness.UNTRIED, reason)
        return ""

    def _remove_marker(self) -> None:
        """Remove the marker through the writer, or else through a node that has seen it."""
        if self._writer is None or not self._marker_left:
            return
        self._run.progress("Removing the marker")
        seen_by = [
            place
            for place in self._trial.places
            if self._found.get(place.node.id) == (Sameness.SAME, "")
        ]
        for place in (self._writer, *seen_by):
            (trouble,) = self._each([place], self._remove)
            if not trouble:
                self._marker_left = ""
                break
            self._marker_left = f"{place.node.hostname}: {trouble}"
        unended = f"container {self._name('write')}"
        if any(left.what == unended for left in self._runs.left):
            self._marker_left = "the container that writes it is still there"

    def _remove(self, place: Place) -> str:
        code, trouble = self._end(place, "remove", REMOVE, even_so=True)
        return trouble if code is None else "" if code == Ended.DONE else clause(code)

    def _end(
        self, place: Place, verb: str, script: str, *, even_so: bool = False
    ) -> tuple[int | None, str]:
        """Run a script at a place; give its exit code, or why there is none.

        After a stop nothing is run, `even_so` excepted.
        """
        if not even_so and (self._run.stop() or self._runs.was_cut):
            return None, _INTERRUPTED
        try:
            trouble = self._unlisted(place)
            if trouble:
                return None, trouble
            return self._runs.exit_code(place.node, self._spec(place, verb, script)), ""
        except (EngineError, NoEndpointError) as error:
            return None, "it was interrupted" if self._runs.was_cut else error.cause

    def _name(self, verb: str) -> str:
        return f"cloudstorctl-verify-{self._run.marker.token}-{verb}"

    def _spec(self, place: Place, verb: str, script: str) -> ContainerSpec:
        marker = self._run.marker
        return ContainerSpec(
            name=self._name(verb),
            image=self._run.image,
            command=marker.command(script),
            labels=((LABEL, marker.token),),
            volume=self._trial.volume,
            driver=place.driver,
            target=TARGET,
            read_only=verb == "read",
        )

    def _marker_leftover(self) -> tuple[Leftover, ...]:
        if self._writer is None or not self._marker_left:
            return ()
        marker, place = self._run.marker, self._writer
        mount = flag_of(
            Mount(
                kind=MountKind.VOLUME,
                source=self._trial.volume,
                target=TARGET,
                driver=place.driver,
            )
        )
        try:
            address = self._run.runner_of(place.node).address
        except (EngineError, NoEndpointError):
            address = place.node.hostname
        return (
            Leftover(
                what=f"file {marker.name}",
                node=place.node,
                reason=self._marker_left,
                command=(
                    f"docker -H {shlex.quote(address)} run --rm {mount} "
                    f"{shlex.quote(self._run.image)} rm -f {marker.path}"
                ),
            ),
        )

    def _pairs(self) -> list[Pair]:
        writer = self._writer.node if self._writer is not None else None
        untried = [
            *self._trial.excluded,
            *(
                Excluded(node=place.node, reason=_INTERRUPTED)
                for place in self._trial.places
                if place is not self._writer and place.node.id not in self._found
            ),
        ]
        readers = {each.node.id: (each.node, Sameness.UNTRIED, each.reason) for each in untried}
        for place in self._trial.places:
            if place.node.id in self._found:
                readers[place.node.id] = (place.node, *self._found[place.node.id])
        return [
            Pair(writer=writer, reader=node, result=result, reason=reason)
            for node, result, reason in sorted(readers.values(), key=lambda each: each[0].hostname)
        ]
