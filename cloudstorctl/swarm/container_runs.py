"""Run one-off containers on engines, and leave none of them behind."""

from __future__ import annotations

import shlex
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.core.sharing import Leftover
from cloudstorctl.errors import (
    EngineAnsweredError,
    EngineError,
    EngineUnreachableError,
    UnsendableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.core.model import Node, NodeId
    from cloudstorctl.swarm.ports import ContainerSpec, RunsContainers

_NOT_FOUND = 404
_NOT_ANSWERED = "its creation was not answered, and may still be carried out"


@dataclass(slots=True, kw_only=True)
class _Run:
    """One container, from before it is asked for."""

    node: Node
    name: str
    address: str
    started: bool = False
    """Whether its start was asked for: its program may run, or may yet."""
    busy: bool = True
    """Whether it is waited for, and not cleared away yet."""
    uncertain: bool = False
    """Whether the engine may make it yet, though it has none of that name."""
    left: str = "nobody cleaned up after it"
    """Why it is still there; empty: it is not."""


class ContainerRuns:
    """The containers of one command: each is on record here before an engine hears of it."""

    def __init__(
        self, runner_of: Callable[[Node], RunsContainers], abandon: Callable[[NodeId], None]
    ) -> None:
        """Ask engines through `runner_of`; `abandon` ends what is asked of one."""
        self.runner_of = runner_of
        self._abandon = abandon
        self._runs: dict[tuple[NodeId, str], _Run] = {}
        self._lock = threading.Lock()
        self.was_cut = False

    def exit_code(self, node: Node, spec: ContainerSpec) -> int:
        """Run a container to its end, remove it whatever happens, and give its exit code.

        Raises:
            EngineError: something of it went wrong; `may_have_run` and `left` say what is known.
        """
        runner = self.runner_of(node)
        run = _Run(node=node, name=spec.name, address=runner.address)
        with self._lock:
            self._runs[node.id, spec.name] = run
        ended = False
        try:
            self._create(runner, spec, run)
            run.started = True
            runner.start_container(spec.name)
            code = runner.wait_for_container(spec.name)
            ended = True
        finally:
            self._clear(run, ended=ended)
        return code

    def may_have_run(self, node: Node, name: str) -> bool:
        """Whether the program of a container may have begun."""
        run = self._runs.get((node.id, name))
        return run is not None and run.started

    def cut(self) -> None:
        """End every request to run something; what is there is cleared away all the same."""
        with self._lock:
            self.was_cut = True
            for run in self._runs.values():
                if run.busy:
                    self._abandon(run.node.id)

    @property
    def left(self) -> tuple[Leftover, ...]:
        """The containers that are, or may be, still there."""
        with self._lock:
            return tuple(
                Leftover(
                    what=f"container {run.name}",
                    node=run.node,
                    reason=run.left,
                    command=f"docker -H {shlex.quote(run.address)} rm -f {run.name}",
                )
                for run in self._runs.values()
                if run.left
            )

    @staticmethod
    def _create(runner: RunsContainers, spec: ContainerSpec, run: _Run) -> None:
        run.uncertain = True
        try:
            runner.create_container(spec)
        except (EngineUnreachableError, UnsendableError):
            run.left = ""
            raise
        except EngineAnsweredError:
            run.uncertain = False
            raise
        run.uncertain = False

    def _clear(self, run: _Run, *, ended: bool) -> None:
        """Remove a container by its name, which nobody else has."""
        with self._lock:
            run.busy = False
        if not run.left:
            return
        try:
            runner = self.runner_of(run.node)
            if not ended:
                _kill(runner, run.name)
            runner.remove_container(run.name)
        except EngineAnsweredError as error:
            run.left = error.cause
            if error.status == _NOT_FOUND:
                run.left = _NOT_ANSWERED if run.uncertain else ""
        except EngineError as error:
            run.left = error.cause
        else:
            run.left = ""


def _kill(runner: RunsContainers, name: str) -> None:
    try:
        runner.kill_container(name)
    except EngineAnsweredError:
        # It does not run, or is not there: its removal tells.
        return
