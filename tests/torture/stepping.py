"""Virtual time: it passes only when told, and the swarm takes its steps in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudstorctl.demo.runtime import SteppedRuntime, Suspension

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from cloudstorctl.demo.swarm import Swarm

_COARSE = 1.0  # seconds: whoever polls more often only costs time
_AT_ONCE = 10  # steps in which a long wait is passed


class CoarseRuntime(SteppedRuntime):
    """Stepped time in which nobody waits for less than a second."""

    def sleep(self, seconds: float) -> Suspension:
        """Wait."""
        return Suspension(max(seconds, _COARSE))


class Steps:
    """Lets time pass in a swarm, and drives coroutines through it."""

    def __init__(self, runtime: SteppedRuntime) -> None:
        """Begin without a swarm, since that is made with the runtime."""
        self.runtime = runtime
        self.swarm: Swarm | None = None

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the swarm takes a step each second, or fewer where it is long."""
        length = max(_COARSE, seconds / _AT_ONCE)
        while seconds > 0:
            self.runtime.pass_time(min(length, seconds))
            if self.swarm is not None:
                self.swarm.advance()
            seconds -= length

    def run(self, work: Coroutine[Any, Any, None], timeout: float) -> bool:
        """Drive `work` for at most `timeout` seconds; False: it goes on by itself."""
        end = self.runtime.now() + timeout
        while True:
            try:
                seconds = float(work.send(None))
            except StopIteration:
                return True
            left = end - self.runtime.now()
            if seconds > left:
                self.runtime.resume_after(seconds, work)
                self.pass_time(left)
                return False
            self.pass_time(seconds)
