"""`/containers/{id}/…`: start, stop, wait, remove, prune."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response, StreamingResponse

from cloudstorctl.demo.api.asked import Asked, answer, labels_match, nothing
from cloudstorctl.demo.refusal import ConflictError, RefusalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cloudstorctl.demo.node.container import Container

_PRUNE_FILTERS: Final = {"label", "label!", "until"}
_POLL: Final = 0.05  # seconds


class _NoTerminalError(RefusalError):
    status = 501


def _container(asked: Asked) -> Container:
    return asked.engine.container(asked.text("id"))


async def start(asked: Asked) -> Response:
    """Start a container."""
    container = _container(asked)
    if container.state == "running":
        return nothing(304)
    await asked.engine.start(container)
    return nothing()


async def stop(asked: Asked) -> Response:
    """Stop a container."""
    container = _container(asked)
    if not container.active:
        return nothing(304)
    await asked.engine.stop(container)
    return nothing()


async def restart(asked: Asked) -> Response:
    """Stop and start a container."""
    container = _container(asked)
    await asked.engine.stop(container)
    await asked.engine.start(container)
    asked.engine.tell(container, "restart")
    return nothing()


async def kill(asked: Asked) -> Response:
    """Kill a container."""
    container = _container(asked)
    if not container.active:
        cannot, who = asked.engine.release.says("Cannot Container", "cannot container").split()
        raise ConflictError(
            f"{cannot} kill container: {asked.text('id')}: {who} {container.id} is not running"
        )
    await asked.engine.stop(container, kill=True)
    return nothing()


async def pause(asked: Asked) -> Response:
    """Pause a container."""
    asked.engine.pause(_container(asked), on=True)
    return nothing()


async def unpause(asked: Asked) -> Response:
    """Let a paused container go on."""
    asked.engine.pause(_container(asked), on=False)
    return nothing()


async def wait(asked: Asked) -> Response:
    """Tell when a container has ended; the headers go out at once, as clients expect."""
    container = _container(asked)
    next_time = asked.text("condition") in {"next-exit", "removed"}
    finished = container.finished

    async def ended() -> AsyncIterator[bytes]:
        while container.active or (next_time and container.finished == finished):
            await asked.swarm.runtime.sleep(_POLL)
        yield b'{"StatusCode":%d}\n' % container.exit_code

    return StreamingResponse(ended(), media_type="application/json")


async def remove(asked: Asked) -> Response:
    """Remove a container."""
    container = _container(asked)
    await asked.engine.remove(container, force=asked.flag("force"), volumes=asked.flag("v"))
    return nothing()


async def prune(asked: Asked) -> Response:
    """Remove all that does not run; swarm's own ended containers too."""
    wanted = asked.filters(_PRUNE_FILTERS)
    gone = []
    for container in tuple(asked.engine.containers.values()):
        if not container.active and labels_match(container.labels, wanted.get("label", [])):
            await asked.engine.remove(container)
            gone.append(container.id)
    return answer({"ContainersDeleted": gone or None, "SpaceReclaimed": 0})


async def logs(asked: Asked) -> Response:
    """The programs of the embedded swarm print nothing."""
    _container(asked)
    return nothing(200)


async def no_terminal(asked: Asked) -> Response:
    """Whatever would need a process to speak with."""
    _container(asked)
    raise _NoTerminalError(
        "containers of the embedded swarm are records, not processes: run them with --detach, and "
        "look at their files in the shared folder"
    )


HANDLERS: Final = {
    "POST /containers/{id}/start": start,
    "POST /containers/{id}/stop": stop,
    "POST /containers/{id}/restart": restart,
    "POST /containers/{id}/kill": kill,
    "POST /containers/{id}/pause": pause,
    "POST /containers/{id}/unpause": unpause,
    "POST /containers/{id}/wait": wait,
    "POST /containers/{id}/attach": no_terminal,
    "POST /containers/{id}/exec": no_terminal,
    "GET /containers/{id}/logs": logs,
    "DELETE /containers/{id}": remove,
    "POST /containers/prune": prune,
}
